//! What stands on the page, in the reader's language; the template escapes all of it.

use super::ledger::Rows;
use super::{Sight, lanes};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use piaotan_analysis::sync::Estimate;
use piaotan_probes::Health;
use piaotan_probes::live::delays;
use piaotan_record::Surface;
use piaotan_record::window::Window;
use piaotan_reports::Lang;
use piaotan_reports::metrics::PlatformState;
use piaotan_reports::windows::{self as of_windows, length};
use piaotan_reports::{units, words};
use piaotan_store::Probed;
use serde::Serialize;

const SHOWN: u32 = 15;

#[derive(Debug, Serialize)]
struct View {
    state: &'static str,
    word: &'static str,
    sentence: String,
    /// Until when a window lasts, in the reader's words.
    countdown: Option<String>,
    target: String,
    at: String,
    zone: String,
    probes: Vec<ProbeRow>,
    day: Vec<lanes::Lane>,
    month: Vec<lanes::Lane>,
    availability: Vec<[String; 2]>,
    sync: Vec<SyncRow>,
    curve: Option<Curve>,
    pending: Vec<[String; 4]>,
    windows: Vec<WindowRow>,
    notices: Vec<[String; 4]>,
    failures: Vec<Failure>,
    troubles: Vec<[String; 2]>,
    config_trouble: Option<String>,
    /// Who does not hear of alerts, when that was found, and why.
    undelivered: Vec<[String; 3]>,
    read_only: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProbeRow {
    name: String,
    health: &'static str,
    word: &'static str,
    at: String,
    took: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct SyncRow {
    surface: String,
    cells: Vec<String>,
    late: bool,
}

#[derive(Debug, Serialize)]
struct Curve {
    points: String,
    /// Place from the left, and label.
    ticks: Vec<(f64, String)>,
    sentence: String,
}

#[derive(Debug, Serialize)]
struct WindowRow {
    when: String,
    services: String,
    source: String,
    status: String,
    text: String,
    open: bool,
}

#[derive(Debug, Serialize)]
struct Failure {
    at: String,
    probe: String,
    health: &'static str,
    word: &'static str,
    detail: String,
    evidence: String,
}

/// The page as HTML.
///
/// # Errors
/// When the store cannot be read, or the template does not fit, which a test would have found.
pub fn page(sight: &Sight, counted: &Rows, lang: Lang) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", include_str!("page.html"))?;
    let (zh, style) = (lang == Lang::Zh, include_str!("page.css"));
    let view = view(sight, counted, lang)?;
    let context = context! { view => Serde(view), zh, tag => lang.tag(), style };
    Ok(environment.get_template("page.html")?.render(context)?)
}

fn view(sight: &Sight, counted: &Rows, lang: Lang) -> Result<View> {
    let standing = &sight.standing;
    Ok(View {
        state: standing.state.as_str(),
        word: word(standing.state, lang),
        sentence: sentence(sight, lang),
        countdown: countdown(sight, lang),
        target: sight.shown.target.clone(),
        at: local(sight, sight.now),
        zone: sight.shown.zone.to_string(),
        probes: probes(sight, lang),
        day: lanes::day(sight, lang)?,
        month: lanes::month(sight, lang)?,
        availability: availability(sight, lang),
        sync: sync(counted, lang),
        curve: curve(sight, lang)?,
        pending: pending(sight, lang)?,
        windows: windows(sight, lang),
        notices: notices(sight)?,
        failures: failures(sight, lang)?,
        troubles: sight.posted.troubles.iter().map(|(at, text)| [local(sight, *at), text.clone()]).collect(),
        config_trouble: sight.posted.config_trouble.clone(),
        undelivered: undelivered(sight),
        read_only: sight.shown.write.clone().err(),
    })
}

fn undelivered(sight: &Sight) -> Vec<[String; 3]> {
    let each = sight.posted.undelivered.iter();
    each.map(|(who, (at, why))| [who.clone(), local(sight, *at), why.clone()]).collect()
}

const fn word(state: PlatformState, lang: Lang) -> &'static str {
    match state {
        PlatformState::Ok => lang.of("正常", "OK"),
        PlatformState::Degraded => lang.of("降级", "Degraded"),
        PlatformState::Maintenance => lang.of("维护中", "In maintenance"),
        PlatformState::Overrun => lang.of("维护超期", "Maintenance overrun"),
        PlatformState::Down => lang.of("故障", "Down"),
        PlatformState::Unknown => lang.of("未知", "Unknown"),
    }
}

