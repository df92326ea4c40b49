//! Reading a weather file, and saying in one line what is wrong with it.

use super::form::{Answer, FaultKind, Weather};
use super::sync::SurfaceSet;
use crate::Error;

impl Weather {
    /// Reads TOML. The error is one line naming line, field and the nearest right word.
    pub fn parse(text: &str) -> Result<Weather, Error> {
        let weather: Weather = toml::from_str(text).map_err(|e| {
            let at = e.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            Error::Weather(one_line(e.message(), at))
        })?;
        weather.checked()
    }

    /// Reads the same as JSON, which `PUT /_weather` accepts too.
    pub fn parse_json(text: &[u8]) -> Result<Weather, Error> {
        let weather: Weather = serde_json::from_slice(text).map_err(|e| {
            let message = e.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            Error::Weather(one_line(message, Some(e.line())))
        })?;
        weather.checked()
    }

    fn checked(self) -> Result<Weather, Error> {
        let wrong = shares(&self).or_else(|| lengths(&self)).or_else(|| words(&self));
        wrong.map_or(Ok(self), |text| Err(Error::Weather(text)))
    }
}

/// `what` does not exist; names the nearest word that does.
pub(crate) fn suggest<'a>(what: &str, name: &str, words: impl Iterator<Item = &'a str>) -> String {
    let nearest = words.map(|w| (distance(name, w), w)).min();
    match nearest {
        Some((d, word)) if d <= name.chars().count().max(3) / 2 => {
            format!("unknown {what} `{name}`; did you mean `{word}`?")
        }
        _ => format!("unknown {what} `{name}`"),
    }
}

fn one_line(message: &str, line: Option<usize>) -> String {
    let text = unknown(message).unwrap_or_else(|| message.replace('\n', " "));
    match line {
        Some(line) => format!("line {line}: {text}"),
        None => text,
    }
}

/// Rewrites serde's "unknown field `a`, expected one of `b`, `c`" with the nearest word only.
fn unknown(message: &str) -> Option<String> {
    let (what, rest) = [("field", "unknown field `"), ("word", "unknown variant `")]
        .iter()
        .find_map(|(what, lead)| Some((*what, message.strip_prefix(lead)?)))?;
    let (name, expected) = rest.split_once('`')?;
    let words = expected.split('`').skip(1).step_by(2);
    Some(suggest(what, name, words))
}

/// Optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(60).collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let swap = usize::from(a[i - 1] != b[j - 1]);
                let plain = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + swap);
                let crossed = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if crossed { plain.min(rows[i - 2][j - 2] + 1) } else { plain }
            };
        }
    }
    rows[a.len()][b.len()]
}

fn shares(w: &Weather) -> Option<String> {
    let mut named: Vec<(&str, f64)> = vec![("push.lost", w.push.lost)];
    named.extend(w.review.iter().map(|r| ("review.reject", r.reject)));
    named.extend(w.fault.iter().map(|f| ("fault.share", f.share)));
    for s in &w.sync {
        named.extend([
            ("sync.lost", s.lost),
            ("sync.reorder", s.reorder),
            ("sync.batch_lost", s.batch_lost),
            ("sync.batch_late", s.batch_late),
        ]);
    }
    for u in &w.upgrade {
        named.extend([("upgrade.vanish", u.vanish), ("upgrade.alter", u.alter)]);
    }
    let wrong = named.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share));
    wrong.map(|(name, share)| format!("`{name}` is a share from 0 to 1, not {share}"))
}

