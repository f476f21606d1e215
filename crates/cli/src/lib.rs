//! The `caseledger` command: configuration, wiring, shutdown, every command.
//!
//! Read `cli` for the commands, `commands/` for what each does (one file each), `exit` for how a command ends.

mod access_log;
mod answering;
mod apart;
mod asking;
mod broker;
mod cli;
mod commands;
mod copying;
mod demo;
mod event_line;
mod exit;
mod first_operator;
mod importing;
mod journal;
mod keys;
mod listening;
mod lists_of_measures;
mod logging;
mod output;
mod own_act;
mod progress;
mod relaying;
mod replaying;
mod restricted;
mod road;
mod running;
mod server;
mod service;
mod settings;
mod shutdown;
mod sign_in;
pub mod simulate;
mod student;
mod tls;
mod verifying;
mod when;

use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Reads the command line, runs the command, and returns how it ended.
pub fn run() -> ExitCode {
    let matches = cli::command().try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows where each belongs.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            let _ = error.print();
            return exit.into();
        }
    };
    let mut output = Output::new(cli.global.json);
    match lists_of_measures::add(&cli.global).and_then(|()| commands::run(cli, &mut output)) {
        Ok(exit) => output.end(exit),
        Err(failure) => output.fail(&failure),
    }
    .into()
}

/// Starts the threads that asynchronous commands run on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, format_args!("no threads could be started: {error}")))
}
