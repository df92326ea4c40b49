//! Tamper evidence: every transaction is a row of a hash chain and a leaf of a Merkle tree.
//!
//! The chain (`link`) says which row was damaged; the tree (RFC 6962) proves to a client, with a logarithmic
//! path, that a row is among those under the published root.

use crate::Code;
use crate::domain::moment::{Exact, Nanos};
use crate::invoice::{Invoice, content, hex};
use crate::storage::{Change, Ticket, lock};
use crate::wire::{Answered, Refused};
use crate::world::World;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) type Hash = [u8; 32];

/// What a row of the ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Submitted,
    Resubmitted,
    Issued,
    Voided,
    RedFlushed,
}

/// A row as stored: its text, and the chain up to and with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: Arc<str>,
    pub(crate) entry: String,
    pub(crate) link: Hash,
}

/// The ledger in memory: rows, the chain's end, and all complete subtrees.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rows: Vec<Row>,
    /// `levels[k][i]` is the root over leaves `i·2^k .. (i+1)·2^k`.
    levels: Vec<Vec<Hash>>,
    latest: HashMap<Arc<str>, usize>,
}

/// SHA-256 of the byte 0 and the entry's text: a leaf of the tree (RFC 6962, 2.1).
pub fn leaf_hash(entry: &str) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// SHA-256 of the previous link and the leaf: the next link of the chain. The first link's predecessor is 32 zero bytes.
pub fn link_hash(previous: &[u8; 32], leaf: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(previous).chain_update(leaf).finalize().into()
}

