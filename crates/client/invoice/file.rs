//! Small real documents of exactly the size that was asked for.
//!
//! A platform that looks inside must find a page, and a load test must not render one for each upload:
//! a few are made beforehand and shared.

use crate::port::File;
use bytes::Bytes;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

/// How many different files a run uses.
const POOL: u64 = 8;

piaotan_record::closed_enum! {
    /// A kind of document.
    #[derive(Default)]
    pub enum FileKind {
        #[default]
        Pdf = "pdf",
        Png = "png",
        Jpg = "jpg",
    }
}

/// Files made beforehand; which one an invoice gets depends on its index alone.
#[derive(Debug, Clone)]
pub struct Files(Vec<File>);

impl Files {
    /// Makes the files of a run.
    #[must_use]
    pub fn new(kind: FileKind, bytes: usize, seed: u64) -> Self {
        Self((0..POOL).map(|at| file(kind, bytes, seed.wrapping_mul(POOL).wrapping_add(at))).collect())
    }

    /// The file of an index; its bytes are shared.
    #[must_use]
    pub fn get(&self, index: u64) -> File {
        self.0[(index % POOL) as usize].clone()
    }
}

impl FileKind {
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpg => "image/jpeg",
        }
    }
}

/// A document of `bytes` bytes, or the smallest there is where that is larger (about 700 for a PDF, 100 for a
/// PNG, 200 for a JPG). Different seeds give different contents.
#[must_use]
pub fn file(kind: FileKind, bytes: usize, seed: u64) -> File {
    let content = match kind {
        FileKind::Pdf => pdf(bytes, seed),
        FileKind::Png => png(bytes, seed),
        FileKind::Jpg => jpg(bytes, seed),
    };
    File {
        name: format!("invoice-{seed:x}.{kind}"),
        media_type: kind.media_type(),
        bytes: Bytes::from(content),
    }
}

/// The size goes into a stream that no page shows; the last few bytes are newlines after the end mark.
fn pdf(bytes: usize, seed: u64) -> Vec<u8> {
    let smallest = pdf_with(0, seed).len();
    // Ten bytes are kept back for the digits by which offsets and lengths may grow.
    let mut content = pdf_with(bytes.saturating_sub(smallest + 16), seed);
    if content.len() < bytes {
        content.resize(bytes, b'\n');
    }
    content
}

fn pdf_with(padding: usize, seed: u64) -> Vec<u8> {
    let [catalog, pages, page, content, font, filler] = [1, 2, 3, 4, 5, 6].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut leaf = pdf.page(page);
    leaf.media_box(Rect::new(0.0, 0.0, 595.0, 397.0)).parent(pages).contents(content);
    leaf.resources().fonts().pair(Name(b"F1"), font);
    leaf.finish();
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    let mut text = Content::new();
    text.begin_text().set_font(Name(b"F1"), 14.0).next_line(60.0, 320.0);
    text.show(Str(format!("Synthetic invoice for testing, {seed:016x}").as_bytes())).end_text();
    pdf.stream(content, &text.finish());
    pdf.stream(filler, &noise(padding, seed));
    pdf.finish()
}

/// A PNG of 16 × 16 grey dots; the size goes into a text chunk.
fn png(bytes: usize, seed: u64) -> Vec<u8> {
    let smallest = png_with(None, seed);
    match bytes.checked_sub(smallest.len() + 12) {
        None => smallest,
        Some(padding) => png_with(Some(padding), seed),
    }
}

fn png_with(padding: Option<usize>, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 16, 16);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::NoCompression);
    let mut writer = encoder.write_header().expect("a size above zero is valid");
    if let Some(padding) = padding {
        // A private, ancillary chunk that may be copied: readers skip it.
        writer
            .write_chunk(png::chunk::ChunkType(*b"piTn"), &noise(padding, seed))
            .expect("memory takes everything");
    }
    writer.write_image_data(&noise(256, seed)).expect("the data have the size that the header says");
    writer.finish().expect("memory takes everything");
    out
}

/// A grey JPG of 8 × 8 dots; the size goes into comments, which hold 65,533 bytes each.
fn jpg(bytes: usize, seed: u64) -> Vec<u8> {
    let (head, tail) = (jpg_head(), jpg_tail());
    let mark = comment(format!("synthetic {seed:016x}").as_bytes());
    let mut left = bytes.saturating_sub(head.len() + mark.len() + tail.len());
    let mut out = [head, mark].concat();
    while left >= 4 {
        let length = (left - 4).min(65_533);
        out.extend(comment(&noise(length, seed)));
        left -= length + 4;
    }
    // Any number of fill bytes may stand before a marker.
    out.extend(std::iter::repeat_n(0xff, left));
    out.extend(tail);
    out
}

fn comment(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    [&[0xff, 0xfe], &length[..], text].concat()
}

fn jpg_head() -> Vec<u8> {
    let jfif = [0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
    let quantisation = [&[0xff, 0xdb, 0, 67, 0][..], &[16; 64]].concat();
    [&jfif[..], &quantisation].concat()
}

fn jpg_tail() -> Vec<u8> {
    let frame = [0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    // One code each: "no difference" for the mean, "end of block" for the rest.
    let table = |class: u8| [&[0xff, 0xc4, 0, 20, class, 1][..], &[0; 15], &[0]].concat();
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111, 0xff, 0xd9];
    [&frame[..], &table(0x00), &table(0x10), &scan].concat()
}

/// Bytes that do not compress and look like text nowhere important.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'a' + (state % 26) as u8
    };
    std::iter::repeat_with(byte).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::{FileKind, Files, file};

    #[test]
    fn files_have_exactly_the_size_asked_for() {
        for kind in FileKind::ALL {
            for bytes in [1200, 1201, 1202, 1203, 9_999, 10_000, 65_536, 200_003] {
                assert_eq!(file(*kind, bytes, 3).bytes.len(), bytes, "{kind} of {bytes}");
            }
        }
    }

    #[test]
    fn files_begin_and_end_as_their_kind_does() {
        let check = |kind, head: &[u8], tail: &[u8]| {
            let bytes = file(kind, 4000, 3).bytes;
            assert!(bytes.starts_with(head) && bytes.trim_ascii_end().ends_with(tail), "{kind}");
        };
        check(FileKind::Pdf, b"%PDF-1.7", b"%%EOF");
        check(FileKind::Png, b"\x89PNG\r\n\x1a\n", b"IEND\xae\x42\x60\x82");
        check(FileKind::Jpg, b"\xff\xd8\xff\xe0", b"\xff\xd9");
    }

    #[test]
    fn seeds_give_different_files_of_one_size() {
        let files = Files::new(FileKind::Pdf, 3000, 1);
        assert!(files.get(0).bytes != files.get(1).bytes && files.get(0) == files.get(8));
        assert_ne!(file(FileKind::Jpg, 100, 1).bytes, file(FileKind::Jpg, 100, 2).bytes);
    }
}
