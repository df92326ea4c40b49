//! The main job of a user from end to end: upload, review, find by number, compare, verify.

use crate::live::look::look;
use crate::live::made::{self, Made};
use crate::live::port::ProbePort;
use crate::live::result::describe;
use crate::{Found, Health, Setting, say};
use piaotan_client::port::{Port, Reply};
use piaotan_record::{Look, Operation, Outcome, Surface};
use std::time::Duration;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let made = match made::upload(io, setting).await {
        Ok(made) => made,
        Err(found) => return found,
    };
    match find(io, setting, &made).await {
        Ok(Some(_)) => verified(io, setting, &made).await,
        Ok(None) => not_yet(setting, &made),
        Err(found) => found,
    }
}

/// Looks for it until it is visible or patience ends; an answer that is neither ends the search.
async fn find(io: &mut ProbePort<'_>, setting: &Setting, made: &Made) -> Result<Option<Reply>, Found> {
    let store = setting
        .store
        .as_deref()
        .ok_or_else(|| Found::skipped(setting.may_not_write().unwrap_or_default()))?;
    let begun = io.elapsed();
    let mut pause = Duration::from_millis(100);
    loop {
        let Some((look, reply)) = look(io, setting, store, &made.issued, Surface::Number, "").await? else {
            return Err(Found::skipped(io.why_held().unwrap_or_default()));
        };
        match look {
            Look::Seen => return Ok(Some(reply)),
            Look::NotYet if io.elapsed().saturating_sub(begun) < setting.section.visible_patience.0 => {}
            Look::NotYet => return Ok(None),
            Look::Unknown | Look::Mismatched => {
                return Err(Found::of(&reply, Operation::QueryNumber, io, setting));
            }
        }
        io.think(pause).await;
        pause = pause.mul_f64(1.5).min(Duration::from_secs(2));
    }
}

async fn verified(io: &mut ProbePort<'_>, setting: &Setting, made: &Made) -> Found {
    let (number, seconds) = (&made.issued.number, io.elapsed().as_secs_f64());
    let text = say!(
        setting.language,
        "{number} {seconds:.2} 秒内入库、可查、内容一致",
        "{number} accepted, visible and as uploaded in {seconds:.2} s"
    );
    if !setting.client.profile().supports(Operation::Verify) {
        return Found::healthy(text);
    }
    let reply = io.call(Operation::Verify, &made.fields()).await;
    match reply.outcome {
        Outcome::Ok if !reply.held => {
            Found::healthy(say!(setting.language, "{text}；查验一致", "{text}; verified as genuine"))
        }
        _ if reply.held => Found::healthy(text),
        // The verification has a delay of its own, and says so properly.
        Outcome::NotYetVisible | Outcome::BusinessNo => {
            Found::healthy(format!("{text}; {}", describe(&reply, Operation::Verify, setting)))
        }
        _ => Found::of(&reply, Operation::Verify, io, setting),
    }
}

fn not_yet(setting: &Setting, made: &Made) -> Found {
    let (number, promise) = (&made.issued.number, setting.section.promise);
    let text = say!(
        setting.language,
        "{number} 已入库，尚不可查；{promise} 内属正常",
        "{number} accepted, not yet visible; normal within {promise}"
    );
    Found::new(Health::Pending, Some(Outcome::NotYetVisible), text)
}