/// The root that an audit path leads to from `leaf` at `index` in a tree of `size` leaves
/// (RFC 9162, 2.1.3.2); `None` where the path is of the wrong length.
pub fn root_from_path(leaf: [u8; 32], index: u64, size: u64, path: &[[u8; 32]]) -> Option<[u8; 32]> {
    if index >= size {
        return None;
    }
    let (mut fnode, mut snode, mut root) = (index, size - 1, leaf);
    for step in path {
        if snode == 0 {
            return None;
        }
        if fnode % 2 == 1 || fnode == snode {
            root = node(step, &root);
            while fnode.is_multiple_of(2) && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            root = node(&root, step);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    (snode == 0).then_some(root)
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

impl Ledger {
    /// Appends a row and gives it back, to be stored.
    pub(crate) fn append(&mut self, at: Nanos, action: Action, number: &Arc<str>, digest: &Hash) -> &Row {
        let entry = entry(self.rows.len(), at, action, number, digest);
        let previous = self.rows.last().map_or([0; 32], |row| row.link);
        let link = link_hash(&previous, &leaf_hash(&entry));
        let number = number.clone();
        self.take(Row { number, entry, link });
        self.rows.last().expect("a row was just pushed")
    }

    /// Takes a row that is known to follow from the last one.
    pub(crate) fn take(&mut self, row: Row) {
        let leaf = leaf_hash(&row.entry);
        self.latest.insert(row.number.clone(), self.rows.len());
        self.rows.push(row);
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            if nodes.len() % 2 == 1 {
                break;
            }
            hash = node(&nodes[nodes.len() - 2], &hash);
        }
    }

    /// The link of the last row; 32 zero bytes for an empty ledger.
    pub(crate) fn link(&self) -> Hash {
        self.rows.last().map_or([0; 32], |row| row.link)
    }

    /// Index and content digest of the latest row about an invoice.
    pub(crate) fn latest(&self, number: &str) -> Option<(u64, String)> {
        let index = *self.latest.get(number)?;
        let digest = self.rows[index].entry.rsplit('|').next()?;
        Some((index as u64, digest.to_string()))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The root over the leaves from `begin` to `end` (RFC 6962, 2.1).
    fn root(&self, begin: usize, end: usize) -> Hash {
        let size = end - begin;
        if size == 0 {
            return Sha256::digest([]).into();
        }
        let level = size.trailing_zeros() as usize;
        if size.is_power_of_two() && begin.is_multiple_of(size) {
            return self.levels[level][begin >> level];
        }
        let half = split(size);
        node(&self.root(begin, begin + half), &self.root(begin + half, end))
    }

    /// The audit path of a leaf, from the leaf upwards.
    fn path(&self, index: usize, begin: usize, end: usize) -> Vec<Hash> {
        if end - begin <= 1 {
            return Vec::new();
        }
        let middle = begin + split(end - begin);
        let (mut path, sibling) = if index < middle {
            (self.path(index, begin, middle), self.root(middle, end))
        } else {
            (self.path(index, middle, end), self.root(begin, middle))
        };
        path.push(sibling);
        path
    }
}

/// The largest power of two below `size`.
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// The text of a row: its index, time, action, number and the digest of its content, between bars.
fn entry(index: usize, at: Nanos, action: Action, number: &str, digest: &Hash) -> String {
    let fields = json!([Exact(at), action]);
    let text = |i: usize| fields[i].as_str().unwrap_or_default();
    format!("{index}|{}|{}|{number}|{}", text(0), text(1), hex(digest))
}

impl World {
    /// Writes a transaction into the ledger and, where there is storage, onto the way to disk together with
    /// what it is about.
    pub(crate) fn record(
        &self,
        at: Nanos,
        action: Action,
        invoice: &Invoice,
        about: impl FnOnce() -> Vec<Change>,
    ) -> Option<Ticket> {
        let digest = Sha256::digest(content(&invoice.fields, invoice.scan.as_ref())).into();
        let mut ledger = lock(&self.ledger);
        let index = ledger.len() as u64;
        let row = ledger.append(at, action, &invoice.fields.number, &digest);
        self.keep(|| {
            let mut all = about();
            all.push(Change::Row(index, row.clone()));
            Change::Together(all)
        })
    }

    pub(crate) fn head(&self) -> Result<Answered, Refused> {
        let ledger = lock(&self.ledger);
        let size = ledger.len();
        let at = ledger.rows.last().and_then(|row| row.entry.split('|').nth(1));
        let root = hex(&ledger.root(0, size));
        Ok(Answered::success(&json!({"size": size, "root": root, "link": hex(&ledger.link()), "at": at})))
    }

    pub(crate) fn proof(&self, now: Nanos, number: &str) -> Result<Answered, Refused> {
        let sky = self.sky();
        let held = self.records.with(number, |invoice| {
            let mut fields = invoice.fields.clone();
            fields.total += self.altered(&sky, now, invoice);
            hex(&Sha256::digest(content(&fields, invoice.scan.as_ref())))
        });
        let ledger = lock(&self.ledger);
        let index = *ledger.latest.get(number).ok_or(Code::NotSubmitted)?;
        let row = &ledger.rows[index];
        let size = ledger.len();
        let recorded = row.entry.rsplit('|').next().unwrap_or_default();
        let intact = held.as_deref() == Some(recorded);
        let previous = index.checked_sub(1).map_or([0; 32], |i| ledger.rows[i].link);
        let shown = json!({
            "number": number,
            "index": index,
            "entry": row.entry,
            "leaf": hex(&leaf_hash(&row.entry)),
            "path": ledger.path(index, 0, size).iter().map(|h| hex(h)).collect::<Vec<_>>(),
            "size": size,
            "root": hex(&ledger.root(0, size)),
            "previous_link": hex(&previous),
            "link": hex(&row.link),
            "content_sha256": held,
            "intact": intact,
        });
        drop(ledger);
        if !intact {
            self.warn(
                now,
                crate::warnings::Kind::Tampered,
                number,
                "the record differs from what the ledger holds of it",
            );
        }
        Ok(Answered::success(&shown))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ledger(size: usize) -> Ledger {
        let mut ledger = Ledger::default();
        for i in 0..size {
            ledger.append(i as Nanos, Action::Submitted, &format!("{i:020}").into(), &[i as u8; 32]);
        }
        ledger
    }

    #[test]
    fn every_path_leads_to_the_root() {
        for size in 1..70 {
            let ledger = ledger(size);
            let root = ledger.root(0, size);
            for (i, row) in ledger.rows.iter().enumerate() {
                let path = ledger.path(i, 0, size);
                assert_eq!(root_from_path(leaf_hash(&row.entry), i as u64, size as u64, &path), Some(root));
                assert_ne!(root_from_path(leaf_hash("0|x"), i as u64, size as u64, &path), Some(root));
            }
        }
    }

    #[test]
    fn an_empty_tree_has_the_root_of_the_standard() {
        let root = hex(&Ledger::default().root(0, 0));
        assert_eq!(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn links_chain() {
        let ledger = ledger(3);
        let first = link_hash(&[0; 32], &leaf_hash(&ledger.rows[0].entry));
        assert_eq!(ledger.rows[0].link, first);
        assert_eq!(ledger.rows[1].link, link_hash(&first, &leaf_hash(&ledger.rows[1].entry)));
    }
}
