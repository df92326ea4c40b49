//! What the watch shows: the status page, where an invoice is, metrics, and whether it lives. Reads the board,
//! the calendar and the store, and changes nothing; only a look for an invoice asks the platform.
#![allow(clippy::disallowed_methods, reason = "the front door reads the clock")]

mod asking;
mod lanes;
mod ledger;
mod state;
mod totals;
mod view;

pub use state::{Standing, standing};

use crate::serve::{Asked, Page};
use crate::watching::board::{Board, Posted};
use crate::watching::outlet::trouble;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use piaotan_probes::{ProbeKind, Setting};
use piaotan_record::Calendar;
use piaotan_reports::Lang;
use piaotan_reports::metrics::{self, Totals};
use piaotan_store::Store;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A loop that has not gone round for so long is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// The invoices of the ledger.
type Counted = Arc<Mutex<ledger::Counted>>;

/// Answers readers. Cheap to copy.
#[derive(Clone)]
pub struct Desk {
    board: Board,
    lang: Lang,
    shown: Arc<Mutex<Option<Shown>>>,
    ledger: Counted,
    registry: Arc<metrics::Registry>,
    asking: asking::Asking,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// What is watched now; another after a reload.
#[derive(Debug, Clone)]
pub struct Shown {
    pub target: String,
    pub zone: Tz,
    pub store: Arc<Store>,
    pub calendar: watch::Receiver<Arc<Calendar>>,
    pub kinds: Vec<ProbeKind>,
    pub promise: TimeDelta,
    pub give_up: TimeDelta,
    pub write: Result<(), String>,
}

/// Everything that is drawn from, taken at one moment.
#[derive(Debug)]
pub struct Sight {
    pub now: DateTime<Utc>,
    pub shown: Shown,
    pub posted: Posted,
    pub calendar: Arc<Calendar>,
    pub standing: Standing,
}

impl Desk {
    #[must_use]
    pub fn new(board: Board, lang: Lang) -> Self {
        let shown = Arc::new(Mutex::new(None::<Shown>));
        let ledger = Counted::default();
        let totals = Totaller { board: board.clone(), shown: shown.clone(), ledger: ledger.clone() };
        let registry = metrics::register(move || totals.totals());
        let registry = Arc::new(registry.expect("a test registers the whole catalogue"));
        Self { board, lang, shown, ledger, registry, asking: asking::Asking::default() }
    }

    /// What is watched from now on.
    pub fn show(&self, setting: &Setting) {
        let Some(store) = setting.store.clone() else { return };
        let promise = TimeDelta::from_std(setting.section.promise.0).unwrap_or(TimeDelta::MAX);
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = ledger::Counted::default();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown {
            target: setting.target.clone(),
            zone: setting.client.profile().zone(),
            store,
            calendar: setting.calendar.clone(),
            kinds: setting.section.kinds(),
            promise,
            give_up: TimeDelta::from_std(setting.section.give_up.0).unwrap_or(TimeDelta::days(3)),
            write: setting.write.clone(),
        });
    }

    #[must_use]
    pub fn answer(&self, asked: &Asked) -> Page {
        match asked.path.as_str() {
            "/" => self.page(asked),
            "/trace" => self.asking.page(asked, language(asked, self.lang)),
            "/metrics" => Page::metrics(&self.registry),
            "/healthz" => self.health(),
            _ => Page::text(404, "not here; see /, /trace, /metrics and /healthz\n"),
        }
    }

    /// Where invoices are looked for from now on, on the runtime that calls.
    pub fn look(&self, setting: Arc<Setting>) {
        self.asking.of(setting);
    }

    /// Answers what is being looked for at once, since the watch ends.
    pub fn close(&self) {
        self.asking.close();
    }

    /// Whether the watch itself lives; how the platform fares is another question.
    fn health(&self) -> Page {
        let beat = self.board.lock().beat;
        match beat {
            Some(beat) if beat.elapsed() < STUCK => Page::text(200, "ok\n"),
            Some(_) => Page::text(503, "the loop of the probes is stuck\n"),
            None => Page::text(503, "starting\n"),
        }
    }

    fn page(&self, asked: &Asked) -> Page {
        let lang = language(asked, self.lang);
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(shown) = shown else { return Page::text(503, "starting\n") };
        let sight = Sight::take(&self.board, shown, Utc::now());
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let page = match ledger.rows(&sight.shown, sight.now) {
            Ok(rows) => view::page(&sight, rows, lang),
            Err(why) => Err(why.into()),
        };
        match page {
            Ok(body) => Page::html(body),
            Err(why) => Page::text(500, format!("{why:#}\n")),
        }
    }
}

impl Sight {
    fn take(board: &Board, shown: Shown, now: DateTime<Utc>) -> Self {
        let (posted, calendar) = (board.copy(), shown.calendar.borrow().clone());
        let standing = standing(&posted, &calendar, now);
        Self { now, shown, posted, calendar, standing }
    }
}

/// The language that the reader asks for by `?lang=`, by the browser, or that of the watch.
fn language(asked: &Asked, usual: Lang) -> Lang {
    let named = asked.query.split('&').find_map(|pair| pair.strip_prefix("lang="));
    if let Some(lang) = named.and_then(|name| name.parse().ok()) {
        return lang;
    }
    let first = asked
        .accept_language
        .split(',')
        .map(str::trim)
        .find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
    match first {
        Some(tag) if tag.starts_with("zh") => Lang::Zh,
        Some(_) => Lang::En,
        None => usual,
    }
}

/// Makes the totals of a scrape.
struct Totaller {
    board: Board,
    shown: Arc<Mutex<Option<Shown>>>,
    ledger: Counted,
}

impl Totaller {
    fn totals(&self) -> Totals {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(shown) = shown else { return Totals::new(env!("CARGO_PKG_VERSION"), &[]) };
        let now = Utc::now();
        let sight = Sight::take(&self.board, shown, now);
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let sync = match ledger.rows(&sight.shown, now) {
            Ok(rows) => totals::sync(rows),
            Err(error) => {
                trouble(&self.board, &error.to_string());
                metrics::SyncTotals::default()
            }
        };
        totals::totals(&sight, sync)
    }
}

#[cfg(test)]
mod tests {
    use super::language;
    use crate::serve::Asked;
    use piaotan_reports::Lang;

    #[test]
    fn the_reader_chooses_the_language() {
        let check = |query: &str, accept: &str, expected| {
            let (path, posted) = ("/".into(), None);
            let asked = Asked { path, query: query.into(), accept_language: accept.into(), posted };
            assert_eq!(language(&asked, Lang::Zh), expected, "{query} {accept}");
        };
        check("lang=en", "zh-CN", Lang::En);
        check("", "en-GB,zh;q=0.5", Lang::En);
        check("", "fr, zh-TW", Lang::Zh);
        check("lang=xx", "", Lang::Zh);
    }
}
