//! `cargo xtask deps`: which crate may depend on what, and that the core stays pure.
//!
//! The rules are the three tables below. A new crate in the workspace needs a row in `ARROWS` before this passes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{step, workspace};

/// What each crate of ours may depend on among our own; an arrow that is not here is refused.
const ARROWS: &[(&str, &[&str])] = &[
    ("caseledger-events", &["calendar"]),
    ("caseledger-proof", &["events"]),
    ("caseledger-calendar", &[]),
    ("caseledger-projections", &["events", "calendar"]),
    ("caseledger-seal", &["events", "proof"]),
    ("caseledger-identity", &["events"]),
    ("caseledger-log", &["events", "proof"]),
    ("caseledger-bus", &["events", "proof", "log"]),
    ("caseledger-views", &["events", "projections", "proof", "log"]),
    ("caseledger-http", &["events", "calendar", "projections", "proof", "seal", "identity", "log", "bus", "views"]),
    ("caseledger", &["events", "calendar", "projections", "proof", "seal", "identity", "log", "bus", "views", "http"]),
    (
        "caseledger-bench",
        &["tests", "", "events", "calendar", "projections", "proof", "seal", "identity", "log", "bus", "views", "http"],
    ),
    (
        "caseledger-tests",
        &["", "events", "calendar", "projections", "proof", "seal", "identity", "log", "bus", "views", "http"],
    ),
    ("xtask", &[]),
];

/// Dependencies that one part of the ledger keeps to itself, and who may name them.
const KEPT: &[(&str, &[&str])] = &[
    ("sled", &["caseledger-log"]),
    ("async-nats", &["caseledger-bus", "caseledger-tests", "caseledger-bench"]),
    ("rusqlite", &["caseledger-views"]),
    ("axum", &["caseledger-http"]),
];

/// The core: no I/O, no runtime, no clock, at any depth.
const PURE: &[(&str, &str)] = &[
    ("caseledger-events", "events"),
    ("caseledger-calendar", "crates/calendar"),
    ("caseledger-projections", "projections"),
    ("caseledger-proof", "crates/proof"),
];
const IMPURE: &[&str] = &["tokio", "sled", "async-nats", "axum", "rusqlite"];
const CLOCKS: &[&str] =
    &["chrono::Utc::now", "chrono::Local::now", "std::time::SystemTime::now", "std::time::Instant::now"];

/// Every crate of the workspace with its direct dependencies.
type Direct = BTreeMap<String, BTreeSet<String>>;

/// Checks every rule and reports all that are broken at once.
pub fn run() -> Result<()> {
    // A crate's own tests may lean on what stands above it; what is shipped may not.
    let all = tree(&["--workspace", "--depth", "1", "--prefix", "depth", "--no-dedupe", "-e", "normal,build"])?;
    let mut broken = broken_rules(&direct_dependencies(&all));
    for (name, dir) in PURE {
        let reached = tree(&["-p", name, "--prefix", "none", "-e", "normal,build"])?;
        broken.extend(impure_reach(name, &reached));
        broken.extend(missing_clock_bans(dir)?);
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("the dependencies go where they must not (rules: crates/xtask/src/deps.rs):\n  {}", broken.join("\n  "));
}

fn tree(args: &[&str]) -> Result<String> {
    step::output_of(Command::new("cargo").arg("tree").args(args).current_dir(workspace::root()))
}

/// Reads what `cargo tree --depth 1 --prefix depth` prints: `0crate v1 (path)`, then its `1dependency v1` lines.
fn direct_dependencies(tree: &str) -> Direct {
    let mut direct = Direct::new();
    let mut current = String::new();
    for name in tree.lines().filter_map(|line| line.split_whitespace().next()) {
        if let Some(member) = name.strip_prefix('0') {
            current = member.to_owned();
            direct.entry(current.clone()).or_default();
        } else if let Some(dependency) = name.strip_prefix('1') {
            direct.entry(current.clone()).or_default().insert(dependency.to_owned());
        }
    }
    direct
}

fn broken_rules(direct: &Direct) -> Vec<String> {
    let mut broken = Vec::new();
    for (member, dependencies) in direct {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == member) else {
            broken.push(format!("{member} has no row in ARROWS: say there what it may depend on"));
            continue;
        };
        let ours = dependencies.iter().filter(|name| direct.contains_key(*name));
        for name in ours.filter(|name| !allowed.iter().any(|short| full_name(short) == **name)) {
            broken.push(format!("{member} depends on {name}, which stands beside or above it"));
        }
        for (kept, keepers) in KEPT {
            if dependencies.contains(*kept) && !keepers.contains(&member.as_str()) {
                broken.push(format!("{member} names {kept}, which belongs to {} alone", keepers.join(" and ")));
            }
        }
    }
    broken
}

/// Returns the crate behind a short name of `ARROWS`; the empty one is the binary's own crate.
fn full_name(short: &str) -> String {
    if short.is_empty() { "caseledger".to_owned() } else { format!("caseledger-{short}") }
}

fn impure_reach(name: &str, tree: &str) -> Vec<String> {
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let impure = IMPURE.iter().filter(|impure| reached.contains(*impure));
    impure.map(|impure| format!("{name} reaches {impure}; see `cargo tree -p {name} -e normal -i {impure}`")).collect()
}

/// Returns the clocks that a pure crate's own clippy.toml does not forbid, lest the ban vanish unseen.
fn missing_clock_bans(dir: &str) -> Result<Vec<String>> {
    let path = workspace::root().join(dir).join("clippy.toml");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("{dir} needs a clippy.toml that forbids reading the clock; cannot read {}", path.display())
    })?;
    let missing = CLOCKS.iter().filter(|clock| !text.contains(&format!("\"{clock}\"")));
    Ok(missing.map(|clock| format!("{dir}/clippy.toml does not forbid {clock}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_in(tree: &str) -> Vec<String> {
        broken_rules(&direct_dependencies(tree))
    }

    #[test]
    fn the_arrows_of_the_design_are_allowed() {
        let tree = "0caseledger v0.1.0 (/w)\n1caseledger-log v0.1.0 (/w)\n1serde v1.0.0\n\n\
                    0caseledger-log v0.1.0 (/w)\n1caseledger-events v0.1.0 (/w)\n1sled v0.34.7\n\n0caseledger-events v0.1.0 (/w)\n";
        assert_eq!(broken_in(tree), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_upwards_is_refused() {
        let tree = "0caseledger-events v0.1.0 (/w)\n1caseledger-log v0.1.0 (/w)\n\n0caseledger-log v0.1.0 (/w)\n";
        assert_eq!(broken_in(tree), ["caseledger-events depends on caseledger-log, which stands beside or above it"]);
    }

    #[test]
    fn another_crate_that_names_sled_is_refused() {
        let tree = "0caseledger-views v0.1.0 (/w)\n1sled v0.34.7\n";
        assert_eq!(broken_in(tree), ["caseledger-views names sled, which belongs to caseledger-log alone"]);
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(
            broken_in("0newcomer v0.1.0 (/w)\n"),
            ["newcomer has no row in ARROWS: say there what it may depend on"]
        );
    }

    #[test]
    fn a_core_that_reaches_a_runtime_is_refused() {
        let tree = "caseledger-proof v0.1.0 (/w)\nsha2 v0.11.0\ntokio v1.54.1\n";
        assert_eq!(
            impure_reach("caseledger-proof", tree),
            ["caseledger-proof reaches tokio; see `cargo tree -p caseledger-proof -e normal -i tokio`"]
        );
    }
}
