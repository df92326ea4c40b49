//! The one error of this crate: an input that no verdict can be derived from.

/// Why an input could not be judged: one line that says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}
