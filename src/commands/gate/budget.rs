//! How long a gate may take, and what that can find.

use super::Gate;
use anyhow::{Result, bail};
use piaotan_analysis::gate::{self, Mode, Plan, Settings};

/// Lengths in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    pub block: u32,
    pub settle: u32,
}

impl Lengths {
    /// From the flags.
    ///
    /// # Errors
    /// One line that names the flag.
    pub fn of(args: &Gate) -> Result<Self> {
        let whole = |seconds: f64| seconds >= 1.0 && seconds.fract() == 0.0 && seconds <= 3_600.0;
        let block = args.block.as_seconds();
        if !whole(block) {
            bail!("--block is 1 s to 1 h in whole seconds; write for example 60s");
        }
        let settle = args.settle.map_or_else(|| (block / 12.0).round().clamp(1.0, 5.0), |s| s.as_seconds());
        if settle != 0.0 && !whole(settle) {
            bail!("--settle is given in whole seconds; write for example 5s");
        }
        Ok(Self { block: block as u32, settle: settle as u32 })
    }

    /// Seconds of one block, settling and draining included, as far as that can be known before.
    pub fn whole(self) -> f64 {
        f64::from(self.block + self.settle) + 1.5
    }
}

/// Fits the pairs into the time there is.
///
/// # Errors
/// When not even three pairs fit.
pub fn plan(args: &Gate, settings: &mut Settings, lengths: Lengths, operations: usize) -> Result<Plan> {
    if args.max_pairs < 3 {
        bail!("--max-pairs must be 3 or more: fewer pairs show no spread");
    }
    settings.max_pairs = args.max_pairs;
    settings.mode = if args.duet { Mode::Duet } else { Mode::Interleaved };
    let budget = args.max_time.map_or(f64::INFINITY, |most| most.as_seconds() - OVERHEAD);
    let settle = lengths.whole() - f64::from(lengths.block);
    let plan = gate::plan(settings, budget, settle, operations);
    if plan.pairs == 0 {
        let blocks = if args.duet { 3.0 } else { 6.0 };
        let least = blocks * lengths.whole() + OVERHEAD;
        bail!(
            "--max-time does not hold three pairs of {}-s blocks; write {:.0}s or more, or a shorter --block",
            lengths.block,
            least.ceil()
        );
    }
    settings.max_pairs = plan.pairs;
    Ok(plan)
}

/// Seconds for preparation, warm-up and the drain of what is tracked.
const OVERHEAD: f64 = 20.0;
