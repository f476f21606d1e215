//! Every command, one file each.

pub mod access;
pub mod backup;
pub mod calendar;
pub mod completions;
pub mod demo;
pub mod export;
pub mod import;
pub mod invoice;
pub mod keys;
pub mod ledger;
pub mod lint;
pub mod measures;
pub mod nats;
pub mod openapi;
pub mod policy;
pub mod replay;
pub mod restore;
pub mod serve;
pub mod simulate;
pub mod token;
pub mod verify;
pub mod views;
pub mod worker;

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs a command.
pub fn run(cli: Cli, output: &mut Output) -> Result<Exit, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Demo(args) => demo::run(&args, global, output),
        Command::Serve(args) => serve::run(&args, global),
        Command::Invoice(args) => invoice::run(&args, global, output),
        Command::Calendar(args) => calendar::run(&args, output),
        Command::Measures(args) => measures::run(&args, global, output),
        Command::Access(args) => access::run(&args, global, output),
        Command::Ledger(args) => ledger::run(&args, global, output),
        Command::Replay(args) => replay::run(&args, global, output),
        Command::Verify(args) => verify::run(&args, global, output),
        Command::Lint(args) => lint::run(&args, global, output),
        Command::Export(args) => export::run(&args, global, output),
        Command::Import(args) => import::run(&args, global, output),
        Command::Keys(args) => keys::run(&args, global, output),
        Command::Backup(args) => backup::run(&args, global, output),
        Command::Restore(args) => restore::run(&args, global, output),
        Command::Views(args) => views::run(&args, global, output),
        Command::Worker(args) => worker::run(&args, global, output),
        Command::Nats(args) => nats::run(&args, global, output),
        Command::Policy(args) => policy::run(&args, global, output),
        Command::Simulate(args) => simulate::run(&args, global, output),
        Command::Token(args) => token::run(&args, global, output),
        Command::Openapi(args) => openapi::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
