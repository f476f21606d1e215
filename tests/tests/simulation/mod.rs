//! What the tests that play a simulation share: a simulated service, and the command beside it.

use std::process::{Child, Command, ExitStatus, Output, Stdio};

use caseledger_tests::Service;
use serde_json::Value;

/// The day before term 2 of 2026.
const BEFORE_TERM: &str = "--simulated=2026-04-19";

/// Starts a service on simulated time.
pub fn simulated() -> Service {
    Service::builder().arg(BEFORE_TERM).start()
}

/// Runs a command beside the service, on its data directory.
pub fn caseledger(service: &Service, arguments: &[&str]) -> Output {
    command(service, arguments).output().expect("the command can be started")
}

/// Starts a command beside the service; what it prints is read when it has ended.
pub fn started(service: &Service, arguments: &[&str]) -> Child {
    let mut command = command(service, arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command can be started")
}

fn command(service: &Service, arguments: &[&str]) -> Command {
    let mut command = Command::new(caseledger_tests::caseledger());
    command.args(arguments).arg("--data").arg(service.data());
    command
}

/// Returns how a command ended and the JSON lines it printed; panics with its errors when it printed none.
pub fn lines(output: &Output) -> (ExitStatus, Vec<Value>) {
    let text = String::from_utf8_lossy(&output.stdout);
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert!(!read.is_empty(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    (output.status, read)
}
