//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod broker;
mod bus_check;
mod bus_halts;
mod bus_relay;
mod bus_support;
mod canaries;
mod consumer_add;
mod kill_nine;
mod killing;
mod nats_conf;
mod outside;
mod reporting_job;
mod simulate;
mod simulation;
mod situations;
mod worker;
