//! `piaotan profile`: is it right, does it work, what is there.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the front door prints")]

use crate::config;
use crate::door::{Common, Format};
use crate::exit::USAGE;
use crate::forge;
use crate::trying;
use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use piaotan_client::port::FieldName;
use piaotan_client::profile::{Problems, Profile};
use piaotan_record::Operation;
use serde_json::json;

/// Profiles of platforms.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piaotan profile list
  piaotan profile show bearer > mine.toml
  piaotan profile check mine.toml
  piaotan profile try verify --profile mine.toml --target http://127.0.0.1:8080
  piaotan profile try query_number --profile mine.toml --field number=26119000000000000017")]
pub struct ProfileVerb {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Everything that is wrong with a profile, at once, each with its line and what to write instead.
    Check(Check),
    /// Send one request: what was sent (secrets masked), what came back, what was made of it.
    Try(Try),
    /// The profiles that are built in, and the worked examples.
    List(List),
    /// Write the text of one of those to standard output, to start from.
    Show {
        /// Its name, as `list` says it.
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct Check {
    /// A profile file, or the name of one that is listed.
    pub file: String,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Try {
    /// The operation, such as verify, query_number or upload.
    pub operation: Operation,
    /// Profile: `reference`, or path of a profile file.
    #[arg(long, env = "PIAOTAN_PROFILE", value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Base URL of the platform [default: that of the configuration, else of the profile].
    #[arg(long, env = "PIAOTAN_TARGET", value_name = "URL")]
    pub target: Option<String>,
    /// Another value for a field of the synthetic invoice, such as number=…; may be given again.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    pub field: Vec<(FieldName, String)>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct List {
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// A profile that can be shown, and whether `--profile` takes it by name.
struct Listed {
    name: &'static str,
    built_in: bool,
    text: &'static str,
}

/// The worked examples are texts to start from: each speaks of a platform that is made up.
const LISTED: &[Listed] = &[
    Listed {
        name: "reference",
        built_in: true,
        text: include_str!("../../crates/client/profiles/reference.toml"),
    },
    example("bearer", include_str!("../../docs/profiles/bearer.toml")),
    example("operation-header", include_str!("../../docs/profiles/operation-header.toml")),
    example("sorted-md5", include_str!("../../docs/profiles/sorted-md5.toml")),
    example("fixed-hmac", include_str!("../../docs/profiles/fixed-hmac.toml")),
    example("problem-json", include_str!("../../docs/profiles/problem-json.toml")),
    example("json-rpc", include_str!("../../docs/profiles/json-rpc.toml")),
    example("packed-xml", include_str!("../../docs/profiles/packed-xml.toml")),
    example("derived-key", include_str!("../../docs/profiles/derived-key.toml")),
];

const fn example(name: &'static str, text: &'static str) -> Listed {
    Listed { name, built_in: false, text }
}

/// # Errors
/// One line that names the flag, file or field.
pub fn run(args: &ProfileVerb, common: &Common) -> Result<u8> {
    match &args.what {
        What::Check(args) => check(args),
        What::Try(args) => try_one(args, common),
        What::List(args) => list(args),
        What::Show { name } => {
            print!("{}", listed(name).ok_or_else(|| unknown(name))?.text);
            Ok(0)
        }
    }
}

fn listed(name: &str) -> Option<&'static Listed> {
    LISTED.iter().find(|listed| listed.name == name)
}

fn unknown(name: &str) -> anyhow::Error {
    let known: Vec<&str> = LISTED.iter().map(|listed| listed.name).collect();
    anyhow!("there is no profile `{name}`; one of: {}", known.join(", "))
}

fn check(args: &Check) -> Result<u8> {
    let text = match listed(&args.file) {
        Some(listed) => listed.text.to_owned(),
        None => {
            let named =
                || format!("{} is neither listed by `profile list` nor a file that can be read", args.file);
            forge::utf8(&args.file, std::fs::read(&args.file).with_context(named)?)?
        }
    };
    let read = Profile::parse(&text, &args.file);
    match (args.format, &read) {
        (Format::Json, _) => println!("{}", checked(&read)),
        (Format::Human, Ok(profile)) => right(profile),
        (Format::Human, Err(problems)) => eprintln!("{problems}"),
    }
    Ok(if read.is_ok() { 0 } else { USAGE })
}

fn checked(read: &Result<Profile, Problems>) -> serde_json::Value {
    let each = |problems: &Problems| -> Vec<serde_json::Value> {
        let list = problems.list().iter();
        list.map(|p| json!({"line": p.line, "field": p.field, "message": p.message, "remedy": p.remedy}))
            .collect()
    };
    let (verdict, exit) = if read.is_ok() { ("pass", 0) } else { ("fail", USAGE) };
    let profile = read.as_ref().ok();
    json!({
        "schema": 1, "kind": "profile_check", "verdict": verdict, "exit": exit,
        "profile": profile.map(Profile::name),
        "operations": profile.map(operations),
        "secrets": profile.map(|profile| profile.secrets().map(|(name, _)| name).collect::<Vec<_>>()),
        "problems": read.as_ref().err().map(each).unwrap_or_default(),
    })
}

fn operations(profile: &Profile) -> Vec<&'static str> {
    Operation::ALL.iter().filter(|op| profile.supports(**op)).map(|op| op.as_str()).collect()
}

/// What a profile that is right comes to; secrets by name and place, never by value.
fn right(profile: &Profile) {
    println!("the profile `{}` is right", profile.name());
    println!("operations  {}", operations(profile).join(", "));
    let login =
        profile.login().map_or_else(|| "none".to_owned(), |plan| format!("{} request(s)", plan.steps()));
    println!("login       {login}");
    for (name, place) in profile.secrets() {
        let found = if config::fetch(name, place).is_ok() { "found" } else { "not there yet" };
        println!("secret      {name} = {place} ({found})");
    }
}

fn list(args: &List) -> Result<u8> {
    let about = |listed: &Listed| {
        let line = listed.text.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        line.split_once(": ").map_or(line, |(_, rest)| rest).to_owned()
    };
    if args.format == Format::Json {
        let each = LISTED.iter().map(|l| json!({"name": l.name, "built_in": l.built_in, "about": about(l)}));
        let profiles: Vec<serde_json::Value> = each.collect();
        println!("{}", json!({"schema": 1, "kind": "profile_list", "profiles": profiles}));
        return Ok(0);
    }
    for listed in LISTED {
        let kind = if listed.built_in { "built in" } else { "example" };
        println!("{:<17} {kind:<9} {}", listed.name, about(listed));
    }
    eprintln!("`piaotan profile show NAME > mine.toml` writes one to start from; see docs/profiles.md");
    Ok(0)
}

/// Reads `name=value`.
fn field(text: &str) -> Result<(FieldName, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write NAME=VALUE, such as number=26119000000000000017")?;
    let name = name.parse::<FieldName>().map_err(|e| e.to_string())?;
    Ok((name, value.to_owned()))
}

fn try_one(args: &Try, common: &Common) -> Result<u8> {
    let settings = config::load(common.config.as_deref())?;
    let asked = trying::Asked {
        operation: args.operation,
        target: args.target.as_deref(),
        profile: args.profile.as_deref(),
        fields: &args.field,
        language: common.language(),
    };
    let trial = trying::run(&settings, &asked)?;
    match args.format {
        Format::Json => println!("{}", trial.json()),
        Format::Human => print!("{trial}"),
    }
    Ok(trial.exit())
}
