//! Issue and push, void, red-flush: what an owner does with invoices of the platform's own making.

use crate::Code;
use crate::accounts::{Caller, is_mobile};
use crate::domain::moment::{self, At, NEVER, Nanos, seconds};
use crate::domain::{money, regions, tax_id, words};
use crate::invoice::{Course, Fields, Invoice, Status};
use crate::ledger::Action;
use crate::storage::{Change, Ticket, lock};
use crate::upload::{Origin, Submission};
use crate::weather::{Sky, Surface};
use crate::wire::{Answered, Params, Refusal, Refused};
use crate::world::World;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

/// Most lines of one invoice.
const MOST_LINES: usize = 500;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    buyer: Buyer,
    lines: Vec<Line>,
    seller_name: String,
    seller_tax_id: String,
    issuer_tax_id: Option<String>,
    region: Option<String>,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Buyer {
    name: String,
    tax_id: String,
    email: Option<String>,
    mobile: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Line {
    name: String,
    quantity: Value,
    unit_price: Value,
    rate: Value,
}

/// A message on its way to the buyer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) number: Arc<str>,
    pub(crate) channel: String,
    to: String,
    queued: Nanos,
    delivered: Nanos,
}

/// Deliveries by invoice number.
pub(crate) type Outbox = Mutex<HashMap<Arc<str>, Vec<Delivery>>>;

impl World {
    pub(crate) fn issue(&self, now: Nanos, caller: Caller, asked: Asked) -> Result<Answered, Refused> {
        let (amount, tax) = sums(&asked.lines)?;
        let fields = self.issued_fields(now, caller, &asked, amount, tax)?;
        let shown = json!({
            "number": fields.number,
            "issue_date": fields.issue_date,
            "amount": money::show(amount),
            "tax": money::show(tax),
            "total": money::show(fields.total),
            "total_words": fields.total_words,
            "status": Status::Accepted,
        });
        let number = fields.number.clone();
        let submission = Submission { fields, scan: None };
        let (_, ticket) = self.enter(now, caller, submission, Origin::Issued)?;
        let pushed = self.push(now, &number, &asked.buyer);
        Ok(Answered::success(&shown).after(pushed.or(ticket)))
    }

    pub(crate) fn outbox(&self, now: Nanos, query: &str) -> Result<Answered, Refused> {
        let number = Params::new(query).get("number");
        let number = number.ok_or_else(|| Refusal::field(Code::BadRequest, "number", "missing"))?;
        let outbox = lock(&self.outbox);
        let sent = outbox.get(&*number).ok_or(Code::NotSubmitted)?;
        let shown: Vec<Value> = sent
            .iter()
            .map(|d| {
                let delivered = (d.delivered <= now).then_some(At(d.delivered));
                json!({"channel": d.channel, "to": d.to, "queued_at": At(d.queued), "delivered_at": delivered})
            })
            .collect();
        Ok(Answered::success(&json!({"deliveries": shown})))
    }

    pub(crate) fn void(&self, now: Nanos, caller: Caller, number: &str) -> Result<Answered, Refused> {
        let ticket = self.ended(now, caller, number, Action::Voided, |invoice| invoice.voided = Some(now))?;
        let at = At(now + self.sky().skew(now));
        let shown = json!({"number": number, "status": Status::Voided, "at": at});
        Ok(Answered::success(&shown).after(ticket))
    }

    pub(crate) fn red_flush(&self, now: Nanos, caller: Caller, number: &str) -> Result<Answered, Refused> {
        let region = self.records.with(number, |invoice| invoice.fields.region);
        let red = self.new_number(now, region.ok_or(Code::NotSubmitted)?);
        let ticket = self.ended(now, caller, number, Action::RedFlushed, |invoice| {
            invoice.red_flushed = Some(now);
            invoice.red_number = Some(red.to_string());
        })?;
        let at = At(now + self.sky().skew(now));
        let shown = json!({"number": number, "status": Status::RedFlushed, "at": at, "red_number": red});
        Ok(Answered::success(&shown).after(ticket))
    }

    /// The way of an invoice made here: accepted at once, then synchronised like any other.
    pub(crate) fn issued_course(&self, sky: &Sky, now: Nanos, number: &str) -> Course {
        let worked = sky.work.worked(now);
        Course {
            review_begins: worked,
            decided: worked,
            entered: worked,
            seen: Surface::HOME.map(|s| sky.visible(self.chance, number, s, worked)),
        }
    }

    fn ended(
        &self,
        now: Nanos,
        caller: Caller,
        number: &str,
        action: Action,
        end: impl FnOnce(&mut Invoice),
    ) -> Result<Option<Ticket>, Refused> {
        let worked = self.sky().work.worked(now);
        let changed = self.records.change(number, |invoice| {
            if invoice.owner != caller.account {
                return Err(Refused::from(Code::NotOwner));
            }
            if invoice.status(worked) != Status::Accepted {
                return Err(Code::NotAccepted.into());
            }
            end(invoice);
            Ok(self.written(now, action, invoice, None))
        });
        changed.ok_or(Code::NotSubmitted)?
    }

