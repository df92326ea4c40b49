//! Stories of maintenance: as announced, an overrun, a day with one.

use super::shape::{Shape, series};
use super::told::*;
use super::{Story, story};
use piaotan_analysis::summary::*;
use piaotan_reports::Lang;

pub(super) fn maintenance(lang: Lang) -> Story {
    let state = |t: f64| match t {
        t if (120.0..150.0).contains(&t) => LaneState::WritesOnly,
        t if (150.0..190.0).contains(&t) => LaneState::Maintenance,
        _ => LaneState::Normal,
    };
    let series = Series {
        states: vec![
            lane(
                LaneName::Announced,
                &[(120.0, 150.0, LaneState::WritesOnly), (150.0, 190.0, LaneState::Maintenance)],
            ),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 150.0, LaneState::Normal),
                    (150.5, 189.0, LaneState::Maintenance),
                    (189.0, 240.0, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 20.0, LaneState::WarmUp),
                    (20.0, 120.0, LaneState::Running),
                    (120.0, 190.0, LaneState::Paused),
                    (190.0, 240.0, LaneState::Running),
                ],
            ),
        ],
        ..series(&Shape { state: &state, ..Shape::default() })
    };
    let mut summary = summary("maintenance", Verdict::Pass, &series, 1.0);
    summary.windows = vec![window(120.0, 190.0, Some((120.0, 189.0)), "announced_and_observed")];
    summary.limits = vec![
        limit("upload.response.p95 < 500ms", 0.211, Verdict::Pass),
        limit("errors < 1%", 0.0, Verdict::Pass),
    ];
    summary.findings = vec![
        finding(
            FindingKind::WindowAnnouncedAndObserved,
            Severity::Info,
            lang.of(
                "维护按公告进行：公告 22:00:00–22:01:10，观测 22:00:00–22:01:09。",
                "Maintenance went as announced: announced 22:00:00–22:01:10, observed 22:00:00–22:01:09.",
            ),
            120.0,
        ),
        finding(
            FindingKind::Suppressed,
            Severity::Info,
            lang.of(
                "维护期间暂缓了 280 个业务流程，没有对维护中的平台施压。",
                "280 journeys were held back during the window; a platform in maintenance was not pressed.",
            ),
            130.0,
        ),
        finding(
            FindingKind::Recovered,
            Severity::Info,
            lang.of(
                "22:01:10 恢复，登录、上传、查询、查验均正常。",
                "Recovered at 22:01:10: login, upload, query and verification work.",
            ),
            190.0,
        ),
    ];
    summary.sync.insert("number".into(), sync_summary(80, 4.0));
    story("maintenance", summary, series)
}

pub(super) fn overrun(lang: Lang) -> Story {
    let state = |t: f64| match t {
        t if (60.0..110.0).contains(&t) => LaneState::Maintenance,
        t if (110.0..195.0).contains(&t) => LaneState::Overrun,
        _ => LaneState::Normal,
    };
    let series = Series {
        states: vec![
            lane(LaneName::Announced, &[(60.0, 110.0, LaneState::Maintenance)]),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 60.0, LaneState::Normal),
                    (60.0, 110.0, LaneState::Maintenance),
                    (110.0, 195.0, LaneState::Overrun),
                    (195.0, 240.0, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 20.0, LaneState::WarmUp),
                    (20.0, 60.0, LaneState::Running),
                    (60.0, 195.0, LaneState::Paused),
                    (195.0, 240.0, LaneState::Running),
                ],
            ),
        ],
        ..series(&Shape { state: &state, ..Shape::default() })
    };
    let mut summary = summary("overrun", Verdict::Fail, &series, 1.0);
    summary.windows = vec![window(60.0, 110.0, Some((60.0, 195.0)), "overrun")];
    summary.findings = vec![
        finding(
            FindingKind::WindowOverrun,
            Severity::Critical,
            lang.of(
                "维护超出公告时间 85 秒：公告 21:59:50 结束，实际 22:01:15 才恢复。",
                "The maintenance overran by 85 s: announced to end at 21:59:50, it ended at 22:01:15.",
            ),
            110.0,
        ),
        finding(
            FindingKind::Suppressed,
            Severity::Info,
            lang.of("暂缓了 540 个业务流程。", "540 journeys were held back."),
            60.0,
        ),
    ];
    summary.sync.insert("number".into(), sync_summary(60, 4.0));
    story("overrun", summary, series)
}

pub(super) fn day(lang: Lang) -> Story {
    let h = 3_600.0;
    let slow = move |t: f64| 1.0 + 0.8 * (t / (24.0 * h) * std::f64::consts::TAU).sin().max(0.0);
    let state = move |t: f64| match t {
        t if (4.0 * h..6.5 * h).contains(&t) => LaneState::Maintenance,
        _ => LaneState::Normal,
    };
    let delay = move |t: f64| 1_800.0 * (1.0 + (t / (3.0 * h)).sin().abs());
    let shape = Shape { seconds: 86_400, bin: 60.0, slow: &slow, state: &state, delay: &delay };
    let series = Series {
        states: vec![
            lane(LaneName::Announced, &[(4.0 * h, 6.5 * h, LaneState::Maintenance)]),
            lane(
                LaneName::Observed,
                &[
                    (0.0, 4.0 * h, LaneState::Normal),
                    (4.0 * h, 6.5 * h, LaneState::Maintenance),
                    (6.5 * h, 24.0 * h, LaneState::Normal),
                ],
            ),
            lane(
                LaneName::Run,
                &[
                    (0.0, 4.0 * h, LaneState::Running),
                    (4.0 * h, 6.5 * h, LaneState::Paused),
                    (6.5 * h, 24.0 * h, LaneState::Running),
                ],
            ),
        ],
        ..series(&shape)
    };
    let mut summary = summary("day", Verdict::Pass, &series, 1.4);
    summary.windows = vec![window(4.0 * h, 6.5 * h, Some((4.0 * h, 6.5 * h)), "announced_and_observed")];
    summary.findings = vec![finding(
        FindingKind::WindowAnnouncedAndObserved,
        Severity::Info,
        lang.of("维护按公告进行：01:58–04:28。", "Maintenance went as announced: 01:58–04:28."),
        4.0 * h,
    )];
    summary.sync.insert("number".into(), sync_summary(120, 1_800.0));
    story("day", summary, series)
}
