//! What people, later notices and observation correct in a window, with effect on the past.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::window::{Status, Window};

/// One correction of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The id of the window, or of the rule of which all windows are confirmed or cancelled.
    pub window: String,
    /// When it was made: later ones win, and reports "as known then" leave later ones out.
    pub made: DateTime<Utc>,
    /// Who or what made it.
    #[serde(default)]
    pub by: String,
    #[serde(flatten)]
    pub change: Change,
}

/// What is corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    Confirm,
    Cancel,
    /// It lasts until `end`, later than was said. An open-ended window gets its end so.
    Extend {
        end: DateTime<Utc>,
    },
    /// It lasted only until `end`, earlier than was said.
    Shorten {
        end: DateTime<Utc>,
    },
}

impl Change {
    /// The window with this change, or one line that says why it does not fit.
    ///
    /// # Errors
    /// An extension that is none, a shortening that is none, or an end before the start.
    pub fn applied_to(self, window: &Window) -> Result<Window, String> {
        let mut changed = window.clone();
        match self {
            Change::Confirm => changed.status = Status::Confirmed,
            Change::Cancel => changed.status = Status::Cancelled,
            Change::Extend { end } if window.end.is_some_and(|old| end < old) => {
                return Err(format!("{end} is before the end of {}: write shorten instead", window.id));
            }
            Change::Shorten { end } if window.end.is_some_and(|old| end > old) => {
                return Err(format!("{end} is after the end of {}: write extend instead", window.id));
            }
            Change::Extend { end } | Change::Shorten { end } if end <= window.start => {
                return Err(format!("{end} is not after the start of {}: write cancel instead", window.id));
            }
            Change::Extend { end } | Change::Shorten { end } => changed.end = Some(end),
        }
        Ok(changed)
    }
}

/// Applies the corrections in the order in which they were made; returns those that fit nothing.
pub(super) fn apply(windows: &mut [Window], corrections: &[Correction]) -> Vec<Correction> {
    let mut ordered: Vec<&Correction> = corrections.iter().collect();
    ordered.sort_by_key(|correction| correction.made);
    let fits = |correction: &&&Correction| !apply_one(windows, correction);
    ordered.iter().filter(fits).map(|correction| (*correction).clone()).collect()
}

fn apply_one(windows: &mut [Window], correction: &Correction) -> bool {
    let mut applied = false;
    let whole_rule = matches!(correction.change, Change::Confirm | Change::Cancel);
    let named = |window: &&mut Window| {
        window.id == correction.window || (whole_rule && window.rule.as_ref() == Some(&correction.window))
    };
    for window in windows.iter_mut().filter(named) {
        if let Ok(changed) = correction.change.applied_to(window) {
            *window = changed;
            applied = true;
        }
    }
    applied
}
