//! What a gate says to GitHub while it runs there: workflow commands, one line each.

use super::{GateReport, sentence, sorted};
use crate::words::Lang;
use piaotan_analysis::gate::Judgement;
use piaotan_analysis::summary::Verdict as Word;

/// GitHub shows ten annotations of a kind a step.
const MOST: usize = 9;

/// One line for the verdict and one for each thing that became worse.
#[must_use]
pub fn annotations(report: &GateReport<'_>) -> Vec<String> {
    let (command, title) = match report.word() {
        Word::Pass => ("notice", report.lang.of("性能门禁：通过", "gate: pass")),
        Word::Fail => ("error", report.lang.of("性能门禁：不通过", "gate: fail")),
        _ => ("warning", report.lang.of("性能门禁：无法判定", "gate: inconclusive")),
    };
    let mut all = vec![line(command, title, &sentence(report))];
    let worse = sorted(report).into_iter().filter(|one| one.verdict == Judgement::Fail).take(MOST);
    all.extend(worse.map(|one| line("error", &one.key, &one.said(report.lang))));
    all.extend(report.notes.iter().take(MOST).map(|note| line("notice", noted(report.lang), note)));
    all
}

const fn noted(lang: Lang) -> &'static str {
    lang.of("性能门禁", "gate")
}

/// A workflow command; what would end it early is escaped as GitHub asks.
fn line(command: &str, title: &str, text: &str) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = escaped(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{command} title={title}::{}", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_be_broken_by_what_it_says() {
        assert_eq!(line("error", "a:b,c", "5 %\nmore"), "::error title=a%3Ab%2Cc::5 %25%0Amore");
    }
}
