//! How long an accepted invoice takes to become visible, although many are not yet visible when one
//! looks.
//!
//! A delay is never measured: it lies between the last look that did not find the invoice and the
//! first that did, and for those not yet found it is only known to be longer. Dropping these makes
//! the 95th percentile look up to half too small, so they are kept as censored values throughout.
//!
//! What it is not: it polls nothing, keeps no ledger and knows no calendar; windows are an argument.
//!
//! Reading order: [`delay`] is what the looks say of one invoice; [`kaplan_meier`] and [`turnbull`]
//! estimate the curve of many, [`estimate`] says how far it is to be believed; [`clock`] takes
//! maintenance out; [`cluster`] finds which invoices share a fate; [`log_rank`] and [`scale`] compare
//! two samples, [`regression`] judges; [`change`] dates a change within a run; [`cohort`] keeps the
//! promise day by day; [`read`] and [`answer`] are the file and what is said of it.

pub mod answer;
mod cells;
pub mod change;
pub mod clock;
pub mod cluster;
pub mod cohort;
pub mod delay;
pub mod estimate;
mod instant;
pub mod kaplan_meier;
pub mod log_rank;
mod permutation;
pub mod read;
pub mod regression;
mod resample;
pub mod scale;
mod score;
pub mod turnbull;

pub use crate::summary::Verdict;
pub use answer::{Compared, Quantiles, Question, SyncAnswer, answer};
pub use change::{Change, Search, change_in_time};
pub use clock::{Parted, Recovery, Span, business, part, recovery};
pub use cohort::{Cohort, Kept, Pending, Promise, cohorts, pending};
pub use delay::{Delay, Fault, Sample, Timed, follow_up, timed};
pub use estimate::{Estimate, Point, Quantile};
pub use kaplan_meier::{KaplanMeier, kaplan_meier};
pub use log_rank::{LogRank, log_rank, log_rank_stratified};
pub use read::{Assumption, Excluded, Reader, Table, read};
pub use regression::{FEWEST as FEWEST_CLUSTERS, Regression, Terms, regression, regression_stratified};
pub use scale::Ratio;
pub use turnbull::{Turnbull, turnbull};
