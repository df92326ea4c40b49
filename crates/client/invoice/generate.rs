//! An invoice from a seed and an index: pure, so that any process can make it again.

use super::file::{FileKind, Files};
use super::taxpayer::Taxpayer;
use super::{money, number, words};
use crate::port::{FieldName, Fields, File};
use chrono::{Datelike, Days, NaiveDate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What all invoices of a run have in common.
#[derive(Debug, Clone)]
pub struct Options {
    /// Two digits; Beijing is 11.
    pub region: String,
    /// The last day on which an invoice may be issued; time is the caller's.
    pub today: NaiveDate,
    /// Issue dates lie within so many days before `today`, never on it: verification of the same day is refused
    /// by many platforms.
    pub days: u32,
    pub file_kind: FileKind,
    /// Size of each file in bytes.
    pub file_bytes: usize,
    /// The declared test taxpayer, as the seller. `None`: made up.
    pub seller: Option<Taxpayer>,
    /// The declared test recipient. `None`: made up for each invoice.
    pub buyer: Option<Taxpayer>,
}

/// Makes invoices.
#[derive(Debug, Clone)]
pub struct Generator {
    seed: u64,
    options: Options,
    files: Files,
}

/// A synthetic invoice. All amounts are kept as the texts that are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    pub index: u64,
    pub number: String,
    pub issue_date: String,
    pub amount: String,
    pub tax: String,
    pub total: String,
    pub total_words: String,
    pub buyer: Taxpayer,
    pub seller: Taxpayer,
    /// An agent who issued it for the seller (代开).
    pub issuer_tax_id: Option<String>,
    pub region: String,
    pub lines: Vec<Line>,
    pub file: File,
}

/// One line of an invoice, in cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: &'static str,
    pub amount: i64,
    /// In thousandths: 130 is 13 %.
    pub rate: i64,
    pub tax: i64,
}

/// What can be made wrong with an invoice, to see it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The amount in words is another amount.
    WordsDiffer,
    /// Amount and tax do not add up to the total.
    SumsDiffer,
    /// Issued next year.
    DateInFuture,
    /// The file begins right and is cut short.
    FileCutShort,
}

/// Goods and services, each with its rate in thousandths.
const GOODS: [(&str, i64); 8] = [
    ("*信息技术服务*软件开发", 60),
    ("*电子计算机*笔记本电脑", 130),
    ("*纸制品*复印纸", 130),
    ("*运输服务*国内货运", 90),
    ("*餐饮服务*餐费", 60),
    ("*不动产租赁*办公用房", 50),
    ("*劳务*搬运", 30),
    ("*农产品*蔬菜", 0),
];

impl Generator {
    #[must_use]
    pub fn new(seed: u64, options: Options) -> Self {
        let files = Files::new(options.file_kind, options.file_bytes, seed);
        Self { seed, options, files }
    }

    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The invoice of an index: always the same one for the same seed and options.
    #[must_use]
    pub fn invoice(&self, index: u64) -> Invoice {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let options = &self.options;
        let back = rng.random_range(1..=u64::from(options.days.max(1)));
        let date = options.today.checked_sub_days(Days::new(back)).unwrap_or(options.today);
        let lines = lines(&mut rng);
        let (amount, tax) =
            lines.iter().fold((0, 0), |(amount, tax), line| (amount + line.amount, tax + line.tax));
        let party = |declared: &Option<Taxpayer>, rng: &mut ChaCha8Rng| {
            declared.clone().unwrap_or_else(|| Taxpayer::synthetic(&options.region, rng))
        };
        let (seller, mut buyer) = (party(&options.seller, &mut rng), party(&options.buyer, &mut rng));
        let number = number::synthetic(date.year().unsigned_abs(), &options.region, self.prefix(), index);
        if options.buyer.is_none() {
            // A title of its own, so that a search by keyword finds this one and not a page full of others.
            buyer.name = format!("{}（{}）", buyer.name, &number[5..]);
        }
        Invoice {
            index,
            number,
            issue_date: date.to_string(),
            amount: money::write(amount),
            tax: money::write(tax),
            total: money::write(amount + tax),
            total_words: words::of_cents(amount + tax),
            buyer,
            seller,
            issuer_tax_id: None,
            region: options.region.clone(),
            lines,
            file: self.files.get(index),
        }
    }

    /// What keeps the numbers of different runs apart.
    fn prefix(&self) -> u64 {
        ChaCha8Rng::seed_from_u64(self.seed).random_range(0..10_000_000)
    }
}

fn lines(rng: &mut ChaCha8Rng) -> Vec<Line> {
    let line = |rng: &mut ChaCha8Rng| {
        let (name, rate) = GOODS[rng.random_range(0..GOODS.len())];
        // Small amounts are frequent and large ones rare, as in life: uniform in the logarithm.
        let amount = 10_f64.powf(rng.random_range(3.0..7.0)).round() as i64;
        // Half a cent and more counts as a whole one.
        Line { name, amount, rate, tax: (amount * rate + 500) / 1000 }
    };
    (0..rng.random_range(1..=5)).map(|_| line(rng)).collect()
}

impl Invoice {
    /// The invoice as the fields of a call, with its file.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default();
        fields
            .set(FieldName::Number, &self.number)
            .set(FieldName::IssueDate, &self.issue_date)
            .set(FieldName::Amount, &self.amount)
            .set(FieldName::Tax, &self.tax)
            .set(FieldName::Total, &self.total)
            .set(FieldName::TotalWords, &self.total_words)
            .set(FieldName::Title, &self.buyer.name)
            .set(FieldName::BuyerTaxId, &self.buyer.tax_id)
            .set(FieldName::SellerName, &self.seller.name)
            .set(FieldName::SellerTaxId, &self.seller.tax_id)
            .set(FieldName::Region, &self.region)
            .set(FieldName::Keyword, self.keyword());
        if let Some(line) = self.lines.first() {
            fields.set(FieldName::ItemName, line.name);
        }
        if let Some(issuer) = &self.issuer_tax_id {
            fields.set(FieldName::IssuerTaxId, issuer);
        }
        fields.file = Some(&self.file);
        fields
    }

    /// A keyword that finds this one alone: its title where that is its own, else its number.
    #[must_use]
    pub fn keyword(&self) -> &str {
        if self.buyer.name.contains(&self.number[5..]) { &self.buyer.name } else { &self.number }
    }

    /// The same invoice with something wrong in it.
    #[must_use]
    pub fn with_flaw(mut self, flaw: Flaw) -> Self {
        let total = money::parse(&self.total).unwrap_or(0);
        match flaw {
            Flaw::WordsDiffer => self.total_words = words::of_cents(total + 100),
            Flaw::SumsDiffer => {
                self.total = money::write(total + 1);
                self.total_words = words::of_cents(total + 1);
            }
            Flaw::DateInFuture => {
                let year = self.issue_date.get(..4).and_then(|year| year.parse::<u32>().ok()).unwrap_or(2026);
                self.issue_date = format!("{}-01-15", year + 2);
            }
            Flaw::FileCutShort => {
                let half = self.file.bytes.len() / 2;
                self.file.bytes.truncate(half);
            }
        }
        self
    }

    /// The same invoice, issued by an agent for the seller (代开).
    #[must_use]
    pub fn issued_by_agent(mut self, agent_tax_id: &str) -> Self {
        self.issuer_tax_id = Some(agent_tax_id.to_owned());
        self
    }
}
