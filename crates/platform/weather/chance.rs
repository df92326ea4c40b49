//! Seeded chance without state: the same seed and the same thing always draw the same number, whatever
//! the order in which requests arrive, on any release and machine.

/// A source of uniform numbers, keyed by what they are drawn for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// The chance of one thing: a purpose, an invoice number, a surface.
    pub(crate) fn of(self, key: &str) -> Chance {
        let folded = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ b as u64).wrapping_mul(0x0000_0100_0000_01b3));
        Chance(mix(self.0 ^ mix(folded)))
    }

    /// The chance of the `n`th thing.
    pub(crate) fn nth(self, n: u64) -> Chance {
        Chance(mix(self.0.wrapping_add(mix(n ^ 0xd1b5_4a32_d192_ed03))))
    }

    /// A uniform number, strictly between 0 and 1.
    pub(crate) fn uniform(self) -> f64 {
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Whether a thing of this probability happens.
    pub(crate) fn happens(self, share: f64) -> bool {
        self.uniform() < share
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn uniform_over_keys_and_counts() {
        let chance = Chance::new(1).of("service");
        let mut bins = [0u32; 20];
        for n in 0..20_000u64 {
            bins[(chance.nth(n).uniform() * 20.0) as usize] += 1;
            bins[(chance.of(&format!("2611{n:016}")).uniform() * 20.0) as usize] += 1;
        }
        let chi2: f64 = bins.iter().map(|b| (*b as f64 - 2000.0).powi(2) / 2000.0).sum();
        assert!(chi2 < 43.8, "chi-square with 19 degrees at 0.001: {chi2}");
    }

    #[test]
    fn the_same_for_the_same() {
        let draw = || Chance::new(7).of("sync").of("26110000000000000001").uniform();
        assert_eq!(draw().to_bits(), draw().to_bits());
    }
}
