//! Everything that reports say, in both languages at once.
//!
//! A phrase is a member of a closed enum and carries its two wordings, so none can be missing in
//! one language; `{0}`, `{1}` are filled in by [`fill`].

mod compared;
mod names;
mod phrases;

pub use compared::compared;
pub use names::{finding, operation, outcome, probe, severity, state, surface, verdict};
pub use phrases::Phrase;

use piaotan_record::closed_enum;

closed_enum! {
    /// The reader's language.
    #[derive(Default)]
    pub enum Lang {
        #[default]
        Zh = "zh",
        En = "en",
    }
}

impl Lang {
    /// The tag of the language for HTML.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// One of two wordings.
    #[must_use]
    pub const fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// A phrase with its places `{0}`, `{1}` … filled in.
#[must_use]
pub fn fill(lang: Lang, phrase: Phrase, values: &[&str]) -> String {
    let mut text = phrase.say(lang).to_owned();
    for (place, value) in values.iter().enumerate() {
        text = text.replace(&format!("{{{place}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wordings_have_the_same_places() {
        for phrase in Phrase::ALL {
            let places =
                |text: &str| (0..4).filter(|i| text.contains(&format!("{{{i}}}"))).collect::<Vec<_>>();
            assert_eq!(places(phrase.say(Lang::Zh)), places(phrase.say(Lang::En)), "{phrase:?}");
        }
    }

    #[test]
    fn no_chinese_slips_into_english() {
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
        for phrase in Phrase::ALL {
            assert!(!chinese(phrase.say(Lang::En)), "{phrase:?}");
        }
    }

    #[test]
    fn places_are_filled_in_order() {
        assert_eq!(
            fill(Lang::En, Phrase::OperationsShown, &["4", "9"]),
            "4 of 9 operations; the rest are in the table"
        );
    }
}
