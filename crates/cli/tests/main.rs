//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendar;
mod cast;
mod copies;
mod damage;
mod demo;
mod disposal;
mod exit_codes;
mod help;
mod logs;
mod measures;
mod people;
mod policy;
mod replay;
mod stopping;
mod support;
mod token;
mod views;
mod worker;
mod year;
