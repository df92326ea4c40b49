//! Money as whole fen; never floating point.

/// Largest amount that an invoice may carry: 一千亿元 less one fen.
pub const LARGEST: i64 = 9_999_999_999_999;

/// Parses a plain decimal of yuan (`1409.5`, `-3.00`) with at most two places into fen.
pub fn parse(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let sized = (1..=11).contains(&whole.len()) && part.len() <= 2;
    if !sized || !plain(whole) || !plain(part) || (digits.contains('.') && part.is_empty()) {
        return None;
    }
    let yuan: i64 = whole.parse().ok()?;
    let fen: i64 = format!("{part:0<2}").parse().ok()?;
    let value = yuan * 100 + fen;
    (value <= LARGEST).then_some(sign * value)
}

/// Writes fen as yuan with two places.
pub fn show(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let size = fen.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}
