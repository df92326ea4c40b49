//! Reading TOML so that a mistake is answered with one line that mends it.

use piaotan_record::names::nearest;
use serde::de::DeserializeOwned;

/// A configuration that cannot be used: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}{}: {message}", line.map(|n| format!(", line {n}")).unwrap_or_default())]
pub struct ConfigError {
    pub origin: String,
    pub line: Option<usize>,
    pub message: String,
}

impl ConfigError {
    /// A mistake that is not at one line.
    #[must_use]
    pub fn new(origin: &str, message: impl Into<String>) -> Self {
        Self { origin: origin.to_owned(), line: None, message: message.into() }
    }
}

/// Reads a TOML text; `origin` is how people know it.
///
/// # Errors
/// One line with the place and the nearest right word.
pub fn read<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|e| explain(text, origin, &e))
}

/// The one-line form of a TOML error.
#[must_use]
pub fn explain(text: &str, origin: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().lines().next().unwrap_or("cannot be read").trim();
    ConfigError { origin: origin.to_owned(), line, message: advise(message) }
}

/// Turns serde's list of all fields into the one that was meant.
fn advise(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((given, known))
            if message.starts_with("unknown field") || message.starts_with("unknown variant") =>
        {
            let what = if message.starts_with("unknown field") { "unknown field" } else { "unknown value" };
            match nearest(given, known.iter().copied()) {
                Some(word) => format!("{what} `{given}`; did you mean `{word}`?"),
                None if known.is_empty() => format!("{what} `{given}`; remove it"),
                None => format!("{what} `{given}`; one of: {}", known.join(", ")),
            }
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Small {
        #[allow(dead_code)]
        rate: f64,
        #[allow(dead_code)]
        duration: Option<f64>,
    }

    #[test]
    fn mistakes_are_answered_on_one_line() {
        let check = |text: &str, message: &str| {
            assert_eq!(
                read::<Small>(text, "a.toml").map_err(|e| e.to_string()).err().as_deref(),
                Some(message)
            );
        };
        check(
            "rate = 1\nduratoin = 2\n",
            "a.toml, line 2: unknown field `duratoin`; did you mean `duration`?",
        );
        check("rate = 1\nzzz = 2\n", "a.toml, line 2: unknown field `zzz`; one of: rate, duration");
        check("rate = \"x\"\n", "a.toml, line 1: invalid type: string \"x\", expected f64");
    }
}
