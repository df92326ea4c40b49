//! Writing a run folder: appended once a second, never rewritten.

use super::{
    ArrivalLine, CellLine, EVENTS, Event, FolderError, Interval, LATENCY, MANIFEST, Manifest, SUMMARY, TALLY,
    TallyLine, io,
};
use crate::tally::{Cell, Tally};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An open run folder. Every call leaves the folder readable.
#[derive(Debug)]
pub struct RunWriter {
    path: PathBuf,
    manifest: Manifest,
    tally: File,
    latency: File,
    events: File,
}

impl RunWriter {
    /// Creates the folder and writes its manifest.
    ///
    /// # Errors
    /// When the folder cannot be created or written, or already holds a run.
    pub fn create(path: &Path, manifest: Manifest) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(io("create", path))?;
        let at = path.join(MANIFEST);
        if at.exists() {
            let reason = "holds a run already; name another folder with --out".to_owned();
            return Err(FolderError::Malformed { path: path.to_owned(), reason });
        }
        write_json(&at, &manifest)?;
        let mut writer = Self {
            tally: append(&path.join(TALLY))?,
            latency: append(&path.join(LATENCY))?,
            events: append(&path.join(EVENTS))?,
            path: path.to_owned(),
            manifest,
        };
        writer.write_latency_header()?;
        Ok(writer)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Appends the increments of a tally, latencies first: a reader that finds counts finds their times.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append_tally(&mut self, tally: &Tally) -> Result<(), FolderError> {
        let (mut log, mut lines) = (Vec::new(), Vec::new());
        for (second, operation, cell) in tally.cells() {
            log_cell(&mut log, second, operation.as_str(), cell);
            push_line(
                &mut lines,
                &TallyLine::Cell(CellLine::new(second, operation, cell, &self.manifest.codes)),
            );
        }
        for (second, arrivals) in &tally.arrivals {
            push_line(&mut lines, &TallyLine::Arrivals(ArrivalLine::new(*second, arrivals)));
        }
        self.latency.write_all(&log).map_err(io("write", &self.path.join(LATENCY)))?;
        self.tally.write_all(&lines).map_err(io("write", &self.path.join(TALLY)))
    }

    /// Appends events.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append_events(&mut self, events: &[Event]) -> Result<(), FolderError> {
        let mut lines = Vec::new();
        for event in events {
            push_line(&mut lines, event);
        }
        self.events.write_all(&lines).map_err(io("write", &self.path.join(EVENTS)))
    }

    /// Appends lines of a tally as they stand; for joining folders.
    pub(super) fn append_lines(&mut self, each: &[TallyLine]) -> Result<(), FolderError> {
        let mut lines = Vec::new();
        for line in each {
            push_line(&mut lines, line);
        }
        self.tally.write_all(&lines).map_err(io("write", &self.path.join(TALLY)))
    }

    /// Appends latencies as they stand; for joining folders.
    pub(super) fn append_intervals(&mut self, each: &[Interval]) -> Result<(), FolderError> {
        let mut log = Vec::new();
        for interval in each {
            let metric = if interval.service { "service" } else { "response" };
            let tag = format!("{}/{metric}", interval.operation.as_str());
            log_interval(&mut log, interval.second, &tag, &interval.histogram);
        }
        self.latency.write_all(&log).map_err(io("write", &self.path.join(LATENCY)))
    }

    /// Writes the summary, last.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_summary(&self, summary: &impl serde::Serialize) -> Result<(), FolderError> {
        write_json(&self.path.join(SUMMARY), summary)
    }

    fn write_latency_header(&mut self) -> Result<(), FolderError> {
        let mut header = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment(
                "[values in nanoseconds; Tag = operation/metric; timestamps = due second of the run]",
            )
            .with_base_time(self.manifest.started.into())
            .begin_log_with(&mut header, &mut serializer)
            .expect("writing to memory cannot fail");
        self.latency.write_all(&header).map_err(io("write", &self.path.join(LATENCY)))
    }
}

/// Writes a value as a JSON file, whole or not at all.
///
/// # Errors
/// When the disk refuses.
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), FolderError> {
    let partial = path.with_extension("json.part");
    let mut text = serde_json::to_vec_pretty(value).expect("our own types serialise");
    text.push(b'\n');
    fs::write(&partial, &text).map_err(io("write", &partial))?;
    fs::rename(&partial, path).map_err(io("write", path))
}

fn append(path: &Path) -> Result<File, FolderError> {
    OpenOptions::new().create(true).append(true).open(path).map_err(io("create", path))
}

fn push_line(lines: &mut Vec<u8>, value: &impl serde::Serialize) {
    serde_json::to_writer(&mut *lines, value).expect("our own types serialise");
    lines.push(b'\n');
}

fn log_cell(log: &mut Vec<u8>, second: u32, operation: &str, cell: &Cell) {
    for (metric, histogram) in [("response", &cell.response), ("service", &cell.service)] {
        if !histogram.is_empty() {
            log_interval(log, second, &format!("{operation}/{metric}"), histogram);
        }
    }
}

fn log_interval(log: &mut Vec<u8>, second: u32, tag: &str, histogram: &Histogram<u64>) {
    let mut serializer = V2DeflateSerializer::new();
    IntervalLogWriterBuilder::new()
        .begin_log_with(log, &mut serializer)
        .expect("writing to memory cannot fail")
        .write_histogram(histogram, Duration::from_secs(second.into()), Duration::from_secs(1), Tag::new(tag))
        .expect("writing to memory cannot fail");
}