const fn health_word(health: Health, lang: Lang) -> &'static str {
    match health {
        Health::Healthy => lang.of("正常", "healthy"),
        Health::Degraded => lang.of("降级", "degraded"),
        Health::Unhealthy => lang.of("失败", "failing"),
        Health::Skipped => lang.of("未探测", "not asked"),
        Health::Pending => lang.of("等待同步", "pending"),
    }
}

fn sentence(sight: &Sight, lang: Lang) -> String {
    let standing = &sight.standing;
    let named = |kinds: &[piaotan_probes::ProbeKind]| {
        kinds
            .iter()
            .map(|kind| words::probe(lang, kind.as_str()))
            .collect::<Vec<_>>()
            .join(lang.of("、", ", "))
    };
    let text = |zh: String, en: String| if lang == Lang::Zh { zh } else { en };
    match standing.state {
        PlatformState::Overrun => text(
            "平台已过公告的维护结束时间，仍在维护。这不在任何窗口之内，已告警。".to_owned(),
            "The platform is still in maintenance past its announced end. No window covers this; people were told.".to_owned(),
        ),
        PlatformState::Unknown if standing.own_network => text(
            "监视机自己的网络不通，无法判断平台的情况。".to_owned(),
            "The network of the watch itself does not work: nothing can be said of the platform.".to_owned(),
        ),
        PlatformState::Unknown => text("还没有探针运行过。".to_owned(), "No probe has run yet.".to_owned()),
        PlatformState::Down if standing.unannounced => text(
            format!("平台应答“维护中”，但没有任何公告。失败的探针：{}。", named(&standing.failing)),
            format!("The platform answers that it is in maintenance, and nobody announced it. Failing: {}.", named(&standing.failing)),
        ),
        PlatformState::Down => text(
            format!("连续失败：{}。没有维护窗口可以解释。", named(&standing.failing)),
            format!("Failing again and again: {}. No maintenance window explains it.", named(&standing.failing)),
        ),
        PlatformState::Maintenance => text(
            "公告的维护正在进行；告警已保留，窗口结束后若仍未恢复才会发出。".to_owned(),
            "An announced maintenance is under way. Alerts are held, and sent after it only if still true.".to_owned(),
        ),
        PlatformState::Degraded => text(
            format!("可用，但需要留意：{}。", named(&standing.degraded)),
            format!("It works, with something to look at: {}.", named(&standing.degraded)),
        ),
        PlatformState::Ok if standing.recovering => text(
            "维护刚结束，探针正常；恢复检查进行中。".to_owned(),
            "Maintenance has just ended and probes are well; the check after it is under way.".to_owned(),
        ),
        PlatformState::Ok => text("所有探针正常。".to_owned(), "All probes are well.".to_owned()),
    }
}

