//! Query by number, search by keyword and dates, status and history.

use crate::Code;
use crate::domain::moment::{At, NEVER, Nanos, in_seconds, parse_day, seconds};
use crate::domain::regions;
use crate::invoice::{Invoice, Record, Status, decided_at};
use crate::storage::Filter;
use crate::upload::is_number;
use crate::weather::{Sky, Surface};
use crate::wire::{Answered, Params, Refusal, Refused};
use crate::world::World;
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A search counts and shows at most so many invoices, as search services do.
const MOST_FOUND: usize = 10_000;

#[derive(Serialize)]
struct Standing<'a> {
    number: &'a str,
    status: Status,
    uploaded_at: At,
    reviewed_at: Option<At>,
    reasons: &'a [crate::review::Reason],
    history: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    status: Status,
    at: At,
}

impl World {
    pub(crate) fn query(&self, now: Nanos, number: &str, query: &str) -> Result<Answered, Refused> {
        let region = region_of(&Params::new(query))?;
        let sky = self.sky();
        let shown = self.records.with(number, |invoice| {
            let surface = surface(invoice, region, Surface::Number);
            if !self.is_seen(&sky, now, invoice, surface) {
                return None;
            }
            let record = Record::new(invoice, &sky, now, self.altered(&sky, now, invoice));
            let mut answer = Answered::success(&record);
            answer.cost = self.touch(&sky, now, invoice);
            Some(answer)
        });
        shown.flatten().ok_or_else(|| Code::NotFound.into())
    }

    pub(crate) fn search(&self, now: Nanos, query: &str) -> Result<Answered, Refused> {
        let params = Params::new(query);
        let region = region_of(&params)?;
        let (page, size) = (params.whole("page", 1, 1..=1_000_000)?, params.whole("size", 20, 1..=100)?);
        let keyword = params.get("keyword").unwrap_or_default().trim().to_lowercase();
        let sky = self.sky();
        let filter = Filter {
            keyword: &keyword,
            from: day_of(&params, "from")?,
            to: day_of(&params, "to")?,
            worked: region.is_none().then(|| sky.work.worked(now)),
        };
        let by_invoice = region.is_some() || !sky.upgrades.is_empty();
        let (mut numbers, capped) = match self.numbered(&sky, now, &filter) {
            Some(found) => (found, false),
            None => self.index.find(&filter, MOST_FOUND),
        };
        if by_invoice {
            let look = |i: &Invoice| self.is_seen(&sky, now, i, surface(i, region, Surface::Keyword));
            numbers.retain(|number| self.records.with(number, look).unwrap_or(false));
        }
        let first = (page - 1).saturating_mul(size) as usize;
        let mut data = b"{\"items\":[".to_vec();
        for number in numbers.iter().skip(first).take(size as usize) {
            self.show(&sky, now, number, &mut data);
        }
        let total = numbers.len();
        let end = format!("],\"total\":{total},\"total_capped\":{capped},\"page\":{page},\"size\":{size}}}");
        data.extend_from_slice(end.as_bytes());
        Ok(Answered::raw(data))
    }

    /// A keyword that is a whole number needs no search.
    fn numbered(&self, sky: &Sky, now: Nanos, filter: &Filter<'_>) -> Option<Vec<Arc<str>>> {
        is_number(filter.keyword).then(|| {
            let wanted = |i: &Invoice| {
                let due = filter.worked.is_none() || self.is_seen(sky, now, i, Surface::Keyword);
                (due && filter.dated(i.fields.issue_date)).then(|| i.fields.number.clone())
            };
            let found = self.records.with(filter.keyword, wanted);
            found.flatten().into_iter().collect()
        })
    }

    pub(crate) fn status(&self, now: Nanos, number: &str) -> Result<Answered, Refused> {
        let sky = self.sky();
        let shown = self.records.with(number, |invoice| {
            let skew = sky.skew(now);
            let decided = decided_at(invoice, &sky, now);
            let standing = Standing {
                number,
                status: invoice.status(sky.work.worked(now)),
                uploaded_at: At(invoice.uploaded + skew),
                reviewed_at: decided.map(|at| At(at + skew)),
                reasons: if decided.is_some() { &invoice.reasons } else { &[] },
                history: history(invoice, &sky, now),
            };
            Answered::success(&standing)
        });
        shown.ok_or_else(|| Code::NotSubmitted.into())
    }

    /// Whether an invoice is visible on a surface now.
    pub(crate) fn is_seen(&self, sky: &Sky, now: Nanos, invoice: &Invoice, surface: Surface) -> bool {
        sky.work.worked(now) >= self.due(invoice, surface) && !self.vanished(sky, now, invoice)
    }

    /// When, in work time, an invoice is seen on any surface, other regions included.
    pub(crate) fn due(&self, invoice: &Invoice, surface: Surface) -> Nanos {
        match (surface, &invoice.sky) {
            (Surface::Region(_), Some(then)) => {
                then.visible(self.chance, &invoice.fields.number, surface, invoice.course.entered)
            }
            (Surface::Region(_), None) => NEVER,
            (home, _) => invoice.seen(home),
        }
    }

    /// Adds a record to a JSON array that is being written.
    fn show(&self, sky: &Sky, now: Nanos, number: &str, data: &mut Vec<u8>) {
        self.records.with(number, |invoice| {
            if data.last() != Some(&b'[') {
                data.push(b',');
            }
            let record = Record::new(invoice, sky, now, self.altered(sky, now, invoice));
            serde_json::to_writer(data, &record).expect("records hold nothing that JSON cannot");
        });
    }

    /// What a read costs: nothing for an invoice read lately, more for one gone cold.
    pub(crate) fn touch(&self, sky: &Sky, now: Nanos, invoice: &Invoice) -> Nanos {
        let Some(hot) = &sky.form.hot else {
            return 0;
        };
        let last = invoice.touched.swap(now, Relaxed);
        if in_seconds(now - last) <= hot.keep {
            return 0;
        }
        let draw = self.chance.of("cold").of(&invoice.fields.number).nth(now as u64);
        seconds(hot.cold.quantile(draw.uniform()))
    }
}

fn history(invoice: &Invoice, sky: &Sky, now: Nanos) -> Vec<Step> {
    let begun = sky.work.instant(invoice.course.review_begins).filter(|at| *at <= now);
    let verdict = if invoice.reasons.is_empty() { Status::Accepted } else { Status::Rejected };
    let steps = [
        (Status::Submitted, Some(invoice.uploaded)),
        (Status::Reviewing, begun),
        (verdict, decided_at(invoice, sky, now)),
        (Status::Voided, invoice.voided),
        (Status::RedFlushed, invoice.red_flushed),
    ];
    let skew = sky.skew(now);
    let happened = steps.into_iter().filter_map(|(status, at)| Some((status, at?)));
    happened.map(|(status, at)| Step { status, at: At(at + skew) }).collect()
}

/// The surface that a question about an invoice is put to: its own region's, or another's.
fn surface(invoice: &Invoice, asked: Option<u8>, home: Surface) -> Surface {
    match asked {
        Some(region) if region != invoice.fields.region => Surface::Region(region),
        _ => home,
    }
}

fn region_of(params: &Params<'_>) -> Result<Option<u8>, Refused> {
    let asked = params.get("region").map(|text| regions::parse(&text).ok_or(Code::NoRegion));
    Ok(asked.transpose()?)
}

fn day_of(params: &Params<'_>, name: &'static str) -> Result<Option<NaiveDate>, Refused> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let day = parse_day(&text);
    day.map(Some).ok_or_else(|| Refusal::field(Code::BadRequest, name, "YYYY-MM-DD"))
}
