//! Automatic review: what it objects to, and when an invoice's turn comes.

use crate::domain::moment::{self, NEVER, Nanos, SECOND, seconds};
use crate::domain::words;
use crate::invoice::{Course, Fields, Scan, ScanKind};
use crate::storage::lock;
use crate::weather::{Sky, Surface};
use crate::world::World;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Why an invoice is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) reason: Why,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    WordsDiffer,
    SumsDiffer,
    DateInFuture,
    RegionUnknown,
    FileUnreadable,
    Sampled,
}

/// The reviewers' and the synchronisation's own queues, in work time.
#[derive(Debug, Default)]
pub(crate) struct Pipelines {
    reviewers: BinaryHeap<Reverse<Nanos>>,
    last_entered: Nanos,
}

/// What review finds wrong with an invoice uploaded now.
pub(crate) fn objections(fields: &Fields, readable: bool, now: Nanos) -> Vec<Reason> {
    let words_differ = words::parse(&fields.total_words) != Some(fields.total);
    let sums_differ = fields.amount + fields.tax != fields.total;
    let in_future = fields.issue_date > moment::day(now);
    let found = [
        (words_differ, Why::WordsDiffer, "金额大写与小写不一致 / the amount in words is not the total"),
        (
            sums_differ,
            Why::SumsDiffer,
            "金额与税额之和不等于价税合计 / amount and tax do not add up to the total",
        ),
        (in_future, Why::DateInFuture, "开票日期晚于今日 / the issue date lies in the future"),
        (fields.region == 0, Why::RegionUnknown, "号码中的地区代码不存在 / the number names no region"),
        (!readable, Why::FileUnreadable, "文件不完整，无法辨认 / the file is cut short and cannot be read"),
    ];
    let held = found.into_iter().filter(|(wrong, _, _)| *wrong);
    held.map(|(_, reason, text)| Reason { reason, text: text.into() }).collect()
}

/// The kind of a file by its first bytes.
pub(crate) fn kind_of(file: &[u8]) -> Option<ScanKind> {
    let leads: [(&[u8], ScanKind); 3] =
        [(b"%PDF-", ScanKind::Pdf), (b"\xff\xd8\xff", ScanKind::Jpg), (b"\x89PNG\r\n\x1a\n", ScanKind::Png)];
    leads.into_iter().find(|(lead, _)| file.starts_with(lead)).map(|(_, kind)| kind)
}

/// Whether a file has its kind's end as well as its beginning.
pub(crate) fn readable(scan: &Scan, file: &[u8]) -> bool {
    let end: &[u8] = match scan.kind {
        ScanKind::Pdf => b"%%EOF",
        ScanKind::Jpg => b"\xff\xd9",
        ScanKind::Png => b"IEND",
    };
    memmem::rfind(file, end).is_some()
}

impl Pipelines {
    /// Begin and end of a review of this length, by the first reviewer that is free.
    fn review(&mut self, worked: Nanos, reviewers: usize, length: Nanos) -> (Nanos, Nanos) {
        if reviewers == 0 {
            return (worked, worked.saturating_add(length));
        }
        let busy = self.reviewers.len() >= reviewers;
        let free = if busy { self.reviewers.pop() } else { None };
        let begin = free.map_or(worked, |Reverse(free)| worked.max(free));
        let end = begin.saturating_add(length);
        self.reviewers.push(Reverse(end));
        (begin, end)
    }

    /// The turn of an accepted invoice to enter synchronisation.
    fn enter(&mut self, decided: Nanos, rate: Option<f64>) -> Nanos {
        let Some(rate) = rate else {
            return decided;
        };
        let gap = (SECOND as f64 / rate) as Nanos;
        self.last_entered = decided.max(self.last_entered.saturating_add(gap));
        self.last_entered
    }
}

impl World {
    /// The way of an invoice uploaded now through review and synchronisation; chance may add an objection.
    pub(crate) fn course(
        &self,
        sky: &Sky,
        now: Nanos,
        number: &str,
        attempt: u32,
        objections: &mut Vec<Reason>,
    ) -> Course {
        let worked = sky.work.worked(now);
        let own = self.chance.of(number).nth(attempt as u64);
        let mut pipelines = lock(&self.pipelines);
        let (review_begins, decided) = match sky.review(now) {
            None => (worked, worked),
            Some((_, form)) => {
                if own.of("reject").happens(form.reject) {
                    let text = "抽检不通过 / drawn by the weather".into();
                    objections.push(Reason { reason: Why::Sampled, text });
                }
                let length = seconds(form.delay.quantile(own.of("review").uniform()));
                pipelines.review(worked, form.reviewers, length)
            }
        };
        let entered =
            if objections.is_empty() { pipelines.enter(decided, sky.sync_rate(now)) } else { NEVER };
        drop(pipelines);
        Course {
            review_begins,
            decided,
            entered,
            seen: Surface::HOME.map(|s| sky.visible(self.chance, number, s, entered)),
        }
    }
}
