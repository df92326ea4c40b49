//! A capacity search as people read it: a line a trial, and what they come to.

mod page;

pub use page::{page, picture};

use crate::units;
use crate::words::Lang;
use piaotan_analysis::capacity::{
    CapacityAnswer, Change, Comparison, Growth, HeadroomVerdict, Limit, Purpose, ShownTrial, Symptom,
};

/// What is told besides the answer.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub answer: &'a CapacityAnswer,
    /// The objective in the operator's words.
    pub objective: &'a str,
    pub scenario: &'a str,
    /// Requests that one journey of the mix sends, on average.
    pub requests_per_journey: Option<f64>,
    pub comparison: Option<&'a Comparison>,
    pub lang: Lang,
}

/// Widths of the columns of [`row`] but the last.
const WIDTHS: [usize; 9] = [9, 9, 9, 5, 9, 8, 8, 8, 9];

/// The heads of the columns.
const fn heads(lang: Lang) -> [&'static str; 10] {
    match lang {
        Lang::Zh => {
            ["试压", "流程/s", "请求/s", "秒", "样本", "超时限", "失败", "未发出", "越限", "审核 / 同步"]
        }
        Lang::En => {
            ["trial", "rate/s", "req/s", "s", "samples", "slow", "failed", "unsent", "over", "review / sync"]
        }
    }
}

/// The heads of the columns as a line.
#[must_use]
pub fn header(lang: Lang) -> String {
    line(&heads(lang).map(str::to_owned))
}

/// One trial as a line.
#[must_use]
pub fn row(trial: &ShownTrial, lang: Lang) -> String {
    line(&page::cells(trial, lang))
}

fn line(cells: &[String; 10]) -> String {
    let first = padded(&cells[0], WIDTHS[0], false);
    let middle: Vec<String> = (1..9).map(|at| padded(&cells[at], WIDTHS[at], true)).collect();
    format!("{first}{}  {}", middle.concat(), cells[9])
}

/// Text of a width in columns: Chinese characters take two.
fn padded(text: &str, width: usize, right: bool) -> String {
    let wide: usize = text.chars().map(|c| if c as u32 > 0x2e80 { 2 } else { 1 }).sum();
    let fill = " ".repeat(width.saturating_sub(wide));
    if right { fill + text } else { text.to_owned() + &fill }
}

/// Why a trial was run.
#[must_use]
pub const fn purpose(purpose: Purpose, lang: Lang) -> &'static str {
    match purpose {
        Purpose::WarmUp => lang.of("预热", "warm-up"),
        Purpose::Bracket => lang.of("探界", "bracket"),
        Purpose::Ceiling => lang.of("上限", "ceiling"),
        Purpose::Search => lang.of("搜索", "search"),
        Purpose::Confirm => lang.of("确认", "confirm"),
    }
}

const fn growth(growth: Growth, lang: Lang) -> &'static str {
    match growth {
        Growth::Grows => lang.of("积压增长", "grows"),
        Growth::Steady => lang.of("平稳", "steady"),
        Growth::Unknown => "–",
    }
}

/// What limits the rate.
#[must_use]
pub const fn symptom(symptom: Symptom, lang: Lang) -> &'static str {
    match symptom {
        Symptom::Latency => lang.of("响应变慢", "latency"),
        Symptom::Errors => lang.of("请求失败", "errors"),
        Symptom::NotSent => lang.of("请求未能按时发出", "requests not sent on schedule"),
        Symptom::ReviewBacklog => lang.of("审核积压增长", "a growing backlog of reviews"),
        Symptom::SyncBacklog => lang.of("同步积压增长", "a growing backlog of synchronisation"),
    }
}

/// The answer in sentences, each on a line of its own.
#[must_use]
pub fn text(account: &Account<'_>) -> String {
    let lines = [
        Some(capacity(account)),
        requests(account),
        account.answer.symptom.map(|s| {
            format!(
                "{}{}",
                account.lang.of("先到极限的是：", "What gives way first: "),
                symptom(s, account.lang)
            )
        }),
        confirmed(account),
        headroom(account),
        account.comparison.map(|c| compared(c, account.lang)),
    ];
    lines.into_iter().flatten().map(|line| line + "\n").collect()
}

fn rate(value: f64) -> String {
    units::number(value)
}

fn capacity(account: &Account<'_>) -> String {
    let Account { answer, objective, scenario, lang, .. } = *account;
    let zh = lang == Lang::Zh;
    match (answer.lower, answer.median, answer.upper) {
        (Some(lower), Some(median), Some(upper)) if zh => format!(
            "场景 {scenario} 在目标 {objective} 下的容量为每秒 {} 个流程（90 % 区间 {}–{}）",
            rate(median),
            rate(lower),
            rate(upper)
        ),
        (Some(lower), Some(median), Some(upper)) => format!(
            "{scenario} under {objective}: the platform carries {} journeys/s (90 % interval {}–{})",
            rate(median),
            rate(lower),
            rate(upper)
        ),
        _ => bound(account),
    }
}

