//! Taxpayers: names in Chinese and tax ids with the check characters of GB 32100-2015 and GB 11714.

use rand::RngExt;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

const WORDS: [&str; 16] = [
    "云帆", "启明", "恒信", "博远", "晨曦", "嘉禾", "天工", "北辰", "瑞和", "致远", "华章", "清源", "长风",
    "明德", "万象", "同舟",
];
const TRADES: [&str; 12] = [
    "科技",
    "贸易",
    "商贸",
    "信息技术",
    "物业管理",
    "建筑工程",
    "餐饮管理",
    "文化传媒",
    "医疗器械",
    "物流",
    "咨询",
    "电子",
];

/// A party of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxpayer {
    pub name: String,
    pub tax_id: String,
}

impl Taxpayer {
    /// A made-up company of a region, marked as a test.
    #[must_use]
    pub fn synthetic(region: &str, rng: &mut impl rand::Rng) -> Self {
        let word = WORDS[rng.random_range(0..WORDS.len())];
        let trade = TRADES[rng.random_range(0..TRADES.len())];
        Self { name: format!("（测试）{word}{trade}有限公司"), tax_id: tax_id(region, rng) }
    }
}

/// A unified social credit code of a company in a region, with both check characters right.
#[must_use]
pub fn tax_id(region: &str, rng: &mut impl rand::Rng) -> String {
    let mut code = format!("91{region:0>2}0100");
    let organisation: String = std::iter::once('M')
        .chain(std::iter::once('A'))
        .chain((0..6).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])))
        .collect();
    code.push_str(&organisation);
    code.push(organisation_check(&organisation));
    code.push(credit_check(&code));
    code
}

/// Whether a code of 18 characters has the right check characters. Real ones have exceptions: warn, never reject.
#[must_use]
pub fn is_valid(code: &str) -> bool {
    let known = |byte: &u8| ALPHABET.contains(byte);
    code.len() == 18
        && code.as_bytes().iter().all(known)
        && code.ends_with(credit_check(&code[..17]))
        && code[..17].ends_with(organisation_check(&code[8..16]))
}

/// The last of the 18 characters, from the 17 before it.
fn credit_check(code: &str) -> char {
    let place = |c: u8| ALPHABET.iter().position(|known| *known == c).unwrap_or(0);
    let sum: usize = code.bytes().zip(WEIGHTS).map(|(c, weight)| place(c) * weight).sum();
    char::from(ALPHABET[(31 - sum % 31) % 31])
}

/// The check character of an organisation code of eight characters, whose letters count from 10 on.
fn organisation_check(code: &str) -> char {
    let value = |c: char| c.to_digit(36).unwrap_or(0) as usize;
    let sum: usize = code.chars().zip(ORGANISATION_WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => 'X',
        digit => char::from(ALPHABET[digit]),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_valid, tax_id};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn made_tax_ids_are_valid_and_a_changed_one_is_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..200 {
            let code = tax_id("11", &mut rng);
            assert!(is_valid(&code), "{code}");
            let wrong = if code.ends_with('0') { '1' } else { '0' };
            assert!(!is_valid(&format!("{}{wrong}", &code[..17])), "{code}");
        }
    }
}
