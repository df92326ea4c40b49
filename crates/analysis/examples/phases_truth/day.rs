//! Simulated days: what was announced, what really happened, and what polls saw of it.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::phases::{Fact, Signal, Subject};
use piaotan_record::window::{Services, Status, Window};
use piaotan_record::{Operation, closed_enum};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

closed_enum! {
    /// What a day holds.
    pub enum Kind {
        Announced = "announced",
        Unannounced = "unannounced",
        Overrun = "overrun",
        EarlyEnd = "early_end",
        Partial = "partial",
        Cancelled = "cancelled",
        CancelledButHeld = "cancelled_but_held",
        Postponed = "postponed",
        FalseAlarm = "false_alarm",
        Outage = "outage",
        OutageBesideWindow = "outage_beside_window",
        OwnNetwork = "own_network",
        Quiet = "quiet",
    }
}

/// The truth of one day, and its polls.
#[derive(Debug)]
pub struct Day {
    pub windows: Vec<Window>,
    /// When the platform (or our network) was really down.
    pub down: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub facts: Vec<Fact>,
}

/// How a platform in trouble answers.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Nothing but maintenance answers.
    Says,
    /// Maintenance answers amid resets, timeouts and bare gateway errors.
    Mixed,
    Resets,
    Fails,
}

const OPERATIONS: [Operation; 6] = [
    Operation::Login,
    Operation::Upload,
    Operation::QueryNumber,
    Operation::Verify,
    Operation::Issue,
    Operation::Notices,
];

/// A window may reach into the next day, so polls do.
pub const HOURS: i64 = 36;

/// Polls a minute apart, each operation in a slot of its own.
pub const POLL: i64 = 60;

impl Day {
    pub fn of(kind: Kind, seed: u64) -> Day {
        let mut dice = ChaCha8Rng::seed_from_u64(seed ^ ((kind.index() as u64) << 32));
        let midnight: DateTime<Utc> = "2026-11-24T00:00:00Z".parse().expect("it is a time");
        let start = midnight + TimeDelta::minutes(dice.random_range(120..720));
        let length = TimeDelta::minutes(dice.random_range(30..300));
        let (windows, down) = story(kind, start, start + length, &mut dice);
        let services = if kind == Kind::Partial { Services::WRITES } else { Services::ALL };
        let manner = match kind {
            Kind::Outage | Kind::OutageBesideWindow if dice.random_bool(0.5) => Manner::Fails,
            Kind::Outage | Kind::OutageBesideWindow | Kind::OwnNetwork => Manner::Resets,
            _ if dice.random_bool(0.5) => Manner::Mixed,
            _ => Manner::Says,
        };
        let down_services = if kind == Kind::Quiet { Services::NONE } else { services };
        let facts = polls(midnight, down, down_services, manner, kind == Kind::OwnNetwork, &mut dice);
        Day { windows, down, facts }
    }
}

type Stretch = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// The windows of the day and when the platform was really down.
fn story(
    kind: Kind,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    dice: &mut ChaCha8Rng,
) -> (Vec<Window>, Stretch) {
    let window = Window::new("announced", start, Some(end));
    let cancelled = Window { status: Status::Cancelled, ..window.clone() };
    let late = |dice: &mut ChaCha8Rng| TimeDelta::seconds(dice.random_range(0..30));
    let (from, to) = (start + late(dice), end - late(dice));
    let beside = end + TimeDelta::minutes(dice.random_range(60..300));
    match kind {
        Kind::Announced => (vec![window], Some((from, to))),
        Kind::Partial => (vec![Window { services: Services::WRITES, ..window }], Some((from, to))),
        Kind::Overrun => (vec![window], Some((from, end + TimeDelta::minutes(dice.random_range(5..240))))),
        Kind::EarlyEnd => (vec![window], Some((from, end - TimeDelta::minutes(dice.random_range(5..25))))),
        Kind::Cancelled => (vec![cancelled], None),
        Kind::CancelledButHeld => (vec![cancelled], Some((from, to))),
        Kind::Postponed => {
            let later = Window::new("later", beside, Some(beside + (end - start)));
            (vec![cancelled, later], Some((beside + (from - start), beside + (to - start))))
        }
        Kind::FalseAlarm => (vec![window], None),
        Kind::OutageBesideWindow => (vec![window], Some((beside, beside + TimeDelta::minutes(30)))),
        Kind::Unannounced | Kind::Outage | Kind::OwnNetwork => (vec![], Some((from, to))),
        Kind::Quiet => (vec![], None),
    }
}

fn polls(
    midnight: DateTime<Utc>,
    down: Stretch,
    services: Services,
    manner: Manner,
    own_network: bool,
    dice: &mut ChaCha8Rng,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for minute in 0..HOURS * 60 {
        for (slot, operation) in (0i64..).zip(OPERATIONS) {
            let due = midnight + TimeDelta::seconds(minute * POLL + slot * 9);
            let is_down = down.is_some_and(|(from, to)| (from..to).contains(&due))
                && services.contains(operation.service());
            let signal = if is_down { trouble(manner, dice) } else { noise(dice) };
            facts.push(fact(due, Subject::Platform(operation), signal, dice));
        }
        let due = midnight + TimeDelta::seconds(minute * POLL + 55);
        let lost = own_network && down.is_some_and(|(from, to)| (from..to).contains(&due));
        let signal = if lost { Signal::Unreachable } else { Signal::Good };
        facts.push(fact(due, Subject::OwnNetwork, signal, dice));
    }
    facts.sort_by_key(|fact| fact.done);
    facts
}

fn fact(due: DateTime<Utc>, subject: Subject, signal: Signal, dice: &mut ChaCha8Rng) -> Fact {
    let millis = match signal {
        Signal::Unreachable => dice.random_range(5..20_000),
        _ if dice.random_bool(0.001) => dice.random_range(10_000..30_000),
        _ => dice.random_range(20..800),
    };
    Fact { due, done: due + TimeDelta::milliseconds(millis), subject, signal }
}

fn trouble(manner: Manner, dice: &mut ChaCha8Rng) -> Signal {
    let says = Signal::Maintenance { retry_after: dice.random_bool(0.5).then(|| TimeDelta::minutes(30)) };
    match (manner, dice.random_range(0..10)) {
        (Manner::Says, _) | (Manner::Mixed, 0..6) => says,
        (Manner::Resets, _) | (Manner::Mixed, 6..8) => Signal::Unreachable,
        (Manner::Fails, 0..8) | (Manner::Mixed, _) => Signal::Failing,
        (Manner::Fails, _) => Signal::Unreachable,
    }
}

/// A healthy platform: seven answers in a thousand fail, two in ten thousand even say maintenance.
fn noise(dice: &mut ChaCha8Rng) -> Signal {
    match dice.random_range(0..10_000) {
        0..40 => Signal::Failing,
        40..70 => Signal::Unreachable,
        70..72 => Signal::Maintenance { retry_after: None },
        72..90 => Signal::Nothing,
        _ => Signal::Good,
    }
}
