//! The spans of all windows of one service, flattened: at every instant one of them governs.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::spans::Span;
use super::{Phase, PhaseName, Segment};
use crate::window::{Service, SloMode, Source, Status, Window};

/// Pieces without gaps from the beginning of time, by start, and the spans in force they hide.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    pieces: Vec<Piece>,
    /// The starts of the pieces once more, in a form that is quick to compare.
    starts: Vec<Key>,
    in_force: Vec<Span>,
}

/// One phase, from `start` to the start of the next piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    start: DateTime<Utc>,
    governing: Option<(PhaseName, usize)>,
}

impl Piece {
    pub fn phase(self, windows: &[Window]) -> Phase<'_> {
        match self.governing {
            None => Phase::Outside,
            Some((name, index)) => phase(name, &windows[index]),
        }
    }

    pub fn rank(self, windows: &[Window]) -> Option<Rank> {
        self.governing.map(|(name, index)| rank(name, &windows[index], index))
    }
}

/// Seconds and nanoseconds since 1970: compared in two steps, where a date takes five.
type Key = (i64, u32);

/// What governs where several windows hold: the greatest.
pub(super) type Rank = (u8, u8, bool, Reverse<usize>);

impl Timeline {
    /// The timeline of those of `spans` whose window touches `service`.
    pub fn new(windows: &[Window], spans: &[Span], service: Service) -> Timeline {
        let touching = |span: &&Span| windows[span.window].services.contains(service);
        let mut spans: Vec<Span> = spans.iter().filter(touching).copied().collect();
        spans.sort_by_key(|span| span.start);
        let pieces = flatten(windows, &spans);
        spans.retain(|span| matches!(span.name, PhaseName::During | PhaseName::Overrun));
        let starts = pieces.iter().map(|piece| key(piece.start)).collect();
        Timeline { pieces, starts, in_force: spans }
    }

    pub fn at(&self, instant: DateTime<Utc>) -> Piece {
        self.pieces[self.position(instant)]
    }

    /// The pieces that the closed stretch `[from, to]` meets.
    pub fn over(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> &[Piece] {
        &self.pieces[self.position(from)..=self.position(to.max(from))]
    }

    /// The windows in force or overrunning in `[from, to)`, by start, each once.
    pub fn windows_in_force(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<usize> {
        let begun = self.in_force.partition_point(|span| span.start < to);
        let meeting = self.in_force[..begun].iter().filter(|span| span.end > from);
        let mut windows: Vec<usize> = meeting.map(|span| span.window).collect();
        windows.sort_unstable();
        windows.dedup();
        windows
    }

    pub fn segments<'w>(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        windows: &'w [Window],
    ) -> Vec<Segment<'w>> {
        if from >= to {
            return Vec::new();
        }
        let met = &self.pieces[self.position(from)..];
        let ends = met.iter().skip(1).map(|piece| piece.start).chain([to]);
        let pairs = met.iter().zip(ends).take_while(|(piece, _)| piece.start < to);
        let clip = |(piece, end): (&Piece, DateTime<Utc>)| Segment {
            start: piece.start.max(from),
            end: end.min(to),
            phase: piece.phase(windows),
        };
        pairs.map(clip).collect()
    }

    fn position(&self, instant: DateTime<Utc>) -> usize {
        let wanted = key(instant);
        self.starts.partition_point(|start| *start <= wanted).saturating_sub(1)
    }
}

/// Sweeps over every instant at which a span begins or ends.
fn flatten(windows: &[Window], by_start: &[Span]) -> Vec<Piece> {
    let mut edges: Vec<DateTime<Utc>> = by_start.iter().flat_map(|span| [span.start, span.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut pieces = vec![Piece { start: DateTime::<Utc>::MIN_UTC, governing: None }];
    let mut open: Vec<&Span> = Vec::new();
    let mut coming = by_start.iter().peekable();
    for edge in edges {
        open.retain(|span| span.end > edge);
        while let Some(span) = coming.next_if(|span| span.start <= edge) {
            open.push(span);
        }
        let strongest = open.iter().max_by_key(|span| rank(span.name, &windows[span.window], span.window));
        let governing = strongest.map(|span| (span.name, span.window));
        if pieces.last().is_some_and(|piece| piece.governing != governing) {
            pieces.push(Piece { start: edge, governing });
        }
    }
    pieces
}

fn key(instant: DateTime<Utc>) -> Key {
    (instant.timestamp(), instant.timestamp_subsec_nanos())
}

fn rank(name: PhaseName, window: &Window, index: usize) -> Rank {
    let confirmed = window.status == Status::Confirmed;
    let strength = match name {
        PhaseName::During if confirmed => 5,
        PhaseName::Overrun => 4,
        PhaseName::During => 3,
        PhaseName::Recovering => 2,
        PhaseName::Approaching => 1,
        PhaseName::Outside => 0,
    };
    let standing = match (window.source, &window.rule) {
        (Source::Observed, _) => 0,
        (_, Some(_)) => 1,
        (_, None) => 2,
    };
    (strength, standing, window.mode.slo == SloMode::Exclude, Reverse(index))
}

fn phase(name: PhaseName, window: &Window) -> Phase<'_> {
    match name {
        PhaseName::Outside => Phase::Outside,
        PhaseName::Approaching => Phase::Approaching(window),
        PhaseName::During => Phase::During(window),
        PhaseName::Overrun => Phase::Overrun(window),
        PhaseName::Recovering => Phase::Recovering(window),
    }
}
