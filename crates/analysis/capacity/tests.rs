//! Whole searches on made-up platforms: what each situation must end in.
#![allow(clippy::unwrap_used)]

use super::*;

const SLO: Slo = Slo { latency: 0.5, share: 0.01 };

/// A platform without noise: its share of violations, and its backlog, follow from the rate.
#[derive(Clone, Copy)]
struct Platform {
    limit: f64,
    backlog_above: f64,
    failures: bool,
}

const PLATFORM: Platform = Platform { limit: 80.0, backlog_above: f64::INFINITY, failures: false };

impl Platform {
    fn trial(&self, purpose: Purpose, rate: f64, seconds: f64) -> Trial {
        let odds = 0.0101 * (rate / self.limit).powi(30);
        let due = rate.ceil() as u64 * 10;
        let bad = (due as f64 * odds / (1.0 + odds)).round() as u64;
        let (slow, failed) = if self.failures { (0, bad) } else { (bad, 0) };
        let second = Second { due, slow, failed, unsent: 0, mean: 0.1 };
        let each_second = vec![second; seconds as usize];
        let review = if rate > self.backlog_above { Growth::Grows } else { Growth::Steady };
        let (requests, sync) = (10.0 * rate, Growth::Unknown);
        Trial { purpose, rate, seconds, each_second, requests, review, sync, collapsed: false, drain: 1.0 }
    }

    fn search(&self, settings: Settings) -> CapacityAnswer {
        let capacity = Capacity::new(settings).unwrap();
        let mut trials = Vec::new();
        loop {
            match capacity.next(&trials) {
                Step::Done(answer) => return *answer,
                Step::Run { purpose, rate, seconds } => trials.push(self.trial(purpose, rate, seconds)),
            }
            assert!(trials.len() < 60, "the search does not end");
        }
    }
}

fn usual() -> Settings {
    Settings::new(SLO, 10.0, 400.0)
}

#[test]
fn the_limit_is_found_with_an_interval_about_it() {
    let answer = PLATFORM.search(usual());
    assert!((answer.median.unwrap() / 80.0 - 1.0).abs() < 0.03, "{answer:#?}");
    assert!(answer.lower.unwrap() < 80.0 && answer.upper.unwrap() > 80.0, "{answer:#?}");
    assert_eq!((answer.exit, answer.symptom, answer.confirmed), (0, Some(Symptom::Latency), Some(true)));
}

#[test]
fn a_first_rate_that_is_too_much_is_searched_downwards() {
    let answer = Platform { limit: 3.0, ..PLATFORM }.search(usual());
    assert!((answer.median.unwrap() / 3.0 - 1.0).abs() < 0.1, "{answer:#?}");
}

#[test]
fn an_slo_that_is_never_met_has_an_upper_bound_and_no_number() {
    let answer = Platform { limit: 0.01, ..PLATFORM }.search(usual());
    assert_eq!((answer.exit, answer.limit, answer.median), (1, Some(Limit::NeverMet), None));
    assert!(answer.upper.unwrap() < 0.2 && answer.lower.is_none(), "{answer:#?}");
}

#[test]
fn an_slo_that_is_met_at_every_rate_has_a_lower_bound_and_no_number() {
    let answer = Platform { limit: 4000.0, ..PLATFORM }.search(usual());
    assert_eq!((answer.exit, answer.limit, answer.median), (0, Some(Limit::MetAtEveryRate), None));
    assert_eq!((answer.lower, answer.upper), (Some(400.0), None));
}

#[test]
fn quick_answers_with_a_growing_backlog_are_not_capacity() {
    let answer = Platform { backlog_above: 50.0, ..PLATFORM }.search(usual());
    assert_eq!(answer.symptom, Some(Symptom::ReviewBacklog));
    assert!((answer.median.unwrap() / 50.0 - 1.0).abs() < 0.06, "{answer:#?}");
}

#[test]
fn failures_are_named() {
    assert_eq!(Platform { failures: true, ..PLATFORM }.search(usual()).symptom, Some(Symptom::Errors));
}

