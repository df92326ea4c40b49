//! Numbers and foreign text as people read them.

use crate::words::Lang;

pub use piaotan_analysis::numbers::{count, number, percent, seconds};

/// A change as signed per cent.
#[must_use]
pub fn change(ratio: f64) -> String {
    let sign = if ratio > 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(ratio))
}

/// A share of availability: cut off, never rounded up, since 99.996 % is not 100 %.
#[must_use]
pub fn availability(share: f64) -> String {
    if share >= 1.0 { "100 %".to_owned() } else { format!("{:.2} %", (share * 10_000.0).floor() / 100.0) }
}

/// A list of words in the reader's language.
#[must_use]
pub fn list(lang: Lang, words: &[String]) -> String {
    words.join(lang.of("、", ", "))
}

/// Foreign text made safe to stand in a line of ours: one line, no control characters, no marks
/// that turn the direction of what follows, at most `most` characters.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}');
    let allowed = |c: &char| {
        !turns(*c) && (!c.is_control() || c.is_whitespace()) && !('\u{FFFE}'..='\u{FFFF}').contains(c)
    };
    let line = text.chars().filter(allowed).map(|c| if c.is_whitespace() && c != '\u{A0}' { ' ' } else { c });
    let mut kept: String = line.clone().take(most).collect();
    if line.count() > most {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_turn_the_line() {
        assert_eq!(clean("a\u{202E}b\nc\u{0}", 10), "ab c");
        assert_eq!(clean("abcdef", 4), "abc…");
    }

    #[test]
    fn availability_is_never_rounded_up() {
        let said = [1.0, 0.999_96, 0.5].map(availability);
        assert_eq!(said, ["100 %", "99.99 %", "50.00 %"]);
    }
}
