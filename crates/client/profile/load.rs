//! From the text of a profile to the compiled one; every problem is found before any is reported.

mod answers;
mod checks;
mod examples;
mod operations;
mod signing;

use super::login::Budget;
use super::made::Made;
use super::problem::Problems;
use super::review::{Poll, Review};
use super::scene::{Base, Bases};
use super::scope::{Declared, Scope};
use super::secret::SecretRef;
use super::source::{self, Table};
use super::template::{Fault, Template};
use super::{NoticeFormat, NoticeSource, Profile, Throttle};
use chrono::TimeDelta;
use chrono_tz::Tz;
use piaotan_record::Operation;
use std::str::FromStr;

pub(super) fn load(text: &str, origin: &str) -> Result<Profile, Problems> {
    let mut problems = Problems::new(origin);
    let mut root = source::read(text, &mut problems);
    let profile = profile(&mut root, &mut problems);
    root.finish(&mut problems);
    problems.sort();
    if problems.is_empty() { Ok(profile) } else { Err(problems) }
}

fn profile(root: &mut Table, problems: &mut Problems) -> Profile {
    let name = root.text("name", problems);
    if name.is_none() {
        problems.add(1, "name", "the profile has no name", "write name = \"…\"");
    }
    let zone = zone(root, problems).unwrap_or(Tz::Asia__Shanghai);
    let (base, regions) = bases(root, problems);
    let (mut scope, secrets) = secrets(root, problems);
    let values = values(root, &mut scope, problems);
    let signs = signing::signs(root, &mut scope, problems);
    let (codes, signals) = answers::codes(root, problems);
    let review = review(root, problems);
    let notices = notices(root, problems);
    let throttles = throttles(root, problems);
    let verify_per_day = root.integer("verify_per_day", problems);
    let mut profile = Profile {
        name: name.map(|(name, _)| name).unwrap_or_default(),
        zone,
        base,
        regions,
        scope,
        secrets,
        values,
        signs,
        exchanges: Vec::new(),
        operations: vec![None; Operation::COUNT],
        login: None,
        prelude: Vec::new(),
        inbox: None,
        codes,
        signals,
        review,
        notices,
        throttles,
        after_timeout: Vec::new(),
        verify_per_day,
    };
    let examples = operations::operations(root, &mut profile, problems);
    checks::check(&profile, problems);
    // An example of a profile that is wrong elsewhere would only repeat it.
    if problems.is_empty() {
        examples::run(&profile, &examples, problems);
    }
    profile
}

fn zone(table: &mut Table, problems: &mut Problems) -> Option<Tz> {
    let (text, line) = table.text("zone", problems)?;
    let zone = Tz::from_str(&text).ok();
    if zone.is_none() {
        let remedy = "write an IANA name such as \"Asia/Shanghai\"";
        problems.add(line, &table.field("zone"), format!("`{text}` is no time zone"), remedy);
    }
    zone
}

/// `base = "http://…"`, `regions = ["31"]` or `[regions] 31 = "http://…"`.
fn bases(root: &mut Table, problems: &mut Problems) -> (Option<Bases>, Vec<String>) {
    let base = root.text("base", problems).and_then(|(text, line)| base(&text, line, "base", problems));
    let mut bases = base.map(Bases::new);
    let Some(node) = root.take("regions") else { return (bases, Vec::new()) };
    let mut regions = Vec::new();
    match node.value {
        source::Value::List(list) => regions.extend(list.iter().filter_map(source::Node::plain)),
        source::Value::Table(entries) => {
            for entry in entries {
                let field = format!("regions.{}", entry.name);
                let own = entry.node.plain().and_then(|text| self::base(&text, entry.line, &field, problems));
                if let (Some(all), Some(own)) = (bases.take(), own) {
                    bases = Some(all.with_region(&entry.name, own));
                } else {
                    problems.add(
                        entry.line,
                        &field,
                        "a region's base needs a base of the platform",
                        "write base = \"http://…\" at the top",
                    );
                }
                regions.push(entry.name);
            }
        }
        _ => problems.add(
            node.line,
            "regions",
            "must be a list or a table",
            "write [\"11\", \"31\"] or [regions] 31 = \"https://…\"",
        ),
    }
    (bases, regions)
}

