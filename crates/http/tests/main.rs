//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod askings;
mod commands;
mod dashboards;
mod following;
mod glass;
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
