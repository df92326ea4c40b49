//! Spans of several services that began and ended together are one episode.

use chrono::{DateTime, Utc};
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
    /// The window that this was, had it been announced.
    pub fn window(&self, id: impl Into<String>) -> Window {
        Window::observed(id, self.begin.at, self.end.map(|end| end.at), self.services)
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
        self.begin = both(self.begin, span.begin);
        self.end = self.end.zip(span.end).map(|(a, b)| both(a, b));
        self.confidence = self.confidence.max(span.confidence);
        self.spans.push(span.clone());
    }
}

/// One edge seen twice: it lies in both brackets, and its best instant is the earlier answer.
fn both(a: Edge, b: Edge) -> Edge {
    let at = a.at.min(b.at);
    let before = [a.after, b.after].into_iter().flatten().filter(|after| *after <= at);
    Edge { after: before.max(), at, by: a.by.min(b.by) }
}

/// Whether the brackets of two edges meet: then the polls cannot say which came first.
fn indistinct(a: Edge, b: Edge) -> bool {
    let from = |edge: Edge| edge.after.unwrap_or(edge.at).min(edge.at);
    from(a) <= b.by && from(b) <= a.by
}
