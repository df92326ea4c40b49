//! `piaotan cleanup`: voids what probes and load tests have made. Real invoices are in no table it reads.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the front door prints")]

use crate::config;
use crate::door::{Common, Format};
use crate::exit::Coded;
use crate::forge;
use crate::probing;
use anyhow::{Result, anyhow};
use clap::Args;
use piaotan_client::clock::Clock;
use piaotan_client::port::{FieldName, Fields, Port as _, Reply};
use piaotan_probes::Setting;
use piaotan_probes::live::port::ProbePort;
use piaotan_record::{Issued, Operation, Outcome, Service};
use piaotan_reports::Lang;
use piaotan_store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Invoices that are being voided at a time.
const AT_A_TIME: usize = 4;
/// So many without any answer in a row, and the platform is left in peace.
const PATIENCE: usize = 12;

/// Void every synthetic invoice that the ledger knows.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan cleanup --target http://127.0.0.1:8080 --dry-run     how many there are
  piaotan cleanup --target http://127.0.0.1:8080

May be interrupted and run again: what is voided is written down at once. Exit 1: some could not be voided.")]
pub struct Cleanup {
    /// Base URL of the platform.
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Ledger of synthetic invoices.
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    /// Only count; ask the platform nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What became of all of them.
#[derive(Debug, Default)]
struct Tally {
    voided: usize,
    /// The platform never took them.
    nothing_there: usize,
    refused: BTreeMap<String, usize>,
    /// Not even asked: the platform stopped answering.
    left: usize,
}

/// What became of one.
enum Done {
    Voided,
    NothingThere,
    Refused(String),
    NoAnswer(String),
}

/// Voids, writes down, and tells what is left.
///
/// # Errors
/// A refusal of the target; one line that names the flag otherwise.
pub fn run(args: &Cleanup, common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let platform = forge::platform(&settings, args.target.as_deref(), args.profile.as_deref())?;
    platform.write.clone().map_err(Coded::refused)?;
    if !platform.profile.supports(Operation::Void) {
        return Err(anyhow!("--profile: it has no [operation.void], so nothing can be voided"));
    }
    let store = Arc::new(probing::store(args.store.as_deref(), &settings, &platform.profile)?);
    let (setting, _publish) =
        probing::setting(&settings, &platform, store.clone(), "cleanup", common.language(), Clock::start())?;
    let every =
        store.to_void(&setting.target, u32::MAX).map_err(|e| anyhow!("--store {}: {e}", store.path()))?;
    let zh = common.lang() == Lang::Zh;
    if args.dry_run {
        tell(args, every.len(), &Tally { left: every.len(), ..Tally::default() }, zh);
        return Ok(0);
    }
    if let Some(why) = setting.held_back(Service::Upload) {
        return Err(Coded::maintenance(why));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let total = every.len();
    let tally = runtime.block_on(void_all(every, Arc::new(setting), &store))?;
    tell(args, total, &tally, zh);
    Ok(u8::from(tally.left > 0 || !tally.refused.is_empty()))
}

async fn void_all(every: Vec<Issued>, setting: Arc<Setting>, store: &Store) -> Result<Tally> {
    let mut tally = Tally::default();
    let (mut unanswered, mut done) = (0, 0);
    let total = every.len();
    for some in every.chunks(AT_A_TIME) {
        if unanswered >= PATIENCE {
            tally.left = total - done;
            break;
        }
        let mut set = tokio::task::JoinSet::new();
        for issued in some {
            let (issued, setting) = (issued.clone(), setting.clone());
            set.spawn(async move {
                let became = void(&issued, &setting).await;
                (issued, became)
            });
        }
        for (issued, became) in set.join_all().await {
            done += 1;
            unanswered = if matches!(became, Done::NoAnswer(_)) { unanswered + 1 } else { 0 };
            write_down(&issued, became, &setting, store, &mut tally)
                .map_err(|e| anyhow!("--store {}: {e}", store.path()))?;
        }
    }
    Ok(tally)
}

/// Voids one; where the platform says no, its status tells whether anything is left to void.
async fn void(issued: &Issued, setting: &Setting) -> Done {
    let mut io = ProbePort::new(setting);
    let mut fields = Fields::default().with(FieldName::Number, &issued.number);
    (fields.token, fields.known) = (Some(issued.token), true);
    let reply = io.call(Operation::Void, &fields).await;
    if reply.held {
        return Done::NoAnswer(io.why_held().unwrap_or_default());
    }
    if reply.outcome == Outcome::Ok {
        return Done::Voided;
    }
    let why = described(&reply, setting);
    if !reply.outcome.is_answer() && reply.outcome != Outcome::ClientError {
        return Done::NoAnswer(why);
    }
    if !setting.client.profile().supports(Operation::Review) {
        return Done::Refused(why);
    }
    let status = io.call(Operation::Review, &fields).await;
    let word = status.values.get("status").unwrap_or_default().to_lowercase();
    let gone = ["void", "作废", "red_flush", "红冲"].iter().any(|part| word.contains(part));
    match status.outcome {
        Outcome::Ok if gone => Done::Voided,
        Outcome::Ok if status.values.get("review") == Some("rejected") => Done::NothingThere,
        Outcome::NotYetVisible | Outcome::BusinessNo => Done::NothingThere,
        _ => Done::Refused(why),
    }
}

fn described(reply: &Reply, setting: &Setting) -> String {
    piaotan_probes::live::result::describe(reply, Operation::Void, setting)
}

fn write_down(
    issued: &Issued,
    became: Done,
    setting: &Setting,
    store: &Store,
    tally: &mut Tally,
) -> Result<(), piaotan_store::Error> {
    let (run, now) = (issued.run.as_str(), setting.wall());
    match became {
        Done::Voided => {
            tally.voided += 1;
            store.voided(run, issued.token, now)
        }
        Done::NothingThere => {
            tally.nothing_there += 1;
            store.rejected(run, issued.token, now)
        }
        Done::Refused(why) | Done::NoAnswer(why) => {
            store.not_voided(run, issued.token, now, &why)?;
            *tally.refused.entry(why).or_default() += 1;
            Ok(())
        }
    }
}

fn tell(args: &Cleanup, total: usize, tally: &Tally, zh: bool) {
    let refused: usize = tally.refused.values().sum();
    if args.format == Format::Json {
        let exit = u8::from(!args.dry_run && (tally.left > 0 || refused > 0));
        let answer = json!({
            "schema": 1, "kind": "cleanup", "exit": exit, "dry_run": args.dry_run, "known": total,
            "voided": tally.voided, "nothing_there": tally.nothing_there, "not_voided": refused,
            "left": tally.left, "reasons": tally.refused,
        });
        println!("{answer}");
        return;
    }
    let (voided, nothing, left) = (tally.voided, tally.nothing_there, tally.left);
    match (args.dry_run, zh) {
        (true, true) => println!("待作废的合成发票：{total}"),
        (true, false) => println!("synthetic invoices to void: {total}"),
        (false, true) => {
            println!(
                "已作废 {voided}，平台上没有 {nothing}，未能作废 {refused}，未处理 {left}（共 {total}）"
            );
        }
        (false, false) => println!(
            "voided {voided}, not on the platform {nothing}, could not be voided {refused}, not tried {left} (of {total})"
        ),
    }
    for (why, count) in &tally.refused {
        println!("  {count} × {why}");
    }
}
