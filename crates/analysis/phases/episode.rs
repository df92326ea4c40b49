//! Spans of several services that began and ended together are one episode.

use chrono::{DateTime, TimeDelta, Utc};
use piaotan_record::window::{Services, Window};
use serde::{Deserialize, Serialize};

use super::{Condition, Confidence, Edge, Span};

/// One thing that happened, to one service or to several at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    pub condition: Condition,
    pub services: Services,
    /// Where the brackets of all its spans meet, and the earliest answer.
    pub begin: Edge,
    /// The same for its end; `None` while it lasts.
    pub end: Option<Edge>,
    pub confidence: Confidence,
    pub spans: Vec<Span>,
}

/// Groups spans of one condition whose edges cannot be told apart by the polls. The order of the
/// spans does not matter; episodes come by their beginning.
pub fn episodes(spans: &[Span]) -> Vec<Episode> {
    let mut ordered: Vec<&Span> = spans.iter().collect();
    ordered.sort_by_key(|span| (span.begin.at, span.service));
    let mut episodes: Vec<Episode> = Vec::new();
    for span in ordered {
        match episodes.iter_mut().rev().find(|episode| episode.takes(span)) {
            Some(episode) => episode.add(span),
            None => episodes.push(Episode::of(span)),
        }
    }
    episodes
}

impl Episode {
    /// The window that this was, had it been announced. It excuses `cap` at most: whoever is in
    /// unannounced maintenance for longer is simply down.
    pub fn window(&self, id: impl Into<String>, cap: TimeDelta) -> Window {
        let end = self.end.map(|end| end.at.min(self.begin.at + cap));
        Window { max_hold: cap, ..Window::observed(id, self.begin.at, end, self.services) }
    }

    pub fn seconds(&self, now: DateTime<Utc>) -> f64 {
        (self.end.map_or(now, |end| end.at) - self.begin.at).as_seconds_f64()
    }

    fn of(span: &Span) -> Episode {
        Episode {
            condition: span.condition,
            services: Services::from(span.service),
            begin: span.begin,
            end: span.end,
            confidence: span.confidence,
            spans: vec![span.clone()],
        }
    }

    fn takes(&self, span: &Span) -> bool {
        let ends_alike = match (self.end, span.end) {
            (None, None) => true,
            (Some(a), Some(b)) => indistinct(a, b),
            _ => false,
        };
        self.condition == span.condition
            && !self.services.contains(span.service)
            && indistinct(self.begin, span.begin)
            && ends_alike
    }

    fn add(&mut self, span: &Span) {
        self.services = self.services.union(span.service.into());
        self.spans.push(span.clone());
        self.begin = joint(self.spans.iter().map(|span| span.begin));
        self.end = self.end.and(span.end).map(|_| joint(self.spans.iter().filter_map(|span| span.end)));
        self.confidence = self.confidence.max(span.confidence);
    }
}

/// One edge seen several times: it lies in all brackets, and its best instant is the first answer
/// that no answer to the contrary followed.
fn joint(edges: impl Iterator<Item = Edge> + Clone) -> Edge {
    let after = edges.clone().filter_map(|edge| edge.after).max();
    let by_time = |edge: &Edge| edge.at;
    let within = edges.clone().filter(|edge| after.is_none_or(|after| edge.at > after)).min_by_key(by_time);
    let earliest = edges.min_by_key(by_time).expect("an episode has a span");
    within.map_or(earliest, |edge| Edge { after, ..edge })
}

/// Whether the brackets of two edges meet: then the polls cannot say which came first.
pub(super) fn indistinct(a: Edge, b: Edge) -> bool {
    let from = |edge: Edge| edge.after.unwrap_or(edge.at).min(edge.at);
    from(a) <= b.by && from(b) <= a.by
}
