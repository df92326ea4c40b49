//! The interface's own description.
pub(crate) fn document() -> String {
    "{}".into()
}
