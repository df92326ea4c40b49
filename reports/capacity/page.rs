//! The report of a search: the answer, the knee, one row a trial. One file, offline, like every report.

use super::{Account, growth, purpose, text};
use crate::Error;
use crate::charts::style::dark_rules;
use crate::charts::{Style, Width, capacity};
use crate::words::Lang;
use minijinja::{Environment, context};
use piaotan_analysis::capacity::{CapacityAnswer, CapacityVerdict, HeadroomVerdict, Purpose, ShownTrial};

/// The page. `why` says why the search ended before its time, `when` where and when it was.
///
/// # Errors
/// When the template does not fit, which a test would have found.
pub fn page(account: &Account<'_>, why: Option<&str>, target: &str, when: &str) -> Result<String, Error> {
    let Account { answer, lang, .. } = *account;
    let told = text(account);
    let lines: Vec<String> = told.lines().chain(why).map(str::to_owned).collect();
    let (kind, mark, plain) = match answer.verdict {
        CapacityVerdict::Pass => ("pass", "✓", lang.of("已找到", "FOUND")),
        CapacityVerdict::Fail => ("fail", "✗", lang.of("不通过", "FAIL")),
        CapacityVerdict::Inconclusive => ("inconclusive", "?", lang.of("难下结论", "INCONCLUSIVE")),
    };
    // A comparison may fail what the headroom alone would let go.
    let word = match (answer.verdict, answer.headroom.as_ref().map(|h| h.verdict)) {
        (CapacityVerdict::Pass, Some(HeadroomVerdict::Go)) => "GO",
        (CapacityVerdict::Fail, Some(HeadroomVerdict::NoGo)) => "NO-GO",
        (CapacityVerdict::Inconclusive, Some(HeadroomVerdict::Marginal)) => "MARGINAL",
        _ => plain,
    };
    let style = |width| Style { lang, width, titled: false, ..Style::default() };
    let trials = knee(answer);
    let draw = |width| capacity::draw(&input(answer, &trials), &style(width));
    let rows: Vec<Vec<String>> = answer.trials.iter().map(|trial| cells(trial, lang).to_vec()).collect();
    let mut environment = Environment::new();
    environment.add_template("capacity.html", include_str!("page.html"))?;
    Ok(environment.get_template("capacity.html")?.render(context! {
        lang => lang.tag(),
        style => include_str!("../html/report.css"),
        dark => dark_rules(),
        title => format!("{} · {}", lang.of("容量", "Capacity"), account.scenario),
        target, when, word, rows,
        kind, mark,
        first => lines.first().cloned().unwrap_or_default(),
        rest => lines.get(1..).unwrap_or_default().to_vec(),
        knee => lang.of("越限比例随速率的变化", "What is over the objective, by rate"),
        each => lang.of("每次试压", "Trial by trial"),
        note => lang.of("速率为每秒流程数；试压含预热。", "Rates are journeys per second; the warm-up is shown too."),
        heads => super::heads(lang).to_vec(),
        wide => draw(Width::Wide),
        phone => draw(Width::Phone),
    })?)
}

/// The chart of the knee, as a picture that stands alone.
#[must_use]
pub fn picture(answer: &CapacityAnswer, lang: Lang) -> String {
    let style = Style { lang, titled: true, ..Style::default() };
    capacity::draw(&input(answer, &knee(answer)), &style)
}

fn knee(answer: &CapacityAnswer) -> Vec<capacity::Trial> {
    let shown = answer.trials.iter().filter(|t| t.purpose != Purpose::WarmUp);
    shown.map(|t| capacity::Trial { rate: t.rate, violations: t.violations, samples: t.samples }).collect()
}

fn input<'a>(answer: &CapacityAnswer, trials: &'a [capacity::Trial]) -> capacity::Input<'a> {
    capacity::Input {
        trials,
        allowed: answer.slo.share,
        lower: answer.lower,
        median: answer.median,
        upper: answer.upper,
        need: answer.headroom.as_ref().map(|h| h.need),
    }
}

/// The cells of one trial, in the order of the heads.
pub(super) fn cells(trial: &ShownTrial, lang: Lang) -> [String; 10] {
    let share = trial.violations as f64 / trial.samples.max(1) as f64;
    let mut last = format!("{} / {}", growth(trial.review, lang), growth(trial.sync, lang));
    if trial.collapsed {
        last += lang.of("  崩溃，已中止", "  collapsed, stopped");
    }
    [
        purpose(trial.purpose, lang).to_owned(),
        format!("{:.1}", trial.rate),
        format!("{:.1}", trial.requests),
        format!("{:.0}", trial.seconds),
        trial.samples.to_string(),
        trial.slow.to_string(),
        trial.failed.to_string(),
        trial.unsent.to_string(),
        format!("{:.2} %", share * 100.0),
        last,
    ]
}
