//! `piaotan trace`: where is my invoice?
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the front door prints and waits"
)]

use crate::config::{self, Settings};
use crate::door::{Common, Format};
use crate::forge;
use crate::notify;
use crate::probing;
use crate::question::{amount, date, listed, time};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;
use piaotan_analysis::cause::{Cause, Explanation, Language};
use piaotan_analysis::hold::AlertState;
use piaotan_client::clock::Clock;
use piaotan_client::profile::Profile;
use piaotan_probes::Setting;
use piaotan_probes::live::notify::Message;
use piaotan_probes::live::trace::{Question, trace};
use piaotan_record::{Service, Span};
use piaotan_reports::Lang;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The wait between two looks grows to this, and no further.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);
/// Opening the test account may take no longer: a platform that hangs is a cause to be told.
const ENROL: Duration = Duration::from_secs(10);

/// Find out why an invoice cannot be found, and what to do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan trace 26112000000000012345
  piaotan trace 26112000000000012345 --date 2026-11-20 --amount 1409.50 --uploaded \"2026-11-20 10:30\"
  piaotan trace --file list.csv --format json              columns number,date,amount,uploaded,batch
  piaotan trace 26112000000000012345 --follow --for 24h    waits, rings when it appears, tells whom [notify] names

Only reads. With date and amount at most two of the day's verifications of the invoice are spent.
Exit codes: 0 visible · 1 a cause was found · 2 usage · 3 unknown. Of a list, 1 before 3 before 0.")]
pub struct Trace {
    /// The number on the invoice.
    #[arg(required_unless_present = "file", conflicts_with = "file", allow_hyphen_values = false)]
    pub number: Option<String>,
    /// Date of issue, as 2026-11-20.
    #[arg(long, value_name = "DATE", conflicts_with = "file")]
    pub date: Option<String>,
    /// Total with tax, as 1409.50.
    #[arg(long, value_name = "AMOUNT", conflicts_with = "file", allow_hyphen_values = true)]
    pub amount: Option<String>,
    /// When it was uploaded, as "2026-11-20 10:30" in the platform's time, or RFC 3339.
    #[arg(long, value_name = "TIME", conflicts_with = "file")]
    pub uploaded: Option<String>,
    /// Key of the batch that it was part of.
    #[arg(long, value_name = "KEY", conflicts_with = "file")]
    pub batch: Option<String>,
    /// The region in which it is looked for, as 11.
    #[arg(long, value_name = "CODE")]
    pub region: Option<String>,
    /// It was issued by an agent (代开).
    #[arg(long)]
    pub by_agent: bool,
    /// Your own browser does not show it.
    #[arg(long)]
    pub unseen_in_browser: bool,
    /// A CSV of many invoices.
    #[arg(long, value_name = "LIST.csv")]
    pub file: Option<PathBuf>,
    /// Wait until it is visible.
    #[arg(long, conflicts_with = "file")]
    pub follow: bool,
    /// The first wait between two looks; each is half as long again, up to 30 min.
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub every: Span,
    /// How long to wait at most.
    #[arg(long = "for", default_value = "24h", value_name = "TIME")]
    pub limit: Span,
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Where attempts are written down; the ledger of the watch also knows its own invoices.
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Asks, explains, and answers with the code of the worst.
///
/// # Errors
/// One line that names the flag, row or field.
pub fn run(args: &Trace, common: &Common) -> Result<u8> {
    if args.every.0 < Duration::from_secs(1) {
        return Err(anyhow!("--every: look at most once a second; write 60s"));
    }
    let settings = config::load(common.config.as_deref())?;
    settings.notify.addresses()?;
    let platform = forge::platform(&settings, args.target.as_deref(), args.profile.as_deref())?;
    let questions = questions(args, &platform.profile)?;
    let store = Arc::new(probing::store(args.store.as_deref(), &settings, &platform.profile)?);
    let clock = Clock::start();
    let (setting, publish) =
        probing::setting(&settings, &platform, store.clone(), "trace", common.language(), clock)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let desk = Desk { args, settings: &settings, setting: &setting, zh: common.lang() == Lang::Zh };
    runtime.block_on(async {
        desk.enrol().await;
        if args.follow { desk.follow(&questions[0], &publish).await } else { desk.answer(&questions).await }
    })
}

/// What is asked, from the flags or the list.
fn questions(args: &Trace, profile: &Profile) -> Result<Vec<Question>> {
    let zone = profile.zone();
    let mut questions = match &args.file {
        Some(path) => {
            let text = forge::read("--file", path)?;
            listed(&text, zone).map_err(|e| anyhow!("--file {}: {e}", path.display()))?
        }
        None => vec![one(args, zone)?],
    };
    for question in &mut questions {
        question.region.clone_from(&args.region);
        (question.by_agent, question.unseen_in_browser) = (args.by_agent, args.unseen_in_browser);
    }
    Ok(questions)
}

fn one(args: &Trace, zone: Tz) -> Result<Question> {
    Ok(Question {
        number: args.number.clone().unwrap_or_default(),
        issue_date: args.date.as_deref().map(|text| date("--date", text)).transpose()?,
        total: args.amount.as_deref().map(|text| amount("--amount", text)).transpose()?,
        uploaded: args.uploaded.as_deref().map(|text| time("--uploaded", text, zone)).transpose()?,
        batch: args.batch.clone(),
        ..Question::default()
    })
}

/// One who answers.
struct Desk<'a> {
    args: &'a Trace,
    settings: &'a Settings,
    setting: &'a Setting,
    zh: bool,
}

