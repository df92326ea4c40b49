//! What is wrong with a profile: everything at once, one line each.

use std::fmt;

/// One thing that is wrong, where it stands and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the profile, counted from 1.
    pub line: usize,
    /// The dotted path of the field.
    pub field: String,
    pub message: String,
    pub remedy: String,
}

/// Everything that is wrong with one profile, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    origin: String,
    list: Vec<Problem>,
}

impl Problems {
    #[must_use]
    pub(super) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), list: Vec::new() }
    }

    /// The problems in the order of their lines.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn add(
        &mut self,
        line: usize,
        field: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let problem =
            Problem { line, field: field.to_owned(), message: message.into(), remedy: remedy.into() };
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|problem| problem.line);
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.list.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{problem}", self.origin)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}; {}", self.message, self.remedy)
    }
}