fn base(text: &str, line: usize, field: &str, problems: &mut Problems) -> Option<Base> {
    Base::parse(text)
        .map_err(|message| problems.add(line, field, message, "for example http://127.0.0.1:8080"))
        .ok()
}

fn secrets(root: &mut Table, problems: &mut Problems) -> (Scope, Vec<SecretRef>) {
    let (mut scope, mut refs) = (Scope::default(), Vec::new());
    let Some(mut table) = root.table("secrets", problems) else { return (scope, refs) };
    for entry in table.rest() {
        match entry.node.plain().as_deref().and_then(SecretRef::parse) {
            Some(found) => {
                scope.secrets.push(Declared { name: entry.name, line: entry.line });
                refs.push(found);
            }
            None => {
                let remedy = "write \"env:NAME\" or \"file:PATH\"; a secret itself has no place in a profile";
                problems.add(
                    entry.line,
                    &format!("secrets.{}", entry.name),
                    "does not say where the secret is",
                    remedy,
                );
                // Declared all the same, so that its uses are no further problems.
                scope.secrets.push(Declared { name: entry.name, line: entry.line });
                refs.push(SecretRef::Env(String::new()));
            }
        }
    }
    (scope, refs)
}

/// `[values] timestamp = { time = "unix" }`, `nonce = { random = "digits", length = 8 }`.
fn values(root: &mut Table, scope: &mut Scope, problems: &mut Problems) -> Vec<Made> {
    let mut values = Vec::new();
    let Some(mut table) = root.table("values", problems) else { return values };
    for entry in table.rest() {
        let field = format!("values.{}", entry.name);
        claim(&entry.name, entry.line, &field, scope, problems);
        let made = entry
            .node
            .into_table(field.clone(), problems)
            .and_then(|table| value(table, entry.line, &field, problems));
        values.push(made.unwrap_or(Made::Seconds));
        scope.values.push(Declared { name: entry.name, line: entry.line });
    }
    values
}

fn value(mut table: Table, line: usize, field: &str, problems: &mut Problems) -> Option<Made> {
    let (time, random) = (table.text("time", problems), table.text("random", problems));
    let length = table.integer("length", problems).unwrap_or(16);
    let zone = zone(&mut table, problems);
    table.finish(problems);
    if !(1..=128).contains(&length) {
        problems.add(line, &format!("{field}.length"), format!("`{length}` is no length"), "write 1 to 128");
    }
    let (made, written, known) = match (time, random) {
        (Some((text, _)), None) => (Made::time(&text, zone), text, Made::TIMES),
        (None, Some((text, _))) => {
            (Made::random(&text, length.clamp(1, 128) as usize), text, Made::ALPHABETS)
        }
        _ => {
            problems.add(
                line,
                field,
                "must say how it is made",
                "write { time = \"unix\" } or { random = \"digits\", length = 8 }",
            );
            return None;
        }
    };
    if made.is_none() {
        problems.add(line, field, format!("`{written}` is not known"), format!("one of: {known}"));
    }
    made
}

/// A name of the profile's own must not hide one that every profile has.
fn claim(name: &str, line: usize, field: &str, scope: &Scope, problems: &mut Problems) {
    let taken = scope.values.iter().chain(&scope.signatures).any(|known| known.name == name);
    if taken || Scope::reserved(name) {
        problems.add(line, field, format!("{{{name}}} means something already"), "choose another name");
    }
}

fn review(root: &mut Table, problems: &mut Problems) -> Option<Review> {
    let mut table = root.table("review", problems)?;
    let line = table.line;
    let value = table.text("value", problems).map_or_else(|| "status".to_owned(), |(text, _)| text);
    let mut states = |name| table.texts(name, problems).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    let (pending, accepted, rejected) = (states("pending"), states("accepted"), states("rejected"));
    let poll = table.table("poll", problems).map_or_else(Poll::default, |table| poll(table, problems));
    table.finish(problems);
    if accepted.is_empty() {
        problems.add(line, "review.accepted", "no state means accepted", "write accepted = [\"…\"]");
    }
    for state in pending.iter().filter(|state| accepted.contains(state) || rejected.contains(state)) {
        problems.add(
            line,
            "review.pending",
            format!("`{state}` is pending and final at once"),
            "keep it in one list",
        );
    }
    for state in accepted.iter().filter(|state| rejected.contains(state)) {
        problems.add(
            line,
            "review.accepted",
            format!("`{state}` is accepted and rejected at once"),
            "keep it in one list",
        );
    }
    Some(Review { value, pending, accepted, rejected, poll })
}

