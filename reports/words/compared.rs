//! How one series of delays compares with its baseline, in a sentence.

use super::{Lang, Phrase, fill};
use piaotan_analysis::summary::Verdict;
use piaotan_analysis::sync::{FEWEST_CLUSTERS, Regression};

/// Why the verdict is what it is.
#[must_use]
pub fn compared(lang: Lang, found: &Regression) -> String {
    let clusters = found.clusters.map(|count| count.to_string());
    let weak = match found.is_weak() {
        true => fill(lang, Phrase::FewClusters, &[&clusters[0], &clusters[1]]),
        false => String::new(),
    };
    let Some(factor) = found.factor else {
        return match found.p {
            Some(_) => Phrase::BaselineTooShort.say(lang).to_owned(),
            None => fill(
                lang,
                Phrase::TooFewClusters,
                &[&clusters[0], &clusters[1], &FEWEST_CLUSTERS.to_string()],
            ),
        };
    };
    let times = |value: f64| format!("{value:.2}");
    let said = match (found.verdict, factor.upper, found.detectable) {
        (Verdict::Fail, ..) => {
            let p = found.p.map_or_else(|| "–".to_owned(), |p| format!("{p:.3}"));
            fill(lang, Phrase::LaterBy, &[&times(factor.value), &p])
        }
        (Verdict::Pass, Some(upper), _) => {
            fill(lang, Phrase::AtMostTimes, &[&times(upper), &times(found.allowed)])
        }
        (.., Some(least)) => {
            let open = fill(lang, Phrase::MayBeAbove, &[&times(found.allowed)]);
            open + &fill(lang, Phrase::Detectable, &[&times(least)])
        }
        _ => fill(lang, Phrase::MayBeAbove, &[&times(found.allowed)]),
    };
    said + &weak
}

#[cfg(test)]
mod tests {
    use super::*;
    use piaotan_analysis::sync::{Delay, Terms, regression};

    /// Delays of 20 to 39 s times a factor, an upload every second.
    fn delays(n: u32, factor: f64) -> Vec<Delay> {
        (0..n).map(|i| Delay::exact(f64::from(i), factor * (20.0 + f64::from(i * 7 % 20)))).collect()
    }

    #[test]
    fn each_verdict_is_said_in_both_languages() {
        let check = |before: u32, after: u32, factor: f64, verdict: Verdict, zh: &str| {
            let found = regression(&delays(before, 1.0), &delays(after, factor), &Terms::default());
            assert_eq!(found.verdict, verdict, "{found:?}");
            let said = compared(Lang::Zh, &found);
            assert!(said.contains(zh) && !said.contains(['{', '}']), "{said}");
            assert!(said.chars().filter(char::is_ascii_alphabetic).all(|c| c == 'p'), "{said}");
            assert_eq!(compared(Lang::En, &found), found.reason);
        };
        check(400, 400, 2.0, Verdict::Fail, "延迟变为 2.");
        check(400, 400, 1.0, Verdict::Pass, "允许 1.20 倍");
        check(3, 400, 1.0, Verdict::Inconclusive, "各至少需要 5 个");
        check(16, 16, 1.05, Verdict::Inconclusive, "是否超过 1.20 倍");
    }
}
