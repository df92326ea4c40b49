//! Reads the few places of a JSON answer that a profile names, in one pass and without a tree.
//!
//! Numbers keep the digits that the platform wrote: an invoice number of twenty digits is larger than
//! 64 bits, and a total of 1409.50 must not become a binary fraction. What is not asked for is skipped,
//! yet checked: an answer that was cut short is no JSON.

use std::borrow::Cow;

/// How deep an answer may nest.
const DEPTH: usize = 64;

/// One step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Member(Box<str>),
    Index(usize),
    /// Any element; the first that has what is looked for.
    Any,
}

/// The places to look at, as a tree of steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    wanted: Vec<usize>,
    steps: Vec<(Step, Places)>,
    /// The list in which the record of one invoice is to be picked out.
    list: Option<Box<List>>,
    count: usize,
}

/// A list of records: which place of an element holds the key, and what else is wanted of the element.
#[derive(Debug, Clone)]
struct List {
    key: usize,
    element: Places,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found<'b> {
    Null,
    /// The text of a string, a number as written, or a word.
    Text(Cow<'b, str>),
    /// An object or a list, as written.
    Raw(&'b str),
}

/// What was found, by the number that [`Places::want`] gave, and whether the list had the wanted record.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight<'b> {
    found: Vec<Option<Found<'b>>>,
    /// `Some` once the list was there: whether an element had the wanted key.
    pub listed: Option<bool>,
}

impl Places {
    /// Asks for a place; its number is the key of what is found there.
    pub fn want(&mut self, steps: &[Step]) -> usize {
        let number = self.count;
        self.count += 1;
        self.at(steps).wanted.push(number);
        number
    }

    /// Asks for the record in a list whose place `key` reads as wanted, and for places inside of it.
    pub fn want_record(&mut self, list: &[Step], key: &[Step], inside: &[Vec<Step>]) -> Vec<usize> {
        let mut element = Places { count: self.count, ..Places::default() };
        let key = element.want(key);
        let numbers = inside.iter().map(|steps| element.want(steps)).collect();
        self.count = element.count;
        self.at(list).list = Some(Box::new(List { key, element }));
        numbers
    }

    fn at(&mut self, steps: &[Step]) -> &mut Self {
        let Some((first, rest)) = steps.split_first() else { return self };
        let at = match self.steps.iter().position(|(step, _)| step == first) {
            Some(at) => at,
            None => {
                self.steps.push((first.clone(), Self::default()));
                self.steps.len() - 1
            }
        };
        self.steps[at].1.at(rest)
    }

    /// Reads the body. `None` when it is not JSON, or not whole.
    pub fn read<'b>(&self, body: &'b [u8], key: Option<&str>) -> Option<Sight<'b>> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut sight = Sight { found: vec![None; self.count], listed: None };
        let mut reader = Reader { text, at: 0, key };
        reader.value(&[self], &mut sight, DEPTH)?;
        reader.space();
        (reader.at == text.len()).then_some(sight)
    }
}

impl<'b> Sight<'b> {
    pub fn get(&self, number: usize) -> Option<&Found<'b>> {
        self.found.get(number)?.as_ref()
    }

    fn put(&mut self, wanted: &[usize], found: &Found<'b>) {
        for number in wanted {
            let slot = &mut self.found[*number];
            if slot.is_none() {
                *slot = Some(found.clone());
            }
        }
    }
}

struct Reader<'b, 'k> {
    text: &'b str,
    at: usize,
    key: Option<&'k str>,
}

