//! RSS and Atom feeds to notices.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::announced::{Item, digest};
use crate::error::Error;
use crate::html::html_text;
use crate::times::{day, instant};

/// Reads the entries of an RSS 1.0, RSS 2.0 or Atom feed; a feed that breaks off in the middle is an error.
pub fn rss(xml: &str) -> Result<Vec<Item>, Error> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let mut feed = Feed::default();
    loop {
        match reader.read_event().map_err(|error| Error::format("an RSS or Atom feed", error))? {
            Event::Start(tag) => {
                let link = tag
                    .try_get_attribute("href")
                    .ok()
                    .flatten()
                    .map(|href| String::from_utf8_lossy(&href.value).into_owned());
                feed.open(tag.local_name().as_ref(), link);
            }
            Event::Empty(tag) => {
                let link = tag
                    .try_get_attribute("href")
                    .ok()
                    .flatten()
                    .map(|href| String::from_utf8_lossy(&href.value).into_owned());
                feed.open(tag.local_name().as_ref(), link);
                feed.close(tag.local_name().as_ref());
            }
            Event::End(tag) => feed.close(tag.local_name().as_ref()),
            Event::Text(text) => feed.text(&String::from_utf8_lossy(&text)),
            Event::CData(text) => feed.text(&String::from_utf8_lossy(&text)),
            Event::GeneralRef(name) => feed.entity(&String::from_utf8_lossy(&name)),
            Event::Eof => break,
            _ => {}
        }
    }
    feed.finish()
}

#[derive(Debug, Default)]
struct Feed {
    seen_root: bool,
    items: Vec<Item>,
    item: Option<Item>,
    /// The text of the element being read.
    current: String,
}

impl Feed {
    fn open(&mut self, name: &[u8], link: Option<String>) {
        self.current.clear();
        match name {
            b"rss" | b"feed" | b"RDF" | b"channel" => self.seen_root = true,
            b"item" | b"entry" => self.item = Some(Item::default()),
            b"link" => {
                if let (Some(item), Some(link)) = (self.item.as_mut().filter(|item| item.id.is_empty()), link)
                {
                    item.id = link;
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.item.is_some() {
            self.current.push_str(text);
        }
    }

    fn entity(&mut self, name: &str) {
        self.text(&html_text(&format!("&{name};")));
        // Blank entities are not text of their own; markup is.
        match name {
            "lt" | "gt" | "amp" | "quot" | "apos" => {}
            _ if self.item.is_some() => self.current.push(' '),
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8]) {
        if matches!(name, b"item" | b"entry") {
            if let Some(mut item) = self.item.take() {
                if item.id.is_empty() {
                    item.id = digest(&item.whole());
                }
                self.items.push(item);
            }
            return;
        }
        let text = std::mem::take(&mut self.current);
        let Some(item) = self.item.as_mut() else { return };
        match name {
            b"title" => item.title = html_text(&text),
            // The longest of description, content and summary is the notice.
            b"description" | b"encoded" | b"summary" | b"content" => {
                let body = html_text(&text);
                if body.len() > item.text.len() {
                    item.text = body;
                }
            }
            b"pubDate" | b"published" | b"date" => publish(item, &text),
            b"updated" if item.published.is_none() => publish(item, &text),
            b"guid" | b"id" if !text.trim().is_empty() => item.id = text.trim().to_owned(),
            b"link" if item.id.is_empty() => item.id = text.trim().to_owned(),
            _ => {}
        }
    }

    fn finish(self) -> Result<Vec<Item>, Error> {
        if !self.seen_root {
            return Err(Error::format("an RSS or Atom feed", "it has neither rss, RDF nor feed"));
        }
        if self.item.is_some() {
            return Err(Error::format("an RSS or Atom feed", "it breaks off inside an entry"));
        }
        Ok(self.items)
    }
}

fn publish(item: &mut Item, text: &str) {
    item.published = instant(text).or(item.published);
    item.published_on = day(text).or(item.published_on);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rss_and_atom() {
        let rss_text = "<?xml version='1.0'?><rss><channel><title>c</title><item><title>维护</title><guid>g1</guid><pubDate>Fri, 20 Nov 2026 08:00:00 +0800</pubDate><description><![CDATA[<p>22:00<br/>24:00</p>]]></description></item></channel></rss>";
        let items = rss(rss_text).unwrap();
        assert_eq!(
            (items[0].id.as_str(), items[0].title.as_str(), items[0].text.as_str()),
            ("g1", "维护", "22:00\n24:00")
        );
        assert_eq!(items[0].published.unwrap().to_rfc3339(), "2026-11-20T08:00:00+08:00");
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A &amp; B</title><link href='http://h/1'/><updated>2026-11-20T00:00:00Z</updated><content type='html'>&lt;p&gt;x&lt;/p&gt;</content></entry></feed>";
        let items = rss(atom).unwrap();
        assert_eq!(
            (items[0].id.as_str(), items[0].title.as_str(), items[0].text.as_str()),
            ("http://h/1", "A & B", "x")
        );
    }

    #[test]
    fn broken_feeds_are_one_line() {
        for text in ["", "hello", "<html></html>", "<rss><item>", "<rss><!-- "] {
            let error = rss(text).unwrap_err().to_string();
            assert!(error.starts_with("not an RSS or Atom feed: ") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn deep_nesting_is_cheap() {
        assert!(rss(&format!("<rss>{}", "<a>".repeat(200_000))).unwrap().is_empty());
    }
}
