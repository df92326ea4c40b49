//! A stretch of the watch, gathered from the store: runs of probes, windows as known now, invoices.

use crate::config::Settings;
use crate::probing;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_analysis::summary::{
    Finding, FindingKind, Severity, SyncPoint, SyncQuantile, SyncRegression, SyncSummary, Verdict,
};
use piaotan_analysis::sync::{self, Delay, Estimate};
use piaotan_analysis::week::{Fold, Health, LateInvoice, Run, Terms, Week};
use piaotan_client::profile::Profile;
use piaotan_probes::ProbeKind;
use piaotan_probes::live::delays::{self, seconds};
use piaotan_record::calendar::{Calendar, CalendarOptions};
use piaotan_record::{Operation, Surface};
use piaotan_store::{self as store, BriefRun, Store, Which};

/// Points of the chart of delays.
const MOST_POINTS: usize = 1_500;
const MOST_LATE: u32 = 200;

/// What is looked back on.
#[derive(Debug)]
pub struct Stretch<'a> {
    pub settings: &'a Settings,
    pub profile: &'a Profile,
    pub store: &'a Store,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// When it is looked back: the store has let go of what is too old by then.
    pub now: DateTime<Utc>,
    pub chinese: bool,
}

/// Gathers it.
///
/// # Errors
/// When the store or the configuration cannot be read.
pub fn week(stretch: &Stretch<'_>) -> Result<Week> {
    let Stretch { store, from, to, now, chinese, .. } = *stretch;
    let register = probing::register(stretch.settings, store, from)?;
    let calendar = Calendar::new(&register, CalendarOptions::default());
    let zone = stretch.profile.zone();
    let mut fold = Fold::new(Terms { from, to, zone, calendar: &calendar, chinese });
    // Failures outlive successes: a share of what is left of both would be of failures alone.
    let kept = now - store::Retention::default().successes;
    store.each_run(fold.since().max(kept), to, |brief| {
        if let Some(run) = run(brief) {
            fold.take(&run);
        }
    })?;
    let mut week = fold.finish();
    week.target = stretch.settings.target.named().unwrap_or_default().to_owned();
    invoices(stretch, &mut week)?;
    Ok(week)
}

/// A row of the history as the fold takes it; a probe that this program does not know is left out.
fn run(brief: BriefRun) -> Option<Run> {
    let kind: ProbeKind = brief.probe.parse().ok()?;
    Some(Run {
        started: brief.started,
        took: brief.duration.as_seconds(),
        service: kind.service(),
        operation: kind
            .operations()
            .first()
            .copied()
            .or(matches!(kind, ProbeKind::Browser).then_some(Operation::Page)),
        of_platform: kind.is_of_platform(),
        health: match brief.health {
            store::Health::Healthy | store::Health::Pending => Health::Good,
            store::Health::Degraded => Health::Degraded,
            store::Health::Unhealthy => Health::Bad,
            store::Health::Skipped => Health::Skipped,
        },
        outcome: brief.outcome,
        code: brief.code,
        timed: !kind.waits(),
        probe: brief.probe,
    })
}

/// Adds what became of the invoices that were uploaded in the stretch.
fn invoices(stretch: &Stretch<'_>, week: &mut Week) -> Result<()> {
    let Stretch { settings, store, from, to, .. } = *stretch;
    let promise = TimeDelta::from_std(settings.probes.promise.0).unwrap_or(TimeDelta::MAX);
    let target = settings.target.named();
    let mut surfaces: Vec<Surface> =
        store.surfaces_known(from)?.into_iter().map(|(surface, _)| surface).collect();
    surfaces.dedup();
    for surface in surfaces {
        let which =
            |since, until| Which { target, since: Some(since), until: Some(until), ..Which::default() };
        let counts = store.sync_counts(surface, which(from, to), to, promise)?;
        if counts.tracked == 0 {
            continue;
        }
        let now = delays::latest(store, surface, which(from, to))?;
        let before = delays::latest(store, surface, which(from - (to - from), from))?;
        let step = now.len().div_ceil(MOST_POINTS).max(1);
        week.series.sync_points.extend(now.iter().step_by(step).map(|delay| SyncPoint {
            uploaded: delay.uploaded - seconds(from),
            delay_lower: delay.lower,
            delay_upper: delay.upper.is_finite().then_some(delay.upper),
            surface,
        }));
        let mut summary = summary(&now, &before);
        (summary.tracked, summary.seen, summary.pending) = (counts.tracked, counts.seen, counts.pending);
        (summary.late, summary.lost, summary.mismatched) = (counts.late, counts.lost, counts.mismatched);
        week.findings.extend(told(surface, &summary, stretch.chinese));
        week.sync.insert(surface.as_str().to_owned(), summary);
    }
    let local = |at: DateTime<Utc>| at.with_timezone(&stretch.profile.zone()).fixed_offset();
    let late = store.late_sights(from, to, promise, MOST_LATE)?.into_iter();
    let ours = late.filter(|(issued, _)| target.is_none_or(|target| issued.target == target));
    week.late = ours
        .map(|(issued, sight)| LateInvoice {
            surface: sight.surface.to_string(),
            region: sight.region,
            uploaded: local(issued.uploaded),
            first_seen: sight.first_seen.map(local),
            delay: (sight.first_seen.unwrap_or(to) - issued.accepted.unwrap_or(issued.uploaded))
                .as_seconds_f64(),
            state: sight.state.to_string(),
            number: issued.number,
        })
        .collect();
    Ok(())
}

