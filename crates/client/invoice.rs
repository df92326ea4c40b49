//! Synthetic invoices: valid in form, recognisable as ours, the same for the same seed and index.
//!
//! Reading order: `money` and `words` (amounts in figures and in words), `taxpayer` (names and tax ids
//! with their check characters), `number`, `generate` (an invoice from seed and index), `file` (small
//! real documents of an exact size).
//!
//! Not here: which invoice is asked for when, and whether the platform may be written to.

pub mod file;
pub mod money;
pub mod number;
pub mod taxpayer;
pub mod words;

mod generate;

pub use file::{FileKind, file};
pub use generate::{Flaw, Generator, Invoice, Line, Options};
