//! From bytes to proposed maintenance windows.
