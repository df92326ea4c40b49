//! What a weather file may say. Every table is optional; an empty file is fair weather.
//!
//! A list entry holds from `at` (default: the start) `for` so many seconds (default: for ever); where
//! several entries apply at once, the last one written wins, but latencies, faults and windows add up.

use super::distribution::Distribution;
use super::when::When;
use crate::operation::{Operation, Operations};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole weather, as read from TOML or JSON; see `docs/platform.md`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weather {
    pub(crate) rules: Rules,
    pub(crate) log: Log,
    pub(crate) hot: Option<Hot>,
    pub(crate) push: Push,
    pub(crate) clock: Vec<ClockError>,
    pub(crate) review: Vec<Review>,
    pub(crate) sync: Vec<Sync>,
    pub(crate) sync_capacity: Vec<SyncCapacity>,
    pub(crate) capacity: Vec<Capacity>,
    pub(crate) latency: Vec<Latency>,
    pub(crate) fault: Vec<Fault>,
    pub(crate) throttle: Vec<Throttle>,
    pub(crate) maintenance: Vec<Maintenance>,
    pub(crate) upgrade: Vec<Upgrade>,
    pub(crate) notice: Vec<PlainNotice>,
}

/// The platform's own rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// Verifications of one invoice in one Beijing day; 0 is no limit.
    pub(crate) daily_limit: u32,
    /// Whether an invoice can be verified on the day of its issue.
    pub(crate) same_day: bool,
    /// Largest file in bytes.
    pub(crate) max_file: usize,
    /// Life of a token in seconds.
    pub(crate) token_seconds: f64,
    /// For this long before it can be verified an invoice is `being_checked` rather than unknown.
    pub(crate) checking: f64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { daily_limit: 5, same_day: true, max_file: 5 << 20, token_seconds: 7200.0, checking: 0.0 }
    }
}

/// How many of the latest arrivals are kept one by one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) keep: usize,
}

/// Reads of an invoice not read for `keep` seconds cost `cold` more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hot {
    pub(crate) keep: f64,
    pub(crate) cold: Distribution,
}

/// How long mail and SMS take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Push {
    pub(crate) delay: Distribution,
    pub(crate) lost: f64,
}

impl Default for Push {
    fn default() -> Push {
        Push { delay: Distribution::Constant { seconds: 1.0 }, lost: 0.0 }
    }
}

/// The platform's clock is wrong by `skew` seconds in all that it writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockError {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    pub(crate) skew: f64,
}

/// Automatic review: `reviewers` (0: no limit) take `delay` each; a share is rejected by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    pub(crate) delay: Distribution,
    #[serde(default)]
    pub(crate) reviewers: usize,
    #[serde(default)]
    pub(crate) reject: f64,
}

/// The way of accepted invoices to surfaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sync {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    /// `number`, `keyword`, `verify`, `regions`, or the two digits of one region; default all.
    #[serde(default)]
    pub(crate) surfaces: Vec<String>,
    pub(crate) delay: Distribution,
    /// Published in batches: at whole multiples of so many seconds.
    pub(crate) every: Option<f64>,
    /// Share of batches that come `batch_late_by` seconds late, as one.
    #[serde(default)]
    pub(crate) batch_late: f64,
    #[serde(default)]
    pub(crate) batch_late_by: f64,
    /// Share of batches that never come.
    #[serde(default)]
    pub(crate) batch_lost: f64,
    /// Share of invoices that never come.
    #[serde(default)]
    pub(crate) lost: f64,
    /// Share of invoices held back by `reorder_by` seconds, so that later ones overtake them.
    #[serde(default)]
    pub(crate) reorder: f64,
    #[serde(default)]
    pub(crate) reorder_by: f64,
}

/// Synchronisation takes in at most `rate` accepted invoices a second, first come first served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncCapacity {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    pub(crate) rate: f64,
}

/// A real queue before some operations: `servers`, first come first served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacity {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    #[serde(default)]
    pub(crate) operations: OperationSet,
    pub(crate) servers: usize,
    pub(crate) service: Distribution,
    /// Longest queue; a request that finds it full is answered 503.
    pub(crate) queue: Option<usize>,
}

/// Time added to each answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Latency {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    #[serde(default)]
    pub(crate) operations: OperationSet,
    pub(crate) delay: Distribution,
}

/// A share of requests goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    #[serde(default)]
    pub(crate) operations: OperationSet,
    pub(crate) kind: FaultKind,
    pub(crate) share: f64,
    /// Length of a stall or of a slow body.
    #[serde(default = "five")]
    pub(crate) seconds: f64,
    /// Whether the request takes effect although its answer goes wrong.
    #[serde(default)]
    pub(crate) effect: bool,
}

fn five() -> f64 {
    5.0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Status 500 with business code 5000.
    Error,
    /// The connection is reset.
    Reset,
    /// The body arrives in small pieces over `seconds`.
    SlowBody,
    /// The body is no JSON.
    Garbage,
    /// The body ends early.
    CutShort,
    /// One field of the record is wrong.
    WrongField,
    /// Nothing for `seconds`, then the right answer.
    Stall,
    /// Nothing until the end of the entry, then all at once, as when a process is stopped and goes on.
    Freeze,
}

