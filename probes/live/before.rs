//! What a watch hands to the next one of its process, which begins anew when the configuration, the day
//! or the wall clock is another.

use crate::ProbeKind;
use crate::live::schedule::Schedule;
use crate::live::setting::Setting;
use crate::live::state::Unkept;
use crate::live::writes::Writes;
use chrono::{DateTime, TimeDelta, Utc};

/// What a watch hands to the next one of the same process.
#[derive(Debug, Default)]
pub struct Before {
    /// How the next one begins.
    pub begin: Begin,
    /// What could not be written to the store yet.
    pub(crate) writes: Writes,
    /// Alerts that the store does not know of yet.
    pub(crate) unkept: Option<Unkept>,
    pub(crate) schedule: Option<Schedule>,
}

/// When the slots of a watch begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begin {
    /// With the next ones: it is the first of its process.
    #[default]
    Anew,
    /// After the moment at which the one before stopped: slots since then are kept, or counted as missed.
    After(DateTime<Utc>),
    /// The wall clock was set: it showed this moment when the one before stopped.
    Stepped(DateTime<Utc>),
}

impl Before {
    /// How many results only this process knows of.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.writes.waiting()
    }
}

/// The slots from now on, and how many nobody kept because the wall clock was set.
pub(crate) fn plan(
    setting: &Setting,
    begin: Begin,
    before: Option<Schedule>,
    now: DateTime<Utc>,
) -> (Schedule, Vec<(ProbeKind, u64)>) {
    if let (Begin::Stepped(from), Some(mut schedule)) = (begin, before) {
        let missed = schedule.stepped(from, now);
        return (schedule, missed);
    }
    let section = &setting.section;
    let interval =
        |kind: ProbeKind| TimeDelta::from_std(section.interval(kind).0).unwrap_or(TimeDelta::days(1));
    let probes: Vec<_> = section.kinds().into_iter().map(|kind| (kind, interval(kind))).collect();
    let since = if let Begin::After(since) = begin { since } else { now };
    (Schedule::new(&probes, &section.location, section.spread, since), Vec::new())
}
