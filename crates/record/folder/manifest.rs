//! What was run, against what, on what, and when.

use crate::code::CodeBook;
use crate::observation::Nanos;
use crate::window::Window;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Version of the folder's formats. Fields may be added under it, never renamed.
pub const SCHEMA: u32 = 1;

/// The first file of a run folder, complete before the first request is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// Name of the folder.
    pub run: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The scenario as it was run, overrides included.
    pub scenario_text: String,
    pub target: String,
    pub profile: String,
    /// The wall-clock instant of the run's epoch, the zero of every [`Nanos`] in the folder.
    pub started: DateTime<Utc>,
    /// Seconds that the plan lasts.
    pub planned: f64,
    pub seed: u64,
    pub host: Host,
    pub segment: Segment,
    #[serde(default)]
    pub codes: CodeBook,
    /// The windows known at the start; later ones are in the events.
    #[serde(default)]
    pub calendar: Vec<Window>,
    /// IANA zone in which reports show times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The commit of what was measured, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// The generator's machine: what matters for comparing runs, and no host name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub cpu: String,
    pub cores: u32,
    pub memory_bytes: u64,
    pub system: String,
}

/// Which stripe of the arrivals this run sent: the `index`-th (from 0) of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub index: u32,
    pub of: u32,
}

impl Default for Segment {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Manifest {
    /// The wall-clock instant of a moment of the run.
    #[must_use]
    pub fn wall(&self, at: Nanos) -> DateTime<Utc> {
        self.started + Duration::nanoseconds(i64::try_from(at.0).unwrap_or(i64::MAX))
    }

    /// The moment of the run at a wall-clock instant; zero before its start.
    #[must_use]
    pub fn moment(&self, at: DateTime<Utc>) -> Nanos {
        Nanos(u64::try_from((at - self.started).num_nanoseconds().unwrap_or(0)).unwrap_or(0))
    }
}
