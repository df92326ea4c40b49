//! The reference invoice platform, with weather whose truth is known.
