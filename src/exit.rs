//! How the program ends: a code, and one line on standard error that names what to mend.
#![allow(clippy::print_stderr, reason = "the last words of the program")]

use std::process::ExitCode;

/// Usage, configuration, input, disk, port or internal error.
pub const USAGE: u8 = 2;
/// The target may not be loaded or written.
pub const REFUSED: u8 = 5;
/// Too little is known to say.
pub const INCONCLUSIVE: u8 = 3;
pub const MAINTENANCE: u8 = 4;
pub const INTERRUPTED: u8 = 130;
pub const TERMINATED: u8 = 143;

/// An error that ends the program with a code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Coded {
    pub code: u8,
    pub message: String,
}

impl Coded {
    /// A refusal of the target.
    pub fn refused(message: impl std::fmt::Display) -> anyhow::Error {
        Self { code: REFUSED, message: message.to_string() }.into()
    }

    /// A signal came, whose code this is.
    pub fn interrupted(code: u8, message: impl std::fmt::Display) -> anyhow::Error {
        Self { code, message: message.to_string() }.into()
    }

    /// Maintenance forbids it.
    pub fn maintenance(message: impl std::fmt::Display) -> anyhow::Error {
        Self { code: MAINTENANCE, message: message.to_string() }.into()
    }
}

/// A reader that has seen enough (`| head`) ends the program quietly instead of with a panic.
pub fn when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to std") && text.contains("Broken pipe") {
            std::process::exit(0);
        }
        usual(panic);
    }));
}

/// Shows an error on one line and turns the result into the process's code.
pub fn code(result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let line: Vec<String> = error.chain().map(ToString::to_string).collect();
            eprintln!("piaotan: {}", line.join(": ").replace('\n', " "));
            ExitCode::from(error.downcast_ref::<Coded>().map_or(USAGE, |coded| coded.code))
        }
    }
}
