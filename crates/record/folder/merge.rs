//! Joining the folders of a run's segments into the folder that one generator would have written.
//!
//! Histograms are joined as histograms, never quantile by quantile. The epochs of generators lie on whole
//! seconds, so that shifting by their difference is exact; of folders whose epochs do not, the moments
//! are shifted by the nearest whole second and are off by at most half of one.

use super::{Event, FolderError, Manifest, RunFolder, RunWriter, Segment, TallyLine};
use crate::observation::Nanos;
use std::collections::BTreeMap;
use std::path::Path;

/// Why folders cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("merge needs two run folders or more")]
    Few,
    #[error("{one} and {other} differ in {what}; only segments of one run can be merged")]
    Differ { one: String, other: String, what: &'static str },
    #[error("segment {segment} is there twice: {one} and {other}; leave one out")]
    Twice { segment: String, one: String, other: String },
    #[error("segment {0} is missing; name its folder too, or add --allow-missing")]
    Missing(String),
    #[error("{0} was killed before its end; leave it out with --allow-missing")]
    Torn(String),
}

/// Intervals held at once while copying.
const AT_ONCE: usize = 4_096;

/// The manifest of the whole, and the names (`2/4`) of segments that are missing.
///
/// # Errors
/// When the folders are not the segments of one run, or some are missing and may not be.
pub fn joined(folders: &[RunFolder], allow_missing: bool) -> Result<(Manifest, Vec<String>), MergeError> {
    let [first, rest @ ..] = folders else { return Err(MergeError::Few) };
    if rest.is_empty() && !allow_missing {
        return Err(MergeError::Few);
    }
    for other in rest {
        if let Some(what) = difference(first.manifest(), other.manifest()) {
            return Err(MergeError::Differ { one: name(first), other: name(other), what });
        }
    }
    let mut by_index: BTreeMap<u32, &RunFolder> = BTreeMap::new();
    for folder in folders {
        let segment = folder.manifest().segment;
        if let Some(before) = by_index.insert(segment.index, folder) {
            return Err(MergeError::Twice {
                segment: shown(segment),
                one: name(before),
                other: name(folder),
            });
        }
    }
    let of = first.manifest().segment.of;
    let all = (0..of).map(|index| Segment { index, of });
    let missing: Vec<String> = all.filter(|s| !by_index.contains_key(&s.index)).map(shown).collect();
    match missing.first().filter(|_| !allow_missing) {
        Some(_) => Err(MergeError::Missing(missing.join(", "))),
        None => Ok((whole(first.manifest(), by_index.values().copied()), missing)),
    }
}

/// What two segments of one run may not differ in.
fn difference(one: &Manifest, other: &Manifest) -> Option<&'static str> {
    let differ = [
        (one.schema != other.schema, "the schema of their folders"),
        (one.scenario_text != other.scenario_text, "their scenario"),
        (one.seed != other.seed, "their seed"),
        (one.target != other.target, "their target"),
        (one.profile != other.profile, "their profile"),
        (one.segment.of != other.segment.of, "the number of segments"),
    ];
    differ.iter().find(|(differs, _)| *differs).map(|(_, what)| *what)
}

fn whole<'a>(first: &Manifest, each: impl Iterator<Item = &'a RunFolder> + Clone) -> Manifest {
    let started = each.clone().map(|folder| folder.manifest().started).min().unwrap_or(first.started);
    let windows = each.flat_map(|folder| &folder.manifest().calendar);
    let calendar: BTreeMap<&str, _> = windows.map(|window| (window.id.as_str(), window)).collect();
    let calendar = calendar.into_values().cloned().collect();
    Manifest { started, segment: Segment::default(), calendar, ..first.clone() }
}

/// Writes the joined folder, without a summary.
///
/// `missing` are names of segments that are left out: the joined run says that it was cut short by them.
///
/// # Errors
/// When a folder was killed before its end, cannot be read, or the new one cannot be written.
pub fn merge(
    folders: &[RunFolder],
    manifest: Manifest,
    missing: &[String],
    out: &Path,
) -> Result<(), MergeError> {
    // Read before anything is written: a torn folder leaves nothing behind.
    let mut events = Vec::new();
    for folder in folders {
        events.append(&mut events_of(folder, &manifest)?);
    }
    events.sort_by_key(Event::at);
    if !missing.is_empty() {
        let at = events.last().map_or(Nanos::default(), Event::at);
        let reason = format!("segments missing: {}", missing.join(", "));
        events.push(Event::Ended { at, reason, cut_off: 0 });
    }
    let started = manifest.started;
    let mut writer = RunWriter::create(out, manifest)?;
    for folder in folders {
        copy(folder, seconds_between(started, folder.manifest()), &mut writer)?;
    }
    Ok(writer.append_events(&events)?)
}

fn events_of(folder: &RunFolder, into: &Manifest) -> Result<Vec<Event>, MergeError> {
    let by = Nanos(u64::from(seconds_between(into.started, folder.manifest())) * Nanos::SECOND);
    let (mut events, mut ended) = (Vec::new(), false);
    let mut torn = folder.events(|mut event| {
        ended |= matches!(event, Event::Ended { .. });
        event.shift(by);
        events.push(event);
    })?;
    torn += folder.tally(|_| ())? + folder.latencies(|_| ())?;
    if torn > 0 || !ended { Err(MergeError::Torn(name(folder))) } else { Ok(events) }
}

/// Copies counts and latencies, a bounded number at a time.
fn copy(folder: &RunFolder, by: u32, writer: &mut RunWriter) -> Result<(), FolderError> {
    let (mut held, mut result) = (Vec::new(), Ok(()));
    folder.latencies(|mut interval| {
        interval.second += by;
        held.push(interval);
        if held.len() >= AT_ONCE && result.is_ok() {
            result = writer.append_intervals(&held);
            held.clear();
        }
    })?;
    result?;
    writer.append_intervals(&held)?;
    let mut lines = Vec::new();
    folder.tally(|mut line| {
        match &mut line {
            TallyLine::Cell(cell) => cell.t += by,
            TallyLine::Arrivals(arrivals) => arrivals.t += by,
        }
        lines.push(line);
    })?;
    writer.append_lines(&lines)
}

/// Whole seconds from the joined epoch to a folder's own, rounded.
fn seconds_between(from: chrono::DateTime<chrono::Utc>, to: &Manifest) -> u32 {
    let milliseconds = (to.started - from).num_milliseconds().max(0);
    u32::try_from((milliseconds + 500) / 1_000).unwrap_or(u32::MAX)
}

fn shown(segment: Segment) -> String {
    format!("{}/{}", u64::from(segment.index) + 1, segment.of)
}

fn name(folder: &RunFolder) -> String {
    folder.path().display().to_string()
}
