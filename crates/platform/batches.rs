//! Batch upload: many invoices under one key; the same key again is answered, not done again.

use crate::Code;
use crate::accounts::Caller;
use crate::domain::moment::Nanos;
use crate::invoice::content;
use crate::storage::{Change, lock};
use crate::upload::{Origin, Submission, fields};
use crate::wire::{Answered, Refusal, Refused};
use crate::world::World;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    key: String,
    items: Vec<Map<String, Value>>,
}

/// A batch as answered, and the digest of what was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) owner: u32,
    pub(crate) key: String,
    digest: [u8; 32],
    accepted: usize,
    results: Vec<Outcome>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Outcome {
    number: String,
    status: String,
    code: String,
    message: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    accepted: usize,
    results: &'a [Outcome],
}

/// Batches by owner and key.
pub(crate) type Batches = Mutex<HashMap<(u32, String), Batch>>;

impl World {
    pub(crate) fn batch(
        &self,
        now: Nanos,
        caller: Caller,
        english: bool,
        asked: Asked,
    ) -> Result<Answered, Refused> {
        let sized = (1..=64).contains(&asked.key.len());
        if !sized || !asked.key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) {
            return Err(Refusal::field(Code::BadField, "key", "1 to 64 of letters, digits and -_.:"));
        }
        if asked.items.is_empty() {
            return Err(Refusal::field(Code::BadField, "items", "at least one"));
        }
        if asked.items.len() > caller.kind.largest_batch() {
            let most = format!("at most {} for this account", caller.kind.largest_batch());
            return Err(Refusal::field(Code::BatchTooLong, "items", most));
        }
        let digest = digest(&asked.items);
        // Held throughout, so that a batch sent twice at once is still done once.
        let mut batches = lock(&self.batches);
        let place = (caller.account, asked.key);
        if let Some(known) = batches.get(&place) {
            let same = known.digest == digest;
            return if same { Ok(shown(known)) } else { Err(Code::BatchDiffers.into()) };
        }
        let items = asked.items.iter();
        let results: Vec<Outcome> = items.map(|item| self.batch_item(now, caller, english, item)).collect();
        let batch = Batch {
            owner: caller.account,
            key: place.1.clone(),
            digest,
            accepted: results.iter().filter(|r| r.code == Code::Success.digits()).count(),
            results,
        };
        let ticket = self.keep(|| Change::Batch(Box::new(batch.clone())));
        let answer = shown(&batch).after(ticket);
        batches.insert(place, batch);
        Ok(answer)
    }

    pub(crate) fn batch_status(&self, caller: Caller, key: &str) -> Result<Answered, Refused> {
        let batches = lock(&self.batches);
        let known = batches.get(&(caller.account, key.to_string()));
        known.map(shown).ok_or_else(|| Code::NoBatch.into())
    }

    fn batch_item(&self, now: Nanos, caller: Caller, english: bool, item: &Map<String, Value>) -> Outcome {
        let read = fields(|name| item.get(name).filter(|v| !v.is_null()).map(Value::as_str));
        let entered = read.and_then(|fields| {
            let submission = Submission { fields, scan: None };
            self.enter(now, caller, submission, Origin::Uploaded)
        });
        let number = item.get("number").and_then(Value::as_str).unwrap_or_default();
        let (code, fields) = match entered {
            Ok(_) => (Code::Success, Vec::new()),
            Err(refusal) => (refusal.code, refusal.fields),
        };
        let details = fields.iter().map(|(field, reason)| format!("; {field}: {reason}"));
        Outcome {
            number: number.chars().take(32).collect(),
            status: if code == Code::Success { "submitted" } else { "refused" }.into(),
            code: code.digits().into(),
            message: code.message(english).to_string() + &details.collect::<String>(),
        }
    }
}

fn shown(batch: &Batch) -> Answered {
    Answered::success(&Shown { key: &batch.key, accepted: batch.accepted, results: &batch.results })
}

/// The digest of what was asked: by value where an item is a right invoice, by its text where not.
fn digest(items: &[Map<String, Value>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for item in items {
        match fields(|name| item.get(name).filter(|v| !v.is_null()).map(Value::as_str)) {
            Ok(fields) => hash.update(content(&fields, None)),
            Err(_) => hash.update(Value::Object(item.clone()).to_string()),
        }
        hash.update([0]);
    }
    hash.finalize().into()
}
