//! Can the platform's notices be read? Without them, announced maintenance is a surprise.

use crate::live::port::ProbePort;
use crate::{Found, Setting, say};
use piaotan_client::announcements::read;
use piaotan_client::port::{Fields, Port};
use piaotan_client::profile::NoticeSource;
use piaotan_record::{Operation, Outcome};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let reply = io.call(Operation::Notices, &Fields::default()).await;
    let found = Found::of(&reply, Operation::Notices, io, setting);
    let profile = setting.client.profile();
    // A page of notices need not bear a code of the platform: it is well when it can be read as what it is.
    let reads = |source: &NoticeSource| read(source.format, &reply.body, None, profile.zone()).is_ok();
    if reply.outcome == Outcome::Unreadable
        && reply.status == Some(200)
        && profile.notices().iter().any(reads)
    {
        return Found::healthy(say!(setting.language, "公告可读", "the notices can be read"));
    }
    found
}
