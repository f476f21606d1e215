//! Developer commands of the case ledger, run as `cargo xtask <command>`.

mod audit;
mod bench;
mod demo;
mod deps;
mod ids;
mod outside;
mod step;
mod suites;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  demo [args…]     fetch nats-server, build caseledger, run `caseledger demo args…` (--once ends by itself)
  test [--quick | --long] [-- args…]
                   every check and every test; --quick leaves out clippy, docs and doc tests,
                   --long runs the full counts of the long series; args go to the test runner
  bench [args…]    build and run the benchmarks, optimised
  deps             which crate may depend on what, and that the core stays pure
  ids              which ids of the domain no test speaks of
  tools            fetch nats-server and the packages of the checks from outside into .tools/
  audit            licences, sources, bans and advisories, by cargo-deny
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_str() {
        "demo" => demo::run(&rest),
        "test" => test::run(&rest),
        "bench" => bench::run(&rest),
        "deps" => deps::run(),
        "ids" => ids::run(),
        "tools" => tools::run(),
        "audit" => audit::run(),
        "" | "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(anyhow::anyhow!("there is no command `{other}`\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
