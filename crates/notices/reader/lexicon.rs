//! Which word means what: the two tables joined, looked up by the longest match.

mod en;
mod zh;

use std::sync::OnceLock;

use super::atoms::Meaning::{self, Weekday};
use super::atoms::Zoned;
use super::zones::ABBREVIATIONS;

#[derive(Debug)]
struct Entry {
    word: Vec<char>,
    meaning: Meaning,
    /// English: the word ends where it ends, or runs on to the end of the word (`*`).
    latin: bool,
    open: bool,
}

#[derive(Debug)]
pub(crate) struct Lexicon {
    /// For each character of the basic plane, where its words are in `words`; 0 for none.
    by_first: Vec<u16>,
    words: Vec<Vec<Entry>>,
}

/// The one lexicon.
pub(crate) fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(Lexicon::new)
}

impl Lexicon {
    fn new() -> Self {
        let mut lexicon = Self { by_first: vec![0; 0x1_0000], words: vec![Vec::new()] };
        for (meaning, words) in zh::WORDS {
            for word in words.split_whitespace() {
                lexicon.add(word, *meaning, false);
            }
        }
        for (meaning, words) in en::WORDS {
            for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                lexicon.add(word, *meaning, true);
            }
        }
        for (row, abbreviation) in ABBREVIATIONS.iter().enumerate() {
            for name in abbreviation.names.split(',').map(str::trim) {
                lexicon.add(name, Meaning::Zone(Zoned::Name(row)), true);
            }
        }
        lexicon.add_weekdays();
        for entries in &mut lexicon.words {
            // A stable sort: of two equal words the one listed first wins.
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.word.len()));
        }
        lexicon
    }

    fn add(&mut self, word: &str, meaning: Meaning, latin: bool) {
        let open = latin && word.ends_with('*');
        let word: Vec<char> = word.trim_end_matches('*').chars().collect();
        let latin = latin || word.iter().all(char::is_ascii_alphabetic);
        if let Some(first) = word.first() {
            let Some(slot) = self.by_first.get_mut(*first as usize) else { return };
            if *slot == 0 {
                *slot = u16::try_from(self.words.len()).unwrap_or(0);
                self.words.push(Vec::new());
            }
            let entry = Entry { word: word.clone(), meaning, latin, open };
            self.words[usize::from(*slot)].push(entry);
        }
    }

    fn add_weekdays(&mut self) {
        for (week, prefixes) in zh::WEEK_PREFIXES {
            for prefix in prefixes.split_whitespace() {
                for (day, name) in
                    [(1, '一'), (2, '二'), (3, '三'), (4, '四'), (5, '五'), (6, '六'), (7, '日'), (7, '天')]
                {
                    self.add(&format!("{prefix}{name}"), Weekday(*week, day), false);
                }
                for day in 1..=6_u8 {
                    self.add(&format!("{prefix}{day}"), Weekday(*week, day), false);
                }
            }
        }
    }

    /// The longest word that begins at `i`, with its length in characters.
    pub(crate) fn longest(&self, text: &[char], i: usize) -> Option<(Meaning, usize)> {
        let entries = &self.words[usize::from(*self.by_first.get(*text.get(i)? as usize)?)];
        if entries.is_empty() {
            return None;
        }
        let inside = i > 0 && text[i - 1].is_ascii_alphabetic();
        entries.iter().find_map(|entry| entry.matches(text, i, inside).map(|length| (entry.meaning, length)))
    }
}

impl Entry {
    /// The length matched. A blank in the word matches any run of blanks, line ends among them.
    fn matches(&self, text: &[char], i: usize, inside: bool) -> Option<usize> {
        if self.latin && inside && self.word[0].is_ascii_alphabetic() {
            return None;
        }
        let mut j = i;
        for expected in &self.word {
            if *expected == ' ' {
                let start = j;
                while j < text.len() && j < start + 40 && matches!(text[j], ' ' | '\n') {
                    j += 1;
                }
                if j == start {
                    return None;
                }
            } else if text.get(j) == Some(expected) {
                j += 1;
            } else {
                return None;
            }
        }
        if self.latin && self.word.last().is_some_and(char::is_ascii_alphabetic) {
            let end = text[j..].iter().take(40).take_while(|c| c.is_ascii_alphabetic()).count();
            if end > 0 && !self.open {
                return None;
            }
            j += end;
        }
        Some(j - i)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::atoms::{Cue, Week};
    use super::*;

    fn check(text: &str, expected: Option<(Meaning, usize)>) {
        let text: Vec<char> = text.chars().collect();
        assert_eq!(lexicon().longest(&text, 0), expected);
    }

    #[test]
    fn the_longest_word_wins() {
        check("恢复正常了", Some((Meaning::Cue(Cue::Restore), 4)));
        check("本周五22:00", Some((Meaning::Weekday(Week::This, 5), 3)));
        check("not be available today", Some((Meaning::Cue(Cue::Stop), 16)));
        check("upgrading it", Some((Meaning::Cue(Cue::Work), 9)));
        check("downtown", None);
        check("to", Some((Meaning::To, 2)));
        check("tomato", None);
    }
}
