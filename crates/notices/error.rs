//! The one error of this crate: one line, which names what was wrong and where it can be mended.

/// Why a source could not be read at all. What a readable source leaves open is a doubt, not an error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Problem);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("unknown zone {0:?}: write an IANA name such as Asia/Shanghai, or an offset such as +08:00")]
    Zone(String),
    #[error("not {format}: {reason}")]
    Format { format: &'static str, reason: String },
}

impl Error {
    pub(crate) fn zone(text: &str) -> Self {
        Problem::Zone(text.chars().take(60).collect()).into()
    }

    /// `reason` is cut to one line of bounded length.
    pub(crate) fn format(format: &'static str, reason: impl ToString) -> Self {
        let reason = reason.to_string();
        let line: String = reason.lines().next().unwrap_or("").chars().take(160).collect();
        Problem::Format { format, reason: line }.into()
    }
}
