//! Distributions of lengths of time, drawn by their quantile function from one uniform number.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A distribution over seconds: `2.5`, or `{ kind = "lognormal", median = 2.0, sigma = 0.8 }`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// Always the same.
    Constant { seconds: f64 },
    /// Exponential with this mean.
    Exponential { mean: f64 },
    /// Log-normal: exp(ln median + sigma × normal).
    Lognormal { median: f64, sigma: f64 },
    /// Uniform between two bounds.
    Uniform { low: f64, high: f64 },
    /// Each of these values with the same probability.
    Empirical { values: Vec<f64> },
}

impl Distribution {
    /// The quantile `p` (0 < p < 1) in seconds.
    pub fn quantile(&self, p: f64) -> f64 {
        match self {
            Distribution::Constant { seconds } => *seconds,
            Distribution::Exponential { mean } => -mean * (-p).ln_1p(),
            Distribution::Lognormal { median, sigma } => median * (sigma * normal_quantile(p)).exp(),
            Distribution::Uniform { low, high } => low + (high - low) * p,
            Distribution::Empirical { values } => {
                values[((p * values.len() as f64) as usize).min(values.len() - 1)]
            }
        }
    }

    /// The mean in seconds.
    pub fn mean(&self) -> f64 {
        match self {
            Distribution::Constant { seconds } => *seconds,
            Distribution::Exponential { mean } => *mean,
            Distribution::Lognormal { median, sigma } => median * (sigma * sigma / 2.0).exp(),
            Distribution::Uniform { low, high } => (low + high) / 2.0,
            Distribution::Empirical { values } => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    fn checked(mut self) -> Result<Distribution, String> {
        let sound = match &mut self {
            Distribution::Constant { seconds } => whole(*seconds),
            Distribution::Exponential { mean } => whole(*mean),
            Distribution::Lognormal { median, sigma } => whole(*median) && (0.0..=10.0).contains(sigma),
            Distribution::Uniform { low, high } => whole(*low) && whole(*high) && low <= high,
            Distribution::Empirical { values } => {
                values.sort_by(f64::total_cmp);
                !values.is_empty() && values.iter().all(|v| whole(*v))
            }
        };
        if sound {
            Ok(self)
        } else {
            Err("a distribution needs lengths of 0 to 1e8 seconds, sigma of 0 to 10, low below high, and at least one value".into())
        }
    }
}

fn whole(seconds: f64) -> bool {
    (0.0..=1e8).contains(&seconds)
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Constant { seconds: f64 },
    Exponential { mean: f64 },
    Lognormal { median: f64, sigma: f64 },
    Uniform { low: f64, high: f64 },
    Empirical { values: Vec<f64> },
}

impl From<Written> for Distribution {
    fn from(written: Written) -> Distribution {
        match written {
            Written::Constant { seconds } => Distribution::Constant { seconds },
            Written::Exponential { mean } => Distribution::Exponential { mean },
            Written::Lognormal { median, sigma } => Distribution::Lognormal { median, sigma },
            Written::Uniform { low, high } => Distribution::Uniform { low, high },
            Written::Empirical { values } => Distribution::Empirical { values },
        }
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Distribution;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("seconds, or a table like { kind = \"lognormal\", median = 2.0, sigma = 0.8 }")
            }
            fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<Distribution, E> {
                Distribution::Constant { seconds }.checked().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Distribution, E> {
                self.visit_f64(seconds as f64)
            }
            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Distribution, E> {
                self.visit_f64(seconds as f64)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Distribution, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(map))?;
                Distribution::from(written).checked().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The standard normal quantile by Acklam's rational approximation (relative error below 1.2e-9).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.38357751867269e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 5] = [
        -5.447609879822406e+01,
        1.615858368580409e+02,
        -1.556989798598866e+02,
        6.680131188771972e+01,
        -1.328068155288572e+01,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 4] =
        [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00];
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, k| sum * x + k);
    let tail = |q: f64| horner(&C, q) / (horner(&D, q) * q + 1.0);
    if p < 0.02425 {
        tail((-2.0 * p.ln()).sqrt())
    } else if p > 1.0 - 0.02425 {
        -tail((-2.0 * (1.0 - p).ln()).sqrt())
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959963985), (0.99, 2.326347874), (0.001, -3.090232306)] {
            assert!((normal_quantile(p) - z).abs() < 1e-7, "{p}");
        }
    }

    #[test]
    fn drawn_means_agree_with_stated_ones() {
        for text in [
            "{ kind = \"exponential\", mean = 3.0 }",
            "{ kind = \"lognormal\", median = 2.0, sigma = 0.8 }",
            "{ kind = \"uniform\", low = 1, high = 4 }",
            "{ kind = \"empirical\", values = [5, 1, 9] }",
            "7",
        ] {
            let parsed: Distribution = toml::from_str::<toml::Table>(&format!("d = {text}")).unwrap()["d"]
                .clone()
                .try_into()
                .unwrap();
            let n = 200_000;
            let mean = (0..n).map(|i| parsed.quantile((i as f64 + 0.5) / n as f64)).sum::<f64>() / n as f64;
            assert!((mean / parsed.mean() - 1.0).abs() < 2e-3, "{text}: {mean} {}", parsed.mean());
        }
    }
}
