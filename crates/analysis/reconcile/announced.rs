//! Each announced window beside the episodes that met it, and the findings that come of it.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::calendar::Calendar;
use piaotan_record::window::{Services, Source, Status, Window};

use super::{Finding, FindingKind, Observed, ReconcileOptions};
use crate::phases::{Condition, Confidence, Edge, Episode, Evidence, episodes};

/// One window and what met it.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    pub window: &'a Window,
    /// Where the announced maintenance ends, extensions included.
    pub end: DateTime<Utc>,
    /// Whether a later window takes over at this one's end.
    pub extended: bool,
    pub met: Vec<Episode>,
    /// Somebody looked for long enough to say that nothing happened.
    pub looked: bool,
}

/// Every announced window that has begun by `now`, cancelled ones among them.
pub(super) fn compare<'a>(
    calendar: &'a Calendar,
    observed: &Observed,
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> Vec<Compared<'a>> {
    let down = episodes(&observed.spans);
    let begun =
        calendar.windows().iter().filter(|window| window.source != Source::Observed && window.start <= now);
    let compared = begun.map(|window| {
        let end = end_with_extensions(calendar, window, options);
        let seconds = (window.held_until() - window.start).as_seconds_f64();
        let looked = observed.looked(window.services, window.start, window.held_until());
        Compared {
            window,
            end,
            extended: end > window.held_until(),
            met: met(window, &down, calendar, now, options),
            looked: looked * 100.0 >= seconds * f64::from(options.looked),
        }
    });
    compared.collect()
}

pub(super) fn findings(
    compared: &[Compared<'_>],
    observed: &Observed,
    calendar: &Calendar,
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = compared.iter().flat_map(|one| one.findings(now, options)).collect();
    for episode in episodes(&observed.spans) {
        match episode.condition {
            Condition::Maintenance => findings.extend(unannounced(&episode, compared, now, options)),
            Condition::Slow => findings.extend(rush(&episode, observed, calendar, now)),
            Condition::Outage | Condition::OwnNetwork | Condition::Healthy => {}
        }
    }
    findings
}

impl Compared<'_> {
    pub fn is_cancelled(&self) -> bool {
        self.window.status == Status::Cancelled
    }

    /// When the last of what met it ended; `None` while it lasts.
    pub fn last_end(&self) -> Option<DateTime<Utc>> {
        self.met
            .iter()
            .map(|episode| episode.end.map(|end| end.at))
            .max_by_key(|end| (end.is_none(), *end))?
    }

    /// Whether it was seen to go on past its end by more than the grace.
    pub fn overran(&self, options: ReconcileOptions) -> bool {
        let last_seen = self.met.iter().flat_map(|episode| &episode.spans).map(|span| span.last_seen).max();
        let by_answer = last_seen.is_some_and(|last| last >= self.end + options.grace);
        !self.is_cancelled()
            && !self.extended
            && by_answer
            && self.last_end().is_none_or(|end| end >= self.end + options.grace)
    }

    fn findings(&self, now: DateTime<Utc>, options: ReconcileOptions) -> Vec<Finding> {
        let window = self.window;
        if self.is_cancelled() {
            return self
                .met
                .iter()
                .map(|episode| self.finding(FindingKind::CancelledButObserved, episode, now))
                .collect();
        }
        let Some(first) = self.met.first() else {
            let unseen = self.looked && now >= window.held_until();
            return unseen.then(|| self.not_observed()).into_iter().collect();
        };
        let mut findings = vec![Finding {
            end: self.last_end(),
            seconds: (self.last_end().unwrap_or(now) - first.begin.at).as_seconds_f64(),
            ..self.finding(FindingKind::AnnouncedAndObserved, first, now)
        }];
        if self.overran(options) {
            findings.push(Finding {
                start: self.end,
                end: self.last_end(),
                seconds: (self.last_end().unwrap_or(now) - self.end).as_seconds_f64(),
                resolution: None,
                ..self.finding(FindingKind::Overrun, first, now)
            });
        }
        let early =
            self.last_end().filter(|end| window.end.is_some() && *end + options.grace < window.held_until());
        if let Some(restored) = early {
            findings.push(Finding {
                start: restored,
                end: window.end,
                seconds: (window.held_until() - restored).as_seconds_f64(),
                ..self.finding(FindingKind::EarlyEnd, first, now)
            });
        }
        findings
    }

    /// A finding over `episode`, resting on all that met the window.
    fn finding(&self, kind: FindingKind, episode: &Episode, now: DateTime<Utc>) -> Finding {
        let met = self.met.iter().fold(Services::NONE, |all, met| all.union(met.services));
        let services = met.intersection(self.window.services);
        Finding {
            window: Some(self.window.id.clone()),
            services,
            ..of_episode(kind, episode, &self.met, now)
        }
    }

    fn not_observed(&self) -> Finding {
        let window = self.window;
        Finding {
            kind: FindingKind::AnnouncedNotObserved,
            window: Some(window.id.clone()),
            services: window.services,
            start: window.start,
            end: Some(window.held_until()),
            seconds: (window.held_until() - window.start).as_seconds_f64(),
            resolution: None,
            confidence: Confidence::High,
            evidence: Evidence::default(),
        }
    }
}