    fn issued_fields(
        &self,
        now: Nanos,
        caller: Caller,
        asked: &Asked,
        amount: i64,
        tax: i64,
    ) -> Result<Fields, Refused> {
        let special = asked.kind.as_deref() == Some("special");
        if special && !caller.kind.may_issue_special() {
            return Err(Code::KindForbids.into());
        }
        let wrong = |field, wanted: &str| Refusal::field(Code::BadField, field, wanted);
        let ids = [
            ("buyer.tax_id", Some(&asked.buyer.tax_id)),
            ("seller_tax_id", Some(&asked.seller_tax_id)),
            ("issuer_tax_id", asked.issuer_tax_id.as_ref()),
        ];
        for (field, id) in ids {
            if id.is_some_and(|id| tax_id::check(id) == Err(tax_id::Doubt::Shape)) {
                return Err(wrong(field, "15 to 20 capital letters and digits"));
            }
        }
        for (field, name) in [("buyer.name", &asked.buyer.name), ("seller_name", &asked.seller_name)] {
            if !(1..=200).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err(wrong(field, "1 to 200 characters"));
            }
        }
        if asked.buyer.mobile.as_deref().is_some_and(|m| !is_mobile(m)) {
            return Err(wrong("buyer.mobile", "11 digits beginning with 1"));
        }
        if asked.kind.as_deref().is_some_and(|k| k != "special" && k != "general") {
            return Err(wrong("kind", "general or special"));
        }
        let region = asked.region.as_deref().map_or(Some(11), regions::parse);
        let region = region.ok_or_else(|| wrong("region", "two digits of a region"))?;
        Ok(Fields {
            number: self.new_number(now, region),
            special,
            issue_date: moment::day(now),
            amount,
            tax,
            total: amount + tax,
            total_words: words::write(amount + tax),
            title: asked.buyer.name.clone(),
            buyer_tax_id: asked.buyer.tax_id.clone(),
            seller_name: asked.seller_name.clone(),
            seller_tax_id: asked.seller_tax_id.clone(),
            issuer_tax_id: asked.issuer_tax_id.clone(),
            region,
        })
    }

    /// A number of the fully digital kind that nobody has: year, region, channel 8, sequence.
    fn new_number(&self, now: Nanos, region: u8) -> Arc<str> {
        let year = moment::day(now).year() % 100;
        loop {
            let sequence = self.issued.fetch_add(1, Relaxed) + 1;
            let number = format!("{year:02}{region:02}8{sequence:015}");
            if !self.records.contains(&number) {
                return number.into();
            }
        }
    }

    fn push(&self, now: Nanos, number: &Arc<str>, buyer: &Buyer) -> Option<Ticket> {
        let sky = self.sky();
        let form = &sky.form.push;
        let channels = [("email", &buyer.email), ("sms", &buyer.mobile)];
        let mut ticket = None;
        let mut sent = Vec::new();
        for (channel, to) in channels {
            let Some(to) = to.as_ref().filter(|to| to.len() <= 254) else {
                continue;
            };
            let draw = self.chance.of(channel).of(number);
            let arrives = now.saturating_add(seconds(form.delay.quantile(draw.uniform())));
            let lost = draw.of("lost").happens(form.lost);
            let delivery = Delivery {
                number: number.clone(),
                channel: channel.into(),
                to: to.clone(),
                queued: now,
                delivered: if lost { NEVER } else { arrives },
            };
            ticket = self.keep(|| Change::Delivery(Box::new(delivery.clone()))).or(ticket);
            sent.push(delivery);
        }
        lock(&self.outbox).insert(number.clone(), sent);
        ticket
    }
}

/// Net amount and tax of all lines, in fen; each line's tax is rounded by itself.
fn sums(lines: &[Line]) -> Result<(i64, i64), Refused> {
    let wrong = |wanted: &str| Refusal::field(Code::BadField, "lines", wanted);
    if lines.is_empty() || lines.len() > MOST_LINES {
        return Err(wrong("1 to 500 lines"));
    }
    let (mut amount, mut tax) = (0i64, 0i64);
    for line in lines {
        let sized = (1..=200).contains(&line.name.chars().count());
        if !sized || line.name.chars().any(char::is_control) {
            return Err(wrong("each with a name of 1 to 200 characters"));
        }
        let quantity = millionths(&line.quantity).ok_or_else(|| wrong("quantity is a positive decimal"))?;
        let price = millionths(&line.unit_price).ok_or_else(|| wrong("unit_price is a positive decimal"))?;
        let rate = rate(&line.rate)
            .ok_or_else(|| wrong("rate is one of 0.13, 0.09, 0.06, 0.05, 0.03, 0.015, 0.01, 0"))?;
        let net = rounded(quantity * price, 10_000_000_000);
        amount = amount.saturating_add(i64::try_from(net).unwrap_or(i64::MAX));
        tax = tax.saturating_add(i64::try_from(rounded(net * rate as i128, 1000)).unwrap_or(i64::MAX));
        if amount.saturating_add(tax) > money::LARGEST {
            return Err(wrong("the total is too large"));
        }
    }
    Ok((amount, tax))
}

fn rounded(value: i128, by: i128) -> i128 {
    (value + by / 2) / by
}

/// A positive decimal, as text or number, in millionths; at most twelve digits before the point.
fn millionths(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let sized = (1..=12).contains(&whole.len()) && part.len() <= 6;
    if !sized || !plain(whole) || !plain(part) || text.ends_with('.') {
        return None;
    }
    let value: i128 = format!("{whole}{part:0<6}").parse().ok()?;
    (value > 0).then_some(value)
}

/// A tax rate in thousandths.
fn rate(value: &Value) -> Option<u32> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match text.trim_end_matches('0').trim_end_matches('.') {
        "0.13" => Some(130),
        "0.09" => Some(90),
        "0.06" => Some(60),
        "0.05" => Some(50),
        "0.03" => Some(30),
        "0.015" => Some(15),
        "0.01" => Some(10),
        "" | "免税" | "exempt" | "不征税" | "not taxed" => Some(0),
        _ => None,
    }
}
