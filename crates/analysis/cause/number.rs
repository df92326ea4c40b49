//! The form of Chinese invoice numbers: twenty digits of a fully digital invoice, or code and number of
//! the older kinds (State Taxation Administration, announcements of 2021 to 2024).

use chrono::{DateTime, Datelike, FixedOffset};
use std::fmt;

/// What a number is, by its form alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// 数电票: year 2, region 2, issuing channel 1, sequence 15.
    Digital { year: u32, region: String },
    /// Code 12 and number 8; the code begins with 0 or 1.
    OldTwelve,
    /// Code 10 and number 8.
    OldTen,
}

/// Why a text is no invoice number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Empty,
    /// A character that is no digit; the letters O, I and l are the usual ones.
    NotADigit(char),
    /// Eight digits: the number of an older kind without its code.
    CodeMissing,
    Length(usize),
    /// A year that has not come yet, in the first two digits.
    Year(u32),
}

/// Reads the form of a number at an instant; spaces and hyphens do not count, full-width digits do.
///
/// # Errors
/// Why it is none.
pub fn form(text: &str, now: DateTime<FixedOffset>) -> Result<Form, Fault> {
    let digits = plain(text);
    if digits.is_empty() {
        return Err(Fault::Empty);
    }
    if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_digit()) {
        return Err(Fault::NotADigit(wrong));
    }
    match digits.len() {
        // Codes of twelve digits begin with 0 (or 1, the oldest); no digital invoice is of 2019 or before.
        20 if digits.starts_with(['0', '1']) => Ok(Form::OldTwelve),
        20 => digital(&digits, now),
        18 => Ok(Form::OldTen),
        8 => Err(Fault::CodeMissing),
        length => Err(Fault::Length(length)),
    }
}

/// The number as it is compared: without spaces and hyphens, with plain digits.
#[must_use]
pub fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        other => other,
    };
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '_')).map(narrow).collect()
}

fn digital(digits: &str, now: DateTime<FixedOffset>) -> Result<Form, Fault> {
    let year = 2000 + digits[..2].parse::<u32>().map_err(|_| Fault::Empty)?;
    if i64::from(year) > i64::from(now.year()) {
        return Err(Fault::Year(year));
    }
    Ok(Form::Digital { year, region: digits[2..4].to_owned() })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no number"),
            Self::NotADigit(wrong) => write!(f, "`{wrong}` is no digit"),
            Self::CodeMissing => f.write_str("8 digits: the code (10 or 12 digits) is missing"),
            Self::Length(length) => write!(f, "{length} digits instead of 20 or 18"),
            Self::Year(year) => write!(f, "of the year {year}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Fault, Form, form};

    #[test]
    fn numbers_are_told_by_their_form() {
        let now = "2026-11-24T10:00:00+08:00".parse().unwrap();
        let check =
            |text: &str, expected: Result<Form, Fault>| assert_eq!(form(text, now), expected, "{text}");
        let digital = || Ok(Form::Digital { year: 2026, region: "11".into() });
        check("26112000000012345678", digital());
        check("2611 2000 0000 1234 5678", digital());
        check("２６112000000012345678", digital());
        check("01100190011112345678", Ok(Form::OldTwelve));
        check("110019901112345678", Ok(Form::OldTen));
        check("12345678", Err(Fault::CodeMissing));
        check("2611200000001234567", Err(Fault::Length(19)));
        check("261120000000l2345678", Err(Fault::NotADigit('l')));
        check("27112000000012345678", Err(Fault::Year(2027)));
        check(" ", Err(Fault::Empty));
    }
}
