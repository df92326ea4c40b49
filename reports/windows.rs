//! Maintenance windows for people and for other programs: a table, a calendar, silences, mute times.

mod alertmanager;
mod ical;
mod table;

pub use alertmanager::{Matcher, mute_times, silences};
pub use ical::ical;
pub use table::{Row, length, moment, services, source, standing, status, table};
