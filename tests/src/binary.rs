//! Finding the programs under test.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// Returns the `caseledger` binary: `CASELEDGER_BIN`, or the one of this target folder, built when missing or stale.
pub fn caseledger() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(find_caseledger)
}

/// Returns the nats-server for tests, or why there is none. Panics when there is none and `CI` is set.
///
/// `NATS_SERVER_BIN`, else what `cargo xtask tools` fetched. Never one of the search path: what distributions pack may
/// be years too old.
pub fn nats_server() -> Result<PathBuf, String> {
    let found = match env::var_os("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        Some(chosen) => PathBuf::from(chosen),
        None => root().join(".tools/nats/bin/nats-server"),
    };
    if found.is_file() {
        return Ok(found);
    }
    let why =
        format!("no nats-server at {}; `cargo xtask tools` fetches one, NATS_SERVER_BIN names one", found.display());
    assert!(!is_ci(), "CI is set and nothing may be skipped, but there is {why}");
    Err(why)
}

/// Returns the root of the workspace.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests lie one folder below the root")
}

fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

fn find_caseledger() -> PathBuf {
    if let Some(chosen) = env::var_os("CASELEDGER_BIN").filter(|path| !path.is_empty()) {
        let chosen = PathBuf::from(chosen);
        assert!(chosen.is_file(), "CASELEDGER_BIN names {}, which is no file", chosen.display());
        return chosen;
    }
    // This test lies in <target>/<profile>/deps; so a chosen target folder is found as well.
    let this = env::current_exe().expect("a test knows where it lies");
    let profile_dir = this.ancestors().nth(2).expect("a test lies in <target>/<profile>/deps");
    let binary = profile_dir.join("caseledger");
    let built_at = fs::metadata(&binary).and_then(|data| data.modified()).ok();
    if built_at.is_none_or(|built_at| is_any_newer(root(), built_at)) {
        build();
    }
    assert!(binary.is_file(), "the build left no {}; name one in CASELEDGER_BIN", binary.display());
    binary
}

fn build() {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "-p", "caseledger", "--bin", "caseledger"]).current_dir(root());
    let status = cargo.status().expect("cargo can be started");
    assert!(status.success(), "cargo build -p caseledger --bin caseledger failed");
}

/// Returns whether a source file of the service is newer than the binary: a stale binary would test yesterday's code.
fn is_any_newer(root: &Path, built_at: SystemTime) -> bool {
    let parts = ["events", "projections", "crates", "Cargo.toml", "Cargo.lock", "nats.conf", "consumers.toml"];
    parts.iter().any(|part| is_newer(&root.join(part), built_at))
}

fn is_newer(path: &Path, built_at: SystemTime) -> bool {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        return entries.into_iter().any(|entry| is_newer(&entry.path(), built_at));
    }
    fs::metadata(path).and_then(|data| data.modified()).is_ok_and(|changed_at| changed_at > built_at)
}
