//! What a gate says of its way, in the reader's language.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use piaotan_analysis::gate::{Metric, Verdict};
use piaotan_record::Window;
use piaotan_reports::Lang;
use piaotan_reports::units::{number, percent, seconds};

/// Both sides' names.
pub const fn side(at: usize, lang: Lang) -> &'static str {
    match at {
        0 => lang.of("基准", "baseline"),
        _ => lang.of("候选", "candidate"),
    }
}

/// A window was met: nothing is pressed until it is over.
pub fn waiting(at: usize, window: Option<&Window>, zone: Tz, lang: Lang) -> String {
    let show = |instant: DateTime<Utc>| instant.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let span = window.map_or_else(String::new, |w| {
        let end = w.end.map_or_else(|| lang.of("未定", "open").to_owned(), show);
        format!(" ({} – {end})", show(w.start))
    });
    match lang {
        Lang::Zh => format!("{}处于或将入维护{span}：等它结束", side(at, lang)),
        Lang::En => format!(
            "the {} is in maintenance, or soon will be{span}: waiting until it is over",
            side(at, lang)
        ),
    }
}

/// It went on after a window.
pub fn resumed(waited: f64, trials: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("维护后继续：等待 {}，试压 {trials} 次后恢复正常", seconds(waited)),
        Lang::En => format!(
            "went on after maintenance: waited {}, back to normal after {trials} trial(s)",
            seconds(waited)
        ),
    }
}

/// It never came back.
pub fn gave_up(waited: f64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("等了 {}，维护仍未结束", seconds(waited)),
        Lang::En => format!("maintenance was not over after {}", seconds(waited)),
    }
}

/// What this gate will find if it runs to its last pair: of each metric, over the operations that ratios
/// decide. `None` where there is none.
pub fn finds(verdict: &Verdict, lang: Lang) -> Option<String> {
    let found = |metric: Metric| -> Option<String> {
        let of = verdict.metrics.iter().filter(|row| row.metric == metric && row.slack.is_none());
        let all: Vec<f64> = of.filter_map(|row| row.detectable).collect();
        let least = all.iter().copied().min_by(f64::total_cmp)?;
        let most = all.iter().copied().max_by(f64::total_cmp)?;
        let name = metric.as_str();
        Some(match all.len() {
            1 => format!("{name} {}", percent(most)),
            _ => format!("{name} {}–{}", number(100.0 * least), percent(most)),
        })
    };
    let all: Vec<String> = Metric::LATENCIES.into_iter().filter_map(found).collect();
    let (pairs, all) = (verdict.pairs, all.join(lang.of("，", ", ")));
    (!all.is_empty()).then(|| match lang {
        Lang::Zh => format!("看过 {pairs} 对：做到最后一对可测出 {all}"),
        Lang::En => format!("after {pairs} pairs: to its last pair this gate finds {all}"),
    })
}

/// A side does not answer.
pub fn dead(at: usize, url: &str, all: u64, bad: u64, lang: Lang) -> String {
    let name = side(at, lang);
    let share = percent(bad as f64 / all.max(1) as f64);
    match (lang, all) {
        (Lang::Zh, 0) => format!("{name} {url} 没有应答：一个请求也发不出去"),
        (Lang::En, 0) => format!("the {name} {url} does not answer: not one request could be sent"),
        (Lang::Zh, _) => format!("{name} {url} 不应答：最近一段 {all} 次请求中 {share} 失败"),
        (Lang::En, _) => {
            format!("the {name} {url} does not answer: {share} of the last {all} requests failed")
        }
    }
}

/// The time that was given is up.
pub fn time_up(pairs: usize, most: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("--max-time 已到：{most} 对中做了 {pairs} 对"),
        Lang::En => format!("--max-time is up after {pairs} of {most} pairs"),
    }
}
