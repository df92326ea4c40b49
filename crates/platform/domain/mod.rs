//! The field's own arithmetic: money, amounts in words, tax ids, dates and instants.

pub(crate) mod moment;
pub mod money;
pub(crate) mod regions;
pub mod tax_id;
pub mod words;
