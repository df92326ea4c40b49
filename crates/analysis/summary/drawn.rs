//! The series of a run, for charts: bins, curves, and lanes of what was announced, observed and done.

use super::Summary;
use super::fold::Scene;
use super::series::{Lane, LaneName, LaneState, Series, Span};
use chrono::{DateTime, FixedOffset};

impl Scene<'_> {
    pub(super) fn series(&self, summary: &Summary) -> Series {
        let started = summary.started;
        let (bin_seconds, bins) = self.bins.bins();
        Series {
            bin_seconds,
            bins,
            quantile_curve: self.bins.curves(),
            heat: self.bins.heat(),
            sync_points: self.story.sync.points(),
            states: vec![self.announced(summary), self.observed(summary), self.run()],
            ..Series::empty(started)
        }
    }

    fn seconds(&self, at: DateTime<FixedOffset>) -> f64 {
        let end = self.end().as_seconds();
        (at - self.at(piaotan_record::Nanos::default())).as_seconds_f64().clamp(0.0, end)
    }

    fn announced(&self, summary: &Summary) -> Lane {
        let end = self.end().as_seconds();
        let told = summary.windows.iter().filter(|w| w.source != "observed" && w.status != "cancelled");
        let spans = told.map(|window| {
            let writes =
                !window.services.iter().any(|name| matches!(name.as_str(), "query" | "verify" | "all"));
            let state = if writes { LaneState::WritesOnly } else { LaneState::Maintenance };
            Span { t0: self.seconds(window.start), t1: window.end.map_or(end, |at| self.seconds(at)), state }
        });
        Lane { name: LaneName::Announced, spans: spans.collect() }
    }

    fn observed(&self, summary: &Summary) -> Lane {
        let end = self.end().as_seconds();
        let seen = summary.windows.iter().filter_map(|window| Some((window, window.observed_start?)));
        let mut spans = Vec::new();
        for (window, start) in seen {
            let (t0, t1) = (self.seconds(start), window.observed_end.map_or(end, |at| self.seconds(at)));
            let announced_end = window.end.map_or(t1, |at| self.seconds(at));
            if window.finding.as_deref() == Some("overrun") && announced_end > t0 {
                spans.push(Span { t0, t1: announced_end.min(t1), state: LaneState::Maintenance });
                spans.push(Span { t0: announced_end.min(t1), t1, state: LaneState::Overrun });
            } else {
                spans.push(Span { t0, t1, state: LaneState::Maintenance });
            }
        }
        Lane { name: LaneName::Observed, spans }
    }

    fn run(&self) -> Lane {
        let (end, steady) = (self.end().as_seconds(), self.story.steady.as_seconds());
        let mut spans = Vec::new();
        if steady > 0.0 {
            spans.push(Span { t0: 0.0, t1: steady.min(end), state: LaneState::WarmUp });
        }
        let mut at = steady.min(end);
        for (paused, resumed, ..) in &self.story.pauses {
            let (t0, t1) = (paused.as_seconds().max(at), resumed.map_or(end, |moment| moment.as_seconds()));
            spans.push(Span { t0: at, t1: t0, state: LaneState::Running });
            spans.push(Span { t0, t1, state: LaneState::Paused });
            at = t1;
        }
        spans.push(Span { t0: at, t1: end, state: LaneState::Running });
        spans.retain(|span| span.t1 > span.t0);
        Lane { name: LaneName::Run, spans }
    }
}
