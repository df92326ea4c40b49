//! To be filled by its engineer.
