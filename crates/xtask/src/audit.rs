//! `cargo xtask audit`: licences, sources, bans and advisories of every dependency, by cargo-deny and `deny.toml`.

use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{self, Step};
use crate::workspace;

/// Runs cargo-deny; says how to get it when it is not installed.
///
/// The advisory database comes over the network. Where it cannot be fetched the other checks still run, and the
/// answer is a failure that says so: an unchecked advisory is not a passed one.
pub fn run() -> Result<()> {
    if step::output_of(Command::new("cargo").args(["deny", "--version"])).is_err() {
        bail!("cargo-deny is not installed; get it with\n  cargo install --locked cargo-deny");
    }
    Step::cargo("licences, bans, sources", ["deny", "--all-features", "check", "licenses", "bans", "sources"]).run()?;
    let mut fetch = Command::new("cargo");
    fetch.args(["deny", "fetch", "db"]).current_dir(workspace::root());
    if let Err(error) = step::output_of(&mut fetch) {
        bail!(
            "licences, bans and sources are in order; advisories were NOT checked, their database cannot be fetched:\n{error:#}"
        );
    }
    Step::cargo("advisories", ["deny", "--all-features", "check", "advisories"]).run()
}
