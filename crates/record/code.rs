//! The platform's own codes, as a closed set that its profile declares.

use serde::{Deserialize, Serialize};

/// Index into a [`CodeBook`]; 0 is [`CodeBook::OTHER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u16);

/// The codes that a profile declares, each with what it means and how to mend it.
///
/// Labels come only from here: a code that the profile does not know is counted as `other`, so a
/// platform that invents codes cannot make our series grow without bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBook {
    entries: Vec<CodeEntry>,
}

/// One code, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeEntry {
    pub code: String,
    /// What it means, in the reader's language (`zh` beside it where given).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning_zh: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy_zh: String,
}

impl Default for CodeBook {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl CodeBook {
    /// The code of everything that the profile does not declare.
    pub const OTHER: Code = Code(0);

    /// Builds a book; `other` is added in front when it is not there.
    #[must_use]
    pub fn new(mut entries: Vec<CodeEntry>) -> Self {
        if entries.first().is_none_or(|first| first.code != "other") {
            let meaning = "a code that the profile does not declare".to_owned();
            let meaning_zh = "配置中未声明的代码".to_owned();
            let other = CodeEntry {
                code: "other".to_owned(),
                meaning,
                meaning_zh,
                remedy: String::new(),
                remedy_zh: String::new(),
            };
            entries.insert(0, other);
        }
        Self { entries }
    }

    /// The index of a code as the platform wrote it.
    #[must_use]
    pub fn code(&self, text: &str) -> Code {
        let at = self.entries.iter().position(|entry| entry.code == text).unwrap_or(0);
        Code(u16::try_from(at).unwrap_or(0))
    }

    #[must_use]
    pub fn name(&self, code: Code) -> &str {
        &self.entry(code).code
    }

    #[must_use]
    pub fn entry(&self, code: Code) -> &CodeEntry {
        self.entries.get(usize::from(code.0)).unwrap_or(&self.entries[0])
    }

    /// All entries, `other` first.
    #[must_use]
    pub fn entries(&self) -> &[CodeEntry] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeBook, CodeEntry};

    #[test]
    fn an_undeclared_code_is_other() {
        let entry = CodeEntry {
            code: "E404".into(),
            meaning: String::new(),
            meaning_zh: String::new(),
            remedy: String::new(),
            remedy_zh: String::new(),
        };
        let book = CodeBook::new(vec![entry]);
        assert_eq!(book.name(book.code("E404")), "E404");
        assert_eq!(book.name(book.code("made up")), "other");
    }
}
