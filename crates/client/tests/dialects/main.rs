#![allow(clippy::unwrap_used, clippy::print_stderr)]
//! Eight dialects of platforms, each spoken by a small server of its own.
//!
//! The servers were written from the descriptions at the head of `docs/profiles/*.toml`. They use none of
//! the client's code: only hyper, `serde_json` and the digest crates, so that they can catch its mistakes.
//! Each refuses wrong signatures, stale timestamps and nonces that were used before.

mod bearer;
mod client;
mod derived_key;
mod fixed_hmac;
mod invoices;
mod json_rpc;
mod operation_header;
mod packed_xml;
mod problem_json;
mod server;
mod sorted_md5;
mod story;
