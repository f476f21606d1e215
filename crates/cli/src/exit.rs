//! How a command ends: a documented number for scripts, a sentence with the next step for people.

use std::fmt;
use std::io;
use std::process::ExitCode;

use caseledger_log::{OpenError, ReadError};

/// How a command ends; the numbers are part of the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Done, and nothing was found wrong.
    Ok = 0,
    /// Done, and something was found wrong.
    FoundWrong = 1,
    /// The command line or the settings make no sense; nothing was done.
    Usage = 2,
    /// Another process owns the directory, or the address.
    Busy = 3,
    /// There is no such ledger, case or file.
    NoData = 4,
    /// The ledger refused what was asked.
    Refused = 5,
    /// A server or broker could not be reached.
    Unavailable = 6,
    /// Something failed that should not.
    Internal = 70,
    /// The log could not be written; the outcome of the last commands is known after the next start.
    LogFailed = 74,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// Returns the name that stands beside the number in `--json` errors.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Ok => "ok",
            Exit::FoundWrong => "found-wrong",
            Exit::Usage => "usage",
            Exit::Busy => "busy",
            Exit::NoData => "no-such-data",
            Exit::Refused => "refused",
            Exit::Unavailable => "unavailable",
            Exit::Internal => "internal",
            Exit::LogFailed => "log-failed",
        }
    }
}

/// The end of `caseledger --help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   done, and something was found wrong (verify, lint, nats check)
  2   the command line or the settings make no sense; nothing was done
  3   another process owns the data directory, or the address
  4   no such ledger, case or file
  5   the ledger refused what was asked
  6   the server or the broker cannot be reached
  70  something failed that should not
  74  the log could not be written; start again, then repeat the last command with its key

Every command takes --data DIR (or CASELEDGER_DATA) and --json. Commands that read never disturb a running
server; commands that change something go through it when it runs, and do the work themselves when it does not.";

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What happened, and why.
    pub what: String,
    /// What to do next, where `what` does not say it.
    pub next: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Failure {
    /// Makes a failure whose text says everything.
    pub fn new(exit: Exit, what: impl fmt::Display) -> Failure {
        Failure { exit, what: what.to_string(), next: None }
    }

    /// Adds what to do next.
    pub fn next(self, next: impl fmt::Display) -> Failure {
        Failure { next: Some(next.to_string()), ..self }
    }

    /// Makes a failure of a file operation: `cannot <action> <path>: <why>`.
    pub fn file(action: &str, path: &std::path::Path, error: &io::Error) -> Failure {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NoData } else { Exit::Internal };
        Failure::new(exit, format_args!("cannot {action} {}: {error}", path.display()))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        let exit = match &error {
            OpenError::Locked { .. } => Exit::Busy,
            OpenError::NoLedger { .. } => Exit::NoData,
            OpenError::AlreadyThere { .. } => Exit::Usage,
            OpenError::Forked { .. } | OpenError::Lost { .. } | OpenError::OtherLedger { .. } => Exit::FoundWrong,
            _ => Exit::Internal,
        };
        Failure::new(exit, error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        match error {
            ReadError::Open(error) => error.into(),
            ReadError::Damaged { .. } | ReadError::Broken { .. } => Failure::new(Exit::FoundWrong, error),
            _ => Failure::new(Exit::Internal, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_documented() {
        for exit in [
            Exit::Ok,
            Exit::FoundWrong,
            Exit::Usage,
            Exit::Busy,
            Exit::NoData,
            Exit::Refused,
            Exit::Unavailable,
            Exit::Internal,
            Exit::LogFailed,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {:<4}", exit as u8)), "{}", exit.name());
        }
    }
}
