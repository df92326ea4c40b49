//! Invoice numbers of twenty digits that are valid in form and recognisable as ours.
//!
//! Year (2), region (2), issuing channel (1), sequence (15). No rule gives channel 9 to anybody known to
//! us, and the sequence ends with a check digit of our own: both together are the mark by which
//! `cleanup` and people tell a synthetic invoice from a real one.

/// The issuing channel of every synthetic invoice.
const CHANNEL: char = '9';
/// How many invoices one run prefix holds before it moves on to the next.
const INDICES: u64 = 10_000_000;

/// The number of invoice `index` of the run that `prefix` stands for.
///
/// Two runs meet only when their prefixes do: seven digits of them.
#[must_use]
pub fn synthetic(year: u32, region: &str, prefix: u64, index: u64) -> String {
    let run = (prefix + index / INDICES) % INDICES;
    let digits = format!("{:02}{region:0>2}{CHANNEL}{run:07}{:07}", year % 100, index % INDICES);
    let check = check(&digits);
    format!("{digits}{check}")
}

/// Whether a number carries our mark.
#[must_use]
pub fn is_synthetic(number: &str) -> bool {
    number.len() == 20
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.as_bytes()[4] == CHANNEL as u8
        && number.ends_with(&check(&number[..19]).to_string())
}

/// Luhn's digit: it catches every single wrong digit and nearly every swap.
fn check(digits: &str) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate();
    let sum: u32 = digits.map(|(at, digit)| if at % 2 == 0 { doubled(digit) } else { digit }).sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::{is_synthetic, synthetic};

    #[test]
    fn numbers_have_their_form_and_our_mark() {
        let number = synthetic(2026, "11", 42, 7);
        assert!(number.starts_with("26119") && number.len() == 20 && is_synthetic(&number), "{number}");
        assert!(!is_synthetic("26110000000000000001") && !is_synthetic("2611"));
    }

    #[test]
    fn numbers_differ_by_prefix_and_index() {
        let numbers = [(1, 1), (1, 2), (2, 1), (1, 10_000_001)]
            .map(|(prefix, index)| synthetic(2026, "11", prefix, index));
        // The prefix moves on after ten million: that one equals the second prefix's.
        assert_eq!(numbers[2], numbers[3]);
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
    }
}
