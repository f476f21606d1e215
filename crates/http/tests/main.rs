//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod anonymous;
mod askings;
mod commands;
mod dashboards;
mod every_route;
mod following;
mod glass;
#[path = "../../identity/tests/support/mod.rs"]
#[allow(dead_code, reason = "the tests of identity use all of it")]
mod issuers;
mod limits;
mod measures;
mod moves;
mod on_record;
mod policy_and_providers;
mod prosecution;
mod reading;
mod sealing;
mod signing_in;
mod support;
mod then;
mod watching;
mod work;
