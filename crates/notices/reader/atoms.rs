//! What the tokenizer finds: the smallest parts that mean something to the grammar.

use std::ops::Range;

/// A calendar day as written; what is missing is for the context to supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DateText {
    pub(crate) year: Option<i32>,
    pub(crate) month: Option<u32>,
    pub(crate) day: Option<u32>,
    /// The other reading of 08/12: month and day exchanged.
    pub(crate) other: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Am,
    Pm,
}

/// A time of day as written: `hour` is 0..=24, or 1..=12 where `half` is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockText {
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) half: Option<Half>,
    /// "midnight": the beginning of the day, or its end, by where it stands.
    pub(crate) midnight: bool,
}

impl ClockText {
    pub(crate) fn at(hour: u32, minute: u32, second: u32) -> Self {
        Self { hour, minute, second, half: None, midnight: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// 凌晨, "early hours": twelve is midnight.
    Dawn,
    /// 早上, 上午, "in the morning".
    Morning,
    /// 中午.
    Noon,
    /// 下午, 傍晚, "in the afternoon".
    Afternoon,
    /// 晚上, 夜间, "in the evening", "at night".
    Evening,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Week {
    /// 周五: the day of the week stands beside a date, or means the next such day.
    Bare,
    This,
    Next,
    Last,
    /// 每周五, Fridays.
    Every,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relative {
    /// 今日, today, tonight (which also brings the evening): days after publication.
    FromPublication(i64),
    /// 次日, the following day: days after the date that stands before.
    FromStart(i64),
    /// 当日, the same day: the date that stands before.
    Same,
    /// 即日起, with immediate effect.
    Now,
}

/// Minutes: the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) least: i64,
    pub(crate) most: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zoned {
    Minutes(i32),
    /// A row of the abbreviation table.
    Name(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cycle {
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Workday,
    Weekend,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// A comma: within a sentence.
    Comma,
    /// 、, which joins names.
    List,
    /// A table cell's edge.
    Cell,
    Sentence,
    /// Words left out: an end, after which the same thing may still be spoken of.
    Ellipsis,
    Line,
    /// An empty line.
    Paragraph,
}

/// What a word does to the judgement of the times near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cue {
    /// Maintenance work is named: 维护, 升级, upgrade.
    Work,
    /// A service stops: 暂停, 无法使用, unavailable.
    Stop,
    /// A service returns: 恢复, 重新开放, available again.
    Restore,
    /// It has returned, or the work is over: 已恢复, has been resolved.
    Done,
    Cancel,
    Postpone,
    Extend,
    /// 提前结束, finished ahead of time.
    Early,
    /// What was planned before: 原定, originally.
    Old,
    /// 上次, last time: history.
    Past,
    /// 不受影响, remains available.
    Up,
    /// 不停机, without interruption: the work stops nothing.
    NoStop,
    /// 同一时段: the times of the window that is put off.
    SameTimes,
    /// 故障, outage: unplanned.
    Sudden,
    /// 计划, scheduled: planned, whatever the urgency.
    Planned,
    /// 系统, portal: the things that this suite is about.
    System,
    /// 服务, 业务: a service of whatever kind.
    Service,
    /// 电梯, swimming pool: things that stop and are none of ours.
    Physical,
    /// Training, deadlines, office hours, contacts: times that are something else.
    Aside,
    /// 培训, webinar: people come together; what the talk is about does not stop.
    Event,
    /// 服务厅, branch: where people go, which closes on holidays.
    Counter,
    /// 之前, before, by: the moment is a limit.
    Before,
    /// 后, after.
    After,
    /// 一般, usually: advice, not an announcement.
    Advice,
    /// 时间, 时段, schedule: a heading of times.
    Label,
    /// 开始时间, start: the next moment is a start.
    StartLabel,
    /// 结束时间, end: the next moment is an end.
    EndLabel,
    /// 起, 开始, starting.
    Begins,
    /// 止, 结束.
    Ends,
    /// 暂定, tentative.
    Tentative,
    /// 发布时间, published.
    Published,
    /// 预计, 约, estimated, about.
    About,
    /// 目前, currently: what follows is so already.
    Now,
    /// 已, already: what follows is over.
    Already,
    /// 先行, 其中: part of what stopped.
    Staged,
    /// 全天, all day.
    AllDay,
    /// 若, 如遇, if: what follows is not announced.
    If,
    /// 例行, 计划性, routine: planned, whatever else is said.
    Routine,
    /// 吐槽, phishing: what other people say or ask, or what befell them.
    Hearsay,
    /// 更新日志, release notes: a list of changes, whose words of work announce nothing.
    Changelog,
    /// 结束时间不变: only the start is moved.
    SameEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Date(DateText),
    Clock(ClockText),
    Part(Part),
    Weekday(Week, u8),
    Relative(Relative),
    Zone(Zoned),
    Length(Length),
    /// 每, every, daily.
    Every(Option<Cycle>),
    /// 第2个, last (−1): which weekday of the month.
    Nth(i8),
    /// 最后一天, the last day of the month.
    LastDay,
    /// A bare number that may be an hour or a day by its neighbours.
    Number(u32),
    /// 至, -, until.
    To,
    /// 从, 自, from.
    From,
    /// "between", after which "and" means "until".
    Between,
    /// 和, 及, and.
    And,
    Open,
    Close,
    /// Words that may stand inside a moment: on, at, the, 的.
    Glue,
    Break(Break),
    Cue(Cue),
    /// Anything else.
    Text,
}

#[derive(Debug, Clone)]
pub(crate) struct Atom {
    pub(crate) meaning: Meaning,
    /// Characters of the plain text.
    pub(crate) span: Range<usize>,
}
