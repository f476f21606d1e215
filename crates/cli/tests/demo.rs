//! The demo without a broker: it plays, checks itself, and goes on where it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use support::{command, ran};

#[test]
fn a_demo_checks_itself_and_a_second_one_goes_on() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("demo");
    let demo = || {
        let data = dir.to_str().unwrap();
        let args = ["demo", "--once", "--cases", "8", "--listen", "127.0.0.1:0", "--ballast-mib", "0", "--data", data];
        // No broker on the path, and none named: it says so and goes on.
        ran(&command(args).env("PATH", "/nonexistent").env_remove("NATS_SERVER_BIN").output().unwrap()).ended(0).out
    };
    let first = demo();
    for says in ["nothing is broadcast", "What happened", "refused by a rule", "R40", "lag 0", "/docs", "verify"] {
        assert!(first.contains(says), "{says}:\n{first}");
    }
    let second = demo();
    assert!(second.contains("goes on") && second.contains("in the first demo here"), "{second}");
    let position = |text: &str| text.lines().find(|line| line.contains("case view")).map(str::to_owned);
    assert_eq!(position(&first), position(&second), "nothing is recorded twice");
}