fn countdown(sight: &Sight, lang: Lang) -> Option<String> {
    let window = sight.standing.window.as_ref()?;
    let (end, now) = (window.held_until(), sight.now);
    let at = local(sight, end);
    match sight.standing.state {
        PlatformState::Overrun => {
            let past = length(now - end, lang);
            Some(match lang {
                Lang::Zh => format!("已超期 {past}（公告结束时间 {at}）"),
                Lang::En => format!("{past} past the announced end ({at})"),
            })
        }
        PlatformState::Maintenance if window.end.is_none() => Some(match lang {
            Lang::Zh => format!("未公告结束时间；最迟 {at} 起按超期处理"),
            Lang::En => format!("no end was announced; an overrun from {at}"),
        }),
        PlatformState::Maintenance => {
            let left = length(end - now, lang);
            Some(match lang {
                Lang::Zh => format!("还剩 {left}（至 {at}）"),
                Lang::En => format!("{left} left (until {at})"),
            })
        }
        _ => None,
    }
}

fn probes(sight: &Sight, lang: Lang) -> Vec<ProbeRow> {
    let row = |kind: &piaotan_probes::ProbeKind| {
        let name = words::probe(lang, kind.as_str());
        match sight.posted.latest.get(kind) {
            // A window excuses failures only; what works inside one works.
            Some(latest) if latest.excused && latest.health == Health::Unhealthy => ProbeRow {
                name,
                health: "excused",
                word: lang.of("维护", "maintenance"),
                at: local(sight, latest.started),
                took: format!("{:.0} ms", latest.seconds * 1e3),
                detail: latest.detail.clone(),
            },
            Some(latest) => ProbeRow {
                name,
                health: latest.health.as_str(),
                word: health_word(latest.health, lang),
                at: local(sight, latest.started),
                took: format!("{:.0} ms", latest.seconds * 1e3),
                detail: latest.detail.clone(),
            },
            None => ProbeRow {
                name,
                health: "skipped",
                word: health_word(Health::Skipped, lang),
                at: String::new(),
                took: String::new(),
                detail: String::new(),
            },
        }
    };
    sight.shown.kinds.iter().map(row).collect()
}

fn availability(sight: &Sight, lang: Lang) -> Vec<[String; 2]> {
    let share = |events: piaotan_reports::metrics::Availability| {
        let all = events.good + events.bad;
        if all == 0 { "–".to_owned() } else { units::availability(events.good as f64 / all as f64) }
    };
    vec![
        [
            lang.of("自启动以来可用率（剔除维护窗口）", "Available since the start, outside windows")
                .to_owned(),
            share(sight.posted.adjusted),
        ],
        [lang.of("自启动以来可用率（全部）", "everything counted").to_owned(), share(sight.posted.raw)],
    ]
}

fn sync(counted: &Rows, lang: Lang) -> Vec<SyncRow> {
    let mut rows = Vec::new();
    for ((surface, region), row) in counted.iter().filter(|(_, row)| row.counts.tracked > 0) {
        let counts = row.counts;
        let name = surface_name(*surface, lang);
        let oldest = if counts.pending > 0 { length(counts.oldest_pending, lang) } else { "–".to_owned() };
        let count = |n: u64| n.to_string();
        rows.push(SyncRow {
            surface: if region.is_empty() { name } else { format!("{name} {region}") },
            cells: vec![
                count(counts.seen),
                count(counts.pending),
                oldest,
                count(counts.late),
                count(counts.lost),
            ],
            late: counts.late + counts.lost > 0,
        });
    }
    rows
}

