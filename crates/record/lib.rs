//! The nouns of the house: what was seen, what was counted, what was announced.
//!
//! No tokio, no sockets, no clock: every instant is an argument.
//!
//! Reading order: [`operation`] and [`outcome`] name what can happen, [`observation`] is one thing
//! seen, [`tally`] many of them folded, [`conservation`] the law they obey, [`window`] and
//! [`calendar`] what was announced, [`folder`] where a run lies on disk.

pub mod calendar;
pub mod code;
pub mod conservation;
pub mod folder;
pub mod ledger;
pub mod names;
pub mod observation;
pub mod operation;
pub mod outcome;
pub mod recurrence;
pub mod span;
pub mod tally;
pub mod window;
pub mod zone;

pub use calendar::Calendar;
pub use code::{Code, CodeBook};
pub use conservation::{ArrivalCounts, RequestCounts};
pub use folder::{Event, Manifest, RunFolder, RunWriter};
pub use ledger::{Issued, Ledger, Look, Pending};
pub use observation::{Evidence, Mark, Nanos, Observation, Phases, Token};
pub use operation::{Operation, Surface};
pub use outcome::{Class, Field, Outcome, OutcomeKind, Phase, Says};
pub use span::Span;
pub use tally::{Arrivals, Cell, Dropped, Tally};
pub use window::{Service, Window};