/// Quantiles, curves, and whether the delay grew against the stretch before.
fn summary(now: &[Delay], before: &[Delay]) -> SyncSummary {
    let curve = |delays: &[Delay]| {
        let estimate = Estimate::new(delays);
        let points = estimate.map(|estimate| {
            estimate.curve.iter().map(|point| [point.t, point.survival, point.lower, point.upper]).collect()
        });
        points.unwrap_or_default()
    };
    let compared = sync::regression(before, now, &sync::Terms::default());
    let quantile = |estimate: &Estimate, q| {
        let found = estimate.quantile(q);
        SyncQuantile { value: found.value, reached: found.reached }
    };
    let quantiles = Estimate::new(now).map(|estimate| {
        [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)]
            .map(|(name, q)| (name.to_owned(), quantile(&estimate, q)))
            .into()
    });
    SyncSummary {
        quantiles: quantiles.unwrap_or_default(),
        curve: curve(now),
        curve_before: curve(before),
        curve_after: if before.is_empty() { Vec::new() } else { curve(now) },
        regression: compared.ratio.map(|ratio| SyncRegression {
            verdict: compared.verdict,
            ratio: Some(ratio),
            ratio_lower: compared.lower,
            ratio_upper: compared.upper,
            p: compared.p,
            at: None,
            reason: compared.reason,
        }),
        ..SyncSummary::default()
    }
}

/// What people should know of one surface.
fn told(surface: Surface, sync: &SyncSummary, chinese: bool) -> Vec<Finding> {
    let name = piaotan_reports::words::surface(
        if chinese { piaotan_reports::Lang::Zh } else { piaotan_reports::Lang::En },
        surface,
    );
    let say = |zh: String, en: String| if chinese { zh } else { en };
    let mut told = Vec::new();
    let mut put = |kind, severity, text, facts: &[(&str, serde_json::Value)]| {
        let evidence = facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        told.push(Finding { kind, severity, text, evidence });
    };
    let (lost, late) = (sync.lost, sync.late);
    if lost > 0 {
        let text = say(
            format!("{name}：{lost} 张发票一直查不到，已放弃等待。"),
            format!("{name}: {lost} invoices were never found and given up."),
        );
        put(FindingKind::SyncLost, Severity::Critical, text, &[("lost", lost.into())]);
    }
    if late > lost {
        let text = say(
            format!("{name}：{late} 张发票超过承诺的时间才可见，或仍不可见。"),
            format!("{name}: {late} invoices took longer than promised, or are still not visible."),
        );
        put(FindingKind::SyncLate, Severity::Warning, text, &[("late", late.into())]);
    }
    let changed = sync.regression.as_ref().filter(|change| change.verdict == Verdict::Fail);
    if let Some((change, ratio)) = changed.and_then(|change| Some((change, change.ratio?))) {
        let text = say(
            format!("{name}：发票要上一周期 {ratio:.1} 倍的时间才查得到。"),
            format!(
                "{name}: invoices took {ratio:.1} times as long to become visible as in the period before."
            ),
        );
        put(
            FindingKind::SyncRegression,
            Severity::Warning,
            text,
            &[("ratio", ratio.into()), ("p", change.p.into())],
        );
    }
    told
}
