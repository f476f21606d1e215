//! `cargo xtask demo`: a nats-server, a build, and the ledger with a term of cases in it.

use std::process::Command;

use anyhow::Result;

use crate::step::Step;
use crate::{tools, workspace};

/// Builds `caseledger` and becomes `caseledger demo`, with the broker when it can be had.
pub fn run(args: &[String]) -> Result<()> {
    let server = match tools::nats_server() {
        Ok(server) => Some(server),
        Err(error) => {
            eprintln!("going on without a broker: {}", one_line(&error));
            None
        }
    };
    Step::cargo("build", ["build", "-p", "caseledger", "--bin", "caseledger"]).run()?;
    let mut demo = Command::new(workspace::dev_bin_dir()?.join("caseledger"));
    demo.arg("demo").args(args);
    if let Some(server) = server {
        demo.env("NATS_SERVER_BIN", server);
    }
    Step::of("demo", demo).become_it()
}

/// Returns the first line of an error and the last cause under it.
fn one_line(error: &anyhow::Error) -> String {
    let first = error.to_string();
    let cause = error.root_cause().to_string();
    let last = cause.lines().last().unwrap_or_default();
    if first == cause { first } else { format!("{first} ({last})") }
}
