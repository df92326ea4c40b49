//! `multipart/form-data` (RFC 7578) as one buffer of exactly the right size.

use crate::port::File;
use bytes::{Bytes, BytesMut};

/// A form under construction. Its boundary must not occur in what is put into it.
#[derive(Debug)]
pub struct Form<'a> {
    boundary: String,
    parts: Vec<(String, Content<'a>)>,
}

#[derive(Debug)]
enum Content<'a> {
    Text(Vec<u8>),
    File(&'a File),
}

impl<'a> Form<'a> {
    #[must_use]
    pub const fn new(boundary: String) -> Self {
        Self { boundary, parts: Vec::new() }
    }

    /// Adds a value.
    pub fn text(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
            self.boundary,
            quoted(name)
        );
        self.parts.push((head, Content::Text(value.into())));
    }

    /// Adds a file with its name and media type.
    pub fn file(&mut self, name: &str, file: &'a File) {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            self.boundary,
            quoted(name),
            quoted(&file.name),
            file.media_type
        );
        self.parts.push((head, Content::File(file)));
    }

    /// The body, and the value of its `Content-Type` header.
    #[must_use]
    pub fn finish(self) -> (Bytes, String) {
        let end = format!("--{}--\r\n", self.boundary);
        let length: usize =
            self.parts.iter().map(|(head, content)| head.len() + content.bytes().len() + 2).sum();
        let mut body = BytesMut::with_capacity(length + end.len());
        for (head, content) in &self.parts {
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content.bytes());
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(end.as_bytes());
        (body.freeze(), format!("multipart/form-data; boundary={}", self.boundary))
    }
}

impl Content<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(value) => value,
            Self::File(file) => &file.bytes,
        }
    }
}

/// A name as browsers write it into the head of a part.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Form;
    use crate::port::File;
    use bytes::Bytes;

    #[test]
    fn a_form_is_written_to_the_byte() {
        let file = File {
            name: "a\"b.pdf".into(),
            media_type: "application/pdf",
            bytes: Bytes::from_static(b"%PDF"),
        };
        let mut form = Form::new("B".into());
        form.text("number", "26");
        form.file("file", &file);
        let (body, content_type) = form.finish();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"number\"\r\n\r\n26\r\n\
            --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.pdf\"\r\n\
            Content-Type: application/pdf\r\n\r\n%PDF\r\n--B--\r\n";
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
        assert_eq!(content_type, "multipart/form-data; boundary=B");
    }
}
