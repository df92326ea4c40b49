//! Can the platform's notices be read? Without them, announced maintenance is a surprise.

use crate::live::port::ProbePort;
use crate::{Found, Setting};
use piaotan_client::port::{Fields, Port};
use piaotan_record::Operation;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let reply = io.call(Operation::Notices, &Fields::default()).await;
    Found::of(&reply, Operation::Notices, io, setting)
}
