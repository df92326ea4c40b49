//! What the weather does, and that the truth tells it.

#![allow(clippy::unwrap_used)]

mod visitor;

use hyper::Method;
use piaotan_platform::{Manner, Request, Weather};
use serde_json::{Value, json};
use visitor::{Invoice, Visitor, start};

#[test]
fn a_window_answers_as_told_and_ends_on_time() {
    for (answer, status, code) in
        [("503", 503, "5003"), ("html", 503, ""), ("code", 200, "5001"), ("504", 504, "")]
    {
        let mut v = Visitor::new(&format!("[[maintenance]]\nat = 10\nfor = 5\nanswer = \"{answer}\""));
        assert_eq!(v.at(9.999).get("/health").code, "0000");
        let inside = v.at(10.0).get("/health");
        assert_eq!((inside.status, inside.code.as_str()), (status, code), "{answer}");
        let retry = inside.reply.headers.iter().any(|(n, value)| *n == "retry-after" && value == "5");
        assert_eq!(retry, status == 503, "{answer}");
        assert_eq!(v.get("/notices.json").code, "0000", "notices stay up");
        assert_eq!(v.at(15.0).get("/health").code, "0000");
        let window = v.truth()["maintenance"][0].clone();
        assert_eq!(
            (window["refused"].as_u64(), &window["begin"]),
            (Some(1), &json!("2026-11-24T12:00:10.000000000+08:00"))
        );
    }
}

#[test]
fn resets_send_nothing() {
    for answer in ["reset", "refuse"] {
        let mut v = Visitor::new(&format!("[[maintenance]]\nat = 10\nfor = 5\nanswer = \"{answer}\""));
        assert_eq!(v.at(11.0).get("/health").reply.manner, Manner::Reset);
    }
}

#[test]
fn writes_stop_first_then_all() {
    let mut v = Visitor::new("[[maintenance]]\nat = 10\nfor = 5\nwrites_first = 4.0");
    v.at(7.0);
    assert_eq!((v.upload(&Invoice::new(1)).status, v.get("/api/invoices").status), (503, 200));
    v.at(12.0);
    assert_eq!((v.upload(&Invoice::new(1)).status, v.get("/api/invoices").status), (503, 503));
}

fn end_of(weather: &str) -> Value {
    let mut v = Visitor::new(&format!("[[maintenance]]\nat = 10\nfor = 20\n{weather}"));
    v.at(100.0).truth()["maintenance"][0]["end"].clone()
}

#[test]
fn overrun_early_end_cancelled_and_postponed() {
    assert_eq!(end_of("overrun = 7.5"), "2026-11-24T12:00:37.500000000+08:00");
    assert_eq!(end_of("early = 5"), "2026-11-24T12:00:25.000000000+08:00");
    assert_eq!(end_of("cancel = { at = 5, phrase = \"zh1\" }"), Value::Null);
    assert_eq!(end_of("cancel = { at = 12 }"), "2026-11-24T12:00:12.000000000+08:00");
    assert_eq!(
        end_of("postpone = { at = 5, to = 40, phrase = \"en1\" }"),
        "2026-11-24T12:01:00.000000000+08:00"
    );
}

#[test]
fn notices_are_published_in_time_with_times_to_the_second() {
    let weather = "[[maintenance]]\nat = 70\nfor = 12\nannounce = { at = 5, phrase = \"PHRASE\" }\noperations = [\"upload\"]";
    for (phrase, wanted) in [
        ("zh1", "2026年11月24日12:01:10至12:01:22"),
        ("zh2", "2026年11月24日（星期二）12时01分10秒起至12时01分22秒"),
        ("zh3", "2026-11-24 12:01:10 至 12:01:22"),
        ("zh4", "2026年11月24日12:01:10—12:01:22"),
        ("en1", "24 November 2026, 12:01:10 to 12:01:22 (Beijing time, UTC+8)"),
        ("en2", "Tuesday 24 November 2026 12:01:10 to 12:01:22"),
        ("en3", "2026-11-24 12:01:10 to 12:01:22 UTC+8"),
    ] {
        let mut v = Visitor::new(&weather.replace("PHRASE", phrase));
        assert_eq!(v.at(4.0).get("/notices.json").data["notices"], json!([]));
        let notice = v.at(5.0).get("/notices.json").data["notices"][0].clone();
        let text = notice["text"].as_str().unwrap();
        assert!(text.contains(wanted), "{phrase}: {text}");
        let page = String::from_utf8(v.get("/notices").reply.body.to_vec()).unwrap();
        assert!(page.contains(wanted) && (page.contains("发票上传") || page.contains("Invoice upload")));
        assert!(String::from_utf8(v.get("/notices.rss").reply.body.to_vec()).unwrap().contains(wanted));
    }
}

