//! Can the platform's record have been altered? Its chained ledger must only grow, and must prove that
//! an invoice of ours is in it (RFC 6962).

use crate::live::config::HERE;
use crate::live::known::known;
use crate::live::port::ProbePort;
use crate::live::setting::Setting;
use crate::{Found, Health, say};
use piaotan_client::port::{FieldName, Fields, Port};
use piaotan_record::{Operation, Outcome};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

/// The head of the ledger, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    size: u64,
    root: String,
}

/// What a platform shows to prove that a row is in its ledger.
#[derive(Debug, Deserialize)]
struct Proof {
    number: String,
    index: u64,
    entry: String,
    path: Vec<String>,
    size: u64,
    root: String,
    previous_link: String,
    link: String,
    #[serde(default = "yes")]
    intact: bool,
}

fn yes() -> bool {
    true
}

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let reply = io.call(Operation::LedgerHead, &Fields::default()).await;
    if reply.held || reply.outcome != Outcome::Ok {
        return Found::of(&reply, Operation::LedgerHead, io, setting);
    }
    let size = reply.values.get("size").and_then(|text| text.parse().ok());
    let (Some(size), Some(root)) = (size, reply.values.get("root")) else {
        return altered(setting, "head");
    };
    let head = Head { size, root: root.to_owned() };
    if let Err(found) = grown(setting, &head) {
        return found;
    }
    proven(io, setting, &head).await
}

/// The ledger must not be shorter than before, nor of the same length with another root.
fn grown(setting: &Setting, head: &Head) -> Result<(), Found> {
    let Some(store) = &setting.store else { return Ok(()) };
    // Each place has seen its own: what another read a moment later is no proof against what this one holds.
    let name = match setting.section.location.as_str() {
        HERE => format!("ledger_head {}", setting.target),
        place => format!("ledger_head {} {place}", setting.target),
    };
    let before: Option<Head> = store.recall(&name).map_err(Found::trouble)?;
    if before.is_some_and(|old| old.size > head.size || (old.size == head.size && old.root != head.root)) {
        return Err(altered(setting, "head"));
    }
    store.remember(&name, head, setting.wall()).map_err(Found::trouble)
}

async fn proven(io: &mut ProbePort<'_>, setting: &Setting, head: &Head) -> Found {
    let size = head.size;
    let text =
        say!(setting.language, "账本 {size} 行，只增不减", "a ledger of {size} rows, grown and never shrunk");
    let invoice = known(setting).into_iter().find(|invoice| invoice.issued.is_some());
    let Some(invoice) = invoice.filter(|_| setting.client.profile().supports(Operation::LedgerProof)) else {
        return Found::healthy(text);
    };
    let fields = Fields::default().with(FieldName::Number, &invoice.number);
    let reply = io.call(Operation::LedgerProof, &fields).await;
    if reply.held || reply.outcome != Outcome::Ok {
        return Found::of(&reply, Operation::LedgerProof, io, setting);
    }
    let read = serde_json::from_slice::<serde_json::Value>(&reply.body).ok();
    let proof = read.and_then(|all| serde_json::from_value(all.get("data").cloned().unwrap_or(all)).ok());
    match proof {
        Some(proof) if holds(&proof, &invoice.number, head) => {
            let number = &invoice.number;
            Found::healthy(say!(
                setting.language,
                "{text}；{number} 在册",
                "{text}; {number} is proven to be in it"
            ))
        }
        _ => altered(setting, &invoice.number),
    }
}

fn altered(setting: &Setting, what: &str) -> Found {
    let text = say!(setting.language, "账本不成立：{what}", "the ledger does not hold: {what}");
    Found::new(Health::Unhealthy, Some(Outcome::Unreadable), text)
}

/// Whether the proof shows that a row about this number is in a ledger at least as long as the head.
fn holds(proof: &Proof, number: &str, head: &Head) -> bool {
    let leaf = hash(&[&[0], proof.entry.as_bytes()]);
    let path: Option<Vec<Hash>> = proof.path.iter().map(|text| unhex(text)).collect();
    let root = path.and_then(|path| root_from_path(leaf, proof.index, proof.size, &path));
    let chained = unhex(&proof.previous_link).map(|previous| hash(&[&previous, &leaf]));
    proof.intact
        && proof.number == number
        && proof.entry.split('|').any(|part| part == number)
        && root.is_some()
        && root == unhex(&proof.root)
        && chained.is_some()
        && chained == unhex(&proof.link)
        && proof.size >= head.size
        && (proof.size != head.size || proof.root == head.root)
}

/// The root that a path leads to (RFC 9162, 2.1.3.2).
fn root_from_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1).filter(|last| index <= *last)?);
    let mut root = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            root = hash(&[&[1], sibling, &root]);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = hash(&[&[1], &root, sibling]);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

fn hash(parts: &[&[u8]]) -> Hash {
    parts.iter().fold(Sha256::new(), |sum, part| sum.chain_update(part)).finalize().into()
}

fn unhex(text: &str) -> Option<Hash> {
    let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Hash, Head, Proof, hash, holds, root_from_path};

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn leaf(index: u64) -> Hash {
        hash(&[&[0], entry(index).as_bytes()])
    }

    fn entry(index: u64) -> String {
        format!("{index}|t|submitted|N{index}|d")
    }

    /// Three leaves: the path of the third is one hash long, over the root of the first two.
    fn proof() -> (Proof, Head) {
        let pair = hash(&[&[1], &leaf(0), &leaf(1)]);
        let root = hex(&hash(&[&[1], &pair, &leaf(2)]));
        let previous = [7; 32];
        let proof = Proof {
            number: "N2".into(),
            index: 2,
            entry: entry(2),
            path: vec![hex(&pair)],
            size: 3,
            root: root.clone(),
            previous_link: hex(&previous),
            link: hex(&hash(&[&previous, &leaf(2)])),
            intact: true,
        };
        (proof, Head { size: 3, root })
    }

    #[test]
    fn a_true_proof_holds_and_every_altered_one_does_not() {
        let (good, head) = proof();
        assert!(holds(&good, "N2", &head));
        assert!(!holds(&good, "N1", &head));
        let check = |alter: fn(&mut Proof)| {
            let (mut proof, head) = proof();
            alter(&mut proof);
            assert!(!holds(&proof, "N2", &head), "{proof:?}");
        };
        check(|proof| proof.entry = entry(2).replace('d', "e"));
        check(|proof| proof.index = 1);
        check(|proof| proof.path.clear());
        check(|proof| proof.root.replace_range(..2, "zz"));
        check(|proof| proof.link = proof.previous_link.clone());
        check(|proof| proof.intact = false);
        check(|proof| proof.size = 2);
        assert_eq!(root_from_path([0; 32], 3, 3, &[]), None);
    }
}
