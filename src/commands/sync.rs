//! `piaotan sync`: sync delays of anybody's invoices, by a CSV or by the ledger.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

mod chart;
mod table;

use crate::door::{Common, Format};
use anyhow::{Result, anyhow};
use clap::Args;
use piaotan_analysis::sync::{
    Quantiles, Verdict,
    answer::{Question, SyncAnswer, answer},
};
use piaotan_record::{Span, Surface};
use piaotan_reports::{Lang, words};
use std::path::PathBuf;
use table::Given;

/// Estimate sync delays from a CSV, or from the ledger of the watch.
#[derive(Debug, Args)]
#[command(
    after_help = "The file has the columns id,uploaded,last_not_seen,first_seen (empty = never), and optionally
batch and group; times are RFC 3339 or seconds, one kind a file. Two groups are compared.

Examples:
  piaotan sync invoices.csv
  piaotan sync before-and-after.csv --format json
  piaotan sync invoices.csv --window 2026-11-21T22:00:00+08:00/2026-11-22T02:00:00+08:00 --chart curve.png
  piaotan sync --store piaotan.db --last 7d                the invoices that the watch follows
  piaotan sync --store piaotan.db --surface region --region 31

Exit codes: 0 · 1 the second group is later than the first · 2 usage or input."
)]
pub struct Sync {
    /// A CSV of anybody's invoices.
    #[arg(required_unless_present = "store", conflicts_with = "store")]
    pub file: Option<PathBuf>,
    /// Read the ledger of the watch instead, with the windows that it knows.
    #[arg(long, value_name = "FILE|URL")]
    pub store: Option<PathBuf>,
    /// Where the ledger's invoices were looked for: number, keyword, verify, region.
    #[arg(long, default_value = "number", requires = "store", value_name = "NAME")]
    pub surface: Surface,
    /// The region, where the surface is region.
    #[arg(long, default_value = "", hide_default_value = true, requires = "store", value_name = "CODE")]
    pub region: String,
    /// Only what was uploaded in the last 24h, 7d, … [default: everything].
    #[arg(long, requires = "store", value_name = "LENGTH")]
    pub last: Option<Span>,
    /// A maintenance window on the clock of the file; may be given several times.
    #[arg(long = "window", value_name = "START/END")]
    pub windows: Vec<String>,
    /// Also draw the curve, as SVG or PNG by the name's ending.
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// After a window uploads are kept out of comparisons for so long, in seconds: its backlog is no regression.
const RECOVERY: f64 = 900.0;

/// Estimates and answers.
///
/// # Errors
/// One line that names the row or flag and what to write instead.
pub fn run(args: &Sync, common: &Common) -> Result<u8> {
    chart::check(args.chart.as_deref())?;
    let mut windows = args.windows.iter().map(|text| table::window(text)).collect::<Result<Vec<_>>>()?;
    let given = match (&args.file, &args.store) {
        (Some(path), _) => table::of_file(path)?,
        (None, Some(path)) => table::of_ledger(path, args, common)?,
        (None, None) => return Err(anyhow!("no file; give a CSV, or --store piaotan.db")),
    };
    let Given { table, origin, windows: known } = given;
    windows.extend(known);
    let question = Question { windows, recovery: RECOVERY, ..Question::default() };
    let answer =
        answer(&table, &question).ok_or_else(|| anyhow!("{origin} holds no row that can be used"))?;
    if let Some(path) = &args.chart {
        chart::draw(&answer, args.surface_of(&origin), path, common.lang())?;
    }
    let failed = answer.regression.as_ref().is_some_and(|compared| compared.result.verdict == Verdict::Fail);
    match args.format {
        Format::Json => println!("{}", serde_json::to_string(&answer)?),
        Format::Human => tell(&answer, common.lang() == Lang::Zh),
    }
    Ok(u8::from(failed))
}

impl Sync {
    /// What the curve is of: the surface of a ledger, else the file.
    fn surface_of<'a>(&self, origin: &'a str) -> &'a str {
        if self.store.is_some() { self.surface.as_str() } else { origin }
    }
}

fn tell(answer: &SyncAnswer, zh: bool) {
    let pick = |zh_text: &'static str, en: &'static str| if zh { zh_text } else { en };
    println!(
        "{}: {}   {}: {}",
        pick("发票", "invoices"),
        answer.n,
        pick("尚未可见", "not yet seen"),
        answer.censored,
    );
    quantiles(&answer.quantiles);
    if let Some(business) = &answer.business {
        println!("{}", pick("扣除维护窗口后", "less the time in windows"));
        quantiles(business);
    }
    if let Some(change) = &answer.change {
        let what = pick("延迟自此变化", "the delay changed at");
        println!("  {what} {}: ×{:.2} (p {:.3})", instant(change.at), change.ratio.value, change.p);
    }
    if let Some(compared) = &answer.regression {
        let lang = if zh { Lang::Zh } else { Lang::En };
        let (verdict, why) =
            (words::verdict(lang, compared.result.verdict), words::compared(lang, &compared.result));
        println!("  {verdict}{}{why}", pick("：", ": "));
    }
    left_out(answer, zh);
}

fn quantiles(quantiles: &Quantiles) {
    for (name, quantile) in
        [("p50", quantiles.p50), ("p90", quantiles.p90), ("p95", quantiles.p95), ("p99", quantiles.p99)]
    {
        let bound = if quantile.reached { " " } else { ">" };
        println!("  {name}  {bound} {:.1} s", quantile.value);
    }
}

/// An instant as people read it; small numbers are seconds of a clock of the file's own.
fn instant(seconds: f64) -> String {
    let since_1970 = (seconds > 1e9).then(|| chrono::DateTime::from_timestamp_millis((seconds * 1e3) as i64));
    since_1970.flatten().map_or_else(|| format!("{seconds:.0}"), |at| at.to_rfc3339())
}

/// Rows that say nothing, and what had to be assumed: whoever reads the figures must know.
fn left_out(answer: &SyncAnswer, zh: bool) {
    let excluded = &answer.excluded;
    let (twice, early, after) =
        (excluded.duplicate_id, excluded.seen_before_upload, excluded.lost_after_seen);
    if twice + early + after > 0 {
        let line = excluded.first_line.map(|line| line.to_string()).unwrap_or_default();
        if zh {
            println!(
                "未计入：重复编号 {twice} 行，先见后传 {early} 行，见后又查无 {after} 行（首见第 {line} 行）"
            );
        } else {
            println!(
                "left out: {twice} repeat an id, {early} seen before their upload, {after} looked for in vain after \
                 they were seen (first at line {line})"
            );
        }
    }
    for assumption in &answer.assumed {
        println!("{}", table::assumed(*assumption, zh));
    }
}