impl Desk<'_> {
    /// Opens the test account where one may be opened; elsewhere the configured one must exist.
    async fn enrol(&self) {
        if self.setting.write.is_ok() && self.setting.held_back(Service::Login).is_none() {
            // Without an account the answers of the platform say what is wrong.
            let _ = tokio::time::timeout(ENROL, self.setting.client.enrol(&probing::Silent)).await;
        }
    }

    async fn ask(&self, question: &Question) -> Result<Explanation> {
        let asked = trace(question, self.setting).await;
        asked.map_err(|e| anyhow!("--store: {e}"))
    }

    async fn answer(&self, questions: &[Question]) -> Result<u8> {
        let mut all = Vec::with_capacity(questions.len());
        for question in questions {
            let found = self.ask(question).await?;
            if self.args.format == Format::Human {
                println!("{}", self.told(&found));
            }
            all.push(found);
        }
        let exit = worst(&all);
        if self.args.format == Format::Json {
            match (&self.args.file, all.first()) {
                (None, Some(only)) => println!("{}", serde_json::to_string(only)?),
                _ => println!("{}", json!({"schema": 1, "kind": "trace", "exit": exit, "items": all})),
            }
        }
        Ok(exit)
    }

    /// Looks again and again, ever more seldom, until it is there or no waiting can help.
    async fn follow(
        &self,
        question: &Question,
        publish: &tokio::sync::watch::Sender<Arc<piaotan_record::Calendar>>,
    ) -> Result<u8> {
        let (begun, mut wait) = (Instant::now(), self.args.every.0);
        let mut before: Option<Explanation> = None;
        loop {
            let found = self.ask(question).await?;
            let changed = before.as_ref().is_none_or(|before| before.cause != found.cause);
            match found.cause {
                Cause::Visible => eprint!("\x07"),
                _ if changed => eprintln!("{}", self.told(&found)),
                _ => eprintln!("{}  {}", self.local(self.setting.wall()), found.says),
            }
            let left = self.args.limit.0.saturating_sub(begun.elapsed());
            if is_final(found.cause) || left.is_zero() {
                self.tell(&found).await?;
                match self.args.format {
                    Format::Json => println!("{}", serde_json::to_string(&found)?),
                    Format::Human if found.cause == Cause::Visible => println!("{}", self.told(&found)),
                    Format::Human => println!("{}", found.says),
                }
                return Ok(worst(std::slice::from_ref(&found)));
            }
            before = Some(found);
            tokio::time::sleep(wait.min(left)).await;
            wait = (wait * 3 / 2).min(LONGEST_WAIT.max(self.args.every.0));
            if let Some(store) = &self.setting.store {
                let calendar = probing::calendar(self.settings, store, self.setting.wall())?;
                publish.send_replace(Arc::new(calendar));
            }
        }
    }

    /// Tells those whom `[notify]` names how the wait has ended: they have long gone home.
    async fn tell(&self, found: &Explanation) -> Result<()> {
        let visible = found.cause == Cause::Visible;
        let now = self.setting.wall();
        let message = Message {
            key: format!("trace {}", found.number),
            state: if visible { AlertState::Resolved } else { AlertState::Firing },
            at: now,
            since: now,
            title: format!("{}: {}", found.number, found.says),
            text: if visible { self.setting.target.clone() } else { found.advice.clone() },
        };
        let section = self.settings.notify.clone();
        let missed = tokio::task::spawn_blocking(move || notify::tell(&section, &message)).await??;
        missed.iter().for_each(|why| eprintln!("{} {why}", self.pick("未送达：", "not told:")));
        Ok(())
    }

    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        if self.zh { zh } else { en }
    }

    /// An instant in the platform's local time.
    fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.setting.client.profile().zone()).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The cause first, then why, what to do, when to look again, and what to send to customer service.
    fn told(&self, found: &Explanation) -> String {
        let language = if self.zh { Language::Zh } else { Language::En };
        let certainty = found.certainty.word(language);
        let mut lines = vec![
            format!("{}  {}", found.number, found.says),
            format!("  {}: {} ({certainty})", self.pick("原因", "cause"), found.cause),
        ];
        for step in &found.evidence {
            let mark = step.result.mark();
            lines.push(format!("  {mark} {:<14} {}", step.step, step.detail).trim_end().to_owned());
        }
        if !found.advice.is_empty() {
            lines.push(format!("  {}: {}", self.pick("建议", "what to do"), found.advice));
        }
        let mut add = |zh, en, at: Option<DateTime<Utc>>| {
            lines.extend(at.map(|at| format!("  {}: {}", self.pick(zh, en), self.local(at))));
        };
        add("预计可见", "expected by", found.expected_by);
        add("下次查看", "look again at", found.look_again_at);
        let left = self.pick("今日剩余查验次数", "verifications left today");
        lines.extend(found.checks_left.map(|count| format!("  {left}: {count}")));
        if !found.ticket.is_empty() {
            lines.push(format!("\n{}", self.pick("—— 可发给客服 ——", "-- for customer service --")));
            lines.push(found.ticket.trim_end().to_owned());
        }
        lines.join("\n") + "\n"
    }
}

/// Causes that no waiting mends, and the end of all waiting.
fn is_final(cause: Cause) -> bool {
    matches!(cause, Cause::Visible | Cause::MalformedNumber | Cause::Voided)
}

/// The exit code of all: a cause found before unknown before visible.
fn worst(all: &[Explanation]) -> u8 {
    let any = |cause: fn(Cause) -> bool| all.iter().any(|found| cause(found.cause));
    match () {
        () if any(|cause| !matches!(cause, Cause::Visible | Cause::Unknown)) => 1,
        () if any(|cause| cause == Cause::Unknown) => 3,
        () => 0,
    }
}
