//! What probes found, one row a run: raw, so that a window corrected later corrects the past.

use crate::db::{Row, Session, values};
use crate::error::Error;
use crate::store::Store;
use chrono::{DateTime, Utc};
use piaotan_record::{Evidence, Nanos, OutcomeKind, Phases, closed_enum};
use serde::{Deserialize, Serialize};

closed_enum! {
    /// What a probe says of the platform.
    pub enum Health {
        Healthy = "healthy",
        /// It works, and something is wrong with it: slow, or near a limit.
        Degraded = "degraded",
        Unhealthy = "unhealthy",
        /// Not asked, and why is in the detail: a window, no permission to write, own network down.
        Skipped = "skipped",
        /// Asked, and the answer may take hours.
        Pending = "pending",
    }
}

/// One run of one probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    pub probe: String,
    /// Where the watcher stands, when several watch.
    pub location: String,
    /// The slot of the schedule.
    pub due: DateTime<Utc>,
    pub started: DateTime<Utc>,
    pub duration: Nanos,
    pub health: Health,
    /// Of the step that decided; absent when nothing was asked.
    pub outcome: Option<OutcomeKind>,
    /// The platform's own code, as it wrote it.
    pub code: String,
    pub detail: String,
    pub phases: Option<Phases>,
    /// Kept longer than successes are.
    pub evidence: Option<Evidence>,
}

/// What is left of a run for counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefRun {
    pub probe: String,
    pub started: DateTime<Utc>,
    pub duration: Nanos,
    pub health: Health,
    pub outcome: Option<OutcomeKind>,
    /// The platform's own code, as it wrote it.
    pub code: String,
}

impl Store {
    /// Writes down what probes found.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn probed(&self, runs: &[Probed]) -> Result<(), Error> {
        self.write_history(|to| runs.iter().try_for_each(|run| self.insert_run(to, run)))
    }

    /// The runs due in `[from, to)`, by due time; of one probe where it is named.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(
        &self,
        probe: Option<&str>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Probed>, Error> {
        let query = "SELECT * FROM probed WHERE due >= ?1 AND due < ?2";
        self.read_history(|reading| match probe {
            None => reading.all(&format!("{query} ORDER BY due, id"), &values![from, to], run),
            Some(probe) => {
                let query = format!("{query} AND probe = ?3 ORDER BY due, id");
                reading.all(&query, &values![from, to, probe], run)
            }
        })
    }

    /// Probe, slot and health of the runs due in `[from, to)`, without what they saw: for timelines.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn healths(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(String, DateTime<Utc>, Health)>, Error> {
        let query = "SELECT probe, due, health FROM probed WHERE due >= ?1 AND due < ?2";
        let brief = |row: &Row<'_>| Ok((row.get("probe")?, row.get("due")?, row.parsed("health")?));
        self.read_history(|reading| reading.all(query, &values![from, to], brief))
    }

    /// Hands over every run due in `[from, to)`, by due time, without phases, details and evidence: a week
    /// of them is more than should be held at once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_run(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        mut take: impl FnMut(BriefRun),
    ) -> Result<(), Error> {
        self.each_brief(from, to, |_, _, run| take(run))
    }

    /// The same, with the slot and the location.
    pub(crate) fn each_brief(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        mut take: impl FnMut(DateTime<Utc>, String, BriefRun),
    ) -> Result<(), Error> {
        let query = "SELECT probe, location, due, started, duration, health, outcome, code FROM probed
                     WHERE due >= ?1 AND due < ?2 ORDER BY due, id";
        self.read_history(|reading| {
            reading.each(query, &values![from, to], |row| {
                let run = BriefRun {
                    probe: row.get("probe")?,
                    started: row.get("started")?,
                    duration: Nanos(row.get::<i64>("duration")?.cast_unsigned()),
                    health: row.parsed("health")?,
                    outcome: row.parsed_if("outcome")?,
                    code: row.get("code")?,
                };
                take(row.get("due")?, row.get("location")?, run);
                Ok(())
            })
        })
    }

    /// The latest run of every probe at every location.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_runs(&self) -> Result<Vec<Probed>, Error> {
        let query = "SELECT * FROM probed WHERE id IN
                     (SELECT max(id) FROM probed GROUP BY probe, location) ORDER BY probe, location";
        self.read_history(|reading| reading.all(query, &[], run))
    }

    /// The latest runs that found something wrong, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn failures(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Probed>, Error> {
        let query = "SELECT * FROM probed WHERE health IN ('unhealthy', 'degraded') AND due < ?1
                     ORDER BY due DESC LIMIT ?2";
        self.read_history(|reading| reading.all(query, &values![before, limit], run))
    }

    fn insert_run(&self, to: &Session<'_>, run: &Probed) -> Result<(), Error> {
        let put =
            "INSERT INTO probed (probe, location, due, started, duration, health, outcome, code, detail,
                   phases, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let phases = run.phases.as_ref().map(|phases| self.json(phases)).transpose()?;
        let evidence = run.evidence.as_ref().map(|evidence| self.json(evidence)).transpose()?;
        let values = values![
            &run.probe,
            &run.location,
            run.due,
            run.started,
            run.duration.0.cast_signed(),
            run.health.as_str(),
            run.outcome.map(OutcomeKind::as_str),
            &run.code,
            &run.detail,
            phases.as_ref(),
            evidence.as_ref(),
        ];
        to.execute(put, &values)?;
        Ok(())
    }
}

fn run(row: &Row<'_>) -> Result<Probed, Error> {
    Ok(Probed {
        probe: row.get("probe")?,
        location: row.get("location")?,
        due: row.get("due")?,
        started: row.get("started")?,
        duration: Nanos(row.get::<i64>("duration")?.cast_unsigned()),
        health: row.parsed("health")?,
        outcome: row.parsed_if("outcome")?,
        code: row.get("code")?,
        detail: row.get("detail")?,
        phases: row.json_if("phases")?,
        evidence: row.json_if("evidence")?,
    })
}
