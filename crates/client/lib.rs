//! The invoice platform seen from outside.
//!
//! A [`profile`] says how operations look on the wire, [`transport`] sends and times them,
//! [`invoice`] makes synthetic invoices, [`track`] looks for them until they are seen,
//! [`announcements`] fetches what the platform says about its maintenance, [`target`] says where
//! load and writes may go. Journeys and probes see only [`port`].
//!
//! Not here: schedules, load models, verdicts.

pub mod announcements;
pub mod ask;
pub mod clock;
pub mod config;
pub mod invoice;
pub mod multipart;
pub mod port;
pub mod profile;
pub mod session;
pub mod target;
pub mod tls;
pub mod transport;
mod under_way;
