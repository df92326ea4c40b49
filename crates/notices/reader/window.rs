//! Found windows to proposed ones: duplicates, status, evidence, doubts.

use std::collections::HashSet;

use super::assemble::{Found, Walk};
use super::atoms::Cue;
use super::doubts::excerpt;
use super::judge::Role;
use super::normalise::Plain;
use super::rules::Rule;
use super::services;
use crate::reading::{Doubt, DoubtKind, Evidence, Kind, Proposed, Reference, Relation, Status};

/// The windows that the notice leaves standing; those that it takes back become references.
pub(crate) fn finish(walk: &mut Walk<'_>, notice: Kind, text: &str, plain: &Plain) -> Vec<Proposed> {
    let found = std::mem::take(&mut walk.found);
    let mut seen = HashSet::new();
    let mut windows = Vec::new();
    let old = found.iter().find(|found| found.role == Role::Old && found.end.is_some()).cloned();
    let standing = found.clone();
    for found in found {
        let stands = match (found.role, notice) {
            (Role::Outage, Kind::NotMaintenance) => false,
            (Role::Outage, kind) => kind != Kind::Cancelled,
            _ => false,
        };
        if !stands {
            let relation = if notice == Kind::Postponed { Relation::Postponed } else { Relation::Cancelled };
            let early =
                walk.refers.iter_mut().find(|earlier| earlier.start.is_none() && found.role == Role::Old);
            if let Some(early) = early {
                early.start = Some(found.start);
            } else if matches!(notice, Kind::Postponed | Kind::Cancelled) && found.role != Role::History {
                walk.refers.push(Reference { relation, start: Some(found.start), end: found.end });
            }
            continue;
        }
        let found = if notice == Kind::Resumed { ended_as_told(walk, found) } else { found };
        if seen.insert((found.start, found.end)) {
            windows.push(proposed(walk, found, text, plain));
        }
    }
    for found in extended(walk, &standing) {
        windows.retain(|window: &Proposed| Some(window.start) != Some(found.start));
        windows.push(proposed(walk, found, text, plain));
    }
    if notice == Kind::Resumed {
        windows.extend(ended_early(walk, &old, text, plain));
    }
    for rule in &mut walk.recurring {
        let atoms = rule.evidence.bytes.clone();
        rule.services = services::near(walk.document, &atoms, text, plain);
        let (bytes, excerpt) = excerpt(text, plain, walk.document.atoms, &atoms);
        rule.evidence = Evidence { bytes, excerpt: excerpt.to_owned() };
    }
    windows
}

/// "planned to run until 6:00, finished early at 3:45": the window with the end that it really had.
fn ended_as_told(walk: &Walk<'_>, found: Found) -> Found {
    let early = walk
        .refers
        .iter()
        .filter(|earlier| earlier.relation == Relation::EndedEarly)
        .filter_map(|earlier| earlier.end)
        .filter(|early| found.start < *early && found.end.is_some_and(|end| *early < end))
        .min();
    match early {
        Some(_) => Found { end: early, rules: vec![Rule::EndedEarly], ..found },
        None => found,
    }
}

/// Windows whose end was put off, with their new ends: the start is that of the old plan, or of the latest
/// window that the text tells of.
fn extended(walk: &mut Walk<'_>, standing: &[Found]) -> Vec<Found> {
    let mut longer = Vec::new();
    for earlier in walk.refers.iter_mut().filter(|earlier| earlier.relation == Relation::Extended) {
        let Some(end) = earlier.end else { continue };
        let begun = |found: &&Found| {
            found.start < end
                && (end - found.start).num_days() <= 14
                && found.end.is_none_or(|old| old < end)
                && earlier.start.is_none_or(|start| start == found.start)
        };
        if let Some(found) = standing.iter().rev().find(begun) {
            earlier.start = Some(found.start);
            let rules = vec![Rule::Extended];
            longer.push(Found { end: Some(end), role: Role::Outage, rules, ..found.clone() });
        }
    }
    longer
}

/// The window that an earlier notice announced, with the end that it really had.
fn ended_early(walk: &mut Walk<'_>, old: &Option<Found>, text: &str, plain: &Plain) -> Option<Proposed> {
    let old = old.clone()?;
    let early = walk.refers.iter().find(|earlier| earlier.relation == Relation::EndedEarly)?.end?;
    let inside = old.start < early && old.end.is_some_and(|end| early < end);
    let found = Found { end: Some(early), rules: vec![Rule::EndedEarly], ..old };
    inside.then(|| proposed(walk, found, text, plain))
}

fn proposed(walk: &mut Walk<'_>, mut found: Found, text: &str, plain: &Plain) -> Proposed {
    let sentence = walk.document.sentences.sentence(found.atoms.start).cues;
    if sentence.has(Cue::Tentative) {
        found.doubts.push(DoubtKind::Tentative);
    }
    let (bytes, words) = excerpt(text, plain, walk.document.atoms, &found.atoms);
    let evidence = Evidence { bytes, excerpt: words.to_owned() };
    let sure = found.doubts.is_empty() && found.end.is_some();
    for kind in &found.doubts {
        walk.doubts.push((*kind, found.atoms.clone()));
    }
    Proposed {
        start: found.start,
        end: found.end,
        services: services::near(walk.document, &found.atoms, text, plain),
        status: if sure { Status::Confirmed } else { Status::Proposed },
        evidence,
        rules: found.rules.iter().map(|rule| rule.name()).collect(),
    }
}

/// Each doubt once for each place.
pub(crate) fn doubts(walk: &Walk<'_>, text: &str, plain: &Plain) -> Vec<Doubt> {
    let mut seen = HashSet::new();
    let mut doubts = Vec::new();
    for (kind, atoms) in walk.doubts.iter().take(2000) {
        let doubt = Doubt::new(*kind, excerpt(text, plain, walk.document.atoms, atoms).1);
        if seen.insert((*kind, doubt.text.clone())) {
            doubts.push(doubt);
        }
    }
    doubts
}
