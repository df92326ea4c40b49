//! Does the platform answer that it is up?

use crate::live::port::ProbePort;
use crate::{Found, Setting};
use piaotan_client::port::{Fields, Port};
use piaotan_record::Operation;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    io.on_a_fresh_connection();
    let reply = io.call(Operation::Health, &Fields::default()).await;
    Found::of(&reply, Operation::Health, io, setting)
}
