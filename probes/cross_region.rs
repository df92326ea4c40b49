//! Is an invoice that is visible here visible in the other regions?

use crate::live::known::known;
use crate::live::look::look;
use crate::live::port::ProbePort;
use crate::query_number::none_known;
use crate::{Found, Health, Setting, say};
use piaotan_record::{Issued, Look, Operation, Outcome, Surface};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let Some(store) = setting.store.as_deref() else { return none_known(setting) };
    // The oldest of those known: the most likely to have arrived everywhere.
    let Some(issued) = known(setting).into_iter().rev().find_map(|invoice| invoice.issued) else {
        return none_known(setting);
    };
    let own = issued.number.get(2..4).unwrap_or_default().to_owned();
    let (mut seen, mut missing) = (Vec::new(), Vec::new());
    for region in setting.client.profile().regions().iter().filter(|region| **region != own) {
        match look(io, setting, store, &issued, Surface::Region, region).await {
            Err(found) => return found,
            Ok(None) => return Found::skipped(io.why_held().unwrap_or_default()),
            Ok(Some((Look::Seen, _))) => seen.push(region.as_str()),
            Ok(Some((Look::NotYet, _))) => missing.push(region.as_str()),
            Ok(Some((_, reply))) => return Found::of(&reply, Operation::QueryRegion, io, setting),
        }
    }
    told(setting, &issued, &seen.join(", "), &missing.join(", "))
}

fn told(setting: &Setting, issued: &Issued, seen: &str, missing: &str) -> Found {
    let number = &issued.number;
    if missing.is_empty() && seen.is_empty() {
        return Found::skipped(say!(setting.language, "只有一个地区", "there is only one region"));
    }
    if missing.is_empty() {
        return Found::healthy(say!(
            setting.language,
            "{number} 在 {seen} 均可见",
            "{number} is visible in {seen}"
        ));
    }
    let age = (setting.wall() - issued.accepted.unwrap_or(issued.uploaded)).to_std().unwrap_or_default();
    let health = if age < setting.section.promise.0 { Health::Pending } else { Health::Degraded };
    let text = say!(
        setting.language,
        "{number} 在 {missing} 尚不可见（可见：{seen}）",
        "{number} is not yet visible in {missing} (visible in: {seen})"
    );
    Found::new(health, Some(Outcome::NotYetVisible), text)
}
