//! A scenario: a TOML that says what to press, how, and what must hold. No Rust needed.

mod load;
mod plan;

pub use load::{Load, Model, Rate, Stage};
pub use plan::{Plan, PlannedLimit, PlannedMix, unit};

use piaotan_client::config::{self, ConfigError};
use piaotan_record::{Operation, Span};
use serde::{Deserialize, Serialize};

/// A scenario as it stands in its file. [`plan`](Scenario::plan) checks it and makes it ready to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub title_zh: String,
    #[serde(default)]
    pub seed: u64,
    pub load: Load,
    /// Which journeys, by weight.
    pub mix: Vec<Mix>,
    #[serde(default)]
    pub data: Data,
    #[serde(default)]
    pub sync: Sync,
    #[serde(default)]
    pub warmup: Warmup,
    #[serde(default)]
    pub maintenance: OnMaintenance,
    /// In the operator's words: `upload.response.p95 < 500ms`, or a table with `limit`, `window`, `abort`, `delay`.
    #[serde(default)]
    pub limits: Vec<LimitEntry>,
}

/// One journey of the mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// Name of a journey without `journey_`.
    pub journey: String,
    #[serde(default = "one")]
    pub weight: f64,
}

/// Where invoices come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Size of the uploaded files, in bytes.
    pub file_bytes: usize,
    /// `pdf`, `jpg`, `png`, or `mixed`.
    pub file_kind: String,
    /// Invoices uploaded before the pace begins, so that reading journeys have something to read.
    pub prepare: u32,
    /// A CSV of existing invoices (`number,issue_date,total`), used instead of prepared ones.
    pub invoices: Option<String>,
    /// `uniform`, or `zipf` for a few invoices that are asked for most of the time.
    pub popularity: Popularity,
    /// Verifications of one invoice a day; `None` takes the profile's.
    pub verify_quota: Option<u32>,
    pub region: String,
    /// Items of one batch.
    pub batch_items: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Popularity {
    Uniform,
    Zipf,
}

/// How uploaded invoices are followed until they are visible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {
    /// Share of accepted invoices that are followed, 0 to 1.
    pub track: f64,
    /// Invoices followed at once, at most.
    pub max_pending: usize,
    /// Looks per second, at most.
    pub max_rate: f64,
    /// Time until the first look, and the factor by which the time between looks grows.
    pub first: Span,
    pub factor: f64,
    pub longest: Span,
    /// Which surfaces; empty takes the profile's.
    pub surfaces: Vec<String>,
    /// How long to go on looking after the last arrival.
    pub drain: Span,
    /// Past this an invoice is late.
    pub promise: Span,
    /// How much longer the delay may become within the run before it is a regression.
    pub tolerance: f64,
}

/// What counts as warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "WarmupEntry")]
pub struct Warmup {
    /// A stated length; what is due in it is left out of quantiles and limits.
    pub length: Span,
    /// Detect the steady state instead (MSER-5 on the response time), at most this long.
    pub detect: Option<Span>,
}

/// `warmup = "20s"`, or a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a warm-up is a length such as \"20s\", or a table with `length` or `detect`")]
enum WarmupEntry {
    Length(Span),
    Table(WarmupTable),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WarmupTable {
    length: Option<Span>,
    detect: Option<Span>,
}

impl From<WarmupEntry> for Warmup {
    fn from(entry: WarmupEntry) -> Self {
        match entry {
            WarmupEntry::Length(length) => Self { length, detect: None },
            WarmupEntry::Table(WarmupTable { length, detect }) => {
                Self { length: length.unwrap_or_default(), detect }
            }
        }
    }
}

/// What a run does when a window opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnMaintenance {
    /// Wait for the restore and go on, or end the run.
    pub then: Then,
    /// How often to look, with one cheap read-only request.
    pub look_every: Span,
    /// Whether a window that was never announced pauses the run too.
    pub observed: bool,
    /// Proposed windows hold back writes and logins.
    pub proposed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    Resume,
    End,
}

