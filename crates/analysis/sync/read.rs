//! Reads `id,uploaded,last_not_seen,first_seen[,batch][,group]`, one line at a time, keeping 32 bytes
//! a row.
//!
//! A line that cannot be read is an error with its number. A row that contradicts itself (a stepped
//! clock, a repeated id) is left out and counted: one such row must not cost the other million.

use super::delay::{Delay, Fault, Sample};
use super::instant::{Kind, instant};
use crate::Error;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The rows that can be used, and how the others failed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Delays by the value of `group`, in the order of first appearance; one nameless group where the
    /// file has no such column.
    pub groups: Vec<(String, Vec<Delay>)>,
    pub excluded: Excluded,
    /// What had to be assumed of columns left empty throughout.
    pub assumed: Vec<Assumption>,
}

/// Rows left out, by reason. The first of each is named by its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Excluded {
    /// An id that a row of the same group had before; the first row counts.
    pub duplicate_id: u64,
    pub seen_before_upload: u64,
    pub lost_after_seen: u64,
    /// The line of the first row left out.
    pub first_line: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// No found row has a `last_not_seen`: `first_seen` is taken as the moment of visibility.
    FirstSeenIsExact,
    /// No row at all has one: those never seen are taken as watched until the last instant.
    WatchedUntilLastInstant,
}

/// About 3 GB while the answer is made.
const MOST_ROWS: u64 = 32_000_000;
const REQUIRED: [&str; 4] = ["id", "uploaded", "last_not_seen", "first_seen"];
const OPTIONAL: [&str; 2] = ["batch", "group"];

/// Takes a file line by line.
#[derive(Debug)]
pub struct Reader {
    /// Where each known column stands, in the order of `REQUIRED` and `OPTIONAL`.
    places: [Option<usize>; 6],
    kind: Option<Kind>,
    line: u64,
    ids: HashSet<u64>,
    groups: HashMap<Vec<u8>, usize>,
    batches: HashMap<(usize, Vec<u8>), u32>,
    table: Table,
    any_looked: bool,
    any_looked_of_seen: bool,
    last_instant: f64,
}

/// Reads a whole file that is already in memory.
///
/// # Errors
/// A line that cannot be read, a column that is missing, or no row that can be used.
pub fn read(bytes: &[u8]) -> Result<Table, Error> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let mut reader = Reader::new(lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| reader.line(line))?;
    reader.finish()
}

/// An instant as files write it, RFC 3339 or seconds, in seconds. `None` for anything else.
#[must_use]
pub fn time(text: &str) -> Option<f64> {
    instant(text.trim().as_bytes()).map(|(seconds, _)| seconds)
}

