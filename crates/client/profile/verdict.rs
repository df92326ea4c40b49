//! From an answer to an outcome: the code that it carries decides, then signals of maintenance, then the status.

use super::Profile;
use super::extract::{Answer, Extraction};
use super::json::{Places, Sight};
use crate::port::{FieldName, Fields, Values};
use chrono::DateTime;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, LOCATION, RETRY_AFTER};
use piaotan_record::{Code, CodeBook, Outcome};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// What an answer means.
#[derive(Clone, PartialEq, Eq)]
pub struct Judged {
    pub outcome: Outcome,
    /// The platform's code, where the answer carried one; what the profile does not declare is `other`.
    pub code: Option<Code>,
    /// The code as the platform wrote it.
    pub code_text: Option<String>,
    /// What the profile extracts from an answer that could be read.
    pub values: Values,
    /// The platform does not know our token: log in again and repeat the call once.
    pub login_again: bool,
}

/// Values are named, not shown: a token may be among them.
impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.values.iter().map(|(name, _)| name).collect();
        write!(f, "Judged({:?}, code {:?}, values {names:?})", self.outcome, self.code_text)
    }
}

piaotan_record::closed_enum! {
    /// What a code means for the one who asked.
    pub(super) enum Class {
        Ok = "ok",
        BusinessNo = "business_no",
        /// No such invoice: *not yet* visible where we know that it was accepted.
        NotVisible = "not_visible",
        Duplicate = "duplicate",
        AuthChallenge = "auth_challenge",
        LoginAgain = "login_again",
        Throttled = "throttled",
        Maintenance = "maintenance",
        ClientError = "client_error",
        ServerError = "server_error",
        Unreadable = "unreadable",
    }
}

/// The codes that a profile declares.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    pub book: CodeBook,
    pub exact: HashMap<Box<str>, (Code, Class)>,
    /// `E91*`, `5xx`: looked at in the order of the profile when no code is exactly so.
    pub patterns: Vec<(Box<str>, Code, Class)>,
    /// What a code means that is not declared.
    pub other: Option<Class>,
}

/// How the answers of one operation are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub places: Places,
    /// Text that is no JSON: the status decides, and these words must be in it.
    pub text: Option<Vec<String>>,
    /// Outermost first, each with what its codes begin with in the table.
    pub codes: Vec<(Extraction, Box<str>)>,
    /// Codes that mean something else for this operation.
    pub classes: Vec<(Box<str>, Class)>,
    pub retry_after: Extraction,
    pub values: Vec<Wanted>,
    /// The fields that the entry check compares.
    pub record: Vec<FieldName>,
    /// The answer is a list in which the record of the invoice is looked for.
    pub list: bool,
}

/// A value to extract.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub name: Box<str>,
    pub place: Extraction,
    pub optional: bool,
}

/// How maintenance shows itself beside codes.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    /// Always maintenance.
    pub statuses: Vec<u16>,
    /// Words of a page that stands where JSON was due.
    pub pages: Vec<String>,
    pub headers: Vec<(HeaderName, Option<String>)>,
    /// Part of where a redirection leads.
    pub locations: Vec<String>,
}

impl Codes {
    /// The first code of the answer that is not good, or the last one.
    fn of(&self, reading: &Reading, answer: &Answer<'_>, sight: &Sight<'_>) -> Option<Verdict> {
        let mut last = None;
        for (place, prefix) in &reading.codes {
            let Some((text, status)) = place.find(answer, sight) else { break };
            let text = if prefix.is_empty() { text.into_owned() } else { format!("{prefix}{text}") };
            let (code, class) = self.class(&text);
            let own =
                reading.classes.iter().find(|(pattern, _)| fits(pattern, &text)).map(|(_, class)| *class);
            let verdict = Verdict { text, code, class: own.or(class), status };
            let good = verdict.class == Some(Class::Ok);
            last = Some(verdict);
            if !good {
                break;
            }
        }
        last
    }

    pub fn class(&self, text: &str) -> (Code, Option<Class>) {
        if let Some((code, class)) = self.exact.get(text) {
            return (*code, Some(*class));
        }
        let pattern = self.patterns.iter().find(|(pattern, ..)| fits(pattern, text));
        pattern.map_or((CodeBook::OTHER, None), |(_, code, class)| (*code, Some(*class)))
    }
}

struct Verdict {
    text: String,
    code: Code,
    /// Absent when the profile does not declare the code.
    class: Option<Class>,
    /// The code is the bare HTTP status.
    status: bool,
}

/// Whether a code fits `E91*` (begins so) or `5xx` (three digits, the first is so).
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_suffix("xx")) {
        (Some(start), _) => text.starts_with(start),
        (None, Some(start)) if start.len() == 1 => text.len() == 3 && text.starts_with(start),
        _ => pattern == text,
    }
}

/// Judges one answer.
pub(super) fn judge(
    profile: &Profile,
    reading: &Reading,
    fields: &Fields<'_>,
    answer: &Answer<'_>,
) -> Judged {
    let key = fields.get(FieldName::Number);
    // Without a body there is nothing that could be misread: status and headers decide.
    let nothing = reading.text.is_some() || answer.body.trim_ascii().is_empty();
    let sight = if nothing { Some(Sight::default()) } else { reading.places.read(answer.body, key) };
    let readable = sight.is_some();
    let sight = sight.unwrap_or_default();
    let verdict = if readable { profile.codes.of(reading, answer, &sight) } else { None };
    let mut judged = Judged {
        outcome: Outcome::Unreadable,
        code: None,
        code_text: None,
        values: Values::default(),
        login_again: false,
    };
    let class = class(profile, reading, answer, verdict.as_ref());
    if let Some(verdict) = verdict.filter(|verdict| !verdict.status || verdict.class.is_some()) {
        judged.code = Some(verdict.code);
        judged.code_text = Some(verdict.text);
    }
    let whole = extract(reading, answer, &sight, &mut judged.values);
    let class = if class == Class::Ok {
        check(profile, reading, fields, answer, &sight, &judged.values, whole)
    } else {
        class
    };
    judged.login_again = class == Class::LoginAgain;
    judged.outcome = outcome(class, fields, || retry_after(reading, answer, &sight));
    judged
}

