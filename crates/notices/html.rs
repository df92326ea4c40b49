//! HTML pages to notices: text with its lines and table cells, one item a notice where a page shows several.
//!
//! One pass over the tags without a tree, so that size and nesting cost only time in proportion.

use chrono::NaiveDate;

use crate::announced::{Item, digest};
use crate::times::{day, instant};

/// The notices of a page: each `<article>`, else each element whose class speaks of notices, else the page.
/// `zone` is not needed: a day of publication is local to the page.
pub fn html(page: &str) -> Vec<Item> {
    let articles = scan(page, &Wanted::Articles);
    if articles.len() > 1 {
        return articles;
    }
    let entries = scan(page, &Wanted::Classes);
    if entries.len() > 1 {
        return entries;
    }
    scan(page, &Wanted::Whole)
}

/// The text of a fragment of HTML, as feeds and lists carry them.
pub fn html_text(fragment: &str) -> String {
    scan(fragment, &Wanted::Whole).into_iter().map(|item| item.text).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Articles,
    Classes,
    Whole,
}

const SKIPPED: [&str; 8] = ["script", "style", "noscript", "template", "svg", "iframe", "select", "textarea"];
const ASIDE: [&str; 3] = ["nav", "footer", "aside"];
const BLOCKS: [&str; 27] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "section",
    "article",
    "header",
    "main",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "pre",
    "form",
    "fieldset",
    "center",
    "hr",
];
const CLASSES: [&str; 10] = [
    "notice",
    "announce",
    "bulletin",
    "maintenance-item",
    "incident",
    "news-item",
    "list-item",
    "entry",
    "post",
    "gonggao",
];

/// The state of the one pass.
struct Scan<'a> {
    wanted: &'a Wanted,
    items: Vec<Item>,
    /// The element that the current item began with, and how many of its name are open inside.
    holder: Option<(String, usize)>,
    item: Item,
    title: String,
    in_title: bool,
    /// Heading whose text is being read.
    heading: bool,
    dated: bool,
}

fn scan(page: &str, wanted: &Wanted) -> Vec<Item> {
    let mut scan = Scan {
        wanted,
        items: Vec::new(),
        holder: None,
        item: Item::default(),
        title: String::new(),
        in_title: false,
        heading: false,
        dated: false,
    };
    let mut rest = page;
    let mut aside = 0_usize;
    while let Some(open) = rest.find('<') {
        if aside == 0 {
            scan.text(&rest[..open]);
        }
        rest = &rest[open..];
        let Some(tag) = Tag::parse(rest) else {
            if aside == 0 {
                scan.text("<");
            }
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.length..];
        if SKIPPED.contains(&tag.name) && !tag.closing {
            rest = after_close(rest, tag.name);
        } else if ASIDE.contains(&tag.name) {
            aside = if tag.closing { aside.saturating_sub(1) } else { aside + 1 };
        } else if aside == 0 {
            scan.tag(&tag);
        }
    }
    if aside == 0 {
        scan.text(rest);
    }
    scan.finish()
}

/// What follows the end tag of a skipped element; all is skipped where there is none.
fn after_close<'a>(rest: &'a str, name: &str) -> &'a str {
    let bytes = rest.as_bytes();
    let mut from = 0;
    while let Some(at) = rest[from..].find("</").map(|at| at + from) {
        let end = at + 2 + name.len();
        if bytes.get(at + 2..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return rest[end..].find('>').map_or("", |close| &rest[end + close + 1..]);
        }
        from = at + 2;
    }
    ""
}

struct Tag<'a> {
    name: &'a str,
    closing: bool,
    attributes: &'a str,
    length: usize,
}

impl<'a> Tag<'a> {
    /// The tag, comment or declaration that `text` begins with; None for a bare "<".
    fn parse(text: &'a str) -> Option<Self> {
        let none = |length| Some(Tag { name: "", closing: false, attributes: "", length });
        if text.starts_with("<!--") {
            return none(text.find("-->").map_or(text.len(), |end| end + 3));
        }
        if text.starts_with("<!") || text.starts_with("<?") {
            return none(text.find('>').map_or(text.len(), |end| end + 1));
        }
        let closing = text.starts_with("</");
        let name_at = if closing { 2 } else { 1 };
        let name_length = text[name_at..].bytes().take(20).take_while(u8::is_ascii_alphanumeric).count();
        if name_length == 0 {
            return None;
        }
        let name = &text[name_at..name_at + name_length];
        let length = end_of_tag(text);
        let attributes = text[name_at + name_length..length].trim_end_matches('>');
        // Names are compared in lower case; a page in capitals is rare and its names are copied once.
        let name = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or("");
        Some(Tag { name, closing, attributes, length })
    }

