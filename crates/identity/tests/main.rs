//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod development;
mod keys;
mod remembering;
mod support;
mod tokens;
