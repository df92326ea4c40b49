//! The invoice platform seen from outside.
