//! A recurring rule cut into windows, each with a name by which it alone can be corrected.

use chrono::{DateTime, Utc};

use super::Recurrence;
use crate::window::Window;

/// A rule: what its windows say, and when they come.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurring {
    /// The pattern that every occurrence is cut from; its own start and end are not looked at.
    pub window: Window,
    pub recurrence: Recurrence,
}

impl Recurring {
    /// The windows that meet `[from, to)`. They carry the rule's id in `rule`, and in their own id
    /// their start as well (`weekly@20261124T180000Z`), so that one of them can be cancelled, moved or
    /// replaced by a one-off window of the same id.
    pub fn windows(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = Window> {
        self.recurrence.occurrences(from, to).map(|occurrence| Window {
            id: format!("{}@{}", self.window.id, occurrence.start.format("%Y%m%dT%H%M%SZ")),
            start: occurrence.start,
            end: Some(occurrence.end),
            zone: Some(self.recurrence.zone()),
            rule: Some(self.window.id.clone()),
            ..self.window.clone()
        })
    }
}