impl Reader {
    /// Takes the header. Columns may stand in any order; others than ours are passed over.
    ///
    /// # Errors
    /// A required column is missing.
    pub fn new(header: &[u8]) -> Result<Self, Error> {
        let names = fields(header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header));
        let place = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(missing) = REQUIRED.iter().find(|name| place(name).is_none()) {
            let line =
                format!("line 1: no column `{missing}`: begin with id,uploaded,last_not_seen,first_seen");
            return Err(Error::new(line));
        }
        let [a, b, c, d] = REQUIRED.map(place);
        let [e, f] = OPTIONAL.map(place);
        Ok(Self {
            places: [a, b, c, d, e, f],
            kind: None,
            line: 1,
            ids: HashSet::new(),
            groups: HashMap::new(),
            batches: HashMap::new(),
            table: Table::default(),
            any_looked: false,
            any_looked_of_seen: false,
            last_instant: f64::NEG_INFINITY,
        })
    }

    /// Takes one more line; empty ones are passed over.
    ///
    /// # Errors
    /// A field is missing or is not a time.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.line += 1;
        self.room()?;
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let fields = fields(line);
        let places = self.places;
        let field = |column: usize| places[column].and_then(|place| fields.get(place).map(AsRef::as_ref));
        let [id, uploaded, last, first] = [0, 1, 2, 3].map(|column| field(column).unwrap_or_default());
        if id.is_empty() || uploaded.is_empty() {
            let empty = if id.is_empty() { "id" } else { "uploaded" };
            return Err(Error::new(format!("line {}: `{empty}` is empty: every row needs one", self.line)));
        }
        let group = self.group(field(5).unwrap_or_default());
        let sample = Sample {
            uploaded: self.time("uploaded", uploaded)?.unwrap_or(f64::NAN),
            last_not_seen: self.time("last_not_seen", last)?,
            first_seen: self.time("first_seen", first)?,
            batch: self.batch(group, field(4).unwrap_or_default()),
        };
        self.keep(group, id, &sample);
        Ok(())
    }

    /// Memory grows with the rows: what would not fit is refused while there is still room to say so.
    fn room(&self) -> Result<(), Error> {
        if self.line <= MOST_ROWS {
            return Ok(());
        }
        Err(Error::new(format!(
            "more than {MOST_ROWS} rows: give a part of them, such as every tenth; a curve needs some 100,000"
        )))
    }

    fn keep(&mut self, group: usize, id: &[u8], sample: &Sample) {
        let mut hasher = DefaultHasher::new();
        (group, id).hash(&mut hasher);
        let excluded = &mut self.table.excluded;
        if !self.ids.insert(hasher.finish()) {
            excluded.duplicate_id += 1;
            excluded.first_line.get_or_insert(self.line);
            return;
        }
        match sample.delay() {
            Ok(delay) => {
                self.any_looked |= sample.last_not_seen.is_some();
                self.any_looked_of_seen |= sample.last_not_seen.is_some() && delay.seen();
                self.last_instant = self.last_instant.max(delay.watched_until());
                self.table.groups[group].1.push(delay);
            }
            Err(fault) => {
                excluded.first_line.get_or_insert(self.line);
                match fault {
                    Fault::LostAfterSeen => excluded.lost_after_seen += 1,
                    Fault::SeenBeforeUpload | Fault::NotFinite => excluded.seen_before_upload += 1,
                }
            }
        }
    }

    fn time(&mut self, column: &str, field: &[u8]) -> Result<Option<f64>, Error> {
        if field.is_empty() {
            return Ok(None);
        }
        let shown = String::from_utf8_lossy(field);
        let Some((time, kind)) = instant(field) else {
            let line = self.line;
            return Err(Error::new(format!(
                "line {line}: `{column}` is `{shown}`: give RFC 3339 or seconds"
            )));
        };
        if *self.kind.get_or_insert(kind) != kind {
            let line = self.line;
            return Err(Error::new(format!(
                "line {line}: `{column}` is `{shown}`: use RFC 3339 or seconds throughout, not both"
            )));
        }
        Ok(Some(time))
    }

    fn group(&mut self, name: &[u8]) -> usize {
        if let Some(known) = self.groups.get(name) {
            return *known;
        }
        let next = self.groups.len();
        self.groups.insert(name.to_vec(), next);
        self.table.groups.push((String::from_utf8_lossy(name).into_owned(), Vec::new()));
        next
    }

    fn batch(&mut self, group: usize, key: &[u8]) -> Option<u32> {
        let next = self.batches.len() as u32;
        (!key.is_empty()).then(|| *self.batches.entry((group, key.to_vec())).or_insert(next))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// No row can be used.
    pub fn finish(mut self) -> Result<Table, Error> {
        self.table.groups.retain(|g| !g.1.is_empty());
        if self.table.groups.is_empty() {
            return Err(Error::new(nothing_left(&self.table.excluded)));
        }
        if !self.any_looked_of_seen && self.delays().any(|d| d.seen()) {
            self.table.assumed.push(Assumption::FirstSeenIsExact);
            self.delays().filter(|d| d.seen()).for_each(|d| d.lower = d.upper);
        }
        if !self.any_looked && self.delays().any(|d| !d.seen()) {
            self.table.assumed.push(Assumption::WatchedUntilLastInstant);
            let last = self.last_instant;
            self.delays().filter(|d| !d.seen()).for_each(|d| d.lower = last - d.uploaded);
        }
        Ok(self.table)
    }

    fn delays(&mut self) -> impl Iterator<Item = &mut Delay> {
        self.table.groups.iter_mut().flat_map(|g| g.1.iter_mut())
    }
}

fn nothing_left(excluded: &Excluded) -> String {
    let Excluded { duplicate_id, seen_before_upload, lost_after_seen, first_line } = excluded;
    match first_line {
        None => "the file has no rows: give at least one upload".into(),
        Some(line) => format!(
            "no row can be used: {seen_before_upload} were seen before their upload, {lost_after_seen} looked for \
             in vain after they were seen, {duplicate_id} repeat an id (first at line {line})"
        ),
    }
}

