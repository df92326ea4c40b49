//! `piaotan completions SHELL`.

use crate::door::Door;
use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Write shell completions.
#[derive(Debug, Args)]
#[command(after_help = "Example: piaotan completions bash > /etc/bash_completion.d/piaotan")]
pub struct Completions {
    pub shell: Shell,
}

/// Writes them to standard output.
///
/// # Errors
/// Never; the signature is that of every verb.
pub fn run(args: &Completions) -> Result<u8> {
    clap_complete::generate(args.shell, &mut Door::command(), "piaotan", &mut std::io::stdout());
    Ok(0)
}