/// The episodes that met a window, in order; maintenance that came back right after belongs to it.
fn met(
    window: &Window,
    episodes: &[Episode],
    calendar: &Calendar,
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> Vec<Episode> {
    let (start, end) = (window.start, window.held_until());
    let recover = calendar.options().recover;
    let mut met: Vec<Episode> = Vec::new();
    let mut reach = None;
    for episode in
        episodes.iter().filter(|episode| !episode.services.intersection(window.services).is_empty())
    {
        let maintenance = episode.condition == Condition::Maintenance;
        let counts =
            maintenance || (episode.condition == Condition::Outage && window.status == Status::Confirmed);
        let (begun, ended) = edges(episode, start, end, now, options);
        let overlap = ended.min(end) - begun.max(start);
        let whole = (ended - begun).min(options.grace);
        let relapse = maintenance
            && reach.is_some_and(|reach| episode.begin.at <= reach)
            && window.status != Status::Cancelled;
        if counts && (overlap.num_seconds() > 0 && overlap >= whole || relapse) {
            reach = reach.max(Some(ended + recover));
            met.push(episode.clone());
        }
    }
    met
}

/// When an episode began and ended, with the window's own `start` and `end` where the polls cannot tell
/// theirs from them: a question asked just before the start is answered after it.
fn edges(
    episode: &Episode,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let begun = episode.begin.at;
    let begun = if begun + slack(episode.begin, options) >= start { begun.max(start) } else { begun };
    let ended = episode.end.map_or(now, |end| end.at);
    let late = episode.end.map_or(options.grace, |end| slack(end, options));
    (begun, if ended - late <= end { ended.min(end) } else { ended })
}

/// How far an edge may lie from an announced one and still be it: the grace, or one poll.
fn slack(edge: Edge, options: ReconcileOptions) -> TimeDelta {
    let poll = edge.after.map_or(TimeDelta::zero(), |after| edge.by - after);
    options.grace.max(poll.min(options.poll))
}

/// The end of a window together with the confirmed windows that follow on it without a pause.
fn end_with_extensions(calendar: &Calendar, window: &Window, options: ReconcileOptions) -> DateTime<Utc> {
    let mut end = window.held_until();
    for later in calendar.windows() {
        let follows = later.start <= end + options.grace && later.held_until() > end && later.id != window.id;
        let counts = later.status == Status::Confirmed && later.source != Source::Observed;
        if follows && counts && window.services.within(later.services) {
            end = later.held_until();
        }
    }
    end
}

/// The services and the time of a maintenance episode that no window announced.
fn unannounced(
    episode: &Episode,
    compared: &[Compared<'_>],
    now: DateTime<Utc>,
    options: ReconcileOptions,
) -> Vec<Finding> {
    let touching: Vec<&Compared<'_>> = compared.iter().filter(|one| one.met.contains(episode)).collect();
    let announced = touching.iter().fold(Services::NONE, |all, one| all.union(one.window.services));
    let mut findings = Vec::new();
    let rest = episode.services.without(announced);
    if !rest.is_empty() {
        let spans = std::slice::from_ref(episode);
        findings.push(Finding {
            services: rest,
            ..of_episode(FindingKind::ObservedUnannounced, episode, spans, now)
        });
    }
    let active = touching.iter().filter(|one| !one.is_cancelled());
    let early = |start: &DateTime<Utc>| episode.begin.at + slack(episode.begin, options) < *start;
    if let Some(start) = active.map(|one| one.window.start).min().filter(early) {
        let spans = std::slice::from_ref(episode);
        findings.push(Finding {
            end: Some(start),
            seconds: (start - episode.begin.at).as_seconds_f64(),
            services: episode.services.intersection(announced),
            ..of_episode(FindingKind::ObservedUnannounced, episode, spans, now)
        });
    }
    findings
}

/// Slow answers that began within the recovery of a restore.
fn rush(slow: &Episode, observed: &Observed, calendar: &Calendar, now: DateTime<Utc>) -> Option<Finding> {
    let recover = calendar.options().recover;
    let restores = observed.spans.iter().filter(|span| span.is_down()).filter_map(|span| span.end);
    let mut after = restores.filter(|end| slow.begin.by >= end.at && slow.begin.at <= end.at + recover);
    after.next()?;
    Some(of_episode(FindingKind::BacklogRush, slow, std::slice::from_ref(slow), now))
}

fn of_episode(kind: FindingKind, episode: &Episode, rests_on: &[Episode], now: DateTime<Utc>) -> Finding {
    let spans = || rests_on.iter().flat_map(|episode| &episode.spans);
    let confidence = rests_on.iter().map(|episode| episode.confidence).max();
    Finding {
        kind,
        window: None,
        services: episode.services,
        start: episode.begin.at,
        end: episode.end.map(|end| end.at),
        seconds: episode.seconds(now),
        resolution: episode.begin.width(),
        confidence: confidence.unwrap_or(episode.confidence),
        evidence: spans().fold(Evidence::default(), |all, span| all.with(&span.evidence)),
    }
}
