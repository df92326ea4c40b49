//! The summary as JSON: the machine-readable contract, `schema` first and `kind` second.

use crate::Error;
use piaotan_analysis::summary::Summary;

/// Writes the summary, ending in a newline.
///
/// # Errors
/// When a number in it cannot be written as JSON.
pub fn json(summary: &Summary) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}
