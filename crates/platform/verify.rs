//! Verification (真伪验证): number, date and total against the record.

use crate::Code;
use crate::domain::moment::{self, Nanos, seconds};
use crate::domain::money;
use crate::invoice::{Invoice, Status};
use crate::upload::is_number;
use crate::warnings::Kind;
use crate::weather::{Sky, Surface};
use crate::wire::{Answered, Params, Refusal, Refused};
use crate::world::World;
use chrono::{Months, NaiveDate};
use serde::Serialize;
use std::sync::atomic::Ordering::Relaxed;

const YEARS_BACK: u32 = 5;

#[derive(Serialize)]
struct Finding<'a> {
    result: &'static str,
    number: &'a str,
    checks_left: Option<u32>,
}

/// What is asked: the details on the paper.
struct Paper {
    date: NaiveDate,
    total: i64,
}

impl World {
    pub(crate) fn verify(&self, now: Nanos, query: &str) -> Result<Answered, Refused> {
        let params = Params::new(query);
        let asked = |name: &'static str, wanted: &str| {
            let missing = || Refusal::field(Code::BadRequest, name, format!("must be {wanted}"));
            params.get(name).ok_or_else(missing)
        };
        let number = asked("number", "20 or 18 digits")?;
        if !is_number(&number) {
            return Err(Refusal::field(Code::BadRequest, "number", "must be 20 or 18 digits"));
        }
        let date = moment::parse_day(&asked("date", "YYYY-MM-DD")?);
        let date = date.ok_or_else(|| Refusal::field(Code::BadRequest, "date", "must be YYYY-MM-DD"))?;
        let total = money::parse(&asked("total", "yuan with at most two decimals")?);
        let wrong = || Refusal::field(Code::BadRequest, "total", "must be yuan with at most two decimals");
        let paper = Paper { date, total: total.ok_or_else(wrong)? };
        Ok(self.compare(now, &number, &paper))
    }

    fn compare(&self, now: Nanos, number: &str, paper: &Paper) -> Answered {
        let sky = self.sky();
        let today = moment::day(now + sky.skew(now));
        if today.checked_sub_months(Months::new(12 * YEARS_BACK)).is_some_and(|oldest| paper.date < oldest) {
            return answer(Code::TooOld, number, None);
        }
        if paper.date == today && !sky.rules().same_day {
            return answer(Code::IssuedToday, number, None);
        }
        let found = self.records.with(number, |invoice| self.checked(&sky, now, invoice, paper));
        let answer = found.unwrap_or_else(|| answer(Code::NoSuchInvoice, number, None));
        if answer.code == Code::Mismatch {
            self.warn(now, Kind::VerificationMismatch, number, "verified with other details than recorded");
        }
        answer
    }

    fn checked(&self, sky: &Sky, now: Nanos, invoice: &Invoice, paper: &Paper) -> Answered {
        let number = &*invoice.fields.number;
        if !self.is_seen(sky, now, invoice, Surface::Verify) {
            let due = invoice.seen(Surface::Verify);
            let soon = sky.work.worked(now).saturating_add(seconds(sky.rules().checking));
            let code = if soon >= due && sky.rules().checking > 0.0 {
                Code::BeingChecked
            } else {
                Code::NoSuchInvoice
            };
            return answer(code, number, None);
        }
        let limit = sky.rules().daily_limit;
        let Some(left) = count(invoice, now, limit) else {
            return answer(Code::OverLimit, number, Some(0));
        };
        let total = invoice.fields.total + self.altered(sky, now, invoice);
        let code = if paper.date != invoice.fields.issue_date || paper.total != total {
            Code::Mismatch
        } else {
            match invoice.status(sky.work.worked(now)) {
                Status::Voided => Code::Voided,
                Status::RedFlushed => Code::RedFlushed,
                _ => Code::Success,
            }
        };
        let mut answer = answer(code, number, (limit > 0).then_some(left));
        answer.cost = self.touch(sky, now, invoice);
        answer
    }
}

/// Counts one verification; gives how many are left today, `None` where none was.
fn count(invoice: &Invoice, now: Nanos, limit: u32) -> Option<u32> {
    if limit == 0 {
        return Some(0);
    }
    let today = moment::beijing_day_number(now) << 32;
    let mut left = None;
    let counted = invoice.checks.fetch_update(Relaxed, Relaxed, |checks| {
        let so_far = if checks >> 32 << 32 == today { checks as u32 } else { 0 };
        left = limit.checked_sub(so_far + 1);
        left.map(|_| today | (so_far as u64 + 1))
    });
    counted.ok().and(left)
}

fn answer(code: Code, number: &str, checks_left: Option<u32>) -> Answered {
    let result = match code {
        Code::Success => "genuine",
        Code::Mismatch => "mismatch",
        Code::OverLimit => "over_limit",
        Code::IssuedToday => "issued_today",
        Code::TooOld => "too_old",
        Code::Voided => "voided",
        Code::RedFlushed => "red_flushed",
        Code::BeingChecked => "being_checked",
        _ => "not_found",
    };
    Answered::with(code, &Finding { result, number, checks_left })
}