fn poll(mut table: Table, problems: &mut Problems) -> Poll {
    let usual = Poll::default();
    let poll = Poll {
        first: table.time("first", problems).unwrap_or(usual.first),
        factor: table.number("factor", problems).unwrap_or(usual.factor),
        longest: table.time("longest", problems).unwrap_or(usual.longest),
        give_up: table.time("give_up", problems).unwrap_or(usual.give_up),
    };
    if poll.factor < 1.0 || poll.first <= TimeDelta::zero() {
        problems.add(
            table.line,
            &table.path,
            "would look ever faster",
            "write first above 0 and factor 1 or more",
        );
    }
    table.finish(problems);
    poll
}

fn notices(root: &mut Table, problems: &mut Problems) -> Vec<NoticeSource> {
    let mut sources = Vec::new();
    for mut table in tables(root, "notices", problems) {
        let (line, path) = (table.line, table.text("path", problems));
        let format = table.text("format", problems).and_then(|(text, line)| {
            NoticeFormat::from_str(&text)
                .map_err(|_| {
                    known(line, &table.field("format"), &text, "html, json, rss, text, feed", problems)
                })
                .ok()
        });
        match (path, format) {
            (Some((path, _)), Some(format)) => sources.push(NoticeSource { path, format }),
            (None, _) => problems.add(
                line,
                "notices.path",
                "a source of notices has no path",
                "write path = \"/notices\"",
            ),
            _ => {}
        }
        table.finish(problems);
    }
    sources
}

fn throttles(root: &mut Table, problems: &mut Problems) -> Vec<Throttle> {
    let mut throttles = Vec::new();
    for mut table in tables(root, "throttle", problems) {
        let field = table.field("operations");
        let names = table.texts("operations", problems);
        let operations =
            names.iter().filter_map(|(name, line)| operation(name, *line, &field, problems)).collect();
        if let Some(budget) = budget(&mut table, problems) {
            throttles.push(Throttle { operations, budget });
        }
        table.finish(problems);
    }
    throttles
}

/// `calls = 50, per = "30 d"` in a table.
fn budget(table: &mut Table, problems: &mut Problems) -> Option<Budget> {
    let (calls, per) = (table.integer("calls", problems), table.time("per", problems));
    match (calls, per) {
        (Some(calls), Some(per)) if calls > 0 && per > TimeDelta::zero() => Some(Budget { calls, per }),
        _ => {
            problems.add(
                table.line,
                &table.path,
                "a budget needs calls and a time",
                "write calls = 10, per = \"1 s\"",
            );
            None
        }
    }
}

fn tables(root: &mut Table, name: &'static str, problems: &mut Problems) -> Vec<Table> {
    let Some(node) = root.take(name) else { return Vec::new() };
    let list = match node.value {
        source::Value::List(list) => list,
        _ => vec![node],
    };
    list.into_iter().filter_map(|node| node.into_table(name.to_owned(), problems)).collect()
}

fn operation(name: &str, line: usize, field: &str, problems: &mut Problems) -> Option<Operation> {
    match Operation::from_str(name) {
        Ok(operation) if !operation.is_journey() => Some(operation),
        Ok(_) => {
            problems.add(
                line,
                field,
                format!("`{name}` is a journey of several requests"),
                "name its operations",
            );
            None
        }
        Err(error) => {
            let text = error.to_string();
            let remedy = text.split_once("; ").map_or("", |(_, remedy)| remedy).to_owned();
            problems.add(line, field, format!("unknown operation `{name}`"), remedy);
            None
        }
    }
}

fn known(line: usize, field: &str, written: &str, list: &str, problems: &mut Problems) {
    problems.add(line, field, format!("`{written}` is not known"), format!("one of: {list}"));
}

fn template(text: &str, line: usize, field: &str, scope: &Scope, problems: &mut Problems) -> Template {
    Template::parse(text, scope).unwrap_or_else(|faults| {
        faults.into_iter().for_each(|fault| report(fault, line, field, problems));
        Template::default()
    })
}

fn report((message, remedy): Fault, line: usize, field: &str, problems: &mut Problems) {
    problems.add(line, field, message, remedy);
}
