//! Real processes for the tests of the command line.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use caseledger_tests::Service;
use serde_json::{Value, json};

/// Who records in these tests.
pub const OPERATOR: &str = "P-OP/operator/MOE";

/// How a command ended and what it said.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Returns the first line of standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let line = self.out.lines().next().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// Returns every line of standard output as JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Panics with all that was said unless the command ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }
}

/// Runs `caseledger` with these arguments in an environment of its own.
pub fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    let output = command(args).stdin(Stdio::null()).output().unwrap();
    ran(&output)
}

/// Returns the command, not yet started, without settings from the environment.
pub fn command(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caseledger"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CASELEDGER_")) {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

pub fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs `caseledger COMMAND --data DIR ARGS…`.
pub fn on(dir: &Path, command: &str, args: &[&str]) -> Ran {
    let words = command.split(' ').map(OsStr::new);
    let data = [OsStr::new("--data"), dir.as_os_str()];
    run(words.chain(data).chain(args.iter().map(OsStr::new)))
}

/// Describes a server with small files, on a directory.
pub fn server(dir: &Path) -> caseledger_tests::Builder {
    Service::builder().data(dir).arg("--segment-mib").arg("1").arg("--ballast-mib").arg("0")
}

/// Records one row of reference data and returns its receipt.
#[track_caller]
pub fn record(service: &Service, n: u32) -> Value {
    let (status, answer) = try_record(service, n);
    assert_eq!(status, 200, "{answer}");
    answer["receipt"].clone()
}

/// Sends one row of reference data: catchment S-`n`, under a key of its own.
pub fn try_record(service: &Service, n: u32) -> (u16, Value) {
    let row = json!({"what": "catchment", "catchment": format!("S-{n:05}"), "provider": "C-01", "from": "2026-01-01"});
    let key = format!("school-{n}");
    let headers = [("ledger-actor", OPERATOR), ("idempotency-key", key.as_str())];
    service.post("/v1/reference", &json!({"entries": [row]}), &headers)
}

/// A ledger in a temporary folder, closed in order, with so many rows after its first event, a group each.
pub fn ledger(rows: u32) -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    let mut service = server(&top.path().join("ledger")).start();
    (0..rows).for_each(|n| drop(record(&service, n)));
    assert!(service.stop().success());
    top
}

/// Copies a directory with all that is in it, but for sockets.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
