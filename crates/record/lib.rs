//! The nouns of the house: what was seen, what was counted, what was announced.
//!
//! No tokio, no sockets, no clock: every instant is an argument.
//!
//! Reading order: [`operation`] and [`outcome`] name what can happen, [`observation`] is one thing
//! seen, [`tally`] many of them folded, [`conservation`] the law they obey, [`window`] and
//! [`calendar`] what was announced, [`folder`] where a run lies on disk.

pub mod calendar;
pub mod recurrence;
pub mod window;
pub mod zone;
