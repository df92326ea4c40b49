//! Which of the languages that the reader knows a text is in.

use super::normalise::is_han;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
    Other,
}

/// Small words that no English sentence of some length is without, and hardly any other text has.
const ENGLISH: [&str; 43] = [
    "pm",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "outage",
    "outages",
    "unavailable",
    "upcoming",
    "scheduled",
    "planned",
    "start",
    "end",
    "downtime",
    "affected",
    "services",
    "the",
    "of",
    "and",
    "will",
    "be",
    "from",
    "is",
    "for",
    "our",
    "are",
    "this",
    "with",
    "we",
    "have",
    "been",
    "between",
    "has",
    "until",
    "you",
    "your",
    "at",
    "by",
    "during",
    "it",
];

/// Small words of German, French, Spanish, Italian, Portuguese, Dutch, Polish and Swedish that are not English ones.
const FOREIGN: [&str; 44] = [
    "der", "das", "und", "nicht", "wegen", "ist", "von", "bis", "uhr", "wir", "le", "les", "des", "est",
    "pour", "du", "en", "el", "los", "por", "para", "desde", "hasta", "il", "di", "della", "dal", "alle",
    "della", "em", "com", "och", "het", "niet", "od", "jest", "nie", "dnia", "la", "de", "del", "und", "sie",
    "werden",
];

/// Judged from the first 20,000 characters.
pub(crate) fn of(text: &[char]) -> Language {
    let text = &text[..text.len().min(20_000)];
    let count = |test: fn(char) -> bool| text.iter().filter(|c| test(**c)).count();
    let (han, kana) = (count(is_han), count(|c| matches!(c, '\u{3041}'..='\u{30ff}')));
    let hangul = count(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'));
    let latin = count(|c| c.is_ascii_alphabetic());
    let foreign = count(|c| c.is_alphabetic() && !c.is_ascii() && !is_han(c));
    if kana * 10 > han && kana > 3 || hangul > han {
        return Language::Other;
    }
    if han >= 2 && han * 8 >= latin + foreign {
        return Language::Chinese;
    }
    if foreign * 12 > latin || !english(text) { Language::Other } else { Language::English }
}

/// Short texts are given the benefit: "Outage 22:00-23:00 UTC" has no small words.
fn english(text: &[char]) -> bool {
    let (mut words, mut small, mut foreign) = (0_usize, 0_usize, 0_usize);
    for word in text.split(|c| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        let is_in =
            |list: &[&str]| usize::from(list.iter().any(|known| known.chars().eq(word.iter().copied())));
        small += is_in(&ENGLISH);
        foreign += is_in(&FOREIGN);
    }
    foreign <= small && (words < 12 || small * 25 >= words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Language) {
        assert_eq!(of(&text.to_lowercase().chars().collect::<Vec<_>>()), expected, "{text}");
    }

    #[test]
    fn languages() {
        check("系统将于今晚升级", Language::Chinese);
        check("The portal will be unavailable from 10 pm to 2 am for maintenance.", Language::English);
        check(
            "Informujemy, że od dnia 1 października może się regularnie odbywać konserwacja platformy",
            Language::Other,
        );
        check(
            "El servicio no estará disponible el sábado desde las 22:00 hasta las 02:00 por mantenimiento programado",
            Language::Other,
        );
        check("システムメンテナンスのお知らせ 10月3日", Language::Other);
        check("Outage 22:00-23:00 UTC", Language::English);
    }
}