/// A limit, as a sentence or with its circumstances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a limit is a text such as \"upload.response.p95 < 500ms\", or a table with `limit`"
)]
pub enum LimitEntry {
    Text(String),
    Table(LimitTable),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitTable {
    pub limit: String,
    /// Judge the last stretch of this length instead of the whole run.
    pub window: Option<Span>,
    /// End the run when it is broken.
    #[serde(default)]
    pub abort: bool,
    /// Do not judge before this much of the run has passed.
    pub delay: Option<Span>,
}

const fn one() -> f64 {
    1.0
}

impl Default for Data {
    fn default() -> Self {
        Self {
            file_bytes: 20_000,
            file_kind: "mixed".to_owned(),
            prepare: 0,
            invoices: None,
            popularity: Popularity::Uniform,
            verify_quota: None,
            region: "11".to_owned(),
            batch_items: 20,
        }
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            track: 1.0,
            max_pending: 2_000,
            max_rate: 100.0,
            first: Span(std::time::Duration::from_millis(500)),
            factor: 1.25,
            longest: Span::seconds(900),
            surfaces: Vec::new(),
            drain: Span::seconds(5),
            promise: Span::seconds(86_400),
            tolerance: 0.2,
        }
    }
}

impl Default for Warmup {
    fn default() -> Self {
        Self { length: Span::seconds(0), detect: None }
    }
}

impl Default for OnMaintenance {
    fn default() -> Self {
        Self { then: Then::Resume, look_every: Span::seconds(1), observed: true, proposed: true }
    }
}

impl Scenario {
    /// Reads a scenario with overrides of the form `load.rate=20`.
    ///
    /// # Errors
    /// One line that names the field and what to write instead.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, ConfigError> {
        if overrides.is_empty() {
            return config::read(text, origin);
        }
        let mut table: toml::Table = config::read(text, origin)?;
        for each in overrides {
            set(&mut table, each)?;
        }
        let joined = toml::to_string(&table).map_err(|e| ConfigError::new(origin, e.to_string()))?;
        config::read(&joined, &format!("{origin} with --set"))
    }

    /// The scenario as text, overrides included: what a run folder keeps.
    #[must_use]
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("a scenario that was read can be written")
    }

    /// Every operation that the mix sends.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let journeys = self.mix.iter().filter_map(|mix| crate::journeys::Journey::named(&mix.journey));
        let mut all: Vec<Operation> =
            journeys.flat_map(|journey| journey.operations().iter().copied()).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Sets `a.b.c=value`, the value read as TOML where it can be, else as a text.
fn set(table: &mut toml::Table, assignment: &str) -> Result<(), ConfigError> {
    let wrong = |why: &str| {
        ConfigError::new("--set", format!("`{assignment}` {why}; write FIELD=VALUE, such as load.rate=20"))
    };
    let (path, value) = assignment.split_once('=').ok_or_else(|| wrong("has no `=`"))?;
    let value: toml::Value = toml::from_str::<toml::Table>(&format!("v = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut names: Vec<&str> = path.trim().split('.').collect();
    let last = names.pop().filter(|name| !name.is_empty()).ok_or_else(|| wrong("names no field"))?;
    let mut at = table;
    for name in names {
        let inner = at.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        at = inner.as_table_mut().ok_or_else(|| wrong("goes through something that is no table"))?;
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SMALL: &str =
        "name = \"small\"\n[load]\nrate = 5\nduration = \"10s\"\n[[mix]]\njourney = \"roundtrip\"\n";

    #[test]
    fn an_override_changes_one_field() {
        let set =
            Scenario::parse(SMALL, "small", &["load.rate=20".into(), "load.duration=1m".into()]).unwrap();
        assert_eq!(set.load.rate, Some(Rate::PerSecond(20.0)));
        assert_eq!(set.load.duration, Some(Span::seconds(60)));
    }

    #[test]
    fn what_was_read_can_be_written_and_read_again() {
        let read = Scenario::parse(SMALL, "small", &[]).unwrap();
        assert_eq!(Scenario::parse(&read.to_text(), "again", &[]).unwrap(), read);
    }

    #[test]
    fn a_wrong_override_says_what_to_write() {
        let error = Scenario::parse(SMALL, "small", &["rate".into()]).unwrap_err().to_string();
        assert_eq!(error, "--set: `rate` has no `=`; write FIELD=VALUE, such as load.rate=20");
    }
}
