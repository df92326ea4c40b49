//! A JSON list of notices, under whatever names the platform's own interface uses.

use serde_json::{Map, Value};

use crate::announced::{Item, digest};
use crate::context::Zone;
use crate::error::Error;
use crate::html::html_text;
use crate::times::{day, json_instant};

const LISTS: [&str; 12] = [
    "notices",
    "items",
    "list",
    "records",
    "rows",
    "data",
    "result",
    "results",
    "announcements",
    "content",
    "entries",
    "page",
];
const TITLES: [&str; 5] = ["title", "subject", "name", "noticetitle", "headline"];
const TEXTS: [&str; 9] =
    ["text", "content", "body", "noticecontent", "description", "summary", "detail", "message", "html"];
const IDS: [&str; 6] = ["id", "noticeid", "uuid", "guid", "url", "link"];
const DATES: [&str; 14] = [
    "published",
    "publishedat",
    "published_at",
    "publishtime",
    "publish_time",
    "publishdate",
    "publish_date",
    "pubdate",
    "releasetime",
    "date",
    "createtime",
    "created_at",
    "createdat",
    "time",
];

/// Reads an array of notices, or an object that holds one (also some levels down). `zone` is for times
/// that name none.
pub fn json(bytes: &[u8], zone: Option<Zone>) -> Result<Vec<Item>, Error> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| Error::format("a JSON list of notices", error))?;
    let list = list(&value, 0).ok_or_else(|| {
        Error::format("a JSON list of notices", "no array of objects with a title or a text")
    })?;
    Ok(list.iter().filter_map(Value::as_object).filter_map(|object| item(object, zone)).collect())
}

fn list(value: &Value, depth: usize) -> Option<&Vec<Value>> {
    match value {
        Value::Array(list) => {
            let known = |value: &Value| {
                value
                    .as_object()
                    .is_some_and(|object| pick(object, &TEXTS).is_some() || pick(object, &TITLES).is_some())
            };
            (list.is_empty() || list.iter().any(known)).then_some(list)
        }
        Value::Object(object) if depth < 4 => {
            LISTS.iter().find_map(|name| list(find(object, name)?, depth + 1))
        }
        _ => None,
    }
}

fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn pick<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| find(object, name)).filter(|value| value.is_string() || value.is_number())
}

fn item(object: &Map<String, Value>, zone: Option<Zone>) -> Option<Item> {
    let text = |names: &[&str]| {
        pick(object, names)
            .map(|value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string()))
            .unwrap_or_default()
    };
    let title = html_text(&text(&TITLES));
    let body = html_text(&text(&TEXTS).replace('\n', "<br>"));
    if title.is_empty() && body.is_empty() {
        return None;
    }
    let date = pick(object, &DATES);
    let published = date.and_then(|value| json_instant(value, zone));
    let published_on = date.and_then(Value::as_str).and_then(day);
    let mut item = Item { id: text(&IDS), title, text: body, published, published_on };
    if item.id.is_empty() {
        item.id = digest(&item.whole());
    }
    Some(item)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_under_several_names() {
        let items = json(r#"{"code":0,"data":{"records":[{"noticeId":7,"title":"维护","content":"<p>22:00</p>","publishTime":"2026-11-20 08:00:00"}]}}"#.as_bytes(), Some("+08:00".parse().unwrap())).unwrap();
        assert_eq!((items[0].id.as_str(), items[0].text.as_str()), ("7", "22:00"));
        assert_eq!(items[0].published.unwrap().to_rfc3339(), "2026-11-20T08:00:00+08:00");
        let items = json(br#"[{"text":"a\nb","date":"2026-11-20"},{"other":1}]"#, None).unwrap();
        assert_eq!((items.len(), items[0].text.as_str()), (1, "a\nb"));
        assert_eq!(items[0].day(None), chrono::NaiveDate::from_ymd_opt(2026, 11, 20));
    }

    #[test]
    fn what_is_no_list_is_one_line() {
        for text in ["", "{}", "[1,2]", "\"x\"", "{\"data\":{\"data\":{}}}"] {
            assert!(
                json(text.as_bytes(), None)
                    .unwrap_err()
                    .to_string()
                    .starts_with("not a JSON list of notices: ")
            );
        }
    }
}
