//! A source of announcements as a configuration file writes it down.

use super::source::Source;
use crate::profile::NoticeFormat;
use crate::target::Endpoint;
use crate::transport::{Dialer, Guard};
use chrono_tz::Tz;
use piaotan_record::window::{Services, Source as From};
use piaotan_record::{Span, closed_enum, zone};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

closed_enum! {
    /// What a source is written in.
    pub enum SourceKind {
        /// iCalendar: a file, a folder of them, or a URL.
        Ical = "ical",
        /// Silences of an Alertmanager.
        Silences = "silences",
        /// Scheduled maintenances of an Atlassian Statuspage.
        Statuspage = "statuspage",
        /// A status feed with messages.
        Feed = "feed",
        /// Notices in prose: a page, JSON, RSS, text, or a folder of them.
        Notices = "notices",
    }
}

/// One `[[maintenance.source]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceEntry {
    /// How it is called in lists and findings; the kind where it is not named.
    pub name: Option<String>,
    pub kind: Option<SourceKind>,
    /// `https://…`; of an Alertmanager or a Statuspage the address is enough.
    pub url: Option<String>,
    /// A file or a folder of files.
    pub path: Option<PathBuf>,
    /// IANA name: whose clock times mean that name no zone.
    pub zone: Option<String>,
    /// What its windows stop, where it does not say.
    pub services: Option<Services>,
    /// How often it is asked: `5m`.
    pub poll: Option<Span>,
    /// How notices are written (html, json, rss, text), where the answer does not tell.
    pub format: Option<NoticeFormat>,
}

/// Where a source is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// On the platform itself, by its own connections.
    Platform {
        path: String,
    },
    Url {
        endpoint: Endpoint,
        path: String,
        dialer: Dialer,
    },
    Disk(PathBuf),
}

pub(super) const EVERY: Duration = Duration::from_secs(300);
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(24 * 3600);

impl SourceEntry {
    /// Checks the entry and makes a source of it. `zone` is the platform's, `poll` what holds for all
    /// sources that do not say how often they are asked.
    ///
    /// # Errors
    /// One line: the field and what to write instead.
    pub fn open(&self, zone: Tz, poll: Option<Span>) -> Result<Source, String> {
        let Some(kind) = self.kind else {
            return Err("kind: write ical, silences, statuspage, feed or notices".to_owned());
        };
        let name = self.name.clone().unwrap_or_else(|| kind.as_str().to_owned());
        if name.trim().is_empty() {
            return Err("name: it is empty; write how the source is called, or leave it out".to_owned());
        }
        let of_this = |why: String| format!("{why} (source {name})");
        let zone = match &self.zone {
            Some(named) => zone::named(named).map_err(|why| of_this(format!("zone: {why}")))?,
            None => zone,
        };
        let every = self.poll.or(poll).map_or(EVERY, |span| span.0);
        if every < LEAST {
            return Err(of_this("poll: write at least 1s".to_owned()));
        }
        // What is asked more rarely than every day tells of a maintenance when it is over.
        if every > MOST {
            return Err(of_this("poll: write 24h at most".to_owned()));
        }
        let place = self.place(kind).map_err(of_this)?;
        Ok(Source::at(name, kind, place, zone).with(self.services, every, self.format))
    }

    fn place(&self, kind: SourceKind) -> Result<Place, String> {
        match (&self.url, &self.path) {
            (Some(_), Some(_)) => Err("url and path: write one of them".to_owned()),
            (None, None) => Err("url: write where it is, or `path` of a file or folder".to_owned()),
            (None, Some(path)) if path.as_os_str().is_empty() => {
                Err("path: it is empty; write the path of a file or folder".to_owned())
            }
            (None, Some(path)) => Ok(Place::Disk(path.clone())),
            (Some(url), None) => {
                let (endpoint, path) = parsed(url)?;
                let path = if path == "/" { usual_path(kind).to_owned() } else { path };
                Ok(Place::Url { dialer: dialer(&endpoint, Guard::Any)?, endpoint, path })
            }
        }
    }
}

/// Where programs of that kind answer, for whom only the address is given.
fn usual_path(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Silences => "/api/v2/silences",
        SourceKind::Statuspage => "/api/v2/scheduled-maintenances.json",
        _ => "/",
    }
}

pub(super) fn dialer(endpoint: &Endpoint, guard: Guard) -> Result<Dialer, String> {
    let tls = if endpoint.tls { Some(crate::tls::client_config(None)?) } else { None };
    Ok(Dialer::tcp(guard, tls))
}

/// A URL as an endpoint without prefix, and path with query.
pub(super) fn parsed(url: &str) -> Result<(Endpoint, String), String> {
    // Calendars are often handed about with a scheme of their own.
    let url = url.trim().replacen("webcal://", "https://", 1);
    let bad = || format!("url: `{url}` is not a URL; write it as http://HOST/PATH or https://HOST/PATH");
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let endpoint = Endpoint::parse(&format!("{scheme}://{}", &rest[..cut])).map_err(|_| bad())?;
    let path = rest[cut..].split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    path.parse::<hyper::http::uri::PathAndQuery>().map_err(|_| bad())?;
    Ok((endpoint, path))
}

impl SourceKind {
    /// How its windows name where they come from.
    #[must_use]
    pub fn of_window(self) -> From {
        match self {
            Self::Ical => From::Ical,
            Self::Silences => From::Silence,
            Self::Statuspage => From::Statuspage,
            Self::Feed => From::Feed,
            Self::Notices => From::Notice,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{SourceEntry, parsed};
    use chrono_tz::Tz;

    fn check(toml: &str, expected: &str) {
        let entry: SourceEntry = toml::from_str(toml).unwrap();
        let said = entry.open(Tz::UTC, None).map_or_else(|why| why, |source| source.name);
        assert_eq!(said, expected, "{toml}");
    }

    #[test]
    fn an_entry_says_what_is_missing() {
        check("", "kind: write ical, silences, statuspage, feed or notices");
        check("kind = 'ical'", "url: write where it is, or `path` of a file or folder (source ical)");
        check("kind = 'ical'\nurl='x'\npath='y'", "url and path: write one of them (source ical)");
        check(
            "kind = 'ical'\nname='ops'\npath='y'\nzone='Asia/Shangai'",
            "zone: unknown zone `Asia/Shangai`: did you mean `Asia/Shanghai`? (source ops)",
        );
        check(
            "kind = 'silences'\nurl='http://alerts:9093'\npoll='10ms'",
            "poll: write at least 1s (source silences)",
        );
        check(
            "kind = 'ical'\nurl='http://a b/'",
            "url: `http://a b/` is not a URL; write it as http://HOST/PATH or https://HOST/PATH (source ical)",
        );
        check("kind = 'feed'\nurl='https://a.example/feed?x=1'", "feed");
    }

    #[test]
    fn a_url_is_taken_apart() {
        let (endpoint, path) = parsed("webcal://a.example/b.ics?x=1#part").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.tls, path.as_str()), ("a.example", true, "/b.ics?x=1"));
        assert_eq!(parsed("http://127.0.0.1:9?q").unwrap().1, "/?q");
    }
}
