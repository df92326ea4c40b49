//! `multipart/form-data` over a body that has arrived whole: parts are slices of it, nothing is copied.

use bytes::Bytes;
use memchr::memmem;

/// Most parts that a form may have; the platform's own forms have fourteen.
const MOST_PARTS: usize = 64;

/// The parts of a form by name.
#[derive(Debug, Default)]
pub(crate) struct Form {
    parts: Vec<(String, Bytes)>,
}

impl Form {
    pub(crate) fn bytes(&self, name: &str) -> Option<&Bytes> {
        self.parts.iter().find(|(n, _)| n == name).map(|(_, bytes)| bytes)
    }

    /// A part as text; the error is for parts that are not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, std::str::Utf8Error> {
        self.bytes(name).map(|bytes| std::str::from_utf8(bytes)).transpose()
    }
}

/// Splits a body by the boundary that its content type names. `None` where the form is broken or cut short.
pub(crate) fn multipart(content_type: &str, body: &Bytes) -> Option<Form> {
    let boundary = boundary(content_type)?;
    let delimiter = format!("\r\n--{boundary}");
    let finder = memmem::Finder::new(&delimiter);
    // The first delimiter may lack the line break before it.
    let mut at = if body.starts_with(&delimiter.as_bytes()[2..]) {
        delimiter.len() - 2
    } else {
        finder.find(body)? + delimiter.len()
    };
    let mut form = Form::default();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Some(form);
        }
        let begin = at + line_end(rest)?;
        let head_end = begin + memmem::find(&body[begin..], b"\r\n\r\n")?;
        let content = head_end + 4;
        // An empty part may end where its head does.
        let end = content - 2 + finder.find(&body[content - 2..])?;
        let name = part_name(&body[begin..head_end])?;
        form.parts.push((name, body.slice(content.min(end.max(content))..end.max(content))));
        if form.parts.len() > MOST_PARTS {
            return None;
        }
        at = end + delimiter.len();
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut pairs = parameters.split(';').filter_map(|p| p.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let value = value.trim_matches('"');
    (1..=70).contains(&value.len()).then_some(value)
}

/// The length of a delimiter line's remainder: optional blanks and the line break.
fn line_end(rest: &[u8]) -> Option<usize> {
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    rest[blanks..].starts_with(b"\r\n").then_some(blanks + 2)
}

/// The field name in a part's `Content-Disposition`.
fn part_name(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head
        .split("\r\n")
        .find(|line| line.get(..20).is_some_and(|lead| lead.eq_ignore_ascii_case("content-disposition:")))?;
    let mut pairs = line.split(';').filter_map(|p| p.trim().split_once('='));
    let (_, name) = pairs.find(|(key, _)| key.eq_ignore_ascii_case("name"))?;
    Some(name.trim_matches('"').to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=XX";

    fn check(body: &str, expected: Option<&[(&str, &str)]>) {
        let got = multipart(KIND, &Bytes::from(body.to_string()));
        let got = got.map(|f| {
            f.parts
                .iter()
                .map(|(n, b)| (n.clone(), String::from_utf8(b.to_vec()).unwrap()))
                .collect::<Vec<_>>()
        });
        let expected =
            expected.map(|e| e.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect::<Vec<_>>());
        assert_eq!(got, expected, "{body:?}");
    }

    #[test]
    fn whole_forms() {
        let part = |n: &str, v: &str| {
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"{n}\"; filename=\"a.pdf\"\r\nContent-Type: x/y\r\n\r\n{v}\r\n"
            )
        };
        check("--XX--\r\n", Some(&[]));
        check(
            &(part("a", "1") + &part("b", "") + &part("c", "x\r\n--X\r\ny") + "--XX--"),
            Some(&[("a", "1"), ("b", ""), ("c", "x\r\n--X\r\ny")]),
        );
        check(&("preamble\r\n".to_string() + &part("a", "1") + "--XX--\r\nepilogue"), Some(&[("a", "1")]));
    }

    #[test]
    fn broken_forms() {
        let whole = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--XX--";
        check(whole, Some(&[("a", "value")]));
        for cut in 0..whole.len() {
            check(&whole[..cut], None);
        }
        check("--XX\r\nContent-Type: x/y\r\n\r\nvalue\r\n--XX--", None);
        assert!(multipart("multipart/form-data", &Bytes::new()).is_none());
    }
}