/// An answer without a number says why there is none.
fn bound(account: &Account<'_>) -> String {
    let Account { answer, objective, lang, .. } = *account;
    let lower = answer.lower.map_or_else(|| "–".to_owned(), rate);
    let upper = answer.upper.map_or_else(|| "–".to_owned(), rate);
    match (answer.limit, lang) {
        (Some(Limit::MetAtEveryRate), Lang::Zh) => {
            format!("直到允许的最高速率 {lower}/s，目标 {objective} 始终满足：容量至少如此，上界未知")
        }
        (Some(Limit::MetAtEveryRate), Lang::En) => {
            format!(
                "{objective} was met at every rate up to the highest allowed, {lower} journeys/s: the capacity is at least that, how much more is not known"
            )
        }
        (Some(Limit::NeverMet), Lang::Zh) => {
            format!("目标 {objective} 在最低的试压速率 {upper}/s 下也不满足：问题不在负载，请检查目标或平台")
        }
        (Some(Limit::NeverMet), Lang::En) => {
            format!(
                "{objective} was not met even at {upper} journeys/s, the lowest rate tried: load is not the reason; look at the objective or the platform"
            )
        }
        (Some(Limit::Generator), Lang::Zh) if answer.lower.is_none() => {
            "压测机连第一个速率都发不出来，无法判断平台；请换更快的机器，或调低 --start".to_owned()
        }
        (Some(Limit::Generator), Lang::En) if answer.lower.is_none() => {
            "the generator could not even send the first rate, so nothing is known of the platform: use a machine with more CPU, or a lower --start".to_owned()
        }
        (Some(Limit::Generator), Lang::Zh) => {
            format!("压测机先到极限：平台至少承受 {lower}/s；要知道更多，请换更快的机器或用多台压测")
        }
        (Some(Limit::Generator), Lang::En) => {
            format!(
                "the generator was the limit, not the platform: it carries {lower} journeys/s at least; use a machine with more CPU to learn more"
            )
        }
        (_, Lang::Zh) if answer.lower.is_some() => format!("搜索提前结束：平台至少承受 {lower}/s，上界未知"),
        (_, Lang::En) if answer.lower.is_some() => {
            format!(
                "the search was cut short: the platform carries {lower} journeys/s at least, how much more is not known"
            )
        }
        (_, Lang::Zh) => "搜索提前结束，还不能说出容量".to_owned(),
        (_, Lang::En) => "the search was cut short before anything can be said about the capacity".to_owned(),
    }
}

fn requests(account: &Account<'_>) -> Option<String> {
    let (each, lang) = (account.requests_per_journey?, account.lang);
    let journeys = account.answer.median.or(account.answer.lower)?;
    Some(match lang {
        Lang::Zh => format!("即每秒约 {} 个请求（每个流程平均 {} 个）", rate(journeys * each), rate(each)),
        Lang::En => format!("That is about {} requests/s, {} a journey.", rate(journeys * each), rate(each)),
    })
}

fn confirmed(account: &Account<'_>) -> Option<String> {
    let (answer, lang) = (account.answer, account.lang);
    answer.median?;
    let lower = rate(answer.lower?);
    Some(match (answer.confirmed, lang) {
        (Some(true), Lang::Zh) => "下界附近的确认试压满足目标".to_owned(),
        (Some(true), Lang::En) => "The confirming trial at the lower bound kept the objective.".to_owned(),
        (Some(false), Lang::Zh) => format!("确认试压未满足目标：不要把 {lower}/s 当作有保证"),
        (Some(false), Lang::En) => {
            format!("No confirming trial kept the objective: do not rely on {lower}/s.")
        }
        (None, Lang::Zh) => "时间用完，没有做确认试压；请加大 --max-time".to_owned(),
        (None, Lang::En) => "There was no time for a confirming trial; give more --max-time.".to_owned(),
    })
}

fn headroom(account: &Account<'_>) -> Option<String> {
    let (headroom, lang) = (account.answer.headroom.as_ref()?, account.lang);
    let need = rate(headroom.need);
    Some(match (headroom.verdict, lang) {
        (HeadroomVerdict::Go, Lang::Zh) => format!("可以上线（GO）：所需 {need}/s 不高于容量下界"),
        (HeadroomVerdict::Go, Lang::En) => {
            format!("GO: the {need} journeys/s needed are within the lower bound.")
        }
        (HeadroomVerdict::NoGo, Lang::Zh) => format!("不可上线（NO-GO）：所需 {need}/s 高于容量上界"),
        (HeadroomVerdict::NoGo, Lang::En) => {
            format!("NO-GO: the {need} journeys/s needed are beyond the upper bound.")
        }
        (HeadroomVerdict::Marginal, Lang::Zh) => {
            format!("难下结论（MARGINAL）：所需 {need}/s 落在区间之内，或区间未知")
        }
        (HeadroomVerdict::Marginal, Lang::En) => {
            format!("MARGINAL: the {need} journeys/s needed lie within what is not known.")
        }
    })
}

fn compared(comparison: &Comparison, lang: Lang) -> String {
    let span = match (comparison.change, comparison.lower, comparison.upper) {
        (Some(change), Some(lower), Some(upper)) => {
            format!(" ({}, {} – {})", units::change(change), units::change(lower), units::change(upper))
        }
        _ => String::new(),
    };
    let word = match comparison.verdict {
        Change::Lower => lang.of("容量比之前下降", "The capacity is lower than before"),
        Change::Higher => lang.of("容量比之前提高", "The capacity is higher than before"),
        Change::Alike => {
            lang.of("容量与之前没有可分辨的差别", "The capacity cannot be told from what it was before")
        }
        Change::Unknown => lang
            .of("无法与之前比较：有一方没有区间", "Before and after cannot be compared: one has no interval"),
    };
    format!("{word}{span}")
}
