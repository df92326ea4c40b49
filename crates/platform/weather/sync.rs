//! When an accepted invoice becomes visible, surface by surface.

use super::chance::Chance;
use super::form::Sync;
use super::sky::Span;
use crate::domain::moment::{NEVER, Nanos, seconds};
use crate::domain::regions;

/// A place where an accepted invoice may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    Number,
    Keyword,
    Verify,
    Region(u8),
}

impl Surface {
    /// The three that every invoice has.
    pub(crate) const HOME: [Surface; 3] = [Surface::Number, Surface::Keyword, Surface::Verify];

    pub(crate) fn name(self) -> String {
        match self {
            Surface::Number => "number".into(),
            Surface::Keyword => "keyword".into(),
            Surface::Verify => "verify".into(),
            Surface::Region(code) => format!("region:{code}"),
        }
    }

    fn key(self) -> &'static str {
        match self {
            Surface::Number => "sync.number",
            Surface::Keyword => "sync.keyword",
            Surface::Verify => "sync.verify",
            Surface::Region(_) => "sync.region",
        }
    }
}

/// The surfaces that an entry speaks of; none named is all.
#[derive(Debug, Clone, Default)]
pub(crate) struct SurfaceSet {
    home: [bool; 3],
    regions: bool,
    named: Vec<u8>,
}

impl SurfaceSet {
    pub(crate) fn parse(words: &[String]) -> Result<SurfaceSet, String> {
        let mut set = SurfaceSet::default();
        if words.is_empty() {
            (set.home, set.regions) = ([true; 3], true);
        }
        for word in words {
            match word.as_str() {
                "number" => set.home[0] = true,
                "keyword" => set.home[1] = true,
                "verify" => set.home[2] = true,
                "regions" => set.regions = true,
                other => set.named.push(regions::parse(other).ok_or_else(|| {
                    let words = ["number", "keyword", "verify", "regions"];
                    super::reading::suggest("surface", other, words.into_iter())
                })?),
            }
        }
        Ok(set)
    }

    fn contains(&self, surface: Surface) -> bool {
        match surface {
            Surface::Number => self.home[0],
            Surface::Keyword => self.home[1],
            Surface::Verify => self.home[2],
            Surface::Region(code) => self.regions || self.named.contains(&code),
        }
    }
}

/// An entry of the weather with its span and surfaces resolved.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) span: Span,
    pub(crate) surfaces: SurfaceSet,
    pub(crate) form: Sync,
}

/// When (in work time) an invoice that enters synchronisation at `entered` reaches a surface.
/// `at` is the instant on the clock by which the entry in force is chosen.
pub(crate) fn visible(
    routes: &[Route],
    chance: Chance,
    number: &str,
    surface: Surface,
    (at, entered): (Nanos, Nanos),
) -> Nanos {
    let in_force = routes.iter().rposition(|r| r.span.holds(at) && r.surfaces.contains(surface));
    let Some(index) = in_force else {
        return entered;
    };
    let form = &routes[index].form;
    let mut own = chance.of(surface.key()).of(number);
    if let Surface::Region(code) = surface {
        own = own.nth(code as u64);
    }
    // Lost by an entry is lost on all the surfaces that it speaks of.
    if chance.of("sync.lost").nth(index as u64).of(number).happens(form.lost) {
        return NEVER;
    }
    let mut due = entered.saturating_add(seconds(form.delay.quantile(own.uniform())));
    if own.of("reorder").happens(form.reorder) {
        due = due.saturating_add(seconds(form.reorder_by));
    }
    match form.every {
        Some(every) => batch(form, chance.of(surface.key()).nth(index as u64), due, seconds(every)),
        None => due,
    }
}

/// The publication that carries an invoice due at `due`; late or lost with all that it carries.
fn batch(form: &Sync, chance: Chance, due: Nanos, every: Nanos) -> Nanos {
    let count = due.div_euclid(every) + i64::from(due.rem_euclid(every) > 0);
    let own = chance.nth(count as u64);
    if own.of("lost").happens(form.batch_lost) {
        return NEVER;
    }
    let late = own.of("late").happens(form.batch_late);
    let by = if late { seconds(form.batch_late_by) } else { 0 };
    count.saturating_mul(every).saturating_add(by)
}
