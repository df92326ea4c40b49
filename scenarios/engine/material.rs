//! What arrivals work on: fresh invoices by index, and invoices that the platform has already.

use crate::journeys::{Journey, Known, Polls, Row};
use crate::scenario::unit;
use crate::scenario::{Data, Popularity};
use chrono::NaiveDate;
use piaotan_client::invoice::{FileKind, Generator, Invoice, Options};
use piaotan_client::port::FieldName;
use piaotan_record::Token;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Index space of the invoices that are uploaded before the pace begins.
pub const PREPARED: u64 = 1 << 40;

/// Verifications of invoices of this run that are kept ready, at most.
const UPLOADED: usize = 20_000;

/// The data of a run; the same seed and index give the same material on every segment.
#[derive(Debug)]
pub struct Material {
    seed: u64,
    generator: Generator,
    regions: Vec<String>,
    batch_items: u64,
    popularity: Popularity,
    /// Verifications that one known invoice may have in this run.
    quota: Option<u32>,
    known: OnceLock<Vec<Known>>,
    verified: OnceLock<Vec<AtomicU32>>,
    next: AtomicU64,
    /// Invoices that this run uploaded, oldest first, each as often as it may be verified yet.
    uploaded: Mutex<VecDeque<u64>>,
}

/// The material of one journey.
#[derive(Debug)]
pub struct Drawn<'a> {
    fresh: Option<Invoice>,
    batch: Vec<Invoice>,
    known: Option<&'a Known>,
    /// The known one, where it is of this run.
    uploaded: Option<Known>,
    other_region: &'a str,
    agent_tax_id: String,
    new_mobile: String,
    token: Token,
    placeholder: &'a Invoice,
}

impl Material {
    #[must_use]
    pub fn new(
        seed: u64,
        generator: Generator,
        regions: Vec<String>,
        data: &Data,
        quota: Option<u32>,
    ) -> Self {
        Self {
            seed,
            generator,
            regions,
            batch_items: data.batch_items.into(),
            popularity: data.popularity,
            quota: data.verify_quota.or(quota).filter(|quota| *quota > 0),
            known: OnceLock::new(),
            verified: OnceLock::new(),
            next: AtomicU64::new(0),
            uploaded: Mutex::default(),
        }
    }

    /// Sets the invoices that reading journeys ask for. Later calls change nothing.
    pub fn know(&self, known: Vec<Known>) {
        let uses = (0..known.len()).map(|_| AtomicU32::new(0)).collect();
        let _ = self.verified.set(uses);
        let _ = self.known.set(known);
    }

    #[must_use]
    pub fn known(&self) -> &[Known] {
        self.known.get().map_or(&[], Vec::as_slice)
    }

    /// The invoice of an index.
    #[must_use]
    pub fn invoice(&self, index: u64) -> Invoice {
        self.generator.invoice(index)
    }

    /// What a journey works on; `None` when no invoice is left that may be used.
    #[must_use]
    pub fn draw(&self, journey: Journey, index: u64) -> Option<Drawn<'_>> {
        let mut drawn = Drawn {
            fresh: None,
            batch: Vec::new(),
            known: None,
            uploaded: None,
            other_region: self.regions.get(1).map_or("", String::as_str),
            agent_tax_id: String::new(),
            new_mobile: String::new(),
            token: Token(index),
            placeholder: placeholder(),
        };
        match journey {
            Journey::Probe => {}
            Journey::RegisterLogin => drawn.new_mobile = self.new_mobile(index),
            Journey::Verify => {
                drawn.known = self.verifiable(index);
                if drawn.known.is_none() {
                    drawn.uploaded = Some(self.of_this_run()?);
                }
            }
            _ if journey.needs_known() => drawn.known = Some(self.popular(index)?),
            Journey::Batch => {
                let from = index * self.batch_items + 2 * PREPARED;
                drawn.batch =
                    (from..from + self.batch_items).map(|each| self.generator.invoice(each)).collect();
            }
            _ => {
                drawn.fresh = Some(self.generator.invoice(index));
                if journey == Journey::AgentIssued {
                    let agent = self.generator.invoice(index + 4 * PREPARED);
                    drawn.agent_tax_id =
                        agent.fields().get(FieldName::SellerTaxId).unwrap_or_default().to_owned();
                }
            }
        }
        Some(drawn)
    }

    fn popular(&self, index: u64) -> Option<&Known> {
        let known = self.known();
        let share = unit(self.seed ^ 0x706f_7075, index);
        let count = known.len() as f64;
        let at = match self.popularity {
            Popularity::Uniform => share * count,
            // Log-uniform ranks: the k-th is asked for about in proportion to 1/k (Zipf's law).
            Popularity::Zipf => (count + 1.0).powf(share) - 1.0,
        };
        known.get((at as usize).min(known.len().saturating_sub(1)))
    }

    /// An invoice whose daily verifications are not used up.
    fn verifiable(&self, index: u64) -> Option<&Known> {
        let Some(quota) = self.quota else { return self.popular(index) };
        let (known, verified) = (self.known(), self.verified.get()?);
        for _ in 0..known.len() {
            let at = usize::try_from(self.next.fetch_add(1, Ordering::Relaxed)).unwrap_or(0) % known.len();
            if verified[at].fetch_add(1, Ordering::Relaxed) < quota {
                return Some(&known[at]);
            }
        }
        None
    }

    /// An invoice that this run has uploaded itself may be verified too, as often as the quota says less
    /// the journey's own look.
    pub fn uploaded(&self, journey: Journey, index: u64) {
        let Some(quota) = self.quota.filter(|_| journey == Journey::Roundtrip) else { return };
        let mut uploaded = self.uploaded.lock().unwrap_or_else(PoisonError::into_inner);
        let room = UPLOADED - uploaded.len();
        uploaded.extend((1..quota).map(|_| index).take(room));
    }

    fn of_this_run(&self) -> Option<Known> {
        let mut uploaded = self.uploaded.lock().unwrap_or_else(PoisonError::into_inner);
        uploaded.pop_front().map(|index| known_of(&self.invoice(index)))
    }

    /// A mobile number that no other arrival of this run has, nor of another run.
    fn new_mobile(&self, index: u64) -> String {
        // Not the scenario's seed: the platform knows the users of the last run already.
        let start = (unit(self.generator.seed(), 0) * 1e9) as u64;
        format!("19{:09}", (start + index) % 1_000_000_000)
    }
}

