//! What every platform of the tests keeps: invoices, hidden until the second look.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub number: String,
    pub date: String,
    pub total: String,
    pub words: String,
    pub title: String,
    pub looks: u32,
    pub asked: u32,
}

#[derive(Debug, Default)]
pub struct Invoices(BTreeMap<String, Kept>);

#[derive(Debug, PartialEq, Eq)]
pub enum Verified {
    Genuine,
    Differs,
    Unknown,
}

impl Invoices {
    /// `false` when the number is known already.
    pub fn add(&mut self, kept: Kept) -> bool {
        if self.0.contains_key(&kept.number) {
            return false;
        }
        self.0.insert(kept.number.clone(), kept);
        true
    }

    /// The invoice, from the second look on: it takes a while until it is seen.
    pub fn look(&mut self, number: &str) -> Option<Kept> {
        let kept = self.0.get_mut(number)?;
        kept.looks += 1;
        (kept.looks > 1).then(|| kept.clone())
    }

    /// Whether the review is over: from the second question on. `None` for an unknown number.
    pub fn reviewed(&mut self, number: &str) -> Option<bool> {
        let kept = self.0.get_mut(number)?;
        kept.asked += 1;
        Some(kept.asked > 1)
    }

    pub fn verify(&self, number: &str, date: &str, total: &str) -> Verified {
        match self.0.get(number) {
            None => Verified::Unknown,
            Some(kept) if kept.date == date && kept.total == total => Verified::Genuine,
            Some(_) => Verified::Differs,
        }
    }
}