    /// Whether the class or the id speaks of notices.
    fn speaks_of_notices(&self) -> bool {
        let lower = self.attributes.to_ascii_lowercase();
        let value = |name: &str| attribute(&lower, name).unwrap_or_default();
        let words = format!("{} {}", value("class"), value("id"));
        words
            .split_whitespace()
            .any(|word| CLASSES.iter().any(|class| word.contains(class)) && !word.ends_with('s'))
    }

    fn is_dated(&self) -> bool {
        let lower = self.attributes.to_ascii_lowercase();
        let class = attribute(&lower, "class").unwrap_or_default();
        self.name == "time"
            || ["date", "time", "published", "pubtime"].iter().any(|word| class.contains(word))
    }
}

const KNOWN: [&str; 48] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "section",
    "article",
    "header",
    "main",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "pre",
    "form",
    "fieldset",
    "center",
    "hr",
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "select",
    "textarea",
    "nav",
    "footer",
    "aside",
    "tr",
    "td",
    "th",
    "br",
    "title",
    "time",
    "span",
    "a",
    "em",
    "strong",
];

/// The end of a tag: the first ">" outside quotes, within reason.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(20_000) {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return at + 1,
            _ => {}
        }
    }
    // An unclosed quote: the first ">" after all.
    text.find('>').map_or(text.len(), |end| end + 1)
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    while let Some(at) = rest.find(name) {
        let after = rest[at + name.len()..].trim_start();
        let starts = at == 0 || rest.as_bytes()[at - 1].is_ascii_whitespace();
        if let Some(value) = after.strip_prefix('=').filter(|_| starts).map(str::trim_start) {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            return match quote {
                Some(quote) => value[1..].split(quote).next(),
                None => value.split_ascii_whitespace().next(),
            };
        }
        rest = &rest[at + name.len()..];
    }
    None
}

impl Scan<'_> {
    fn inside(&self) -> bool {
        *self.wanted == Wanted::Whole || self.holder.is_some()
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        if tag.name == "title" {
            self.in_title = !tag.closing;
            return;
        }
        self.hold(tag);
        if !self.inside() {
            return;
        }
        match tag.name {
            "br" | "tr" => self.line(),
            "td" | "th" if tag.closing => self.item.text.push_str(" | "),
            name if BLOCKS.contains(&name) => self.line(),
            _ => {}
        }
        if matches!(tag.name, "h1" | "h2" | "h3" | "h4") {
            self.heading = !tag.closing && self.item.title.is_empty();
        }
        if tag.name == "time" && !tag.closing {
            self.publish(attribute(tag.attributes, "datetime").unwrap_or_default());
        }
        self.dated = !tag.closing && tag.is_dated();
    }

    /// Begins an item at the element that holds it, and ends it there.
    fn hold(&mut self, tag: &Tag<'_>) {
        let begins = match self.wanted {
            Wanted::Articles => tag.name == "article",
            Wanted::Classes => {
                !tag.closing
                    && matches!(tag.name, "div" | "li" | "section" | "tr" | "dl")
                    && tag.speaks_of_notices()
            }
            Wanted::Whole => false,
        };
        let ended = match self.holder.as_mut() {
            Some((name, depth)) if name == tag.name => {
                *depth = if tag.closing { depth.saturating_sub(1) } else { *depth + 1 };
                *depth == 0
            }
            Some(_) => false,
            None => {
                if begins && !tag.closing {
                    self.holder = Some((tag.name.to_owned(), 1));
                }
                false
            }
        };
        if ended {
            self.holder = None;
            self.push();
        }
    }

    fn line(&mut self) {
        let text = &mut self.item.text;
        text.truncate(text.trim_end_matches([' ', '|']).len());
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }

    fn text(&mut self, raw: &str) {
        if raw.is_empty() || !self.in_title && !self.inside() {
            return;
        }
        let mut plain = String::with_capacity(raw.len());
        unescape(raw, &mut plain);
        if self.in_title {
            self.title.push_str(plain.trim());
            return;
        }
        if self.heading {
            self.item.title.push_str(plain.trim());
        }
        if self.dated {
            self.publish(&plain);
        }
        squeeze(&plain, &mut self.item.text);
    }

    fn publish(&mut self, text: &str) {
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        self.item.published = self.item.published.or_else(|| instant(text));
        self.item.published_on = self.item.published_on.or_else(|| day(text));
    }

    fn push(&mut self) {
        let mut item = std::mem::take(&mut self.item);
        item.text.truncate(item.text.trim_end_matches([' ', '|', '\n']).len());
        if item.published_on.is_none() {
            item.published_on = labelled_day(&item.text);
        }
        if !item.text.trim().is_empty() {
            item.id = digest(&item.text);
            self.items.push(item);
        }
    }

    fn finish(mut self) -> Vec<Item> {
        if *self.wanted == Wanted::Whole || self.holder.is_some() {
            if self.item.title.is_empty() {
                self.item.title = std::mem::take(&mut self.title);
            }
            self.push();
        }
        self.items
    }
}