#[test]
fn notices_answer_conditionally() {
    let mut v = Visitor::new("[[notice]]\nat = 5\ntitle = \"办公时间\"\ntext = \"九点至五点\"");
    let tag = v.get("/notices").reply.headers.iter().find(|(n, _)| *n == "etag").unwrap().1.clone();
    let again =
        |v: &Visitor| v.send(Request::new(Method::GET, "/notices", "").with("if-none-match", &tag)).status;
    assert_eq!(again(&v), 304);
    v.at(5.0);
    assert_eq!(again(&v), 200);
}

#[test]
fn a_window_holds_up_review_and_sync_and_the_backlog_is_caught_up() {
    let mut v = Visitor::new(
        "[[review]]\ndelay = 2.0\n[[sync]]\ndelay = 8.0\n[[maintenance]]\nat = 5\nfor = 20\ncatch_up = 5.0",
    );
    let number = v.uploaded(1);
    v.at(25.9);
    assert!(!v.is_found(&number), "5 s worked before, 0.9 s × 5 since");
    v.at(26.0);
    assert!(v.is_found(&number));
    assert_eq!(v.truth()["invoices"][0]["seen"]["number"], "2026-11-24T12:00:26.000000000+08:00");
    assert_eq!(
        v.truth()["maintenance"][0]["pipelines_even"].as_str().unwrap()[..23],
        *"2026-11-24T12:00:30.000"
    );
}

#[test]
fn weather_put_live_holds_up_what_is_under_way() {
    let mut v = Visitor::new("[[sync]]\ndelay = 10.0");
    let number = v.uploaded(1);
    v.at(6.0);
    let put =
        Request::new(Method::PUT, "/_weather?from=now", "[[maintenance]]\nat = 0\nfor = 30\ncatch_up = 1.0");
    assert_eq!(v.send(put).code, "0000");
    assert_eq!(v.get("/health").status, 503);
    v.at(39.9);
    assert!(!v.is_found(&number));
    v.at(40.0);
    assert!(v.is_found(&number));
    let truth = v.truth();
    assert_eq!(truth["sync"][0]["until"], "2026-11-24T12:00:06.000000000+08:00");
    assert_eq!(truth["maintenance"][0]["begin"], "2026-11-24T12:00:06.000000000+08:00");
}

#[test]
fn wrong_weather_is_refused_and_changes_nothing() {
    let v = Visitor::new("[rules]\ndaily_limit = 2");
    let put = |body: &str| v.send(Request::new(Method::PUT, "/_weather", body.to_string()));
    let answer = put("[[fault]]\nkind = \"reset\"\nshar = 0.5");
    assert_eq!((answer.status, answer.code.as_str()), (400, "7001"));
    assert!(
        answer.data["fields"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("line 3: unknown field `shar`; did you mean `share`?")
    );
    assert_eq!(v.get("/_weather").data["rules"]["daily_limit"], 2);
}

fn ks(mut drawn: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    drawn.sort_by(f64::total_cmp);
    let n = drawn.len() as f64;
    let gaps = drawn.iter().enumerate().map(|(i, x)| {
        let f = cdf(*x);
        (f - i as f64 / n).max((i + 1) as f64 / n - f)
    });
    gaps.fold(0.0, f64::max)
}

/// The logistic approximation would not do: this is Abramowitz and Stegun 7.1.26, good to 1.5e-7.
fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.3275911 * z.abs() / 2f64.sqrt());
    let poly = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]
        .iter()
        .fold(0.0, |s, c| s * t + c)
        * t;
    let erf = 1.0 - poly * (-z * z / 2.0).exp();
    if z < 0.0 { (1.0 - erf) / 2.0 } else { (1.0 + erf) / 2.0 }
}

/// When an invoice is first found, in seconds after the start, by asking again and again at other times.
fn first_found(v: &mut Visitor, number: &str) -> f64 {
    let (mut low, mut high) = (0.0, 1e5);
    for _ in 0..45 {
        let middle = (low + high) / 2.0;
        if v.at(middle).is_found(number) { high = middle } else { low = middle }
    }
    high
}

