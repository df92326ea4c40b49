//! Sync marks of a run: who was looked for, who was seen, whether the delay changed.

use super::fold::Scene;
use super::series::SyncPoint;
use super::{SyncQuantile, SyncRegression, SyncSummary, Verdict};
use crate::limit::label;
use crate::sync::{Delay, Estimate, Sample, Search, Span, business, change_in_time, part};
use piaotan_record::calendar::Calendar;
use piaotan_record::folder::{Event, Manifest};
use piaotan_record::{Nanos, OutcomeKind, Surface, Token};
use std::collections::BTreeMap;
use std::ops::Range;

/// Marks as they come.
#[derive(Debug, Default)]
pub struct SyncFold {
    issued: BTreeMap<Token, Nanos>,
    searches: BTreeMap<(Surface, Token, String), Search1>,
}

/// One invoice on one surface: the last look in vain, and the first that found it.
#[derive(Debug, Default, Clone, Copy)]
struct Search1 {
    not_yet: Option<Nanos>,
    seen: Option<Nanos>,
}

/// The delays of one surface, in seconds since the run's epoch.
#[derive(Debug)]
pub struct Delays(Vec<Delay>);

impl Delays {
    /// A quantile of the delay of invoices uploaded in a stretch of the run, as known `now`; windows do not count.
    ///
    /// `None` where nothing was uploaded; a lower bound where it was not reached.
    #[must_use]
    pub fn quantile(
        &self,
        q: f64,
        uploaded: Range<f64>,
        calendar: &Calendar,
        manifest: &Manifest,
        now: f64,
    ) -> Option<SyncQuantile> {
        let mine: Vec<Delay> =
            self.0.iter().filter(|delay| uploaded.contains(&delay.uploaded)).copied().collect();
        let found = Estimate::new(&business(&mine, &windows(calendar, manifest, now)))?.quantile(q);
        Some(SyncQuantile { value: found.value, reached: found.reached })
    }
}

impl SyncFold {
    /// The delays of one surface so far.
    #[must_use]
    pub fn of_surface(&self, surface: Surface) -> Delays {
        Delays(self.delays(surface))
    }

    /// Takes a mark; other events mean nothing here.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Issued { at, token, .. } => {
                self.issued.entry(*token).or_insert(*at);
            }
            Event::NotYet { asked, token, surface, region, .. } => {
                let search = self.searches.entry((*surface, *token, region.clone())).or_default();
                search.not_yet = search.not_yet.max(Some(*asked));
            }
            Event::Seen { at, token, surface, region, .. } => {
                let search = self.searches.entry((*surface, *token, region.clone())).or_default();
                search.seen = Some(search.seen.map_or(*at, |seen| seen.min(*at)));
            }
            _ => {}
        }
    }

    /// Delays of one surface, in seconds since the run's epoch.
    fn delays(&self, surface: Surface) -> Vec<Delay> {
        let of_surface = self.searches.iter().filter(|((at, ..), _)| *at == surface);
        let samples = of_surface.filter_map(|((_, token, _), search)| {
            let sample = Sample {
                uploaded: self.issued.get(token)?.as_seconds(),
                // A look in vain that was asked after the find (two looks in flight) says nothing.
                last_not_seen: search
                    .not_yet
                    .filter(|at| search.seen.is_none_or(|seen| *at < seen))
                    .map(|at| at.as_seconds()),
                first_seen: search.seen.map(|at| at.as_seconds()),
                batch: None,
            };
            sample.delay().ok()
        });
        samples.collect()
    }

    /// Points for the chart of delays over time.
    pub(super) fn points(&self) -> Vec<SyncPoint> {
        let of = |surface: &Surface| {
            let surface = *surface;
            self.delays(surface).into_iter().map(move |delay| SyncPoint {
                uploaded: delay.uploaded,
                delay_lower: delay.lower,
                delay_upper: delay.upper.is_finite().then_some(delay.upper),
                surface,
            })
        };
        Surface::ALL.iter().flat_map(of).collect()
    }

    pub(super) fn summarize(&self, scene: &Scene<'_>) -> BTreeMap<String, SyncSummary> {
        let end = scene.end().as_seconds();
        let windows = windows(scene.calendar, scene.manifest, end);
        let tracked: Vec<(Surface, Vec<Delay>)> = Surface::ALL
            .iter()
            .map(|surface| (*surface, self.delays(*surface)))
            .filter(|(_, delays)| !delays.is_empty())
            .collect();
        // Each surface is searched; the run as a whole cries wolf no oftener than one search would.
        let alone = Search::default();
        let search = Search { alpha: alone.alpha / tracked.len().max(1) as f64, ..alone };
        let each = tracked.iter().map(|(surface, delays)| {
            (surface.as_str().to_owned(), one(scene, *surface, delays, &windows, end, &search))
        });
        each.collect()
    }
}

