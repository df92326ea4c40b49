//! The names of what stops and of what stays up, in the words of the notice.

use std::ops::Range;

use super::judge::Document;
use super::normalise::Plain;

pub(crate) fn near(
    _document: &Document<'_>,
    _atoms: &Range<usize>,
    _text: &str,
    _plain: &Plain,
) -> Vec<String> {
    Vec::new()
}

pub(crate) fn unaffected(_document: &Document<'_>, _text: &str, _plain: &Plain) -> Vec<String> {
    Vec::new()
}
