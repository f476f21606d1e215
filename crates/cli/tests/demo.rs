//! The demo: it plays, checks itself, goes on where it was, and leaves nothing running.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Ran, command, on, ran};
use rustix::process::{Pid, Signal, kill_process};

/// The arguments of a small demo on a directory.
fn small(dir: &Path) -> Vec<&str> {
    let data = dir.to_str().unwrap();
    vec!["demo", "--cases", "8", "--listen", "127.0.0.1:0", "--ballast-mib", "0", "--data", data]
}

/// Runs a small demo to its end, with the server named, or with none to be found.
fn once(dir: &Path, nats_server: Option<&Path>) -> Ran {
    let mut demo = command(small(dir).into_iter().chain(["--once"]));
    match nats_server {
        Some(path) => demo.env("NATS_SERVER_BIN", path),
        None => demo.env("PATH", "/nonexistent").env_remove("NATS_SERVER_BIN"),
    };
    ran(&demo.output().unwrap())
}

/// Returns whether the broker that a demo started beside its ledger still runs.
fn broker_runs(dir: &Path) -> bool {
    let id = fs::read_to_string(dir.join("nats/nats-server.pid")).unwrap_or_default();
    let line = fs::read_to_string(format!("/proc/{}/cmdline", id.trim())).unwrap_or_default();
    line.contains(dir.to_str().unwrap())
}

#[test]
fn with_a_broker_everything_is_broadcast_and_the_broker_ends_with_the_demo() {
    let Ok(server) = caseledger_tests::nats_server() else {
        eprintln!("SKIPPED: no nats-server");
        return;
    };
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("demo");
    let told = once(&dir, Some(&server)).ended(0).out;
    assert!(told.contains("broker   nats-server 2.") && told.contains("broadcast  position"), "{told}");
    assert!(!broker_runs(&dir));
    let private = fs::metadata(dir.join("nats/creds/relay.nk")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&private.permissions()) & 0o777, 0o600);
}

#[test]
fn a_demo_that_is_interrupted_ends_what_it_started_and_the_next_one_goes_on() {
    let server = caseledger_tests::nats_server().ok();
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("demo");
    let mut demo = command(small(&dir));
    if let Some(server) = &server {
        demo.env("NATS_SERVER_BIN", server);
    }
    let out = fs::File::create(top.path().join("out")).unwrap();
    let mut child = demo.stdin(Stdio::null()).stdout(out).spawn().unwrap();
    let began = Instant::now();
    while !fs::read_to_string(top.path().join("out")).unwrap().contains("serving") {
        assert!(child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    let busy = once(&dir, server.as_deref());
    assert_eq!(busy.code, 3, "a second demo keeps its hands off: {}{}", busy.out, busy.err);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // 130 in the midst of playing, 0 where it was serving already.
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    assert!(!broker_runs(&dir));
    on(&dir, "verify", &[]).ended(0);
    once(&dir, None).ended(0);
}

#[test]
fn a_demo_checks_itself_and_a_second_one_goes_on() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("demo");
    let demo = || once(&dir, None).ended(0).out;
    let first = demo();
    for says in
        ["nothing is broadcast", "What happened", "refused by a rule", "R40", "lag 0", "serves what is there", "verify"]
    {
        assert!(first.contains(says), "{says}:\n{first}");
    }
    let second = demo();
    assert!(second.contains("goes on") && second.contains("in the first demo here"), "{second}");
    let position = |text: &str| {
        let line = text.lines().find(|line| line.contains("case view")).unwrap();
        line.chars().filter(char::is_ascii_digit).collect::<String>().strip_suffix('0').unwrap().parse::<u64>().unwrap()
    };
    assert!(!second.contains("passed over"), "it asks for what is there: {second}");
    let mut other = command(small(&dir).into_iter().map(|arg| if arg == "8" { "9" } else { arg }).chain(["--once"]));
    let other = ran(&other.env("PATH", "/nonexistent").env_remove("NATS_SERVER_BIN").output().unwrap()).ended(0).out;
    assert!(other.contains("--cases passed over: a term of 8 cases"), "{other}");
    // At its end the first recorded how far the access ledger reached, and nothing else is recorded twice.
    assert_eq!(position(&second), position(&first) + 1);
}
