//! What a weather really did, as JSON.

use super::announce::Notice;
use super::form::Weather;
use super::sky::{Sky, Window};
use super::when::When;
use crate::domain::moment::{Exact, NEVER, Nanos, seconds};
use crate::storage::lock;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A weather and the stretch in which it was in force; `until` is never for the present one.
#[derive(Debug, Clone)]
pub(crate) struct Era {
    pub(crate) sky: Arc<Sky>,
    pub(crate) until: Nanos,
}

/// The truth of one era as seen at `now`, list by list.
pub(crate) fn era(era: &Era, now: Nanos) -> Value {
    let sky = &era.sky;
    let form = &sky.form;
    let clip = |span| clipped(era, span);
    let happened = |w: &&Window| w.begin < era.until || era.until == NEVER;
    json!({
        "since": Exact(sky.since),
        "until": exact(era.until),
        "maintenance": sky.windows.iter().filter(happened).map(|w| window(w, era, now)).collect::<Vec<_>>(),
        "notices": sky.notices.iter().map(notice).collect::<Vec<_>>(),
        "clock": list(&form.clock, sky, |e| (e.at, e.r#for), clip, |_| json!({})),
        "review": list(&form.review, sky, |e| (e.at, e.r#for), clip, |_| json!({})),
        "sync": list(&form.sync, sky, |e| (e.at, e.r#for), clip, |i| json!({"mean_delay": form.sync[i].delay.mean()})),
        "sync_capacity": list(&form.sync_capacity, sky, |e| (e.at, e.r#for), clip, |_| json!({})),
        "capacity": list(&form.capacity, sky, |e| (e.at, e.r#for), clip, |i| capacity(form, sky, i)),
        "latency": list(&form.latency, sky, |e| (e.at, e.r#for), clip, |i| applied(&sky.delayed, i)),
        "fault": list(&form.fault, sky, |e| (e.at, e.r#for), clip, |i| applied(&sky.faulted, i)),
        "throttle": list(&form.throttle, sky, |e| (e.at, e.r#for), clip, |i| applied(&sky.throttled, i)),
        "rules": form.rules,
        "hot": form.hot,
        "push": form.push,
    })
}

/// The entries of one list: what was written, with `from` and `until` as instants and what was done.
fn list<T: Serialize>(
    entries: &[T],
    sky: &Sky,
    times: impl Fn(&T) -> (When, Option<f64>),
    clip: impl Fn((Nanos, Nanos)) -> (Nanos, Nanos),
    done: impl Fn(usize) -> Value,
) -> Vec<Value> {
    let one = |(i, entry): (usize, &T)| {
        let (at, length) = times(entry);
        let from = at.resolve(sky.start);
        let until = length.map_or(NEVER, |s| from.saturating_add(seconds(s)));
        let (from, until) = clip((from, until));
        let mut value = json!(entry);
        let object = value.as_object_mut().expect("every entry is a table");
        object.insert("from".into(), json!(Exact(from)));
        object.insert("until".into(), json!(exact(until)));
        if let Value::Object(more) = done(i) {
            object.extend(more);
        }
        value
    };
    entries.iter().enumerate().map(one).collect()
}

fn clipped(era: &Era, (from, until): (Nanos, Nanos)) -> (Nanos, Nanos) {
    let from = from.max(era.sky.since).min(era.until);
    (from, until.min(era.until).max(from))
}

fn capacity(form: &Weather, sky: &Sky, index: usize) -> Value {
    let entry = &form.capacity[index];
    let mean = entry.service.mean();
    let mut value = json!(lock(&sky.queues).done(index));
    value["mean_service"] = json!(mean);
    value["saturation_rate"] = json!((mean > 0.0).then(|| entry.servers as f64 / mean));
    value
}

fn applied(counts: &[AtomicU64], index: usize) -> Value {
    json!({"applied": counts[index].load(Relaxed)})
}

fn window(w: &Window, era: &Era, now: Nanos) -> Value {
    let (begin, end) = clipped(era, (w.begin, w.end));
    let refused = w.refused.load(Relaxed);
    let never_began = w.end <= w.begin;
    let state = match () {
        () if never_began => "cancelled",
        () if now < begin => "coming",
        () if now < end => "open",
        () => "over",
    };
    let pipelines_even = (w.stops_pipelines && !never_began).then(|| era.sky.work.even_after(end)).flatten();
    json!({
        "id": w.id,
        "state": state,
        "begin": (!never_began).then_some(Exact(begin)),
        "end": exact(end).filter(|_| !never_began),
        "planned_begin": Exact(w.planned_begin),
        "planned_end": w.planned_end.map(Exact),
        "announced": w.announced.map(Exact),
        "cancelled": w.called_off.map(Exact),
        "postponed_to": w.postponed.map(Exact),
        "operations": w.operations.names(),
        "answer": w.answer,
        "stops_pipelines": w.stops_pipelines,
        "catch_up": w.catch_up,
        "pipelines_even": pipelines_even.map(Exact),
        "refused": refused,
        "first_refused": (refused > 0).then(|| Exact(w.first_refused.load(Relaxed))),
        "last_refused": (refused > 0).then(|| Exact(w.last_refused.load(Relaxed))),
    })
}

fn notice(n: &Notice) -> Value {
    json!({"at": Exact(n.at), "title": n.title, "lang": n.lang})
}

fn exact(at: Nanos) -> Option<Exact> {
    (at != NEVER).then_some(Exact(at))
}