#[test]
fn a_need_is_carried_or_not_and_a_marginal_one_gets_more_trials() {
    let need = |need| PLATFORM.search(Settings { need: Some(need), ..usual() });
    assert_eq!((need(60.0).exit, need(120.0).exit), (0, 1));
    let marginal = need(80.0);
    assert_eq!(marginal.exit, 3);
    assert_eq!(marginal.trials.len(), PLATFORM.search(usual()).trials.len() + EXTRA_TRIALS);
}

#[test]
fn a_search_cut_short_claims_nothing() {
    let answer = Capacity::new(usual()).unwrap().finish(&[PLATFORM.trial(Purpose::WarmUp, 15.0, 20.0)]);
    assert_eq!((answer.exit, answer.limit, answer.lower), (3, Some(Limit::CutShort), None));
}

#[test]
fn what_only_short_probes_carried_is_no_go() {
    let trials =
        [(Purpose::WarmUp, 15.0, 20.0), (Purpose::Bracket, 60.0, 8.0), (Purpose::Bracket, 90.0, 8.0)]
            .map(|(purpose, rate, seconds)| PLATFORM.trial(purpose, rate, seconds));
    let cut = |need| Capacity::new(Settings { need: Some(need), ..usual() }).unwrap().finish(&trials);
    assert_eq!((cut(20.0).exit, cut(20.0).confirmed), (3, None));
    assert_eq!(cut(200.0).exit, 1, "what is far above what was violated is not carried");
}

#[test]
fn a_backlog_that_short_probes_miss_is_found_by_trials() {
    // Probes of 8 s see nothing of it: the first search trial is three times too fast.
    let hidden = |purpose, rate, seconds| {
        let trial = Platform { backlog_above: 25.0, ..PLATFORM }.trial(purpose, rate, seconds);
        Trial { review: if seconds > 20.0 { trial.review } else { Growth::Unknown }, ..trial }
    };
    let capacity = Capacity::new(usual()).unwrap();
    let mut trials = Vec::new();
    let answer = loop {
        match capacity.next(&trials) {
            Step::Done(answer) => break answer,
            Step::Run { purpose, rate, seconds } => trials.push(hidden(purpose, rate, seconds)),
        }
        assert!(trials.len() < 60, "the search does not end");
    };
    assert!((answer.median.unwrap() / 25.0 - 1.0).abs() < 0.1, "{answer:#?}");
}

#[test]
fn a_search_without_time_confirms_what_it_has() {
    let capacity = Capacity::new(usual()).unwrap();
    let mut trials = vec![PLATFORM.trial(Purpose::WarmUp, 15.0, 20.0)];
    trials.extend([60.0, 90.0].map(|rate| PLATFORM.trial(Purpose::Bracket, rate, 8.0)));
    let Step::Run { purpose, rate, seconds } = capacity.conclude(&trials) else { panic!("{trials:?}") };
    assert_eq!((purpose, seconds), (Purpose::Confirm, 60.0));
    trials.push(PLATFORM.trial(purpose, rate, seconds));
    let Step::Done(answer) = capacity.conclude(&trials) else { panic!("{trials:?}") };
    assert_eq!((answer.exit, answer.confirmed), (0, Some(true)));
    assert!(answer.lower.unwrap() < 80.0, "{answer:#?}");
}

#[test]
fn what_the_generator_could_not_send_is_a_bound_from_below() {
    let slow = Settings { ceiling: 40.0, ..usual() };
    let answer = PLATFORM.search(slow.clone()).at_the_generators_limit();
    assert_eq!((answer.exit, answer.limit, answer.lower), (3, Some(Limit::Generator), Some(40.0)));
    // Where not even the first rate could be sent, there is no bound at all.
    let nothing = Capacity::new(usual()).unwrap().finish(&[]).at_the_generators_limit();
    assert_eq!((nothing.exit, nothing.limit, nothing.lower), (3, Some(Limit::Generator), None));
    let need = Settings { need: Some(30.0), ..slow };
    assert_eq!(PLATFORM.search(need).at_the_generators_limit().exit, 0);
}
