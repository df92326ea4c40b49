//! `piaotan demo`: the whole story in about a minute, with nothing else installed.
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "the front door prints and waits")]

use crate::commands::run::{self, Run};
use crate::door::{Common, Format};
use crate::forge;
use crate::signals::Signals;
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use piaotan_analysis::summary::{FindingKind, Folded};
use piaotan_reports::Lang;
use piaotan_scenarios::engine::session::AgainstWindows;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// See the whole story in about a minute.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan demo
  piaotan demo --lang zh
  piaotan demo --unannounced              the same maintenance, found from behaviour alone")]
pub struct Demo {
    /// Seed of the story: the same seed tells the same story.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Folder of the run [default: piaotan-demo/<time>].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Withhold the notice: the maintenance has to be recognised from behaviour.
    #[arg(long)]
    pub unannounced: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// When things happen, in seconds since the platform's start. The run begins some seconds later.
const ANNOUNCED: f64 = 6.0;
const WINDOW: (f64, f64) = (20.0, 30.0);
/// Uploads stop so long before everything does.
const WRITES_FIRST: f64 = 3.0;
const SLOWER: f64 = 38.0;
/// Median delay until an accepted invoice is visible, in seconds.
const USUAL: f64 = 0.9;
/// By this factor the synchronisation becomes slower.
const FACTOR: f64 = 3.0;

/// Tells the story.
///
/// # Errors
/// One line, when it cannot be told.
pub fn run(args: &Demo, common: &Common) -> Result<u8> {
    let lang = common.lang();
    let zh = lang == Lang::Zh;
    let stamp = chrono::Utc::now().format("%Y%m%d-%H%M%S").to_string();
    let out = args.out.clone().unwrap_or_else(|| Path::new("piaotan-demo").join(stamp));
    std::fs::create_dir_all(&out).with_context(|| format!("--out {}", out.display()))?;
    let weather = out.join("weather.toml");
    std::fs::write(&weather, weather_text(args))
        .with_context(|| format!("cannot write {}", weather.display()))?;
    let platform = start_platform(args, &weather, &out.join("truth.json"))?;
    say(
        args,
        if zh {
            "参考平台已启动(带可编程的“天气”):"
        } else {
            "the reference platform is up, with weather of its own:"
        },
        &platform.url,
    );
    let folded = press(args, common, &out.join("run"), &platform)?;
    platform.end();
    let (code, folded) = folded;
    if code != 0 && code != 1 && code != 3 && code != 4 {
        return Ok(code);
    }
    let missing = missing(args, &folded);
    if args.format == Format::Human {
        let report = out.join("run/report.html");
        eprintln!("{} {}", if zh { "报告:" } else { "report:" }, report.display());
        eprintln!("{} {}", if zh { "真相:" } else { "truth: " }, out.join("truth.json").display());
    }
    match missing.first() {
        None => Ok(0),
        Some(kind) => {
            eprintln!(
                "piaotan: the story was not found whole: no finding `{kind}`; look at the report and at truth.json"
            );
            Ok(1)
        }
    }
}

fn say(args: &Demo, text: &str, what: &str) {
    if args.format == Format::Human {
        eprintln!("{text} {what}");
    }
}

/// The findings that the story has and the run lacks.
fn missing(args: &Demo, folded: &Folded) -> Vec<FindingKind> {
    let window = if args.unannounced {
        FindingKind::WindowObservedUnannounced
    } else {
        FindingKind::WindowAnnouncedAndObserved
    };
    let story = [window, FindingKind::Suppressed, FindingKind::SyncRegression];
    let found: Vec<FindingKind> = folded.summary.findings.iter().map(|finding| finding.kind).collect();
    story.into_iter().filter(|kind| !found.contains(kind)).collect()
}

fn weather_text(args: &Demo) -> String {
    let (start, end) = WINDOW;
    let length = end - start;
    let (writes_stop, writes_length) = (start - WRITES_FIRST, length + WRITES_FIRST);
    let announce = if args.unannounced {
        String::new()
    } else {
        format!("announce = {{at = {ANNOUNCED}, phrase = \"zh1\"}}\n")
    };
    let slow = USUAL * FACTOR;
    format!(
        "# The story of the demo. Times are seconds since the platform's start.\n\
         [rules]\ndaily_limit = 0\n\n\
         [[review]]\ndelay = {{kind = \"lognormal\", median = 0.15, sigma = 0.3}}\nreviewers = 0\n\n\
         [[latency]]\noperations = [\"writes\"]\ndelay = {{kind = \"lognormal\", median = 0.02, sigma = 0.4}}\n\n\
         [[latency]]\noperations = [\"reads\"]\ndelay = {{kind = \"lognormal\", median = 0.006, sigma = 0.4}}\n\n\
         [[sync]]\ndelay = {{kind = \"lognormal\", median = {USUAL}, sigma = 0.5}}\n\n\
         [[sync]]\nat = {SLOWER}\ndelay = {{kind = \"lognormal\", median = {slow}, sigma = 0.5}}\n\n\
         [[maintenance]]\nat = {writes_stop}\nfor = {writes_length}\noperations = [\"writes\"]\n\
         answer = \"503\"\nretry_after = true\n{announce}\n\
         [[maintenance]]\nat = {start}\nfor = {length}\noperations = [\"all\"]\n\
         answer = \"503\"\nretry_after = true\n{announce}"
    )
}

/// The platform as a child process that ends with us.
struct Child1 {
    url: String,
    child: Child,
    stdin: Option<ChildStdin>,
}

fn start_platform(args: &Demo, weather: &Path, truth: &Path) -> Result<Child1> {
    let executable = std::env::current_exe().context("cannot find the program itself")?;
    let mut child = Command::new(executable)
        .args(["platform", "--listen", "127.0.0.1:0", "--exit-with-stdin", "--seed", &args.seed.to_string()])
        .arg("--weather")
        .arg(weather)
        .arg("--truth")
        .arg(truth)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the reference platform")?;
    let stdin = child.stdin.take();
    let stdout = child.stdout.take().ok_or_else(|| anyhow!("the platform has no output"))?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
    let url = url.ok_or_else(|| anyhow!("the reference platform did not start; its message stands above"))?;
    Ok(Child1 { url, child, stdin })
}

impl Child1 {
    /// Closes its input, so that it ends and writes the truth; waits for that.
    fn end(mut self) {
        drop(self.stdin.take());
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn press(args: &Demo, common: &Common, out: &Path, platform: &Child1) -> Result<(u8, Folded)> {
    let run = Run {
        scenario: "demo".to_owned(),
        target: Some(platform.url.clone()),
        profile: None,
        out: Some(out.to_owned()),
        store: Some(out.with_file_name("piaotan.db")),
        set: vec![format!("seed={}", args.seed)],
        yes_load: None,
        during_maintenance: None,
        segment: None,
        start_at: None,
        listen: None,
        push: None,
        commit: None,
        no_notices: args.unannounced,
        dry_run: false,
        charts: true,
        format: args.format,
        on_inconclusive: None,
    };
    let plan = Arc::new(run::plan(&run.scenario, &run.set)?);
    let settings = crate::config::Settings::default();
    let target = forge::platform(&settings, run.target.as_deref(), None)?;
    let mut setup = run::setup(&run, common, &settings, plan, &target)?;
    setup.maintenance = AgainstWindows::Pause;
    setup.sources.iter_mut().for_each(|source| source.every = Duration::from_secs(1));
    // Uploads are to be told apart from those of another demo, and be the same for the same seed.
    setup.generator = forge::generator(args.seed, "11", "mixed", 20_000, chrono::Utc::now().date_naive())?;
    let signals = Signals::watch(setup.stop.clone())?;
    run::carry_out(&run, setup, common.lang(), Some(signals))
}
