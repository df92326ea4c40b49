//! Pressing one block, or the two of a duet, to its last answer.
#![allow(clippy::disallowed_methods, reason = "the front door waits")]

use super::side::Side;
use crate::signals::Signals;
use anyhow::Result;
use piaotan_analysis::gate::{Arm, Block};
use piaotan_scenarios::engine::session::{Ask, UnderWay};
use piaotan_scenarios::engine::stretch::Measured;
use std::time::Duration;

/// One block of one side.
#[derive(Debug)]
pub struct Pressed {
    pub block: Block,
}

/// So many requests, nearly all of them failed, and a block is not worth going on with.
const HOPELESS: (u64, f64) = (100, 0.95);

/// Presses these sides at once. `None` when a signal came first.
///
/// # Errors
/// When a thread of the engine died.
pub fn press(
    sides: &mut [Side; 2],
    which: &[usize],
    ask: &Ask,
    signals: &Signals,
) -> Result<Option<Vec<Pressed>>> {
    let begun: Result<Vec<UnderWay>, _> = which.iter().map(|&at| sides[at].session.begin(ask)).collect();
    let mut under_way = match begun {
        Ok(blocks) => blocks,
        Err(_) if signals.code().is_some() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut measured: Vec<Option<Measured>> = which.iter().map(|_| None).collect();
    while measured.iter().any(Option::is_none) {
        std::thread::sleep(Duration::from_millis(20));
        for (i, &at) in which.iter().enumerate().filter(|(i, _)| measured[*i].is_none()).collect::<Vec<_>>() {
            if hopeless(sides[at].session.so_far()) {
                under_way[i].stop();
            }
            match sides[at].session.poll(&mut under_way[i]) {
                Ok(done) => measured[i] = done,
                // The threads end with the signal, whatever was ordered.
                Err(_) if signals.code().is_some() => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let both = which.iter().zip(measured).filter_map(|(&at, measured)| Some((at, measured?)));
    Ok(Some(both.map(|(at, measured)| pressed(&sides[at], at, &measured)).collect()))
}

fn hopeless((due, failed): (u64, u64)) -> bool {
    due >= HOPELESS.0 && failed as f64 >= HOPELESS.1 * due as f64
}

fn pressed(side: &Side, at: usize, measured: &Measured) -> Pressed {
    let block = Block {
        arm: if at == 0 { Arm::A } else { Arm::B },
        operations: measured.operations.clone(),
        touched_by_window: side.session.touched(measured),
        generator_limited: measured.is_generator_limited(),
    };
    Pressed { block }
}

impl Pressed {
    pub fn is_void(&self) -> bool {
        self.block.touched_by_window || self.block.generator_limited
    }

    /// Requests and how many of them failed.
    pub fn requests(&self) -> (u64, u64) {
        let add = |(all, bad), sample: &piaotan_analysis::gate::Sample| {
            (all + sample.requests, bad + sample.errors)
        };
        self.block.operations.values().fold((0, 0), add)
    }

    /// Whether nobody was there to answer.
    pub fn is_dead(&self) -> bool {
        let (all, bad) = self.requests();
        2 * bad > all || all == 0
    }
}