/// 发布时间：2026-11-20, "Published: 2026-11-20".
fn labelled_day(text: &str) -> Option<NaiveDate> {
    ["发布时间", "发布日期", "發布日期", "公告日期", "日期", "Published", "Posted"].iter().find_map(|label| {
        let after = &text[text.find(label)? + label.len()..];
        day(after.trim_start_matches([':', '：', ' ', '\u{a0}']))
    })
}

/// Copies text with each run of blanks as one.
fn squeeze(text: &str, into: &mut String) {
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{a0}' {
            if !into.is_empty() && !into.ends_with([' ', '\n']) {
                into.push(' ');
            }
        } else {
            into.push(c);
        }
    }
}

const ENTITIES: [(&str, &str); 24] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("middot", "·"),
    ("bull", "•"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("ensp", " "),
    ("emsp", " "),
    ("thinsp", " "),
    ("times", "×"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("rarr", "→"),
    ("minus", "−"),
    ("colon", ":"),
];

fn unescape(raw: &str, into: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        into.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((text, length)) => {
                into.push_str(&text);
                rest = &rest[length..];
            }
            None => {
                into.push('&');
                rest = &rest[1..];
            }
        }
    }
    into.push_str(rest);
}

fn entity(text: &str) -> Option<(String, usize)> {
    let length = text
        .bytes()
        .take(12)
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    let name = &text[1..=length];
    let end = if text.as_bytes().get(length + 1) == Some(&b';') { length + 2 } else { length + 1 };
    let decoded = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?.to_string()
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1.to_owned(),
    };
    Some((decoded, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, texts: &[&str]) {
        let got: Vec<String> = html(page).into_iter().map(|item| item.text).collect();
        assert_eq!(got, texts);
    }

    #[test]
    fn lines_cells_and_entities() {
        check(
            "<html><head><title>t</title><style>p{}</style></head><body><nav>Home</nav><p>11月28日22:00<br>至&nbsp;24:00</p><script>if (a<b) {}</script><footer>Contact</footer></body>",
            &["11月28日22:00\n至 24:00"],
        );
        check(
            "<table><tr><th>系统</th><th>时间</th></tr><tr><td>开票</td><td>22:00&#8212;24:00</td></tr></table>",
            &["系统 | 时间\n开票 | 22:00—24:00"],
        );
        check("a < b &unknown; <b>c</b>", &["a < b &unknown; c"]);
    }

    #[test]
    fn several_notices_on_a_page() {
        let page = "<article><h2>One</h2><time datetime=\"2026-11-20\">today</time><p>x</p></article><article><h2>Two</h2><span class='date'>2026年11月21日</span><p>y</p></article>";
        let items = html(page);
        assert_eq!(items.len(), 2);
        assert_eq!(
            (items[0].title.as_str(), items[0].published_on),
            ("One", NaiveDate::from_ymd_opt(2026, 11, 20))
        );
        assert_eq!(items[1].published_on, NaiveDate::from_ymd_opt(2026, 11, 21));
        let list = "<ul><li class=notice-item>甲 11月28日</li><li class=notice-item>乙 11月29日</li></ul>";
        check(list, &["甲 11月28日", "乙 11月29日"]);
    }

    #[test]
    fn hostile_pages_end() {
        assert_eq!(html(&"<div>".repeat(300_000)).len(), 0);
        assert_eq!(html(&"<script>".repeat(100_000)).len(), 0);
        html(&"<".repeat(300_000));
        html(&"<a \"".repeat(50_000));
        html(&"&".repeat(300_000));
        html("<!-- never closed");
    }
}