#[test]
fn ten_thousand_delays_served_follow_their_distribution_and_the_truth() {
    let mut v = Visitor::new(
        "[rules]\ntoken_seconds = 1e6\n[[sync]]\ndelay = { kind = \"lognormal\", median = 40.0, sigma = 0.8 }",
    );
    let numbers: Vec<_> = (0..10_000).map(|n| v.uploaded(n)).collect();
    let served: Vec<f64> = numbers.iter().map(|n| first_found(&mut v, n)).collect();
    let truth = v.at(0.0).truth();
    let told = |surface: &str| -> Vec<f64> {
        let seen = truth["invoices"].as_array().unwrap().iter().map(|i| i["seen"][surface].as_str().unwrap());
        let instants = seen.map(|s| s.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        instants.map(|at| (at - start()).num_nanoseconds().unwrap() as f64 / 1e9).collect()
    };
    for (served, told) in served.iter().zip(told("number")) {
        assert!((served - told).abs() < 1e-6, "{served} {told}");
    }
    for (surface, delays) in [("served", served), ("keyword", told("keyword")), ("verify", told("verify"))] {
        let d = ks(delays, |x| normal_cdf((x / 40.0).ln() / 0.8));
        assert!(d < 1.628 / 100.0, "{surface}: KS distance {d} beyond the 1 % point");
    }
}

#[test]
fn delays_told_are_delays_served() {
    let mut v = Visitor::new("[[sync]]\ndelay = { kind = \"exponential\", mean = 5.0 }\nlost = 0.1");
    let numbers: Vec<_> = (0..200).map(|n| v.uploaded(n)).collect();
    let truth = v.truth();
    let mut lost = 0;
    for (told, number) in truth["invoices"].as_array().unwrap().iter().zip(&numbers) {
        let Some(seen) = told["seen"]["number"].as_str() else {
            lost += 1;
            assert!(!v.at(1e6).is_found(number));
            continue;
        };
        let seen: chrono::DateTime<chrono::Utc> = seen.parse().unwrap();
        v.now = seen - chrono::TimeDelta::microseconds(1);
        assert!(!v.is_found(number));
        v.now = seen;
        assert!(v.is_found(number));
    }
    assert!((8..35).contains(&lost), "{lost} of 200 lost at a share of 0.1");
}

#[test]
fn lost_is_lost_on_every_surface_that_the_entry_names() {
    let v = Visitor::new("[[sync]]\ndelay = 1.0\nlost = 0.3");
    (0..100).for_each(|n| drop(v.uploaded(n)));
    for told in v.truth()["invoices"].as_array().unwrap() {
        let never: Vec<_> =
            ["number", "keyword", "verify"].iter().map(|s| told["seen"][s].is_null()).collect();
        assert!(never == [true; 3] || never == [false; 3], "{told}");
    }
}

#[test]
fn batches_share_their_fate() {
    let mut v = Visitor::new(
        "[[sync]]\ndelay = { kind = \"uniform\", low = 0, high = 60 }\nevery = 10.0\nbatch_late = 0.5\nbatch_late_by = 100.0",
    );
    for n in 0..300 {
        v.uploaded(n);
    }
    let mut seen = std::collections::BTreeMap::new();
    for told in v.at(1000.0).truth()["invoices"].as_array().unwrap() {
        *seen.entry(told["seen"]["number"].as_str().unwrap().to_string()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert!(seen.keys().all(|at| at[18..].starts_with("0.000000000")), "{seen:?}");
}

#[test]
fn reordered_invoices_are_overtaken() {
    let v = Visitor::new("[[sync]]\ndelay = 1.0\nreorder = 0.2\nreorder_by = 30.0");
    (0..200).for_each(|n| drop(v.uploaded(n)));
    let truth = v.truth();
    let late = truth["invoices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["seen"]["number"].as_str().unwrap().contains("12:00:31"))
        .count();
    assert!((25..56).contains(&late), "{late} of 200 at a share of 0.2");
}

#[test]
fn review_and_sync_have_capacities_of_their_own() {
    let mut v = Visitor::new("[[sync_capacity]]\nrate = 2.0");
    let numbers: Vec<_> = (0..20).map(|n| v.uploaded(n)).collect();
    let seen = |v: &Visitor| numbers.iter().filter(|n| v.is_found(n)).count();
    assert_eq!((seen(v.at(0.0)), seen(v.at(2.0)), seen(v.at(9.5))), (1, 5, 20));
    let mut v = Visitor::new("[[review]]\ndelay = 1.0\nreviewers = 2");
    let numbers: Vec<_> = (0..20).map(|n| v.uploaded(n)).collect();
    v.at(5.0);
    assert_eq!(numbers.iter().filter(|n| v.status(n) == "accepted").count(), 10);
}

#[test]
fn capacity_is_a_queue_first_come_first_served() {
    let v = Visitor::new("[[capacity]]\nservers = 2\nservice = 0.1\nqueue = 3");
    // Registering and logging in took both servers' first tenth of a second, and one more.
    let waits: Vec<u128> = (0..4).map(|_| v.get("/health").reply.delay.as_millis()).collect();
    let mut fresh =
        Visitor::new("[[capacity]]\nservers = 2\nservice = 0.1\nqueue = 3\noperations = [\"health\"]");
    let waits_fresh: Vec<u128> = (0..5).map(|_| fresh.get("/health").reply.delay.as_millis()).collect();
    assert_eq!(waits_fresh, [100, 100, 200, 200, 300]);
    let full = fresh.get("/health");
    assert_eq!((full.status, full.code.as_str()), (503, "5004"));
    assert_eq!(fresh.at(1.0).get("/health").reply.delay.as_millis(), 100);
    let truth = fresh.truth()["capacity"][0].clone();
    assert_eq!(
        (&truth["served"], &truth["refused"], &truth["saturation_rate"]),
        (&json!(6), &json!(1), &json!(20.0))
    );
    assert!(waits[0] >= 100);
    let rate = fresh.get("/_weather/sustainable?quantile=0.99&seconds=0.3").data["rate"].as_f64().unwrap();
    assert!((5.0..20.0).contains(&rate), "{rate}");
}

#[test]
fn latency_is_added_by_operation() {
    let v = Visitor::new(
        "[[latency]]\noperations = [\"query\"]\ndelay = 0.25\n[[latency]]\noperations = [\"reads\"]\ndelay = 0.5",
    );
    assert_eq!(v.get("/api/invoices/26110000000000000001").reply.delay.as_millis(), 750);
    assert_eq!(v.get("/health").reply.delay.as_millis(), 0);
    assert_eq!(v.truth()["latency"][0]["applied"], 1);
}

#[test]
fn faults_come_in_their_share() {
    let v = Visitor::new("[[fault]]\nkind = \"error\"\nshare = 0.3\noperations = [\"health\"]");
    let failed = (0..1000).filter(|_| v.get("/health").status == 500).count();
    assert!((250..350).contains(&failed), "{failed}");
    assert_eq!(v.truth()["fault"][0]["applied"], failed);
    let manner = |kind: &str| {
        Visitor::new(&format!(
            "[[fault]]\nkind = \"{kind}\"\nshare = 1\nseconds = 2\noperations = [\"health\"]"
        ))
        .get("/health")
        .reply
    };
    assert_eq!(manner("reset").manner, Manner::Reset);
    assert_eq!(manner("cut_short").manner, Manner::CutShort);
    assert_eq!(manner("slow_body").manner, Manner::Slow(std::time::Duration::from_secs(2)));
    assert_eq!(manner("stall").delay.as_secs(), 2);
    assert!(serde_json::from_slice::<Value>(&manner("garbage").body).is_err());
}

#[test]
fn a_freeze_holds_all_until_it_ends() {
    let mut v = Visitor::new("[[fault]]\nat = 10\nfor = 2\nkind = \"freeze\"\nshare = 1");
    let wait = |v: &mut Visitor, at: f64| v.at(at).get("/health").reply.delay.as_millis();
    assert_eq!([9.9, 10.0, 11.5, 12.0].map(|at| wait(&mut v, at)), [0, 2000, 500, 0]);
}

#[test]
fn a_wrong_field_is_wrong_and_an_answer_lost_after_its_effect_has_had_it() {
    let v = Visitor::new("[[fault]]\nkind = \"wrong_field\"\nshare = 1\noperations = [\"query\"]");
    let number = v.uploaded(1);
    let shown = v.get(&format!("/api/invoices/{number}")).data;
    assert_eq!((shown["number"].as_str(), &shown["total"]), (Some(&*number), &json!("91130.01")));
    let v = Visitor::new("[[fault]]\nkind = \"error\"\nshare = 1\neffect = true\noperations = [\"upload\"]");
    let invoice = Invoice::new(1);
    assert_eq!(v.upload(&invoice).status, 500);
    assert!(v.is_found(&invoice.get("number")));
}

#[test]
fn throttling_refuses_or_delays() {
    let v = Visitor::new(
        "[[throttle]]\noperations = [\"query\"]\nper = \"token\"\nwindows = [{ limit = 2, seconds = 10 }]",
    );
    let ask = |v: &Visitor| v.get("/api/invoices/26110000000000000001");
    assert_eq!((ask(&v).status, ask(&v).status, ask(&v).status), (200, 200, 429));
    assert!(ask(&v).reply.headers.contains(&("retry-after", "10".into())));
    let other = Visitor::of(v.world.clone(), "13900000009", "enterprise");
    assert_eq!(ask(&other).status, 200);
    assert_eq!(v.truth()["throttle"][0]["applied"], 2);
}

#[test]
fn an_upgrade_loses_and_alters_old_rows_and_the_ledger_shows_it() {
    let mut v = Visitor::new("[rules]\ndaily_limit = 0\n[[upgrade]]\nat = 100\nvanish = 0.2\nalter = 0.3");
    let before: Vec<_> = (0..200).map(|n| v.uploaded(n)).collect();
    v.at(100.0);
    let after: Vec<_> = (200..250).map(|n| v.uploaded(n)).collect();
    let harm = v.truth()["upgrades"][0].clone();
    let listed = |what: &str| -> Vec<String> {
        harm[what].as_array().unwrap().iter().map(|n| n.as_str().unwrap().into()).collect()
    };
    let (vanished, altered) = (listed("vanished"), listed("altered"));
    assert!(
        (20..65).contains(&vanished.len()) && (30..80).contains(&altered.len()),
        "{} {}",
        vanished.len(),
        altered.len()
    );
    for (n, number) in before.iter().enumerate() {
        let found = v.is_found(number);
        assert_eq!(found, !vanished.contains(number));
        let intact = v.get(&format!("/api/ledger/proof/{number}")).data["intact"] == true;
        assert!(!altered.contains(number) || !intact);
        let genuine = v.verified(&Invoice::new(n as u64)).code == "0000";
        assert_eq!(genuine, !vanished.contains(number) && !altered.contains(number));
    }
    assert!(after.iter().all(|number| v.is_found(number)));
    assert_eq!(v.get("/api/invoices?size=1").data["total"], 250 - vanished.len());
    assert_eq!(v.get("/api/warnings?size=1").data["items"][0]["kind"], "tampered");
}

#[test]
fn cold_reads_cost_more_than_hot_ones() {
    let mut v = Visitor::new("[hot]\nkeep = 60\ncold = 0.4");
    let number = v.uploaded(1);
    let cost = |v: &Visitor| v.get(&format!("/api/invoices/{number}")).reply.delay.as_millis();
    assert_eq!((cost(v.at(30.0)), cost(v.at(100.0)), cost(v.at(130.0))), (0, 400, 0));
}

#[test]
fn a_wrong_clock_shows_in_all_that_is_written() {
    let v = Visitor::new("[[clock]]\nskew = -90.0");
    let number = v.uploaded(1);
    let answer = v.get(&format!("/api/invoices/{number}"));
    assert_eq!(answer.data["uploaded_at"], "2026-11-24T11:58:30.000000+08:00");
    assert!(answer.reply.headers.contains(&("date", "Tue, 24 Nov 2026 03:58:30 GMT".into())));
}

#[test]
fn arrivals_are_counted_and_logged() {
    let v = Visitor::new("[log]\nkeep = 3");
    for _ in 0..5 {
        v.get("/health");
    }
    assert_eq!(v.get("/_weather/counts").data["arrivals"]["health"], 5);
    let log = v.get("/_weather/log").data["entries"].clone();
    assert_eq!(log.as_array().unwrap().len(), 3);
    assert_eq!((&log[0]["operation"], &log[0]["status"]), (&json!("health"), &json!(200)));
}

#[test]
fn the_same_seed_gives_the_same_weather() {
    let weather = "[[sync]]\ndelay = { kind = \"exponential\", mean = 5.0 }\n[[fault]]\nkind = \"error\"\nshare = 0.2\noperations = [\"query\"]";
    let run = || {
        let v = Visitor::new(weather);
        (0..50).for_each(|n| drop(v.uploaded(n)));
        let faults: Vec<_> = (0..50).map(|n| v.get(&format!("/api/invoices/26110{n:015}")).status).collect();
        (v.truth()["invoices"].clone(), faults)
    };
    assert_eq!(run(), run());
    assert!(Weather::parse(weather).is_ok());
}

#[test]
fn a_week_passes_in_seconds() {
    let mut v = Visitor::new(
        "[rules]\ntoken_seconds = 1e6\n[[sync]]\ndelay = { kind = \"lognormal\", median = 3600, sigma = 1 }\n[[maintenance]]\nat = 172800\nfor = 28800\ncatch_up = 4",
    );
    for hour in 0..168u64 {
        v.at(hour as f64 * 3600.0);
        if v.get("/health").status == 200 {
            v.uploaded(hour);
        }
    }
    v.at(7.0 * 86400.0);
    assert_eq!(v.truth()["invoices_total"], 160);
    assert_eq!(v.truth()["maintenance"][0]["refused"], 8);
}
