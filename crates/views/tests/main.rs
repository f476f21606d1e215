//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod as_of;
mod following;
mod privacy;
mod queries;
mod rebuilding;
mod setting_aside;
mod shape;
mod stopping;
mod support;