/// The fields of one line of comma-separated values (RFC 4180), trimmed, quotes taken off.
fn fields(line: &[u8]) -> Vec<std::borrow::Cow<'_, [u8]>> {
    if !line.contains(&b'"') {
        return line.split(|b| *b == b',').map(|f| f.trim_ascii().into()).collect();
    }
    let mut found = vec![Vec::new()];
    let mut quoted = false;
    let mut bytes = line.trim_ascii().iter().peekable();
    while let Some(byte) = bytes.next() {
        let last = found.last_mut().expect("there is always a field");
        match byte {
            b'"' if quoted && bytes.peek() == Some(&&b'"') => last.extend(bytes.next()),
            b'"' => quoted = !quoted,
            b',' if !quoted => found.push(Vec::new()),
            other => last.push(*other),
        }
    }
    found.into_iter().map(|f| f.trim_ascii().to_vec().into()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEADER: &str = "id,uploaded,last_not_seen,first_seen\n";

    fn rows(rows: &str) -> Result<Table, Error> {
        read(format!("{HEADER}{rows}").as_bytes())
    }

    fn check(text: &str, expected: &[(f64, f64)]) {
        let found: Vec<(f64, f64)> =
            rows(text).unwrap().groups[0].1.iter().map(|d| (d.lower, d.upper)).collect();
        assert_eq!(found, expected);
    }

    fn refused(text: &str, expected: &str) {
        assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn seconds_and_rfc_3339_say_the_same() {
        check("a,100,105,110\nb,100,130,\n", &[(5.0, 10.0), (30.0, f64::INFINITY)]);
        check("a,2026-03-01T08:00:00+08:00,2026-03-01T00:00:05Z,2026-03-01T00:00:10.5Z\r\n", &[(5.0, 10.5)]);
    }

    #[test]
    fn quotes_order_and_other_columns_are_no_matter() {
        let table =
            read(b"\xef\xbb\xbfgroup,note,first_seen,id,uploaded,last_not_seen\n\"new, one\",x,9,a,1,4\n")
                .unwrap();
        assert_eq!((table.groups[0].0.as_str(), table.groups[0].1[0].upper), ("new, one", 8.0));
    }

    #[test]
    fn contradictions_are_counted_not_fatal() {
        let table = rows("a,100,105,110\na,100,105,110\nb,100,,90\nc,100,120,110\n").unwrap();
        let expected =
            Excluded { duplicate_id: 1, seen_before_upload: 1, lost_after_seen: 1, first_line: Some(3) };
        assert_eq!((table.excluded, table.groups[0].1.len()), (expected, 1));
    }

    #[test]
    fn what_no_row_says_is_assumed_aloud() {
        let table = rows("a,100,,110\nb,105,,\n").unwrap();
        assert_eq!(table.assumed, [Assumption::FirstSeenIsExact, Assumption::WatchedUntilLastInstant]);
        assert_eq!((table.groups[0].1[0].lower, table.groups[0].1[1].lower), (10.0, 5.0));
    }

    #[test]
    fn more_rows_than_memory_holds_are_refused_in_words() {
        let reader = Reader::new(b"id,uploaded,last_not_seen,first_seen").unwrap();
        let mut full = Reader { line: super::MOST_ROWS, ..reader };
        let told = full.line(b"a,1,2,3").unwrap_err().to_string();
        assert!(told.contains("32000000 rows") && told.contains("every tenth"), "{told}");
    }

    #[test]
    fn each_error_says_what_to_write() {
        refused("", "line 1: no column `id`: begin with id,uploaded,last_not_seen,first_seen");
        refused(HEADER, "the file has no rows: give at least one upload");
        refused(&format!("{HEADER}a,soon,,\n"), "line 2: `uploaded` is `soon`: give RFC 3339 or seconds");
        refused(&format!("{HEADER}a,NaN,,\n"), "line 2: `uploaded` is `NaN`: give RFC 3339 or seconds");
        refused(&format!("{HEADER}a,,,\n"), "line 2: `uploaded` is empty: every row needs one");
        refused(
            &format!("{HEADER}a,5,,2026-03-01T00:00:00Z\n"),
            "line 2: `first_seen` is `2026-03-01T00:00:00Z`: use RFC 3339 or seconds throughout, not both",
        );
        refused(
            &format!("{HEADER}a,5,,4\n"),
            "no row can be used: 1 were seen before their upload, 0 looked for in vain after they were seen, 0 repeat \
             an id (first at line 2)",
        );
    }
}
