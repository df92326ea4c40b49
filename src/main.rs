//! Piaotan (票探): maintenance-aware load tests and health probes for electronic-invoice platforms.
//!
//! This file is the table of contents; every verb has a file of its own under `commands/`.

mod announced;
mod commands;
mod config;
mod door;
mod exit;
mod folders;
mod forge;
mod looking_back;
mod notify;
mod probing;
mod progress;
mod push;
mod question;
mod serve;
mod signals;
mod status;
mod telling;
mod trying;
mod watching;

use clap::Parser as _;
use door::{Door, Verb};
use std::process::ExitCode;

fn main() -> ExitCode {
    // goose forces aws-lc-rs on us; with one provider chosen before any other, no handshake can meet two.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    exit::when_nobody_reads();
    let door = Door::parse();
    exit::code(enter(door))
}

fn enter(door: Door) -> anyhow::Result<u8> {
    let common = door.common;
    match door.verb {
        Verb::Demo(args) => commands::demo::run(&args, &common),
        Verb::Platform(args) => commands::platform::run(args),
        Verb::Run(args) => commands::run::run(&args, &common),
        Verb::Capacity(args) => commands::capacity::run(&args, &common),
        Verb::Check(args) => commands::check::run(&args, &common),
        Verb::Watch(args) => commands::watch::run(&args, &common),
        Verb::Trace(args) => commands::trace::run(&args, &common),
        Verb::Cleanup(args) => commands::cleanup::run(&args, &common),
        Verb::Gate(args) => commands::gate::run(&args, &common),
        Verb::Report(args) => commands::report::run(&args, &common),
        Verb::Merge(args) => commands::merge::run(&args, &common),
        Verb::Sync(args) => commands::sync::run(&args, &common),
        Verb::History(args) => commands::history::run(&args, &common),
        Verb::Windows(args) => commands::windows::run(&args, &common),
        Verb::Profile(args) => commands::profile::run(&args, &common),
        Verb::Grafana(args) => commands::grafana::run(&args, &common),
        Verb::Config(args) => commands::config::run(&args, &common),
        Verb::Completions(args) => commands::completions::run(&args),
        Verb::Man(args) => commands::man::run(&args),
    }
}
