//! `cargo xtask bench`: the benchmarks, optimised, with a real nats-server where one can be had.

use anyhow::{Result, bail};

use crate::step::Step;
use crate::{tools, workspace};

/// Builds the benchmarks and becomes them, passing the arguments on.
pub fn run(args: &[String]) -> Result<()> {
    if !workspace::root().join("crates/bench/Cargo.toml").exists() {
        bail!("the benchmarks (crates/bench, package caseledger-bench) are not in this tree yet");
    }
    let bench = Step::cargo("bench", ["run", "--release", "-p", "caseledger-bench", "--bin", "caseledger-bench", "--"]);
    let bench = bench.args(args);
    match tools::nats_server() {
        Ok(server) => bench.env("NATS_SERVER_BIN", server).become_it(),
        Err(error) => {
            eprintln!("the relay cannot be measured: {error:#}");
            bench.become_it()
        }
    }
}
