//! Search by part of a title, a seller's name or a tax id.
//!
//! Every pair of neighbouring characters has the list of rows that hold it; a search walks the shortest
//! of its pairs' lists, newest row first, and looks at each row's text.

use crate::domain::moment::{NEVER, Nanos};
use crate::invoice::Invoice;
use crate::weather::Surface;
use chrono::NaiveDate;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

/// Rows looked at in one search at most, so that its cost is bounded.
const MOST_LOOKED_AT: usize = 50_000;

#[derive(Debug, Default)]
pub(crate) struct Index {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: Vec<Row>,
    pairs: HashMap<(char, char), Vec<u32>>,
}

#[derive(Debug)]
struct Row {
    number: Arc<str>,
    text: Box<str>,
    date: NaiveDate,
    due: Nanos,
}

/// What to look for; `worked` is the work time by which rows must be due, `None` for all rows.
#[derive(Debug)]
pub(crate) struct Filter<'a> {
    /// In lower case; empty for everything.
    pub(crate) keyword: &'a str,
    pub(crate) from: Option<NaiveDate>,
    pub(crate) to: Option<NaiveDate>,
    pub(crate) worked: Option<Nanos>,
}

impl Index {
    /// Adds an invoice; one that is rejected is never found and not added.
    pub(crate) fn add(&self, invoice: &Invoice) {
        if invoice.course.entered == NEVER {
            return;
        }
        let f = &invoice.fields;
        let text = [&f.title, &f.seller_name, &f.buyer_tax_id, &f.seller_tax_id].map(|t| t.as_str());
        let text = text.join("\n").to_lowercase();
        let row = Row {
            number: f.number.clone(),
            date: f.issue_date,
            due: invoice.seen(Surface::Keyword),
            text: text.into(),
        };
        let pairs: HashSet<(char, char)> = pairs(&row.text).filter(|p| p.0 != '\n' && p.1 != '\n').collect();
        let mut inner = self.inner.write().expect("no thread panics while it holds this lock");
        let place = inner.rows.len() as u32;
        for pair in pairs {
            inner.pairs.entry(pair).or_default().push(place);
        }
        inner.rows.push(row);
    }

    /// The numbers found, newest upload first, and whether there may be more.
    pub(crate) fn find(&self, filter: &Filter<'_>, most: usize) -> (Vec<Arc<str>>, bool) {
        let inner = self.inner.read().expect("no thread panics while it holds this lock");
        let mut found = Vec::new();
        let lists = pairs(filter.keyword).map(|pair| inner.pairs.get(&pair).map_or(&[][..], |l| l));
        let shortest = lists.min_by_key(|list| list.len());
        let count = shortest.map_or(inner.rows.len(), <[u32]>::len);
        let looked_at = count.min(MOST_LOOKED_AT);
        for i in (count - looked_at..count).rev() {
            let row = &inner.rows[shortest.map_or(i, |list| list[i] as usize)];
            if filter.takes(row) {
                found.push(row.number.clone());
                if found.len() == most {
                    return (found, true);
                }
            }
        }
        (found, looked_at < count)
    }
}

impl Filter<'_> {
    pub(crate) fn dated(&self, date: NaiveDate) -> bool {
        self.from.is_none_or(|from| date >= from) && self.to.is_none_or(|to| date <= to)
    }

    fn takes(&self, row: &Row) -> bool {
        self.worked.is_none_or(|worked| worked >= row.due)
            && self.dated(row.date)
            && row.text.contains(self.keyword)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (char, char)> {
    text.chars().zip(text.chars().skip(1))
}