impl<'b> Reader<'b, '_> {
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Reads one value, looking at it with every node of the tree that leads here.
    fn value(&mut self, nodes: &[&Places], sight: &mut Sight<'b>, depth: usize) -> Option<()> {
        self.space();
        let start = self.at;
        let found = match self.peek()? {
            b'{' => {
                self.object(nodes, sight, depth.checked_sub(1)?)?;
                Found::Raw(&self.text[start..self.at])
            }
            b'[' => {
                self.list(nodes, sight, depth.checked_sub(1)?)?;
                Found::Raw(&self.text[start..self.at])
            }
            b'"' => Found::Text(self.string()?),
            _ => self.word()?,
        };
        for node in nodes {
            sight.put(&node.wanted, &found);
        }
        Some(())
    }

    fn object(&mut self, nodes: &[&Places], sight: &mut Sight<'b>, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.take(b':')?;
            // A pointer cannot tell an index from a member that is named by a number.
            let member = |step: &Step| match step {
                Step::Member(wanted) => **wanted == *name,
                Step::Index(index) => name.parse() == Ok(*index),
                Step::Any => false,
            };
            self.inside(nodes, member, sight, depth)?;
            self.space();
            if self.take(b'}').is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    fn list(&mut self, nodes: &[&Places], sight: &mut Sight<'b>, depth: usize) -> Option<()> {
        let records = nodes.iter().find_map(|node| node.list.as_deref());
        if records.is_some() {
            sight.listed = Some(false);
        }
        self.at += 1;
        self.space();
        if self.take(b']').is_some() {
            return Some(());
        }
        for index in 0.. {
            if let Some(list) = records.filter(|_| sight.listed == Some(false)) {
                self.record(list, sight, depth)?;
            } else {
                let element = |step: &Step| *step == Step::Any || *step == Step::Index(index);
                self.inside(nodes, element, sight, depth)?;
            }
            self.space();
            if self.take(b']').is_some() {
                break;
            }
            self.take(b',')?;
        }
        Some(())
    }

    /// Reads one element; it stays in sight only when its key is the wanted one.
    fn record(&mut self, list: &List, sight: &mut Sight<'b>, depth: usize) -> Option<()> {
        self.value(&[&list.element], sight, depth)?;
        let same =
            matches!((sight.get(list.key), self.key), (Some(Found::Text(text)), Some(key)) if text == key);
        if same {
            sight.listed = Some(true);
        } else {
            list.element.clear(sight);
        }
        Some(())
    }

    fn inside(
        &mut self,
        nodes: &[&Places],
        leads: impl Fn(&Step) -> bool,
        sight: &mut Sight<'b>,
        depth: usize,
    ) -> Option<()> {
        let steps = nodes.iter().flat_map(|node| node.steps.iter());
        let next: Vec<&Places> = steps.filter(|(step, _)| leads(step)).map(|(_, place)| place).collect();
        self.value(&next, sight, depth)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<Found<'b>> {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.');
        let length = rest.as_bytes().iter().position(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        match word {
            "null" => Some(Found::Null),
            "true" | "false" => Some(Found::Text(word.into())),
            _ => is_number(word).then(|| Found::Text(word.into())),
        }
    }

    fn string(&mut self) -> Option<Cow<'b, str>> {
        self.take(b'"')?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(Cow::Borrowed(&self.text[start..self.at - 1]));
                }
                b'\\' => return self.escaped(start),
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    /// The slow path of a string with escapes in it.
    fn escaped(&mut self, start: usize) -> Option<Cow<'b, str>> {
        let bytes = self.text.as_bytes();
        while *bytes.get(self.at)? != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_str::<String>(self.text.get(start - 1..self.at)?).ok().map(Cow::Owned)
    }
}

impl Places {
    fn clear(&self, sight: &mut Sight<'_>) {
        for number in &self.wanted {
            sight.found[*number] = None;
        }
        for (_, place) in &self.steps {
            place.clear(sight);
        }
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Found, Places};
    use crate::profile::extract::steps;
    use proptest::prelude::*;
    use serde_json::Value;

    fn read(body: &str, place: &str) -> Option<Option<String>> {
        let mut places = Places::default();
        let number = places.want(&steps(place).unwrap());
        let sight = places.read(body.as_bytes(), None)?;
        Some(sight.get(number).map(|found| match found {
            Found::Null => "null".to_owned(),
            Found::Text(text) => text.to_string(),
            Found::Raw(text) => (*text).to_owned(),
        }))
    }

    #[test]
    fn places_are_found() {
        let body = r#" {"a":{"b":[1,{"c":"x\u00e9\n"},2.50]},"n":26119000000000000017,"z":null,"a/b":true} "#;
        let check = |place: &str, expected: Option<&str>| {
            assert_eq!(read(body, place).unwrap().as_deref(), expected, "{place}");
        };
        check("/a/b/1/c", Some("xé\n"));
        check("$.a.b[*].c", Some("xé\n"));
        check("$['a']['b'][0]", Some("1"));
        check("/a/b/2", Some("2.50"));
        check("/n", Some("26119000000000000017"));
        check("/z", Some("null"));
        check("/a~1b", Some("true"));
        check("/a/b", Some(r#"[1,{"c":"x\u00e9\n"},2.50]"#));
        check("/a/x", None);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let bodies = [
            "",
            "{",
            "[1,]",
            "{\"a\":}",
            "{\"a\" 1}",
            "nul",
            "01x",
            "\"a",
            "{} {}",
            "<html>",
            "{'a':1}",
            "[\"\u{1}\"]",
        ];
        for body in bodies.into_iter().chain([&*"[".repeat(100)]) {
            assert_eq!(read(body, "/a"), None, "{body}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\é云\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// The reader finds what `serde_json` finds, and like it refuses an answer that was cut short.
        #[test]
        fn it_agrees_with_serde_json(value in json(), place in "(/[a-c0-2]){0,3}", cut in 0.0..1.0f64) {
            let body = value.to_string();
            let expected = value.pointer(&place).map(|found| match found {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            prop_assert_eq!(read(&body, &place), Some(expected));
            let at = (0..=(body.len() as f64 * cut) as usize).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
            let short = &body[..at];
            prop_assert_eq!(read(short, &place).is_some(), serde_json::from_str::<Value>(short).is_ok(), "{}", short);
        }
    }
}