/// Parallel sliding windows over requests; refused with 429, or delayed (a tarpit).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) r#for: Option<f64>,
    #[serde(default)]
    pub(crate) operations: OperationSet,
    #[serde(default)]
    pub(crate) per: Per,
    pub(crate) windows: Vec<Limit>,
    /// Seconds that each request above the limit is delayed, instead of being refused.
    pub(crate) tarpit: Option<f64>,
    /// Factor by which `Retry-After` grows with each refusal in a row.
    #[serde(default = "one")]
    pub(crate) grow: f64,
}

fn one() -> f64 {
    1.0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    /// One count for everybody.
    #[default]
    All,
    Token,
    Address,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) limit: usize,
    pub(crate) seconds: f64,
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Maintenance {
    pub(crate) at: When,
    /// Planned length in seconds; absent: open-ended.
    pub(crate) r#for: Option<f64>,
    #[serde(default)]
    pub(crate) operations: OperationSet,
    /// Writes stop so many seconds before `at`.
    #[serde(default)]
    pub(crate) writes_first: f64,
    #[serde(default)]
    pub(crate) answer: Answer,
    /// Whether a 503 carries `Retry-After`.
    #[serde(default = "yes")]
    pub(crate) retry_after: bool,
    /// Ends so many seconds later than planned.
    #[serde(default)]
    pub(crate) overrun: f64,
    /// Ends so many seconds sooner than planned.
    #[serde(default)]
    pub(crate) early: f64,
    /// Whether review and synchronisation stand still meanwhile.
    #[serde(default = "yes")]
    pub(crate) stops_pipelines: bool,
    /// Speed of review and synchronisation after the end until the backlog is gone; 1: it never is.
    #[serde(default = "five")]
    pub(crate) catch_up: f64,
    pub(crate) announce: Option<Announce>,
    /// The window is called off at this time; with `phrase`, by a notice.
    pub(crate) cancel: Option<Announce>,
    pub(crate) postpone: Option<Postpone>,
    /// A notice of the end, published at the true end.
    pub(crate) resume: Option<String>,
}

fn yes() -> bool {
    true
}

/// How requests inside a window are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// 503 with an envelope.
    #[default]
    #[serde(rename = "503")]
    Unavailable,
    /// 503 with an HTML page, as a firewall would.
    #[serde(rename = "html")]
    Page,
    /// 200 with business code 5001.
    #[serde(rename = "code")]
    Code,
    /// 504 with an HTML page, as a gateway would.
    #[serde(rename = "504")]
    Gateway,
    /// The connection is reset.
    #[serde(rename = "reset")]
    Reset,
    /// Nobody listens: connections are refused, open ones reset.
    #[serde(rename = "refuse")]
    Refuse,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announce {
    pub(crate) at: When,
    /// `zh1` to `zh4`, `en1` to `en3`; absent in `cancel`: without a word.
    pub(crate) phrase: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postpone {
    pub(crate) at: When,
    pub(crate) to: When,
    pub(crate) phrase: Option<String>,
}

/// An upgrade that harms invoices accepted before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upgrade {
    pub(crate) at: When,
    /// Share of invoices that are gone afterwards.
    #[serde(default)]
    pub(crate) vanish: f64,
    /// Share of invoices whose total is another afterwards.
    #[serde(default)]
    pub(crate) alter: f64,
}

/// A notice about something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlainNotice {
    #[serde(default)]
    pub(crate) at: When,
    pub(crate) title: String,
    pub(crate) text: String,
    #[serde(default = "chinese")]
    pub(crate) lang: String,
}

fn chinese() -> String {
    "zh".into()
}

/// Operations by name, or by the groups `writes`, `reads`, `all` (default) and `everything` (all and notices).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OperationSet(pub(crate) Operations);

impl Default for OperationSet {
    fn default() -> OperationSet {
        OperationSet(Operations::all())
    }
}

impl Serialize for OperationSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.names().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OperationSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Operations::default();
        for name in Vec::<String>::deserialize(deserializer)? {
            set = set.and(named(&name).map_err(serde::de::Error::custom)?);
        }
        if set.is_empty() {
            return Err(serde::de::Error::custom("`operations` names none; leave it out for all"));
        }
        Ok(OperationSet(set))
    }
}

fn named(name: &str) -> Result<Operations, String> {
    let group = match name {
        "writes" => Some(Operations::writes()),
        "reads" => Some(Operations::reads()),
        "all" => Some(Operations::all()),
        "everything" => Some(Operations::everything()),
        _ => None,
    };
    let single = || Operation::ALL.iter().find(|o| o.name() == name);
    let found = group.or_else(|| single().map(|o| Operations::default().with(*o)));
    found.ok_or_else(|| {
        let groups = ["writes", "reads", "all", "everything"];
        let words = Operation::ALL.iter().map(|o| o.name()).chain(groups);
        super::reading::suggest("operation", name, words)
    })
}
