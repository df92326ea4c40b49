//! The few statistics that every judge of this crate shares.
//!
//! Distributions come from `statrs`; everything else is short enough to be read here. All functions
//! are total: what cannot be estimated from too few numbers is `None` or `NaN` as documented, never a
//! plausible zero.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// An estimate with its standard error and degrees of freedom, as a t procedure needs them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub mean: f64,
    pub error: f64,
    pub df: f64,
    pub n: usize,
}

impl Estimate {
    /// Mean of independent values. `None` for fewer than two.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        (n >= 2).then(|| Self {
            mean: mean(values),
            error: sd(values) / (n as f64).sqrt(),
            df: (n - 1) as f64,
            n,
        })
    }

    /// Welch's difference `after - before` of two independent groups (Welch 1947, Biometrika 34).
    pub fn difference(before: &[f64], after: &[f64]) -> Option<Self> {
        let (a, b) = (Self::of(before)?, Self::of(after)?);
        let (va, vb) = (a.error.powi(2), b.error.powi(2));
        let spread = va.powi(2) / a.df + vb.powi(2) / b.df;
        let df = if spread > 0.0 { (va + vb).powi(2) / spread } else { a.df + b.df };
        Some(Self { mean: b.mean - a.mean, error: (va + vb).sqrt(), df, n: a.n.min(b.n) })
    }

    /// The same estimate with its standard error raised to `least`, where the numbers are too
    /// coarse to show their own noise.
    pub fn at_least(self, least: f64) -> Self {
        Self { error: self.error.max(least), ..self }
    }

    /// One-sided lower confidence bound at error probability `alpha`.
    pub fn lower(&self, alpha: f64) -> f64 {
        self.mean - student_quantile(1.0 - alpha, self.df) * self.error
    }

    /// One-sided upper confidence bound at error probability `beta`.
    pub fn upper(&self, beta: f64) -> f64 {
        self.mean + student_quantile(1.0 - beta, self.df) * self.error
    }

    /// One-sided p value of "the true mean is not above zero".
    pub fn p_above(&self) -> f64 {
        if self.error > 0.0 {
            student_tail(self.mean / self.error, self.df)
        } else if self.mean > 0.0 {
            0.0
        } else {
            1.0
        }
    }
}

/// Arithmetic mean; `NaN` for none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample standard deviation (n - 1); zero for fewer than two.
pub fn sd(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let m = mean(values);
    let squares: f64 = values.iter().map(|x| (x - m).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// Median; `NaN` for none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Ranks from 1, ties sharing their average.
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let tied = order[from..].iter().take_while(|&&i| values[i] == values[order[from]]).count();
        let shared = from as f64 + (tied as f64 + 1.0) / 2.0;
        order[from..from + tied].iter().for_each(|&i| ranks[i] = shared);
        from += tied;
    }
    ranks
}

/// Probability that a value of `after` exceeds one of `before`, ties counting half
/// (McGraw and Wong 1992, the common-language effect size).
pub fn superiority(before: &[f64], after: &[f64]) -> f64 {
    let (m, n) = (before.len() as f64, after.len() as f64);
    let all: Vec<f64> = before.iter().chain(after).copied().collect();
    let ranks = average_ranks(&all);
    let above: f64 = ranks[before.len()..].iter().sum();
    (above - n * (n + 1.0) / 2.0) / (m * n)
}

/// Quantile of the standard normal distribution.
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// Upper tail of the standard normal distribution.
pub fn normal_tail(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// Quantile of Student's t; infinite at 0 and 1.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    student(df).inverse_cdf(p)
}

/// Upper tail of Student's t.
pub fn student_tail(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    student(df).sf(t)
}

fn student(df: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, df.max(1.0)).expect("degrees of freedom are at least one")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-4, "{got} is not {want}");
    }

    #[test]
    fn t_quantiles_agree_with_tables() {
        near(student_quantile(0.95, 11.0), 1.79588);
        near(student_quantile(0.995, 5.0), 4.03214);
        near(student_tail(2.0, 10.0), 0.03669);
    }

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(average_ranks(&[3.0, 1.0, 3.0, 2.0]), vec![3.5, 1.0, 3.5, 2.0]);
    }

    #[test]
    fn superiority_counts_ties_half() {
        near(superiority(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        near(superiority(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
    }

    #[test]
    fn welch_agrees_with_a_worked_example() {
        let a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
        let b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5];
        let d = Estimate::difference(&a, &b).unwrap();
        near(d.mean, 2.366_66);
        near(d.df, 7.636_56);
        near(d.p_above(), 0.117_431);
    }

    #[test]
    fn one_value_estimates_nothing() {
        assert_eq!(Estimate::of(&[1.0]), None);
    }
}
