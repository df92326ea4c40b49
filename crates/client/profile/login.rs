//! How a session gets its token: the steps of the login, how long a token lives, how often one may be asked for.

use super::verdict::Judged;
use crate::port::Values;
use chrono::{DateTime, TimeDelta, Utc};

/// The login of a platform. The steps are sent in order; the last one gives the token.
#[derive(Debug, Clone)]
pub struct LoginPlan {
    pub(super) steps: usize,
    pub(super) ahead: TimeDelta,
    pub(super) lifetime: TimeDelta,
    pub(super) carried: Vec<String>,
    pub(super) budget: Option<Budget>,
}

/// So many calls in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub calls: u32,
    pub per: TimeDelta,
}

/// What a login gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    pub token: String,
    pub expires: DateTime<Utc>,
    /// When to ask for the next one, so that no request meets an expired token.
    pub renew: DateTime<Utc>,
    pub carried: Values,
}

impl LoginPlan {
    /// How many requests the login takes: steps 0 to this, without it.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// How many token calls all users together may make.
    #[must_use]
    pub const fn budget(&self) -> Option<Budget> {
        self.budget
    }

    /// The token in the answer of the last step. `None` where there is none in it.
    #[must_use]
    pub fn grant(&self, judged: &Judged, now: DateTime<Utc>) -> Option<Grant> {
        let token = judged.values.get("token")?.to_owned();
        let stated = judged.values.get("expires_in").and_then(|text| text.parse::<f64>().ok());
        let lifetime =
            stated.map_or(self.lifetime, |seconds| TimeDelta::milliseconds((seconds.min(1e9) * 1e3) as i64));
        // A token that lives shorter than the time ahead is renewed at half its life.
        let ahead = self.ahead.min(lifetime / 2);
        Some(Grant {
            token,
            expires: now + lifetime,
            renew: now + lifetime - ahead,
            carried: self.carried(judged),
        })
    }

    /// What the answer of a step gives to the steps after it and to every request.
    #[must_use]
    pub fn carried(&self, judged: &Judged) -> Values {
        let mut values = Values::default();
        for name in &self.carried {
            if let Some(value) = judged.values.get(name) {
                values.set(name, value);
            }
        }
        values
    }
}

impl Grant {
    /// What a login has gathered so far: no token yet.
    #[must_use]
    pub fn of_login(carried: Values) -> Self {
        let never = DateTime::<Utc>::MIN_UTC;
        Self { token: String::new(), expires: never, renew: never, carried }
    }
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grant(token hidden, expires {})", self.expires)
    }
}
