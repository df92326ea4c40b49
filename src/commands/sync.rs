//! `piaotan sync FILE.csv`: sync delays of anybody's invoices.
#![allow(clippy::print_stdout, reason = "answers on standard output")]

use crate::door::{Common, Format};
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use piaotan_analysis::sync::read::Reader;
use piaotan_analysis::sync::{
    Verdict,
    answer::{Question, SyncAnswer, answer},
};
use piaotan_reports::Lang;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

/// Estimate sync delays from a CSV.
#[derive(Debug, Args)]
#[command(
    after_help = "The file has the columns id,uploaded,last_not_seen,first_seen (empty = never), and optionally
batch and group; times are RFC 3339 or seconds, one kind a file. Two groups are compared.

Examples:
  piaotan sync invoices.csv
  piaotan sync before-and-after.csv --format json"
)]
pub struct Sync {
    pub file: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Estimates and answers.
///
/// # Errors
/// One line that names the row and what to write instead.
pub fn run(args: &Sync, common: &Common) -> Result<u8> {
    let origin = args.file.display().to_string();
    let mut input = BufReader::new(File::open(&args.file).with_context(|| format!("cannot read {origin}"))?);
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let mut reader = Reader::new(&line).map_err(|e| anyhow!("{origin}: {e}"))?;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        reader.line(line.trim_ascii_end()).map_err(|e| anyhow!("{origin}: {e}"))?;
    }
    let table = reader.finish().map_err(|e| anyhow!("{origin}: {e}"))?;
    let answer = answer(&table, &Question::default())
        .ok_or_else(|| anyhow!("{origin} holds no row that can be used"))?;
    let failed = answer.regression.as_ref().is_some_and(|compared| compared.result.verdict == Verdict::Fail);
    match args.format {
        Format::Json => println!("{}", serde_json::to_string(&answer)?),
        Format::Human => tell(&answer, common.lang() == Lang::Zh),
    }
    Ok(u8::from(failed))
}

fn tell(answer: &SyncAnswer, zh: bool) {
    println!(
        "{}: {}   {}: {}",
        if zh { "发票" } else { "invoices" },
        answer.n,
        if zh { "尚未可见" } else { "not yet seen" },
        answer.censored,
    );
    let quantiles = &answer.quantiles;
    for (name, quantile) in
        [("p50", quantiles.p50), ("p90", quantiles.p90), ("p95", quantiles.p95), ("p99", quantiles.p99)]
    {
        let bound = if quantile.reached { " " } else { ">" };
        println!("  {name}  {bound} {:.1} s", quantile.value);
    }
    if let Some(change) = &answer.change {
        let what = if zh { "延迟自此变化" } else { "the delay changed at" };
        println!("  {what} {:.0}: ×{:.2} (p {:.3})", change.at, change.ratio.value, change.p);
    }
    if let Some(compared) = &answer.regression {
        println!("  {:?}: {}", compared.result.verdict, compared.result.reason);
    }
}
