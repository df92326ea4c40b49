//! Whole gates on made-up blocks: what each situation must end in.
#![allow(clippy::unwrap_used)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::*;
use crate::quantile::LogSample;

/// The latencies of these tests are in seconds.
fn usual() -> Settings {
    Settings { unit: 1.0, ..Settings::default() }
}

/// What the candidate does to one operation.
#[derive(Clone, Copy)]
struct World {
    slower: f64,
    errors: (u64, u64),
    spread: f64,
    /// Which of the blocks run so far touch a window, and which are the generator's fault.
    touched: fn(usize) -> bool,
    limited: fn(usize) -> bool,
}

const CALM: World =
    World { slower: 1.0, errors: (0, 0), spread: 0.01, touched: |_| false, limited: |_| false };

impl World {
    fn block(&self, arm: Arm, index: usize, rng: &mut ChaCha8Rng) -> Block {
        let level = 1.0 + self.spread * rng.sample::<f64, _>(StandardNormal);
        let ratio = if arm == Arm::B { self.slower } else { 1.0 };
        let latencies: Vec<f64> = (0..400)
            .map(|_| 0.05 * level * ratio * (0.1 * rng.sample::<f64, _>(StandardNormal)).exp())
            .collect();
        let errors = if arm == Arm::B { self.errors.1 } else { self.errors.0 };
        let sample = Sample::new(&LogSample::from_values(&latencies).unwrap(), 400, errors);
        Block {
            arm,
            operations: [("issue".to_owned(), sample)].into(),
            touched_by_window: (self.touched)(index),
            generator_limited: (self.limited)(index),
        }
    }

    fn judge(&self, settings: Settings) -> (Verdict, Vec<Block>) {
        let rng = &mut ChaCha8Rng::seed_from_u64(11);
        let gate = Gate::new(settings).unwrap();
        let mut blocks = Vec::new();
        loop {
            match gate.next(&blocks) {
                Step::Done(verdict) => return (*verdict, blocks),
                Step::Run { arm: Arm::Both, .. } => {
                    blocks.push(self.block(Arm::A, blocks.len(), rng));
                    blocks.push(self.block(Arm::B, blocks.len(), rng));
                }
                Step::Run { arm, .. } => blocks.push(self.block(arm, blocks.len(), rng)),
            }
            assert!(blocks.len() < 200, "the gate does not end");
        }
    }
}

fn check(world: World, want: Judgement, exit: u8, reason: Option<Reason>) -> Verdict {
    let (verdict, _) = world.judge(usual());
    assert_eq!((verdict.verdict, verdict.exit, verdict.reason), (want, exit, reason), "{verdict:#?}");
    verdict
}

#[test]
fn alike_passes_at_the_first_look() {
    let verdict = check(CALM, Judgement::Pass, 0, None);
    assert_eq!(verdict.pairs, 6);
}

#[test]
fn slower_fails_and_is_named() {
    let verdict = check(World { slower: 1.15, ..CALM }, Judgement::Fail, 1, Some(Reason::Regression));
    let named = verdict.metrics.iter().find(|r| r.verdict == Judgement::Fail).unwrap();
    assert_eq!(named.operation, "issue");
    assert!(named.lower.unwrap() > 0.0 && named.change.unwrap() > 0.1, "{named:?}");
}

#[test]
fn faster_passes() {
    check(World { slower: 0.8, ..CALM }, Judgement::Pass, 0, None);
}

#[test]
fn noise_ends_inconclusive_and_says_what_it_could_see() {
    let world = World { spread: 0.25, ..CALM };
    let verdict = check(world, Judgement::Inconclusive, 3, Some(Reason::TooFewPairs));
    let row = verdict.metrics.iter().find(|r| r.verdict == Judgement::Inconclusive).unwrap();
    assert!(row.detectable.unwrap() > row.tolerance, "{row:?}");
    assert!(row.pairs_needed.unwrap() > 24, "{row:?}");
}

#[test]
fn errors_fail_on_their_own() {
    let verdict = check(World { errors: (0, 12), ..CALM }, Judgement::Fail, 1, Some(Reason::Regression));
    let failed: Vec<Metric> =
        verdict.metrics.iter().filter(|r| r.verdict == Judgement::Fail).map(|r| r.metric).collect();
    assert_eq!(failed, [Metric::ErrorRatio]);
}