fn class(profile: &Profile, reading: &Reading, answer: &Answer<'_>, verdict: Option<&Verdict>) -> Class {
    if let Some((class, false)) = verdict.and_then(|verdict| Some((verdict.class?, verdict.status))) {
        // A success that comes with the status of a failure contradicts itself.
        return if class == Class::Ok && answer.status >= 400 { Class::Unreadable } else { class };
    }
    if profile.signals.say_maintenance(answer, verdict.is_none()) {
        return Class::Maintenance;
    }
    let declared = verdict.and_then(|verdict| verdict.class);
    match (answer.status, verdict) {
        _ if declared.is_some() => declared.unwrap_or(Class::Unreadable),
        (429, _) => Class::Throttled,
        (500.., _) => Class::ServerError,
        (400..500, _) => Class::ClientError,
        (_, Some(verdict)) if !verdict.status => profile.codes.other.unwrap_or(Class::Unreadable),
        (200..300, _) if reading.text.is_some() => Class::Ok,
        _ => Class::Unreadable,
    }
}

/// Extracts what is there; `false` when a value is missing that a good answer has.
fn extract(reading: &Reading, answer: &Answer<'_>, sight: &Sight<'_>, values: &mut Values) -> bool {
    let mut whole = true;
    for wanted in &reading.values {
        match wanted.place.find(answer, sight) {
            Some((text, _)) => values.set(&wanted.name, text),
            None => whole &= wanted.optional,
        }
    }
    whole
}

/// What a good answer is after a closer look.
fn check(
    profile: &Profile,
    reading: &Reading,
    fields: &Fields<'_>,
    answer: &Answer<'_>,
    sight: &Sight<'_>,
    values: &Values,
    whole: bool,
) -> Class {
    let says = |words: &Vec<String>| {
        let body = String::from_utf8_lossy(answer.body);
        words.iter().all(|word| body.contains(word.as_str()))
    };
    let listed = !reading.list || fields.get(FieldName::Number).is_none() || sight.listed == Some(true);
    if !listed && sight.listed == Some(false) {
        return Class::NotVisible;
    }
    let state =
        profile.review.as_ref().and_then(|review| values.get(&review.value).map(|state| review.state(state)));
    let readable = whole && listed && state != Some(None) && reading.text.as_ref().is_none_or(says);
    if readable { Class::Ok } else { Class::Unreadable }
}

fn outcome(class: Class, fields: &Fields<'_>, retry_after: impl FnOnce() -> Option<Duration>) -> Outcome {
    match class {
        Class::Ok => Outcome::Ok,
        Class::Duplicate if fields.resend => Outcome::Ok,
        Class::Duplicate => Outcome::Duplicate,
        Class::NotVisible if fields.known => Outcome::NotYetVisible,
        Class::NotVisible | Class::BusinessNo => Outcome::BusinessNo,
        Class::AuthChallenge => Outcome::AuthChallenge,
        Class::Throttled => Outcome::Throttled { retry_after: retry_after() },
        Class::Maintenance => Outcome::Maintenance { retry_after: retry_after() },
        Class::LoginAgain | Class::ClientError => Outcome::ClientError,
        Class::ServerError => Outcome::ServerError,
        Class::Unreadable => Outcome::Unreadable,
    }
}

/// How long to wait: seconds, or a date against the platform's own clock.
fn retry_after(reading: &Reading, answer: &Answer<'_>, sight: &Sight<'_>) -> Option<Duration> {
    let (text, _) = reading.retry_after.find(answer, sight)?;
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.clamp(0.0, 1e7)).ok();
    }
    let until = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    let now = DateTime::parse_from_rfc2822(answer.headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}

impl Signals {
    fn say_maintenance(&self, answer: &Answer<'_>, no_code: bool) -> bool {
        if self.statuses.contains(&answer.status)
            || answer.status == 503 && answer.headers.contains_key(RETRY_AFTER)
        {
            return true;
        }
        let header = |name: &HeaderName| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let by_header = self.headers.iter().any(|(name, wanted)| match (header(name), wanted) {
            (Some(value), Some(wanted)) => value.contains(wanted.as_str()),
            (Some(_), None) => true,
            (None, _) => false,
        });
        let location = (300..400).contains(&answer.status).then(|| header(&LOCATION)).flatten();
        let by_location =
            location.is_some_and(|place| self.locations.iter().any(|part| place.contains(part.as_str())));
        by_header || by_location || (no_code && self.is_page(answer))
    }

    /// A page of a gateway, with a word of maintenance in it, where an answer with a code was due.
    fn is_page(&self, answer: &Answer<'_>) -> bool {
        let head = &answer.body[..answer.body.len().min(64 * 1024)];
        let html = answer.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
        if !html && !head.trim_ascii_start().starts_with(b"<") {
            return false;
        }
        let page = String::from_utf8_lossy(head).to_lowercase();
        self.pages.iter().any(|word| page.contains(word.to_lowercase().as_str()))
    }
}
