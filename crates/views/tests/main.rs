//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod apart;
mod as_of;
mod audit;
mod counting;
mod following;
mod killing;
mod privacy;
mod queries;
mod rebuilding;
mod service;
mod setting_aside;
mod shape;
mod skipping;
mod stopping;
mod support;
mod together;
