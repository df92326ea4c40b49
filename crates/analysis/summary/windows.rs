//! Windows of a run: as announced, as observed, and how the two agree.

use super::WindowSummary;
use super::fold::Scene;
use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::window::{Source, Status, Window};

/// What is to be said of each window that touches the run.
pub(super) fn summarize(scene: &Scene<'_>) -> Vec<WindowSummary> {
    let (from, to) = (scene.manifest.started, scene.manifest.wall(scene.end()));
    let touching =
        scene.calendar.windows().iter().filter(|w| w.start < to && w.end.is_none_or(|end| end > from));
    let (observed, announced): (Vec<&Window>, Vec<&Window>) =
        touching.partition(|w| w.source == Source::Observed);
    let mut told: Vec<WindowSummary> = announced
        .iter()
        .map(|window| {
            let matching = observed.iter().copied().filter(|seen| overlap(window, seen, to));
            let seen = span(matching, to);
            summary(scene, window, seen, announced_finding(window, seen, to))
        })
        .collect();
    let alone = observed.iter().filter(|seen| {
        let believed = announced.iter().filter(|window| window.status != Status::Cancelled);
        !believed.into_iter().any(|window| overlap(window, seen, to))
    });
    told.extend(alone.map(|seen| {
        let span = Some((seen.start, seen.end));
        summary(scene, seen, span, Some("observed_unannounced"))
    }));
    told.sort_by_key(|window| window.start);
    told
}

type Span = (DateTime<Utc>, Option<DateTime<Utc>>);

/// Grace on edges: what is within it agrees.
fn grace() -> TimeDelta {
    TimeDelta::seconds(2)
}

fn overlap(announced: &Window, seen: &Window, now: DateTime<Utc>) -> bool {
    let end = |window: &Window| window.end.unwrap_or(now);
    seen.start < end(announced) + TimeDelta::minutes(1) && end(seen) > announced.start - TimeDelta::minutes(1)
}

fn span<'a>(seen: impl Iterator<Item = &'a Window>, now: DateTime<Utc>) -> Option<Span> {
    seen.fold(None, |joined: Option<Span>, window| {
        Some(match joined {
            None => (window.start, window.end),
            Some((start, end)) => {
                let end = end.zip(window.end).map(|(a, b)| a.max(b)).filter(|end| *end <= now);
                (start.min(window.start), end)
            }
        })
    })
}

fn announced_finding(window: &Window, seen: Option<Span>, now: DateTime<Utc>) -> Option<&'static str> {
    if window.status == Status::Cancelled {
        return seen.map(|_| "cancelled_but_observed");
    }
    let Some((_, seen_end)) = seen else {
        // A window that is not over may still be observed.
        return window.end.is_some_and(|end| end <= now).then_some("announced_not_observed");
    };
    match (window.end, seen_end) {
        (Some(end), None) if now > end + grace() => Some("overrun"),
        (Some(end), Some(seen)) if seen > end + grace() => Some("overrun"),
        (Some(end), Some(seen)) if seen + grace() < end => Some("early_end"),
        _ => Some("announced_and_observed"),
    }
}

fn summary(scene: &Scene<'_>, window: &Window, seen: Option<Span>, finding: Option<&str>) -> WindowSummary {
    WindowSummary {
        id: window.id.clone(),
        start: scene.local(window.start),
        end: window.end.map(|end| scene.local(end)),
        services: window.services.names().into_iter().map(str::to_owned).collect(),
        source: window.source.as_str().to_owned(),
        status: window.status.as_str().to_owned(),
        finding: finding.map(str::to_owned),
        observed_start: seen.map(|(start, _)| scene.local(start)),
        observed_end: seen.and_then(|(_, end)| end).map(|end| scene.local(end)),
        text: window.text.clone(),
    }
}
