//! Does the web page come, and is it a page?

use crate::live::port::ProbePort;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::{Fields, Port};
use piaotan_record::{Operation, Outcome};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    io.on_a_fresh_connection();
    let reply = io.call(Operation::Page, &Fields::default()).await;
    let found = Found::of(&reply, Operation::Page, io, setting);
    if found.health != Health::Healthy {
        return found;
    }
    let text = String::from_utf8_lossy(&reply.body).to_lowercase();
    if text.contains("<html") || text.contains("<!doctype html") {
        return found;
    }
    let bytes = reply.body.len();
    let detail =
        say!(setting.language, "首页不是网页（{bytes} 字节）", "the page is no page ({bytes} bytes)");
    Found::new(Health::Unhealthy, Some(Outcome::Unreadable), detail)
}