/// Journeys that need no invoice still carry one; this is it.
fn placeholder() -> &'static Invoice {
    static PLACEHOLDER: OnceLock<Invoice> = OnceLock::new();
    PLACEHOLDER.get_or_init(|| {
        let options = Options {
            region: "11".to_owned(),
            today: NaiveDate::default(),
            days: 1,
            file_kind: FileKind::Pdf,
            file_bytes: 2_000,
            seller: None,
            buyer: None,
        };
        Generator::new(0, options).invoice(0)
    })
}

impl Drawn<'_> {
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        Row {
            fresh: self.fresh.as_ref().unwrap_or(self.placeholder),
            token: self.token,
            known: self.known.or(self.uploaded.as_ref()),
            batch: &self.batch,
            other_region: self.other_region,
            agent_tax_id: &self.agent_tax_id,
            new_mobile: &self.new_mobile,
            polls: Polls::default(),
        }
    }
}

/// What is needed to ask for an invoice again.
#[must_use]
pub fn known_of(invoice: &Invoice) -> Known {
    let fields = invoice.fields();
    let text = |name| fields.get(name).unwrap_or_default().to_owned();
    Known {
        number: text(FieldName::Number),
        issue_date: text(FieldName::IssueDate),
        total: text(FieldName::Total),
        keyword: invoice.keyword().to_owned(),
    }
}

/// Reads `number,issue_date,total[,keyword]` lines.
///
/// # Errors
/// One line that names the line of the file and what to write.
pub fn read_known(text: &str, origin: &str) -> Result<Vec<Known>, String> {
    let mut known = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parts: Vec<&str> = line.split(',').map(str::trim).collect();
        match parts[..] {
            ["number", ..] if at == 0 => {}
            [number, date, total, ref rest @ ..] if !number.is_empty() && !date.is_empty() => {
                let keyword = rest.first().filter(|word| !word.is_empty()).unwrap_or(&number);
                let (number, issue_date, total) = (number.to_owned(), date.to_owned(), total.to_owned());
                known.push(Known { number, issue_date, total, keyword: (*keyword).to_owned() });
            }
            _ => return Err(format!("{origin}, line {}: write number,issue_date,total[,keyword]", at + 1)),
        }
    }
    if known.is_empty() {
        Err(format!("{origin} holds no invoice; write number,issue_date,total lines"))
    } else {
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::mute;

    #[test]
    fn verifications_of_this_run_are_kept_ready_up_to_their_bound() {
        let data = Data { verify_quota: Some(30_001), ..Data::default() };
        let material = Material::new(1, mute::generator(), Vec::new(), &data, None);
        let ready = || material.uploaded.lock().unwrap().len();
        material.uploaded(Journey::UploadReview, 1);
        assert_eq!(ready(), 0);
        (2..5).for_each(|index| material.uploaded(Journey::Roundtrip, index));
        assert_eq!(ready(), UPLOADED);
        let drawn = material.draw(Journey::Verify, 9).unwrap();
        assert_eq!(drawn.row().known.unwrap().number, material.invoice(2).number);
        assert_eq!(ready(), UPLOADED - 1);
    }
}
