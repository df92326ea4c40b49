//! The verdicts as JUnit XML: one case a judged thing; what could not be judged is skipped.

use crate::Error;
use crate::html::sentence;
use crate::units;
use crate::words::{self, Lang};
use piaotan_analysis::summary::{LimitResult, Summary, SyncSummary, Verdict};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

/// Writes the document.
///
/// # Errors
/// When it cannot be written as XML.
pub fn junit(summary: &Summary, lang: Lang) -> Result<String, Error> {
    let mut document = Document::new("piaotan");
    let mut suite = TestSuite::new(units::clean(&summary.scenario, 120));
    suite.set_timestamp(summary.started);
    suite.add_test_case(case("run", summary.verdict, &sentence(summary, lang)));
    let broken = if summary.conserved { Verdict::Pass } else { Verdict::Fail };
    suite.add_test_case(case("conservation", broken, &format!("{}; {}", summary.arrivals, summary.requests)));
    for limit in &summary.limits {
        suite.add_test_case(case(&units::clean(&limit.limit, 200), limit.verdict, &measured(limit)));
    }
    for (surface, sync) in &summary.sync {
        suite.add_test_cases(sync_case(surface, sync, lang));
    }
    document.add_test_suite(suite);
    written(&document)
}

/// A document of one case: what was judged as a whole.
///
/// # Errors
/// When it cannot be written as XML.
pub fn single(suite: &str, name: &str, verdict: Verdict, text: &str) -> Result<String, Error> {
    let mut document = Document::new("piaotan");
    let mut suite = TestSuite::new(units::clean(suite, 120));
    suite.add_test_case(case(name, verdict, &units::clean(text, 400)));
    document.add_test_suite(suite);
    written(&document)
}

/// The document as XML. The schema that Jenkins validates against knows no `skipped` of the whole.
///
/// # Errors
/// When it cannot be written as XML.
pub(crate) fn written(document: &Document) -> Result<String, Error> {
    let text = document.to_string().map_err(|e| Error::Junit(e.to_string()))?;
    let skipped: usize = document.test_suites.iter().map(|suite| suite.skipped).sum();
    Ok(text.replacen(&format!(" skipped=\"{skipped}\""), "", 1))
}

fn measured(limit: &LimitResult) -> String {
    let value = limit.measured().unwrap_or_else(|| "no samples".to_owned());
    units::clean(&format!("measured {value} {}", limit.reason), 400).trim_end().to_owned()
}

fn sync_case(surface: &str, sync: &SyncSummary, lang: Lang) -> Option<TestCase> {
    let regression = sync.regression.as_ref()?;
    let ratio = regression.ratio.map_or_else(|| "–".to_owned(), units::number);
    let text = words::fill(lang, words::Phrase::Times, &[&ratio]);
    Some(case(&format!("sync.{}", units::clean(surface, 60)), regression.verdict, &text))
}

fn case(name: &str, verdict: Verdict, text: &str) -> TestCase {
    let mut status = match verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::skipped(),
    };
    if verdict != Verdict::Pass {
        status.set_message(text);
    }
    let mut case = TestCase::new(name, status);
    case.set_classname("piaotan");
    case
}
