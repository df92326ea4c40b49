//! Whatever the file, the answer keeps its promises: numbers are finite, quantiles ascend, limits
//! enclose, and what was not reached has no upper limit.
#![allow(clippy::unwrap_used)]

use piaotan_analysis::sync::{Question, Reader, SyncAnswer, answer};
use proptest::prelude::*;

fn ask(rows: &str) -> SyncAnswer {
    let mut reader = Reader::new(b"id,uploaded,last_not_seen,first_seen,batch,group").unwrap();
    rows.lines().try_for_each(|line| reader.line(line.as_bytes())).unwrap();
    answer(&reader.finish().unwrap(), &Question::default()).unwrap()
}

fn keeps_its_promises(found: &SyncAnswer) {
    let quantiles = [found.quantiles.p50, found.quantiles.p90, found.quantiles.p95, found.quantiles.p99];
    for q in quantiles {
        assert!(q.value.is_finite() && q.value >= 0.0, "{q:?}");
        assert!(q.lower.is_none_or(|lower| lower <= q.value + 1e-9) || !q.reached, "{q:?}");
        assert!(q.upper.is_none_or(|upper| q.reached && upper >= q.value - 1e-9), "{q:?}");
    }
    assert!(quantiles.windows(2).all(|pair| pair[0].value <= pair[1].value + 1e-9), "{quantiles:?}");
    assert!(found.curve.len() <= 500 && found.curve[0] == [0.0, 1.0, 1.0, 1.0]);
    for pair in found.curve.windows(2) {
        let [t, survival, lower, upper] = pair[1];
        assert!(t > pair[0][0] && survival <= pair[0][1] + 1e-9, "{pair:?}");
        assert!(
            lower <= survival + 1e-9 && survival <= upper + 1e-9 && lower >= 0.0 && upper <= 1.0,
            "{pair:?}"
        );
    }
    let text = serde_json::to_string(found).unwrap();
    let mean = found.mean.value;
    assert!(mean.is_finite() && mean <= found.mean.within + 1e-9, "{text}");
}

#[test]
fn one_invoice_seen_and_one_not() {
    let seen = ask("a,0,5,10,,");
    assert!(seen.quantiles.p50.reached && (5.0..=10.0).contains(&seen.quantiles.p50.value));
    let unseen = ask("a,0,5,,,");
    assert!(!unseen.quantiles.p50.reached && unseen.censored == 1);
    keeps_its_promises(&seen);
    keeps_its_promises(&unseen);
}

#[test]
fn all_alike() {
    let rows: String = (0..300).map(|i| format!("{i},{i},{i},{},,\n", i + 5)).collect();
    let found = ask(&rows);
    keeps_its_promises(&found);
    assert!(found.quantiles.p99.reached && found.change.is_none());
    let at_once: String = (0..300).map(|i| format!("{i},{i},,{i},,\n")).collect();
    keeps_its_promises(&ask(&at_once));
}

#[test]
fn nobody_was_ever_found() {
    let rows: String = (0..300).map(|i| format!("{i},{i},{},,,\n", 400)).collect();
    let found = ask(&rows);
    keeps_its_promises(&found);
    assert!(!found.quantiles.p50.reached && found.quantiles.p50.value > 100.0, "{:?}", found.quantiles);
}

#[test]
fn two_groups_too_small_to_compare() {
    let found = ask("a,0,5,10,,old\nb,0,50,60,,new");
    keeps_its_promises(&found);
    assert_eq!(found.regression.unwrap().result.ratio, None);
}

prop_compose! {
    fn row()(uploaded in 0.0..1000.0_f64, wait in 0.0..300.0_f64, poll in 0.0..60.0_f64, seen in prop::bool::weighted(0.7),
             looked in prop::bool::ANY, batch in 0..40_u8, group in 0..2_u8) -> String {
        let last = if looked { format!("{:.2}", uploaded + wait) } else { String::new() };
        let first = if seen { format!("{:.2}", uploaded + wait + poll + 0.01) } else { String::new() };
        format!("{uploaded:.2},{last},{first},{},{group}", if batch < 20 { batch.to_string() } else { String::new() })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn any_rows(rows in prop::collection::vec(row(), 1..300)) {
        let numbered: String = rows.iter().enumerate().map(|(i, row)| format!("{i},{row}\n")).collect();
        keeps_its_promises(&ask(&numbered));
    }
}
