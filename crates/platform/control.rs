//! The weather's own endpoints: read it, change it, and ask for the truth.

use crate::Code;
use crate::domain::moment::{Exact, NEVER, Nanos};
use crate::invoice::Invoice;
use crate::storage::lock;
use crate::weather::{Distribution, Era, Harm, Sky, Surface, Weather, era, sustainable_rate};
use crate::wire::{Answered, Arrived, Params, Refusal, Refused, Request};
use crate::world::World;
use serde_json::{Value, json};
use std::sync::Arc;

/// Weathers kept for the truth; the oldest go when it is changed more often.
const MOST_ERAS: usize = 200;

impl World {
    pub(crate) fn control(&self, now: Nanos, path: &str, request: &Request) -> Result<Answered, Refused> {
        let params = Params::new(request.query());
        match path {
            "/_weather" if request.parts.method == hyper::Method::PUT => self.change(now, &params, request),
            "/_weather" => Ok(Answered::success(&self.sky().form)),
            "/_weather/truth" => {
                let most = params.whole("invoices", 0, 0..=1_000_000)? as usize;
                let after = params.whole("after", 0, 0..=u64::MAX)?;
                Ok(Answered::success(&self.truth_at(now, most, after)))
            }
            "/_weather/log" => {
                let after = params.whole("after", 0, 0..=u64::MAX)?;
                let most = params.whole("limit", 10_000, 1..=1_000_000)? as usize;
                Ok(Answered::success(&json!({"entries": self.counts.logged_after(after, most)})))
            }
            "/_weather/sustainable" => self.sustainable(&params),
            _ => Ok(Answered::success(&json!({"arrivals": self.counts.by_operation()}))),
        }
    }

    /// Puts a weather into force from `now`; with `from_now` its second zero is `now`.
    pub(crate) fn put_weather(&self, now: Nanos, weather: Weather, from_now: bool) {
        let mut eras = lock(&self.eras);
        let mut sky = self.sky.write().expect("no thread panics while it holds this lock");
        let start = if from_now { now } else { self.started };
        let new = Arc::new(Sky::new(weather, start, now, Some(&sky)));
        let old = std::mem::replace(&mut *sky, new);
        eras.push(Era { sky: old, until: now });
        if eras.len() > MOST_ERAS {
            eras.remove(0);
        }
        // Kept for the listener, should it be busy just now.
        self.changed.notify_one();
    }

    /// Everything that was really applied, and (of up to `most` invoices with ids above `after`) when each was seen where.
    pub(crate) fn truth_at(&self, now: Nanos, most: usize, after: u64) -> Value {
        let mut eras = lock(&self.eras).clone();
        let sky = self.sky();
        eras.push(Era { sky: sky.clone(), until: NEVER });
        let mut truth = json!({
            "seed": self.seed,
            "started": Exact(self.started),
            "now": Exact(now),
            "arrivals": self.counts.by_operation(),
        });
        let told: Vec<Value> = eras.iter().map(|e| era(e, now)).collect();
        for list in [
            "maintenance",
            "notices",
            "clock",
            "review",
            "sync",
            "sync_capacity",
            "capacity",
            "latency",
            "fault",
            "throttle",
        ] {
            let all = told.iter().filter_map(|e| e[list].as_array()).flatten().cloned();
            truth[list] = Value::Array(all.collect());
        }
        truth["rules"] = told.last().map_or(Value::Null, |e| e["rules"].clone());
        truth["upgrades"] = self.harm_done(&sky, now).into();
        truth["invoices_total"] = self.records.len().into();
        truth["invoices"] = self.seen_where(&sky, most, after).into();
        truth
    }

    fn change(&self, now: Nanos, params: &Params<'_>, request: &Request) -> Result<Answered, Refused> {
        let Arrived::Whole(body) = &request.body else {
            return Err(Code::BadRequest.into());
        };
        let wrong = |text: String| Refusal::field(Code::BadWeather, "weather", text);
        let weather = if request.content_type().starts_with("application/json") {
            Weather::parse_json(body)
        } else {
            let text = std::str::from_utf8(body).map_err(|_| wrong("the file is not UTF-8".into()))?;
            Weather::parse(text)
        };
        let weather = weather.map_err(|e| wrong(e.to_string()))?;
        self.put_weather(now, weather, params.get("from").as_deref() == Some("now"));
        Ok(Answered::success(&self.sky().form))
    }

