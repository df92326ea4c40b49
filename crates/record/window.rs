//! A window: one stretch of time in which a platform has said, or been seen, to be in maintenance.
//!
//! A window carries three independent switches ([`Mode`]) instead of one "muted" flag, because
//! whether to probe, whom to wake and what to count are three questions. It holds no verdict: what
//! a window means at an instant is asked of the [`Calendar`](crate::calendar::Calendar).

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use entry::{Entry, Planned, windows_of};
pub use service::{Service, Services};

use crate::closed_enum;

mod entry;
mod service;

/// One maintenance window, half-open: it contains `start` and does not contain `end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Stable name, by which people and later notices correct it.
    pub id: String,
    pub start: DateTime<Utc>,
    /// `None` means "until restored"; then [`max_hold`](Self::max_hold) bounds what it excuses.
    #[serde(default)]
    pub end: Option<DateTime<Utc>>,
    /// The zone in which the source stated its times, where it stated local ones.
    #[serde(default)]
    pub zone: Option<Tz>,
    #[serde(default)]
    pub services: Services,
    #[serde(default)]
    pub source: Source,
    #[serde(default)]
    pub kind: Kind,
    #[serde(default)]
    pub status: Status,
    /// What people are shown: a title, or the sentence of the notice that said so.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub mode: Mode,
    /// How long an open-ended window may excuse anything, in seconds when serialised.
    #[serde(default = "Window::default_max_hold", with = "seconds")]
    pub max_hold: TimeDelta,
    /// The recurring rule that this window is an occurrence of.
    #[serde(default)]
    pub rule: Option<String>,
}

closed_enum! {
    /// Where a window came from. A source is evidence, never the verdict.
    #[derive(Default)]
    pub enum Source {
        #[default]
        Config = "config",
        Ical = "ical",
        Silence = "silence",
        Statuspage = "statuspage",
        Feed = "feed",
        Notice = "notice",
        Person = "person",
        Observed = "observed",
    }
}

closed_enum! {
    /// What sort of maintenance the source announced.
    #[derive(Default)]
    pub enum Kind {
        #[default]
        Planned = "planned",
        Emergency = "emergency",
        /// Seen, but never announced.
        Unannounced = "unannounced",
    }
}

closed_enum! {
    /// How far a window is believed.
    #[derive(Default)]
    pub enum Status {
        /// Something about it is in doubt: it warns and holds back writes, and excuses nothing.
        Proposed = "proposed",
        #[default]
        Confirmed = "confirmed",
        /// Kept so that reports can say so; it never counts.
        Cancelled = "cancelled",
    }
}

/// The three switches of a window. The default is that of an announced window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mode {
    pub probe: ProbeMode,
    pub alert: AlertMode,
    pub slo: SloMode,
}

closed_enum! {
    /// How hard to look while the window is open, from most to least.
    pub enum ProbeMode {
        Normal = "normal",
        /// Reads only, no logins: enough to see the window end.
        Reduced = "reduced",
        Off = "off",
    }
}

closed_enum! {
    /// What becomes of alerts while the window is open.
    pub enum AlertMode {
        Normal = "normal",
        /// Kept back, and told on leaving if still true.
        Hold = "hold",
        Drop = "drop",
    }
}

closed_enum! {
    /// Whether what happens inside counts towards adjusted availability.
    pub enum SloMode {
        Count = "count",
        Exclude = "exclude",
    }
}

impl Window {
    /// A confirmed, configured window over all services; set the other fields directly.
    pub fn new(id: impl Into<String>, start: DateTime<Utc>, end: Option<DateTime<Utc>>) -> Self {
        Window {
            id: id.into(),
            start,
            end,
            zone: None,
            services: Services::ALL,
            source: Source::Config,
            kind: Kind::Planned,
            status: Status::Confirmed,
            text: String::new(),
            mode: Mode::default(),
            max_hold: Self::default_max_hold(),
            rule: None,
        }
    }

    /// Maintenance that was seen and never announced: it counts, and it wakes people.
    pub fn observed(
        id: impl Into<String>,
        start: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
        services: Services,
    ) -> Self {
        Window {
            services,
            source: Source::Observed,
            kind: Kind::Unannounced,
            mode: Mode::UNANNOUNCED,
            ..Window::new(id, start, end)
        }
    }

    /// Four hours.
    pub fn default_max_hold() -> TimeDelta {
        TimeDelta::hours(4)
    }

    /// The instant up to which the window can excuse anything: its end, or `max_hold` past its start.
    pub fn held_until(&self) -> DateTime<Utc> {
        let bound = || self.start.checked_add_signed(self.max_hold);
        self.end.or_else(bound).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether the half-open window meets the closed stretch `[due, done]` of one sample.
    pub fn meets(&self, due: DateTime<Utc>, done: DateTime<Utc>) -> bool {
        done >= self.start && due < self.held_until()
    }

    /// Whether only writing stops, so that reads should go on as ever.
    pub fn writes_only(&self) -> bool {
        self.services.within(Services::WRITES)
    }

    /// The switches as far as the window is believed: a proposed one excuses nothing.
    pub fn mode_in_force(&self) -> Mode {
        match self.status {
            Status::Confirmed => self.mode,
            Status::Proposed => Mode { probe: self.mode.probe.max(ProbeMode::Reduced), ..Mode::OPEN },
            Status::Cancelled => Mode::OPEN,
        }
    }
}

impl Mode {
    /// No window at all: probe, alert and count as ever.
    pub const OPEN: Mode = Mode { probe: ProbeMode::Normal, alert: AlertMode::Normal, slo: SloMode::Count };

    /// Announced maintenance: look gently, hold alerts, exclude from adjusted availability.
    pub const ANNOUNCED: Mode =
        Mode { probe: ProbeMode::Reduced, alert: AlertMode::Hold, slo: SloMode::Exclude };

    /// Unannounced maintenance: wake people, count it, and look as ever, or nobody sees its end.
    pub const UNANNOUNCED: Mode = Mode::OPEN;
}

impl Default for Mode {
    fn default() -> Self {
        Mode::ANNOUNCED
    }
}

impl ProbeMode {
    /// Whether a call to `service` may be made under this switch.
    pub fn allows(self, service: Service) -> bool {
        match self {
            ProbeMode::Normal => true,
            ProbeMode::Reduced => service.is_read(),
            ProbeMode::Off => false,
        }
    }
}

/// Durations are serialised as seconds, floating point.
pub(crate) mod seconds {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &TimeDelta, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(value.as_seconds_f64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeDelta, D::Error> {
        let seconds = f64::deserialize(from)?;
        let bounded = (0.0..=1e9).contains(&seconds);
        let refuse = || D::Error::custom("write a duration in seconds between 0 and 1e9");
        let millis = bounded.then_some((seconds * 1e3).round() as i64);
        millis.and_then(TimeDelta::try_milliseconds).ok_or_else(refuse)
    }
}
