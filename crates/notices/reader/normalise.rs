//! One spelling for what is one thing: full width, traditional characters, odd dashes, scrape damage.
//!
//! Every kept character remembers the bytes of the original that it came from, so that evidence can be
//! shown to people in the words of the notice.

use std::ops::Range;

use super::hant::simplified;

/// A text in the reader's spelling, with the way back to the original.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) chars: Vec<char>,
    /// Byte offset in the original of each character, and one more for the end.
    at: Vec<u32>,
}

impl Plain {
    /// The bytes of the original that the characters `from..to` came from.
    pub(crate) fn bytes(&self, span: Range<usize>) -> Range<usize> {
        let end = span.end.min(self.chars.len());
        let start = span.start.min(end);
        let last = if end > start {
            self.at[end - 1] as usize + self.width(end - 1)
        } else {
            self.at[start] as usize
        };
        self.at[start] as usize..last
    }

    fn width(&self, i: usize) -> usize {
        (self.at[i + 1] - self.at[i]) as usize
    }
}

/// Normalises at most 4 GiB of text; what lies beyond is not read.
pub(crate) fn normalise(text: &str) -> Plain {
    let text = if u32::try_from(text.len()).is_ok() { text } else { "" };
    let mut plain =
        Plain { chars: Vec::with_capacity(text.len() / 2), at: Vec::with_capacity(text.len() / 2 + 1) };
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if (c == '(' || c == '\u{ff08}')
            && let Some(length) = pinyin_gloss(&text[at + c.len_utf8()..], plain.chars.last())
        {
            let end = at + c.len_utf8() + length;
            while rest.peek().is_some_and(|(next, _)| *next < end) {
                rest.next();
            }
            continue;
        }
        if let Some(c) = spelling(c) {
            plain.chars.push(c);
            plain.at.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }
    plain.at.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
    plain
}

/// Scraped pages of one old platform gloss each rarer character, as in 機(jī): the gloss is noise.
/// Returns the bytes up to and including the closing bracket.
fn pinyin_gloss(rest: &str, before: Option<&char>) -> Option<usize> {
    before.filter(|c| is_han(**c))?;
    let mut marked = false;
    for (n, (at, c)) in rest.char_indices().enumerate() {
        match c {
            ')' | '\u{ff09}' if n > 0 && marked => return Some(at + c.len_utf8()),
            'a'..='z' if n < 7 => {}
            'ā'..='ǜ' if n < 7 => marked = true,
            _ => return None,
        }
    }
    None
}

fn spelling(c: char) -> Option<char> {
    Some(match c {
        '\u{ff01}'..='\u{ff5e}' => lower(char::from_u32(c as u32 - 0xfee0).unwrap_or(c)),
        '\u{3000}' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\t' => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{2060}'..='\u{2064}'
        | '\u{202a}'..='\u{202e}'
        | '\u{fe0f}' => return None,
        '\r' => return None,
        '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' | '\u{85}' => '\n',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '─' | '━' | '−' | '﹣' | '➖' | '⁃' => '-',
        '〜' | '∼' | '˜' | '﹏' => '~',
        '︰' | '∶' | '﹕' | '꞉' | 'ː' => ':',
        '｡' => '。',
        '┃' | '│' | '¦' | '|' => '|',
        '､' => '、',
        '〔' | '【' | '「' | '『' | '《' | '〖' | '[' => '(',
        '〕' | '】' | '」' | '』' | '》' | '〗' | ']' => ')',
        '→' | '⇒' | '➔' | '➜' | '⟶' => '~',
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        c if is_han(c) => simplified(c),
        c if c.is_ascii() => c.to_ascii_lowercase(),
        c if c.is_control() => ' ',
        c => lower(c),
    })
}

fn lower(c: char) -> char {
    let mut all = c.to_lowercase();
    match (all.next(), all.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇' | '○')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(normalise(input).chars.into_iter().collect::<String>(), expected);
    }

    #[test]
    fn spellings_meet() {
        check("１２：３０～１４：００", "12:30~14:00");
        check("22:00—24:00", "22:00-24:00");
        check("維護\u{200b}時間", "维护时间");
        check("主機(jī)及應(yīng)用", "主机及应用");
        check("周五(a)", "周五(a)");
    }

    #[test]
    fn the_way_back_is_exact() {
        let text = "從２２：００起維護";
        let plain = normalise(text);
        assert_eq!(&text[plain.bytes(1..6)], "２２：００");
        assert_eq!(plain.bytes(0..99), 0..text.len());
    }
}