    /// The rate that a capacity sustains under an objective: `?quantile=0.99&seconds=0.5&entry=0`.
    fn sustainable(&self, params: &Params<'_>) -> Result<Answered, Refused> {
        let number = |name: &'static str, default: f64| match params.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Refusal::field(Code::BadRequest, name, "a number")),
        };
        let quantile: f64 = number("quantile", 0.99)?;
        let seconds: f64 = number("seconds", 0.5)?;
        let entry = params.whole("entry", 0, 0..=10_000)? as usize;
        let sky = self.sky();
        let capacity = sky.form.capacity.get(entry);
        let capacity =
            capacity.ok_or_else(|| Refusal::field(Code::BadRequest, "entry", "no such capacity entry"))?;
        if !(0.01..1.0).contains(&quantile) || !(0.0..1e6).contains(&seconds) {
            return Err(Refusal::field(
                Code::BadRequest,
                "quantile",
                "quantile from 0.01 to below 1, seconds below 1e6",
            ));
        }
        let rate = sustainable_rate(capacity.servers, &capacity.service, quantile, seconds);
        let exact = matches!(capacity.service, Distribution::Exponential { .. });
        Ok(Answered::success(&json!({
            "entry": entry,
            "quantile": quantile,
            "seconds": seconds,
            "rate": rate,
            "saturation_rate": capacity.servers as f64 / capacity.service.mean(),
            "method": if exact { "erlang_c" } else { "simulated" },
        })))
    }

    /// Whether an upgrade has made an invoice disappear by now.
    pub(crate) fn vanished(&self, sky: &Sky, now: Nanos, invoice: &Invoice) -> bool {
        self.harmed(sky, now, invoice, "vanish", |h| h.vanish).is_some()
    }

    /// By how many fen an upgrade has falsified an invoice's total.
    pub(crate) fn altered(&self, sky: &Sky, now: Nanos, invoice: &Invoice) -> Nanos {
        let harm = self.harmed(sky, now, invoice, "alter", |h| h.alter);
        harm.map_or(0, |h| 100 * (1 + self.harm_draw("by", h, invoice).bits() % 9) as i64)
    }

    fn harmed<'a>(
        &self,
        sky: &'a Sky,
        now: Nanos,
        invoice: &Invoice,
        what: &str,
        share: impl Fn(&Harm) -> f64,
    ) -> Option<&'a Harm> {
        let happened = sky.upgrades.iter().filter(|h| h.at <= now);
        let mut before =
            happened.filter(|h| invoice.course.decided <= sky.work.worked(h.at) && invoice.uploaded < h.at);
        before.find(|h| self.harm_draw(what, h, invoice).happens(share(h)))
    }

    fn harm_draw(&self, what: &str, harm: &Harm, invoice: &Invoice) -> crate::weather::Chance {
        self.chance.of(what).of(&invoice.fields.number).nth(harm.at as u64)
    }

    fn harm_done(&self, sky: &Sky, now: Nanos) -> Vec<Value> {
        let tell = |harm: &Harm| {
            let (mut vanished, mut altered) = (Vec::new(), Vec::new());
            if harm.at <= now {
                let before =
                    |i: &Invoice| i.course.decided <= sky.work.worked(harm.at) && i.uploaded < harm.at;
                self.records.each(|invoice| {
                    let number = invoice.fields.number.to_string();
                    if before(invoice) && self.harm_draw("vanish", harm, invoice).happens(harm.vanish) {
                        vanished.push(number);
                    } else if before(invoice) && self.harm_draw("alter", harm, invoice).happens(harm.alter) {
                        altered.push(number);
                    }
                });
            }
            vanished.sort();
            altered.sort();
            json!({"at": Exact(harm.at), "vanish": harm.vanish, "alter": harm.alter, "vanished": vanished, "altered": altered})
        };
        sky.upgrades.iter().map(tell).collect()
    }

    fn seen_where(&self, sky: &Sky, most: usize, after: u64) -> Vec<Value> {
        if most == 0 {
            return Vec::new();
        }
        let mut chosen: Vec<(u64, Value)> = Vec::new();
        self.records.each(|invoice| {
            if invoice.id > after {
                chosen.push((invoice.id, self.journey(sky, invoice)));
            }
        });
        chosen.sort_by_key(|(id, _)| *id);
        chosen.truncate(most);
        chosen.into_iter().map(|(_, told)| told).collect()
    }

    fn journey(&self, sky: &Sky, invoice: &Invoice) -> Value {
        let exact = |worked: Nanos| sky.work.instant(worked).map(Exact);
        let seen = Surface::HOME.map(|s| (s.name(), json!(exact(invoice.seen(s)))));
        json!({
            "id": invoice.id,
            "number": invoice.fields.number,
            "uploaded": Exact(invoice.uploaded),
            "decided": exact(invoice.course.decided),
            "accepted": invoice.reasons.is_empty(),
            "entered_sync": exact(invoice.course.entered),
            "seen": serde_json::Map::from_iter(seen),
        })
    }
}