/// The share of invoices that can be found, by their age; the time axis is logarithmic.
fn curve(sight: &Sight, lang: Lang) -> Result<Option<Curve>> {
    let delays = delays::recent(&sight.shown.store, &sight.shown.target, sight.now)?;
    let Some(estimate) = Estimate::new(&delays).filter(|_| delays.len() >= 3) else { return Ok(None) };
    // From one second to two days.
    let (low, high) = (0.0_f64, 172_800_f64.log10());
    let place = |t: f64| (t.log10() - low) / (high - low) * 600.0;
    let point = |i: i32| {
        let t = 10_f64.powf(low + (high - low) * f64::from(i) / 120.0);
        format!("{:.1},{:.1}", place(t), 120.0 * estimate.survival_at(t))
    };
    let points: Vec<String> = (0..=120).map(point).collect();
    let said = |q: f64| {
        let quantile = estimate.quantile(q);
        let bound = if quantile.reached { "" } else { "≥ " };
        let span = TimeDelta::milliseconds((quantile.value.min(1e9) * 1e3) as i64);
        format!("{bound}{}", length(span, lang))
    };
    let (half, most, n) = (said(0.5), said(0.95), delays.len());
    let ticks = [(1.0, "1 s"), (60.0, "1 min"), (3_600.0, "1 h"), (86_400.0, "24 h")];
    Ok(Some(Curve {
        points: points.join(" "),
        ticks: ticks.iter().map(|(t, label)| (place(*t), (*label).to_owned())).collect(),
        sentence: match lang {
            Lang::Zh => format!("近 7 天 {n} 张：一半在 {half} 内可见，95% 在 {most} 内可见"),
            Lang::En => {
                format!("{n} invoices of the last 7 days: half visible within {half}, 95 % within {most}")
            }
        },
    }))
}

fn pending(sight: &Sight, lang: Lang) -> Result<Vec<[String; 4]>> {
    let all = sight.shown.store.pending_sights()?;
    let ours = all.into_iter().filter(|(issued, _)| issued.target == sight.shown.target).take(SHOWN as usize);
    let row = |(issued, seen): (piaotan_record::Issued, piaotan_store::Sight)| {
        let began = issued.accepted.unwrap_or(issued.uploaded);
        let surface = format!("{} {}", surface_name(seen.surface, lang), seen.region);
        let due = local(sight, began + sight.shown.promise);
        [issued.number, surface, length(sight.now - began, lang), due]
    };
    Ok(ours.map(row).collect())
}

fn windows(sight: &Sight, lang: Lang) -> Vec<WindowRow> {
    let near = |window: &&Window| {
        window.held_until() > sight.now - TimeDelta::days(2) && window.start < sight.now + TimeDelta::days(30)
    };
    let row = |window: &Window| {
        let end = window.end.map_or_else(|| lang.of("待定", "open").to_owned(), |end| local(sight, end));
        WindowRow {
            when: format!("{} – {end}", local(sight, window.start)),
            services: of_windows::services(window.services, lang),
            source: of_windows::source(window.source, lang).to_owned(),
            status: of_windows::status(window.status, lang).to_owned(),
            text: window.text.clone(),
            open: window.start <= sight.now && sight.now < window.held_until(),
        }
    };
    sight.calendar.windows().iter().filter(near).take(SHOWN as usize).map(row).collect()
}

fn notices(sight: &Sight) -> Result<Vec<[String; 4]>> {
    let row = |notice: piaotan_store::NoticeRead| {
        let kind = notice.reading.get("notice").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
        let at = local(sight, notice.published.unwrap_or(notice.first_read));
        [at, notice.title, kind, notice.text]
    };
    Ok(sight.shown.store.notices(SHOWN)?.into_iter().map(row).collect())
}

fn failures(sight: &Sight, lang: Lang) -> Result<Vec<Failure>> {
    let row = |run: Probed| {
        let evidence = run.evidence.unwrap_or_default();
        let status = evidence.status.map(|status| format!("HTTP {status} ")).unwrap_or_default();
        Failure {
            at: local(sight, run.started),
            probe: words::probe(lang, &run.probe),
            health: run.health.as_str(),
            word: health_word(run.health, lang),
            detail: run.detail,
            evidence: format!("{status}{}", evidence.text),
        }
    };
    Ok(sight.shown.store.failures(sight.now, SHOWN)?.into_iter().map(row).collect())
}

fn local(sight: &Sight, at: DateTime<Utc>) -> String {
    at.with_timezone(&sight.shown.zone).format("%m-%d %H:%M:%S").to_string()
}

fn surface_name(surface: Surface, lang: Lang) -> String {
    words::surface(lang, surface).to_owned()
}
