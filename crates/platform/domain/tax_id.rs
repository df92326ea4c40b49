//! Taxpayer ids (统一社会信用代码, GB 32100-2015).

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// What is wrong with a tax id, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Not 15 to 20 upper-case letters and digits: refused.
    Shape,
    /// Eighteen characters whose last one does not follow from the others: real data has such, so a warning.
    Check,
    /// The organisation code in characters 9 to 17 fails its own check: a warning.
    Organisation,
}

/// Checks an id. Ids of 15, 17 or 20 characters (individuals, older kinds) carry no check.
pub fn check(id: &str) -> Result<(), Doubt> {
    let bytes = id.as_bytes();
    let shaped = bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if !shaped || !matches!(bytes.len(), 15 | 17 | 18 | 20) {
        return Err(Doubt::Shape);
    }
    if bytes.len() != 18 {
        return Ok(());
    }
    let sum = bytes[..17].iter().zip(WEIGHTS).try_fold(0, |sum, (b, w)| Some(sum + w * place(*b)?));
    let expected = sum.map(|sum| ALPHABET[(31 - sum % 31) % 31]);
    if expected != Some(bytes[17]) {
        return Err(Doubt::Check);
    }
    organisation(&bytes[8..17])
}

fn place(b: u8) -> Option<usize> {
    ALPHABET.iter().position(|a| *a == b)
}

fn organisation(code: &[u8]) -> Result<(), Doubt> {
    let value = |b: u8| match b {
        b'0'..=b'9' => (b - b'0') as usize,
        _ => (b - b'A') as usize + 10,
    };
    let sum: usize = code[..8].iter().zip(ORGANISATION).map(|(b, w)| w * value(*b)).sum();
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        d => b'0' + d as u8,
    };
    if code[8] == expected { Ok(()) } else { Err(Doubt::Organisation) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_pass() {
        for id in ["91350100M000100Y43", "911100001011407121"] {
            let got = check(id);
            assert!(got.is_ok() || got == Err(Doubt::Check), "{id}: {got:?}");
        }
        assert_eq!(check("91350100M000100Y43"), Ok(()));
    }

    #[test]
    fn wrong_ones_are_told_apart() {
        assert_eq!(check("91350100M000100Y44"), Err(Doubt::Check));
        assert_eq!(check("91350100m000100Y43"), Err(Doubt::Shape));
        assert_eq!(check("9135"), Err(Doubt::Shape));
        assert_eq!(check("110101199001011"), Ok(()));
    }
}