#[test]
fn the_same_errors_on_both_sides_pass() {
    check(World { errors: (4, 4), ..CALM }, Judgement::Pass, 0, None);
}

#[test]
fn a_dead_candidate_fails_at_once_and_a_dead_baseline_proves_nothing() {
    let failed = Some(Reason::CandidateFailed);
    let verdict = check(World { errors: (0, 390), ..CALM }, Judgement::Fail, 1, failed);
    assert_eq!(verdict.pairs, 1);
    check(World { errors: (390, 0), ..CALM }, Judgement::Inconclusive, 3, Some(Reason::BaselineFailed));
}

#[test]
fn a_window_drops_pairs_and_a_long_one_voids_the_gate() {
    let world = World { touched: |i| (4..8).contains(&i), ..CALM };
    let verdict = check(world, Judgement::Pass, 0, None);
    assert_eq!((verdict.pairs, verdict.maintenance.blocks_dropped), (10, 4));
    let world = World { touched: |i| i >= 2, ..CALM };
    check(world, Judgement::Inconclusive, 4, Some(Reason::Maintenance));
    let world = World { limited: |i| i % 2 == 1, ..CALM };
    check(world, Judgement::Inconclusive, 3, Some(Reason::Generator));
}

#[test]
fn the_order_turns_with_every_pair() {
    let (_, blocks) = World { spread: 0.2, ..CALM }.judge(usual());
    let arms: Vec<Arm> = blocks.iter().take(6).map(|b| b.arm).collect();
    assert_eq!(arms, [Arm::A, Arm::B, Arm::B, Arm::A, Arm::A, Arm::B]);
}

#[test]
fn a_duet_drops_both_of_a_void_pair() {
    let world = World { limited: |i| i == 2, ..CALM };
    let (verdict, blocks) = world.judge(Settings { mode: Mode::Duet, ..usual() });
    assert_eq!((verdict.pairs, blocks.len()), (6, 14));
}

#[test]
fn an_operation_on_one_side_only_is_never_passed() {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let mut blocks: Vec<Block> =
        (0..48).map(|i| CALM.block(if i % 2 == 0 { Arm::A } else { Arm::B }, i, rng)).collect();
    for block in blocks.iter_mut().filter(|b| b.arm == Arm::A) {
        let sample = block.operations["issue"].clone();
        block.operations.insert("void".to_owned(), sample);
    }
    let Step::Done(verdict) = Gate::new(usual()).unwrap().next(&blocks) else {
        panic!("all pairs are there")
    };
    assert_eq!((verdict.verdict, verdict.reason), (Judgement::Inconclusive, Some(Reason::OneSideOnly)));
}

#[test]
fn a_time_budget_ends_between_looks() {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let slow = World { slower: 1.3, ..CALM };
    let blocks: Vec<Block> = [Arm::A, Arm::B, Arm::B, Arm::A, Arm::A, Arm::B, Arm::B, Arm::A]
        .into_iter()
        .enumerate()
        .map(|(i, arm)| slow.block(arm, i, rng))
        .collect();
    let gate = Gate::new(usual()).unwrap();
    assert_eq!(gate.finish(&blocks).verdict, Judgement::Fail);
    assert_eq!(gate.finish(&[]).exit, 3);
}

#[test]
fn a_later_sync_fails_and_an_inconclusive_one_hides_nothing() {
    let sync = |verdict| {
        vec![SyncJudgement {
            surface: "query".to_owned(),
            verdict,
            ratio: None,
            lower: None,
            upper: None,
            tolerance: 0.2,
            detectable: None,
            p: None,
            reason: String::new(),
        }]
    };
    let (pass, _) = CALM.judge(usual());
    assert_eq!(pass.clone().with_sync(sync(Judgement::Fail)).exit, 1);
    assert_eq!(pass.with_sync(sync(Judgement::Inconclusive)).exit, 0);
}

#[test]
fn equal_numbers_have_no_infinite_certainty() {
    let sample = Sample::new(&LogSample::from_values(&[0.05; 400]).unwrap(), 400, 0);
    let slower = sample.clone().slower(1.0005);
    let block = |i: usize| {
        let arm = if i.is_multiple_of(2) { Arm::A } else { Arm::B };
        let sample = if arm == Arm::A { sample.clone() } else { slower.clone() };
        let operations = [("issue".to_owned(), sample)].into();
        Block { arm, operations, touched_by_window: false, generator_limited: false }
    };
    let blocks: Vec<Block> = (0..12).map(block).collect();
    let Step::Done(verdict) = Gate::new(usual()).unwrap().next(&blocks) else {
        panic!("six pairs are a look")
    };
    assert_eq!(verdict.verdict, Judgement::Pass);
}