fn lengths(w: &Weather) -> Option<String> {
    let mut named: Vec<(&str, f64, f64)> = vec![
        ("rules.token_seconds", w.rules.token_seconds, 0.001),
        ("rules.checking", w.rules.checking, 0.0),
        ("hot.keep", w.hot.as_ref().map_or(0.0, |h| h.keep), 0.0),
    ];
    let spans = (w.clock.iter().map(|e| ("clock.for", e.r#for)))
        .chain(w.review.iter().map(|e| ("review.for", e.r#for)))
        .chain(w.sync.iter().map(|e| ("sync.for", e.r#for)))
        .chain(w.sync_capacity.iter().map(|e| ("sync_capacity.for", e.r#for)))
        .chain(w.capacity.iter().map(|e| ("capacity.for", e.r#for)))
        .chain(w.latency.iter().map(|e| ("latency.for", e.r#for)))
        .chain(w.fault.iter().map(|e| ("fault.for", e.r#for)))
        .chain(w.throttle.iter().map(|e| ("throttle.for", e.r#for)))
        .chain(w.maintenance.iter().map(|e| ("maintenance.for", e.r#for)))
        .chain(w.sync.iter().map(|e| ("sync.every", e.every)))
        .chain(w.throttle.iter().map(|e| ("throttle.tarpit", e.tarpit)));
    named.extend(spans.filter_map(|(name, length)| Some((name, length?, 0.001))));
    for s in &w.sync {
        named.extend([("sync.reorder_by", s.reorder_by, 0.0), ("sync.batch_late_by", s.batch_late_by, 0.0)]);
    }
    for m in &w.maintenance {
        named.extend([
            ("maintenance.writes_first", m.writes_first, 0.0),
            ("maintenance.overrun", m.overrun, 0.0),
            ("maintenance.early", m.early, 0.0),
            ("maintenance.catch_up", m.catch_up, 1.0),
        ]);
    }
    named.extend(w.sync_capacity.iter().map(|s| ("sync_capacity.rate", s.rate, 1e-6)));
    named.extend(w.fault.iter().map(|f| ("fault.seconds", f.seconds, 0.0)));
    for t in &w.throttle {
        named.push(("throttle.grow", t.grow, 1.0));
        named.extend(t.windows.iter().map(|l| ("throttle.windows.seconds", l.seconds, 0.001)));
    }
    let wrong = named.into_iter().find(|(_, value, least)| !(*least..=1e8).contains(value));
    wrong.map(|(name, value, least)| format!("`{name}` lies between {least} and 1e8, not {value}"))
}

fn words(w: &Weather) -> Option<String> {
    for s in &w.sync {
        if let Err(text) = SurfaceSet::parse(&s.surfaces) {
            return Some(text);
        }
    }
    for m in &w.maintenance {
        let planned = m.r#for.unwrap_or(f64::INFINITY);
        if m.early >= planned {
            return Some("`maintenance.early` is shorter than `for`".into());
        }
        if m.answer == Answer::Refuse && m.r#for.is_none() {
            return Some("`maintenance.for` is needed with answer = \"refuse\": nobody could end it".into());
        }
        let said = [
            m.announce.as_ref().map(|a| &a.phrase),
            m.cancel.as_ref().map(|a| &a.phrase),
            m.postpone.as_ref().map(|p| &p.phrase),
            Some(&m.resume),
        ];
        for phrase in said.into_iter().flatten().flatten() {
            if !super::announce::PHRASES.contains(&phrase.as_str()) {
                return Some(suggest("phrase", phrase, super::announce::PHRASES.iter().copied()));
            }
        }
    }
    if w.capacity.iter().any(|c| c.servers == 0 || c.servers > 100_000) {
        return Some("`capacity.servers` lies between 1 and 100000".into());
    }
    if w.throttle
        .iter()
        .any(|t| t.windows.is_empty() || t.windows.iter().any(|l| l.limit == 0 || l.limit > 1_000_000))
    {
        return Some(
            "`throttle.windows` needs at least one { limit = N, seconds = S } with N from 1 to 1000000"
                .into(),
        );
    }
    if w.fault.iter().any(|f| f.kind == FaultKind::Freeze && f.r#for.is_none()) {
        return Some("`fault.for` is needed with kind = \"freeze\": it ends when the entry does".into());
    }
    if w.log.keep > 20_000_000 {
        return Some("`log.keep` is at most 20000000".into());
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = Weather::parse(text).map(|_| "fine".to_string());
        assert_eq!(got.unwrap_or_else(|e| e.to_string()), expected, "{text}");
    }

    #[test]
    fn fair_weather_and_every_form_of_time() {
        check("", "fine");
        check("[[maintenance]]\nat = 12.0\nfor = 8", "fine");
        check("[[maintenance]]\nat = 2026-11-24T12:34:10+08:00\nfor = 8", "fine");
        check(
            "[[sync]]\nsurfaces = [\"verify\", \"31\"]\ndelay = { kind = \"lognormal\", median = 2.0, sigma = 0.8 }",
            "fine",
        );
    }

    #[test]
    fn wrong_words_are_named_with_the_nearest_right_one() {
        check(
            "[rules]\n\ndaily_limt = 3",
            "weather: line 3: unknown field `daily_limt`; did you mean `daily_limit`?",
        );
        check(
            "[[maintenence]]\nat = 1",
            "weather: line 1: unknown field `maintenence`; did you mean `maintenance`?",
        );
        check(
            "[[fault]]\nkind = \"rest\"\nshare = 0.1",
            "weather: line 2: unknown word `rest`; did you mean `reset`?",
        );
        check(
            "[[latency]]\noperations = [\"querry\"]\ndelay = 1",
            "weather: line 2: unknown operation `querry`; did you mean `query`?",
        );
        check(
            "[[sync]]\nsurfaces = [\"verfy\"]\ndelay = 1",
            "weather: unknown surface `verfy`; did you mean `verify`?",
        );
        check(
            "[[maintenance]]\nat = 1\nannounce = { at = 0, phrase = \"zh9\" }",
            "weather: unknown phrase `zh9`; did you mean `zh1`?",
        );
        check(
            "[[sync]]\ndelay = { kind = \"lognormal\", medain = 2.0, sigma = 1 }",
            "weather: line 2: unknown field `medain`; did you mean `median`?",
        );
    }

    #[test]
    fn wrong_values_are_named() {
        check(
            "[[fault]]\nkind = \"error\"\nshare = 1.5",
            "weather: `fault.share` is a share from 0 to 1, not 1.5",
        );
        check(
            "[[maintenance]]\nat = 1\nfor = -1",
            "weather: `maintenance.for` lies between 0.001 and 1e8, not -1",
        );
        check(
            "[[capacity]]\nservers = 0\nservice = 0.1",
            "weather: `capacity.servers` lies between 1 and 100000",
        );
        check(
            "[[latency]]\nat = \"noon\"\ndelay = 1",
            "weather: line 2: `noon` is no RFC 3339 time with offset, like 2026-11-24T12:34:10+08:00",
        );
        check(
            "[[review]]\ndelay = nan",
            "weather: line 2: a distribution needs lengths of 0 to 1e8 seconds, sigma of 0 to 10, low below high, and at least one value",
        );
    }
}
