//! Watch: one file a probe.
