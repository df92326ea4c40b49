//! Reading a run folder, also one whose writer was killed: a torn last line is counted, not fatal.

use super::{EVENTS, Event, FolderError, LATENCY, MANIFEST, Manifest, SCHEMA, TALLY, TallyLine, io};
use crate::operation::Operation;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// A run on disk. Its files are streamed: a day of seconds does not fit into memory decoded.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Manifest,
}

/// Latencies of one operation and metric in one (due) second.
#[derive(Debug, Clone)]
pub struct Interval {
    pub second: u32,
    pub operation: Operation,
    /// `response` or `service`.
    pub service: bool,
    pub histogram: Histogram<u64>,
}

impl RunFolder {
    /// Opens a folder by its manifest.
    ///
    /// # Errors
    /// When it is no run folder, or one of a newer version.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let at = path.join(MANIFEST);
        if !at.exists() {
            return Err(FolderError::NotARun(path.to_owned()));
        }
        let text = fs::read(&at).map_err(io("read", &at))?;
        let malformed =
            |e: serde_json::Error| FolderError::Malformed { path: at.clone(), reason: e.to_string() };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(malformed)?;
        let found = value.get("schema").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if found > u64::from(SCHEMA) {
            let found = u32::try_from(found).unwrap_or(u32::MAX);
            return Err(FolderError::Newer { path: at, found });
        }
        let manifest = serde_json::from_value(value).map_err(malformed)?;
        Ok(Self { path: path.to_owned(), manifest })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every line of the tally, in the order written; returns how many lines were torn.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tally(&self, each: impl FnMut(TallyLine)) -> Result<usize, FolderError> {
        lines(&self.path.join(TALLY), each)
    }

    /// Every event, in the order written; returns how many lines were torn.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self, each: impl FnMut(Event)) -> Result<usize, FolderError> {
        lines(&self.path.join(EVENTS), each)
    }

    /// Every latency interval, in the order written; returns how many lines were torn.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn latencies(&self, mut each: impl FnMut(Interval)) -> Result<usize, FolderError> {
        let path = self.path.join(LATENCY);
        let mut decoder = Deserializer::new();
        raw_lines(&path, |line| match decode(&mut decoder, line) {
            Some(Some(interval)) => {
                each(interval);
                true
            }
            Some(None) => true,
            None => false,
        })
    }
}

/// `None` where the line is torn, `Some(None)` where it holds no interval of ours.
fn decode(decoder: &mut Deserializer, line: &[u8]) -> Option<Option<Interval>> {
    if line.starts_with(b"#") || line.is_empty() {
        return Some(None);
    }
    let LogEntry::Interval(entry) = IntervalLogIterator::new(line).next()?.ok()? else { return Some(None) };
    let bytes = base64_decode(entry.encoded_histogram())?;
    let histogram = decoder.deserialize(&mut bytes.as_slice()).ok()?;
    let tag = entry.tag()?;
    let (operation, metric) = tag.as_str().split_once('/')?;
    let Ok(operation) = operation.parse() else { return Some(None) };
    let second = u32::try_from(entry.start_timestamp().as_secs()).ok()?;
    Some(Some(Interval { second, operation, service: metric == "service", histogram }))
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn lines<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(T)) -> Result<usize, FolderError> {
    raw_lines(path, |line| match serde_json::from_slice(line) {
        Ok(value) => {
            each(value);
            true
        }
        Err(_) => false,
    })
}

/// No line of ours is longer, in bytes; a file without line ends must not fill the memory.
const LONGEST: u64 = 16 << 20;

/// Calls `each` with every line; counts those it refuses. A file that was never written has none.
fn raw_lines(path: &Path, mut each: impl FnMut(&[u8]) -> bool) -> Result<usize, FolderError> {
    if !path.exists() {
        return Ok(0);
    }
    let mut input = BufReader::new(File::open(path).map_err(io("read", path))?);
    let (mut line, mut torn) = (Vec::new(), 0);
    loop {
        line.clear();
        if input.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(io("read", path))? == 0 {
            return Ok(torn);
        }
        if line.len() as u64 == LONGEST {
            let reason = "a line is longer than any of ours; is it a run folder's file?".to_owned();
            return Err(FolderError::Malformed { path: path.to_owned(), reason });
        }
        // A line without its end was being written when the writer died, even if it happens to parse.
        let whole = line.last() == Some(&b'\n');
        let text = line.trim_ascii_end();
        if !text.is_empty() && (!whole || !each(&[text, b"\n"].concat())) {
            torn += 1;
        }
    }
}