/// Windows in seconds of the run, announced and observed: while they last, nothing can become visible.
fn windows(calendar: &Calendar, manifest: &Manifest, end: f64) -> Vec<Span> {
    let known = calendar.windows().iter().filter(|w| w.status != piaotan_record::window::Status::Cancelled);
    let of_reads = known.filter(|window| !window.writes_only());
    let seconds = |at| manifest.moment(at).as_seconds();
    of_reads.map(|window| (seconds(window.start), window.end.map_or(end, seconds))).collect()
}

/// How long after a window a backlog may keep delays long without that being a regression: a tenth of
/// the plan, a quarter of an hour at most.
fn recovery(scene: &Scene<'_>) -> f64 {
    (0.1 * scene.manifest.planned).min(900.0)
}

fn one(
    scene: &Scene<'_>,
    surface: Surface,
    delays: &[Delay],
    windows: &[Span],
    end: f64,
    search: &Search,
) -> SyncSummary {
    let promise = scene.terms.promise;
    let seen = delays.iter().filter(|delay| delay.seen()).count() as u64;
    let late = delays
        .iter()
        .filter(|delay| delay.lower > promise || (!delay.seen() && end - delay.uploaded > promise));
    let net = business(delays, windows);
    let estimate = Estimate::new(&net);
    let mismatched = mismatches(scene, surface);
    let mut summary = SyncSummary {
        tracked: delays.len() as u64,
        seen,
        pending: delays.len() as u64 - seen,
        late: late.count() as u64,
        lost: 0,
        mismatched,
        ..SyncSummary::default()
    };
    if let Some(estimate) = &estimate {
        let asked = scene.terms.limits.iter().filter_map(|each| each.limit.sync_quantile(surface));
        for q in [0.5, 0.9, 0.95, 0.99].into_iter().chain(asked) {
            let found = estimate.quantile(q);
            summary.quantiles.insert(label(q), SyncQuantile { value: found.value, reached: found.reached });
        }
        summary.curve = curve(estimate);
    }
    // Not on the business clock: a backlog makes delays long after a window too, and is no regression.
    change(scene, &part(delays, windows, recovery(scene)).steady, search, &mut summary);
    summary
}

fn curve(estimate: &Estimate) -> Vec<[f64; 4]> {
    estimate.curve.iter().map(|point| [point.t, point.survival, point.lower, point.upper]).collect()
}

/// Looks for a change of the delay within the run and draws the curves before and after it.
///
/// It fails the run where it is both proven (the search's p) and larger than the scenario tolerates.
fn change(scene: &Scene<'_>, delays: &[Delay], search: &Search, summary: &mut SyncSummary) {
    let Some(found) = change_in_time(delays, search) else { return };
    let ratio = found.ratio;
    let tolerance = 1.0 + scene.terms.tolerance;
    let slower = ratio.value > tolerance;
    summary.regression = Some(SyncRegression {
        verdict: if slower { Verdict::Fail } else { Verdict::Pass },
        ratio: Some(ratio.value),
        ratio_lower: Some(ratio.lower),
        ratio_upper: ratio.upper,
        p: Some(found.p),
        at: Some(scene.at(Nanos::from_seconds(found.at))),
        reason: String::new(),
    });
    let (before, after): (Vec<Delay>, Vec<Delay>) =
        delays.iter().partition(|delay| delay.uploaded < found.at);
    summary.curve_before = Estimate::new(&before).map(|e| curve(&e)).unwrap_or_default();
    summary.curve_after = Estimate::new(&after).map(|e| curve(&e)).unwrap_or_default();
}

fn mismatches(scene: &Scene<'_>, surface: Surface) -> u64 {
    let operation = surface.operation().index();
    let of = |cells: &super::bins::SplitCells| {
        cells[operation].as_ref().map_or(0, |cell| cell.outcomes[OutcomeKind::Mismatched.index()])
    };
    of(&scene.bins.outside) + of(&scene.bins.inside)
}
