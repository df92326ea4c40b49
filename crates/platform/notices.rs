//! The notices page: HTML, JSON, RSS; conditional.

use crate::Code;
use crate::domain::moment::{At, Nanos, instant};
use crate::weather::Notice;
use crate::wire::{Reply, Request};
use crate::world::World;
use hyper::StatusCode;
use serde_json::json;
use std::fmt::Write as _;

const HTML: &str = "text/html; charset=utf-8";
const RSS: &str = "application/rss+xml; charset=utf-8";

impl World {
    pub(crate) fn notices(&self, now: Nanos, path: &str, request: &Request) -> Reply {
        let sky = self.sky();
        let mut published: Vec<(usize, &Notice)> =
            sky.notices.iter().enumerate().filter(|(_, n)| n.at <= now).collect();
        published.reverse();
        let newest = published.first().map_or(0, |(_, n)| n.at);
        let tag = format!("\"n{}-{newest:x}-{:x}\"", published.len(), sky.since);
        let known = request.parts.headers.get("if-none-match");
        if known.is_some_and(|v| v.as_bytes() == tag.as_bytes()) {
            return Reply::new(StatusCode::NOT_MODIFIED, HTML, "").with("etag", tag);
        }
        let skew = sky.skew(now);
        let reply = match path {
            "/notices.json" => as_json(&published, skew, request.english()),
            "/notices.rss" => Reply::new(StatusCode::OK, RSS, as_rss(&published, skew)),
            _ => Reply::new(StatusCode::OK, HTML, as_html(&published, skew)),
        };
        reply.with("etag", tag).with("cache-control", "no-cache")
    }
}

fn as_json(published: &[(usize, &Notice)], skew: Nanos, english: bool) -> Reply {
    let items = published.iter().map(|(i, n)| {
        json!({"id": i + 1, "title": n.title, "text": n.text, "lang": n.lang, "published": At(n.at + skew)})
    });
    let data = json!({"notices": items.collect::<Vec<_>>()}).to_string();
    Reply::envelope(Code::Success, english, data.as_bytes())
}

fn as_html(published: &[(usize, &Notice)], skew: Nanos) -> String {
    let mut out = String::from(
        "<!DOCTYPE html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>公告 · Notices</title></head>\n<body>\n<h1>公告 <span lang=\"en\">Notices</span></h1>\n",
    );
    if published.is_empty() {
        out.push_str("<p>暂无公告 <span lang=\"en\">No notices</span></p>\n");
    }
    for (i, notice) in published {
        let time = serde_json::to_value(At(notice.at + skew)).unwrap_or_default();
        let time = time.as_str().unwrap_or_default();
        let _ = write!(
            out,
            "<article id=\"n{}\" lang=\"{}\">\n<h2>{}</h2>\n<p><time datetime=\"{time}\">{}</time></p>\n<p>{}</p>\n</article>\n",
            i + 1,
            notice.lang,
            escaped(&notice.title),
            time.get(..19).unwrap_or(time).replace('T', " "),
            escaped(&notice.text).replace('\n', "<br>\n"),
        );
    }
    out.push_str("</body></html>\n");
    out
}

fn as_rss(published: &[(usize, &Notice)], skew: Nanos) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\n\
         <title>公告</title>\n<link>/notices</link>\n<description>电子发票平台公告</description>\n",
    );
    for (i, notice) in published {
        let (title, text) = (escaped(&notice.title), escaped(&notice.text));
        let (id, date) = (i + 1, instant(notice.at + skew).to_rfc2822());
        let _ = writeln!(
            out,
            "<item><guid isPermaLink=\"false\">n{id}</guid><title>{title}</title><link>/notices#n{id}</link>\
             <pubDate>{date}</pubDate><description>{text}</description></item>"
        );
    }
    out.push_str("</channel></rss>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => {}
            c => out.push(c),
        }
    }
    out
}
