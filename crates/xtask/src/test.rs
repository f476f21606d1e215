//! `cargo xtask test`: every check and every test, the quick ones first.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{self, Step};
use crate::{deps, outside, suites, tools, workspace};

/// How much to run, and what to hand on to the test runner.
#[derive(Debug, Default, PartialEq)]
struct Choice {
    quick: bool,
    long: bool,
    runner_args: Vec<String>,
}

/// Runs the checks, then the tests; stops at the first step that fails.
pub fn run(args: &[String]) -> Result<()> {
    let choice = read(args)?;
    Step::cargo("format", ["fmt", "--all", "--check"]).run()?;
    check_dependencies()?;
    check_suites()?;
    let server = nats_server()?;
    outside()?;
    if !choice.quick {
        Step::cargo("clippy", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
        Step::cargo("docs", ["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings").run()?;
    }
    Step::cargo("build", ["build", "-p", "caseledger", "--bin", "caseledger"]).run()?;
    let nextest = step::output_of(Command::new("cargo").args(["nextest", "--version"])).is_ok();
    if nextest && !choice.quick && choice.runner_args.is_empty() {
        // Nextest runs no doc tests; `cargo test` below does.
        Step::cargo("doc tests", ["test", "--workspace", "--doc", "--quiet"]).run()?;
    }
    if !choice.quick && choice.runner_args.is_empty() {
        // What the first build leaves out; of the whole workspace, so that nothing else is built with other features.
        let parquet = ["test", "--workspace", "--lib", "--features", "caseledger/parquet", "--quiet", "parquet"];
        Step::cargo("heavy exports", parquet).run()?;
    }
    tests(&choice, nextest, server)
}

fn read(args: &[String]) -> Result<Choice> {
    let mut choice = Choice::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => choice.quick = true,
            "--long" => choice.long = true,
            "--" => choice.runner_args = args.by_ref().cloned().collect(),
            other => {
                bail!("`test` takes --quick or --long, then `--` and what the test runner is to get; not `{other}`")
            }
        }
    }
    Ok(choice)
}

fn check_dependencies() -> Result<()> {
    eprintln!("\n== dependencies: cargo xtask deps");
    deps::run().map_err(|error| step::failed("dependencies", "cargo xtask deps", &error))
}

fn check_suites() -> Result<()> {
    eprintln!("\n== every file of tests is run");
    suites::run().map_err(|error| step::failed("suites", "cargo xtask test --quick", &error))
}

/// Returns the server, or nothing where its absence may be forgiven: on a person's machine, said plainly.
fn nats_server() -> Result<Option<PathBuf>> {
    eprintln!("\n== nats-server: cargo xtask tools");
    match tools::nats_server() {
        Ok(server) => Ok(Some(server)),
        Err(error) if workspace::is_ci() => Err(step::failed("nats-server", "cargo xtask tools", &error)),
        Err(error) => {
            eprintln!("tests against a real broker will be SKIPPED: {error:#}");
            Ok(None)
        }
    }
}

/// Sees to the Python packages of the checks from outside; on a person's machine they may be missing, said plainly.
fn outside() -> Result<()> {
    eprintln!("\n== packages of the checks from outside: cargo xtask tools");
    match outside::environment() {
        Ok(_) => Ok(()),
        Err(error) if workspace::is_ci() => Err(step::failed("packages", "cargo xtask tools", &error)),
        Err(error) => {
            eprintln!("the checks from outside that need Python will be SKIPPED: {error:#}");
            Ok(())
        }
    }
}

/// Runs the tests last, so that what is printed ends with the runner's own summary.
fn tests(choice: &Choice, nextest: bool, server: Option<PathBuf>) -> Result<()> {
    let runner: &[&str] = if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--no-fail-fast"] };
    let mut tests = Step::cargo("tests", runner).env("CASELEDGER_BIN", workspace::dev_bin_dir()?.join("caseledger"));
    if let Some(server) = server {
        tests = tests.env("NATS_SERVER_BIN", server);
    }
    if choice.long {
        tests = tests.env("CASELEDGER_LONG", "1");
    }
    if !choice.runner_args.iter().any(|arg| names_a_package(arg)) {
        tests = tests.args(["--workspace"]);
    }
    tests.args(&choice.runner_args).run()
}

fn names_a_package(arg: &str) -> bool {
    arg == "-p" || arg == "--package" || arg.starts_with("--package=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_follows_two_dashes_goes_to_the_runner() {
        let choice = read(&words("--long -- -p caseledger-log --quick")).unwrap();
        assert_eq!(choice, Choice { quick: false, long: true, runner_args: words("-p caseledger-log --quick") });
    }

    #[test]
    fn an_unknown_flag_is_named() {
        assert!(read(&words("--fast")).unwrap_err().to_string().contains("not `--fast`"));
    }
}