#[test]
fn stored_runs_need_five_a_side() {
    let rng = &mut ChaCha8Rng::seed_from_u64(8);
    let mut runs = |slower: f64, n: usize| -> Vec<Run> {
        let world = World { slower, ..CALM };
        let run = |i| Run { operations: world.block(Arm::B, i, rng).operations, spoilt_by_window: false };
        (0..n).map(run).collect()
    };
    let (before, alike, slower) = (runs(1.0, 10), runs(1.0, 10), runs(1.2, 10));
    let settings = usual();
    assert_eq!(stored(&before, &alike, &settings).verdict, Judgement::Pass);
    assert_eq!(stored(&before, &slower, &settings).verdict, Judgement::Fail);
    let few = stored(&before[..4], &slower, &settings);
    assert_eq!((few.exit, few.reason), (3, Some(Reason::TooFewPairs)));
    let spoilt: Vec<Run> = slower.into_iter().map(|r| Run { spoilt_by_window: true, ..r }).collect();
    assert_eq!(stored(&before, &spoilt, &settings).exit, 4);
}

#[test]
fn a_longer_budget_finds_smaller_changes() {
    let settings = usual();
    let detectable = |budget| plan(&settings, budget, 5.0, 1).detectable[0].1[1];
    assert!(detectable(3120.0) < detectable(1560.0));
    assert_eq!(plan(&settings, 1560.0, 5.0, 1).looks, [6, 10, 12]);
    assert_eq!(plan(&settings, 100.0, 5.0, 1).pairs, 0);
}

#[test]
fn impossible_settings_are_named() {
    let wrong = Settings { max_pairs: 2, ..usual() };
    let error = Gate::new(wrong).unwrap_err().to_string();
    assert_eq!(error, "max_pairs must be 3 or more: fewer pairs show no spread");
    assert!(Gate::new(Settings { rate: f64::NAN, ..usual() }).is_err());
}

#[test]
fn the_answer_is_the_contract() {
    let (verdict, _) = World { spread: 0.25, ..CALM }.judge(usual());
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["kind"], "gate");
    assert_eq!(json["verdict"], "inconclusive");
    assert_eq!(json["mode"], "interleaved");
    assert_eq!(json["metrics"][0]["metric"], "typical");
    for key in ["change", "lower", "upper", "tolerance", "detectable"] {
        assert!(json["metrics"][0][key].is_number(), "{key}");
    }
    assert!(json["maintenance"]["blocks_dropped"].is_number());
}

/// A gate of one operation of so many seconds, its candidate so much slower.
fn of_length(seconds: f64, slower: f64, spread: f64) -> Verdict {
    let unit = seconds / 0.05;
    World { slower, spread, ..CALM }.judge(Settings { unit, ..usual() }).0
}

#[test]
fn nobody_feels_half_a_millisecond() {
    let felt = |seconds, slower| of_length(seconds, slower, 0.01).verdict;
    assert_eq!(felt(0.001, 1.3), Judgement::Pass);
    assert_eq!(felt(0.050, 1.3), Judgement::Fail);
    assert_eq!(felt(0.001, 3.0), Judgement::Fail);
    assert_eq!(felt(0.010, 1.1), Judgement::Fail);
}

#[test]
fn a_neighbour_moves_a_short_operation_and_it_passes() {
    let verdict = of_length(0.0005, 1.0, 0.2);
    assert_eq!(verdict.verdict, Judgement::Pass, "{verdict:#?}");
    let row = &verdict.metrics[0];
    assert_eq!(row.slack, Some(0.001));
    assert!((row.tolerance - 0.001 / row.baseline.unwrap()).abs() < 1e-9, "{row:?}");
    let long = of_length(0.1, 1.0, 0.01);
    assert_eq!((long.metrics[0].slack, long.metrics[0].tolerance), (None, 0.05));
    let ratios_alone = World { spread: 0.2, ..CALM }.judge(Settings { slack: 0.0, ..usual() }).0;
    assert_eq!(ratios_alone.verdict, Judgement::Inconclusive);
}
