//! The catalogue of phrases.

use super::Lang;

macro_rules! phrases {
    ($($name:ident = $zh:literal, $en:literal;)+) => {
        /// One thing that reports say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Phrase { $($name),+ }

        impl Phrase {
            /// Every phrase.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The phrase in a language.
            #[must_use]
            pub const fn say(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => match lang { Lang::Zh => $zh, Lang::En => $en }),+ }
            }
        }
    };
}

phrases! {
    // Charts: titles, axes, marks.
    Latency = "响应时间随时间的变化", "Response time over time";
    LatencyAxis = "p50、p95、p99：一半、95%、99% 的请求不超过此值。纵轴为对数：每升高 ×10 那么多，就慢 10 倍", "p50, p95, p99: half, 95 % and 99 % of requests took at most this. The axis is logarithmic: one ×10 higher is ten times as slow";
    Outcomes = "结果随时间的变化", "Outcomes over time";
    OutcomesAll = "全部请求 / 秒", "all requests per second";
    OutcomesFailed = "未成功的请求 / 秒（单独放大）", "unsuccessful requests per second (own scale)";
    NoFailures = "没有失败", "no failures";
    Codes = "平台错误码随时间的变化", "The platform's codes over time";
    CodesAxis = "次 / 秒", "per second";
    NoCodes = "没有错误码", "no codes";
    OtherCodes = "其余", "the rest";
    Rate = "计划、发出、得到应答的速率", "Rate asked, sent and answered";
    RateJourneys = "业务流程 / 秒", "journeys per second";
    RateRequests = "请求 / 秒", "requests per second";
    Asked = "计划", "asked";
    Started = "已开始", "started";
    Sent = "已发出", "sent";
    Answered = "已应答", "answered";
    HeldBack = "因维护暂缓", "held back";
    Dropped = "来不及发", "dropped";
    Concurrency = "并发用户与连接数", "Users and connections";
    Users = "用户", "users";
    Connections = "连接", "connections";
    Heat = "响应时间热力图", "Response time heat map";
    HeatAxis = "颜色越深，请求越多", "the darker, the more requests";
    Quantile = "分位数曲线（至 99.99%）", "Quantile curve to 99.99 %";
    QuantileAxis = "响应时间：实线；服务时间：虚线", "response time: solid; service time: dashed";
    Waiting = "响应时间与服务时间（p95）", "Response against service time (p95)";
    WaitingAxis = "空心：服务时间（从发出算起）；实心：响应时间（从应发时刻算起）；其间是排队", "hollow: service (from the send); filled: response (from the due instant); between them: waiting";
    Timeline = "发生了什么", "What happened";
    TimelineAxis = "公告的维护、观测到的维护与本次运行", "maintenance announced, maintenance observed, and the run";
    StripLatency = "p95 响应", "p95 response";
    StripFailures = "失败率", "failures";
    StripSync = "同步延迟中位数", "median sync delay";
    LaneAnnounced = "公告", "announced";
    LaneObserved = "观测", "observed";
    LaneRun = "本次运行", "the run";
    LaneFindings = "发现", "findings";
    Survival = "同步：多久之后才查得到", "Sync: how long until visible";
    SurvivalAxis = "上传后仍查不到的比例", "share not yet visible after this long";
    Delay = "同步延迟随时间的变化", "Sync delay over time";
    DelayAxis = "每张发票：竖线为可能的范围（两次查询之间），三角为尚未可见", "one mark an invoice: bar = between two looks, triangle = not yet visible";
    Before = "变化前", "before";
    After = "变化后", "after";
    AllInvoices = "全部", "all";
    ChangedAt = "此后为之前的", "from here on:";
    Median = "中位数 {0}", "median {0}";
    Times = "{0} 倍", "{0} times";
    LaterBy = "延迟变为 {0} 倍（p {1}）", "later by a factor of {0} (p {1})";
    AtMostTimes = "至多为基线的 {0} 倍，允许 {1} 倍", "at most {0} times the baseline, {1} allowed";
    MayBeAbove = "是否超过 {0} 倍尚不能断定", "the factor may be above {0} or not";
    Detectable = "，可检出 {0} 倍", ", a factor of {0} is detectable";
    FewClusters = "；独立的批次仅 {0} 个与 {1} 个", "; only {0} and {1} independent clusters";
    TooFewClusters = "独立的批次为 {0} 个与 {1} 个，各至少需要 {2} 个", "{0} and {1} independent clusters: at least {2} are needed in each";
    BaselineTooShort = "基线观察得不够久，无法比较", "the baseline was not seen long enough to compare with";
    Cohort = "各批发票的可见进度", "Visibility by upload cohort";
    CohortAxis = "行：上传时段；列：上传后时长；颜色：已可见的比例", "row: when uploaded; column: time since; colour: share visible";
    Forest = "与基线相比", "Against the baseline";
    ForestAxis = "点：测得的变化；横线：真实变化大致在此之间；灰带：容许范围", "dot: the change measured; bar: where the true change most likely lies; grey band: tolerated";
    History = "历史与变化点", "History and change points";
    HistoryAxis = "{0}", "{0}";
    Capacity = "容量", "Capacity";
    CapacityAxis = "越过目标的样本比例随速率的变化；色带：拐点大致在此之间", "share of samples over the objective by rate; band: where the knee most likely lies";
    Need = "需要 {0}/秒", "need {0}/s";
    Knee = "拐点 {0}/秒", "knee {0}/s";
    Availability = "可用率：原始与剔除维护后", "Availability: raw and without maintenance";
    AvailabilityRaw = "原始", "raw";
    AvailabilityAdjusted = "剔除维护后", "adjusted";
    AvailabilityAxis = "横轴不从零开始", "the axis does not start at zero";
    Maintenance = "维护", "maintenance";
    Overrun = "超期", "overrun";
    WarmUp = "预热", "warm-up";
    Limit = "上限 {0} {1}", "limit {0} {1}";
    OperationsShown = "共 {1} 种操作，图中为其中 {0} 种，其余见表", "{0} of {1} operations; the rest are in the table";
    NoData = "没有数据", "no data";
    OneSample = "仅 {0} 个样本", "{0} sample only";
    FromTo = "{0} 起，时区 {1}", "from {0}, zone {1}";
    Better = "更好", "better";
    Worse = "更差", "worse";
    Share = "比例", "share";

    // The report's own headings and sentences.
    ReportTitle = "票探报告：{0}", "Piaotan report: {0}";
    VerdictHeading = "结论", "Verdict";
    FindingsHeading = "发现", "Findings";
    NoFindings = "没有需要说明的发现。", "Nothing stood out.";
    ChartsHeading = "图", "Charts";
    TablesHeading = "表", "Tables";
    OperationsTable = "操作（维护窗口之外）", "Operations (outside windows)";
    InWindowsTable = "操作（维护窗口之内，不计入结论）", "Operations (inside windows, not judged)";
    LimitsTable = "限值", "Limits";
    WindowsTable = "维护窗口", "Maintenance windows";
    SyncTable = "同步", "Synchronisation";
    CodesTable = "平台代码：含义与处理", "The platform's codes: meaning and remedy";
    GeneratorTable = "压测机自检", "The generator about itself";
    ConservationTable = "守恒：一个都没有丢", "Conservation: nothing vanished";
    ConservationBroken = "守恒不成立：有记录丢失，结论不可信", "Conservation is broken: something was lost, do not trust the verdict";
    FactsTable = "运行信息", "About the run";
    Operation = "操作", "operation";
    Count = "数量", "count";
    PerSecond = "每秒", "per second";
    ResponseTime = "响应时间", "response time";
    ServiceTime = "服务时间", "service time";
    NotOk = "未成功", "not ok";
    LimitColumn = "限值", "limit";
    Value = "实测", "measured";
    VerdictColumn = "结论", "verdict";
    Reason = "原因", "reason";
    WindowColumn = "窗口", "window";
    AnnouncedColumn = "公告时间", "announced";
    ObservedColumn = "观测时间", "observed";
    Services = "服务", "services";
    SourceColumn = "来源", "source";
    FindingColumn = "判断", "finding";
    SurfaceColumn = "查询方式", "surface";
    Tracked = "跟踪", "tracked";
    Seen = "已可见", "seen";
    Pending = "尚未查到", "not yet visible";
    Late = "逾期", "late";
    Lost = "丢失", "lost";
    Mismatched = "不符", "mismatched";
    AtLeast = "≥ {0}", "≥ {0}";
    ChangeColumn = "变化", "change";
    CodeColumn = "代码", "code";
    Meaning = "含义", "meaning";
    Remedy = "处理办法", "remedy";
    NoMeaning = "配置中没有说明", "not described in the profile";
    RateAsked = "计划速率", "rate asked";
    RateSent = "发出速率", "rate sent";
    Lateness = "发出迟于计划", "sent later than planned";
    Cpu = "最忙线程 CPU", "CPU of the busiest worker";
    Saturated = "压测机饱和", "generator saturated";
    Yes = "是", "yes";
    No = "否", "no";
    Run = "运行", "run";
    Target = "目标", "target";
    Scenario = "场景", "scenario";
    Profile = "平台配置", "profile";
    StartedAt = "开始", "started";
    EndedAt = "结束", "ended";
    Planned = "计划时长", "planned length";
    Seed = "随机种子", "seed";
    Segment = "分片", "segment";
    Host = "压测机", "generator machine";
    Commit = "提交", "commit";
    Version = "版本", "version";
    ScenarioText = "场景原文", "scenario as run";
    SeeChart = "看图", "see the chart";
    Evidence = "依据", "evidence";
    Ongoing = "未结束", "no end given";
    CutShort = "提前结束：{0}", "cut short: {0}";
    OutOfWindows = "维护窗口内的样本不参与判断，在每张图中以同一底色标出。", "Samples inside maintenance windows are not judged; every chart shades them alike.";
    HowToRead = "响应时间从计划应发的时刻算起（用户的感受），服务时间从实际发出算起。", "Response time counts from the instant the request was due (what users feel), service time from the send.";
    MoreRows = "另有 {0} 行未列出，见 summary.json。", "{0} more rows are in summary.json.";
    MoreFindings = "另有 {0} 条发现未列出，见 summary.json。", "{0} more findings are in summary.json.";
    SkipToFindings = "跳到发现", "Skip to the findings";
    SortHint = "点击表头可排序", "click a heading to sort";

    // One sentence under the verdict word.
    SentencePass = "没有发现问题：{0} 次请求，全部限值满足。", "All is well: {0} requests, every limit met.";
    SentencePassUnjudged = "没有发现问题：{0} 次请求（未设限值）。", "Nothing wrong was seen: {0} requests (no limits were set).";
    PassBut = "通过，但有问题需关注", "PASSED, WITH A FINDING";
    SentencePassButUnjudged = "未设限值，但是：{0}", "No limits were set, but: {0}";
    BrokenLimits = "超出限值（{0} 项）：{1}。", "Limits broken ({0}): {1}.";
    SentencePassBut = "限值均未突破，但是：{0}", "No limit was broken, but: {0}";
    SentencePassMaintenance = "平台正常；期间有一次维护（{0}），已剔除在判断之外。", "The platform is well; a maintenance ({0}) was recognised and left out of the judgement.";
    SentenceInconclusive = "无法下结论。", "No conclusion can be drawn.";
    SentenceInconclusiveMaintenance = "因维护无法下结论。", "No conclusion can be drawn because of maintenance.";
    SentenceRefused = "拒绝运行。", "The run was refused.";
    SentenceInterrupted = "运行被中断；以下是中断之前的记录。", "The run was interrupted; this is what was recorded until then.";
    SentenceFail = "有 {0} 项不合格。", "{0} things are not as they should be.";
    // A stretch of the watch.
    WeekTitle = "票探监视报告", "Piaotan watch report";
    WeekAvailable = "可用率 {0}", "Available {0}";
    WeekSentence = "以上不含维护窗口；全部计入为 {0}，上一周期为 {1}（不含维护窗口）。", "Maintenance left out; {0} with everything counted, {1} in the period before (maintenance left out).";
    WeekMore = "另有 {0} 项严重发现。", "And {0} more critical findings.";
    WeekEmpty = "这段时间没有探针的记录。", "No probe ran in this time.";
    WeekReaches = "完整的历史从 {0} 开始，更早的不计入。", "The full history begins at {0}; nothing before it is counted.";
    WeekHistory = "历史起点", "history begins";
    WeekDays = "每天的可用率", "Availability by day";
    WeekDay = "日期", "day";
    WeekFailed = "失败", "failed";
    WeekAsked = "探测次数", "asked";
    WeekExcluded = "不计入的维护时间", "maintenance left out";
    WeekProbes = "探针", "Probes";
    WeekProbe = "探针", "probe";
    WeekRuns = "运行", "runs";
    WeekBefore = "{0}（上一周期）", "{0} (period before)";
    WeekExcused = "其中在维护内", "of these in maintenance";
    WeekInside = "其中在维护内", "of these in maintenance";
    WeekAgainst = "与上一周期相比", "against the period before";
    WeekEarlier = "上一周期", "period before";
    WeekLater = "本周期", "this period";
    WeekLate = "逾期和丢失的发票", "Invoices late or lost";
    WeekInvoice = "发票号码", "invoice";
    WeekUploaded = "上传时间", "uploaded";
    WeekTook = "至可见（或至今）", "until visible (or until now)";
    WeekState = "状态", "state";
    SentenceEmpty = "没有记录到任何请求。", "No request was recorded.";
}
