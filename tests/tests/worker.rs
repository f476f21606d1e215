//! `caseledger worker --from nats`: service levels and work queue from the broadcast alone are those of the log, also after
//! kills.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::simulation::{caseledger, lines};
use caseledger_tests::{Broker, Service};
use serde_json::Value;

/// Reads a table of a read model as anybody would.
fn rows(dir: &Path, view: &str, table: &str) -> String {
    let name = std::fs::read_to_string(dir.join(format!("{view}.current"))).expect("the file is named");
    let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute('SELECT * FROM ' + sys.argv[2] + ' ORDER BY 1, 2'): print(row)";
    let read = Command::new("python3").args(["-c", script]).arg(dir.join(name.trim())).arg(table).output();
    let read = read.expect("Python brings SQLite; it is what fetched the broker");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).expect("text")
}

fn worker(service: &Service, broker: &Broker, into: &Path) -> Command {
    let mut command = Command::new(caseledger_tests::caseledger());
    command.args(["worker", "--from", "nats", "--into"]).arg(into).arg("--data").arg(service.data());
    command.arg("--nats-url").arg(broker.url()).arg("--nats-creds-dir").arg(broker.creds_dir());
    command
}

#[test]
fn read_models_of_the_broadcast_are_those_of_the_log_also_after_kills() {
    let Some(broker) = Broker::start() else { return };
    let service = Service::builder().nats(&broker).arg("--simulated=2026-04-19").start();
    let (status, told) = lines(&caseledger(&service, &["simulate", "--json", "--cases", "30", "--seed", "8"]));
    assert!(status.success(), "{told:#?}");
    let ask = |path: &str| {
        let answer = service.client().send("GET", path, &[("ledger-actor", "OPS/operator/MOE")], b"");
        answer.expect("an answer").json()
    };
    let until = ask("/v1/ledger")["position"].as_u64().expect("a position");
    let into: PathBuf = service.data().with_file_name("models");
    for round in 0..5 {
        let mut child = worker(&service, &broker, &into).spawn().expect("the worker can be started");
        std::thread::sleep(Duration::from_millis(60 + 90 * round));
        child.kill().expect("it runs until it is killed");
        child.wait().expect("it ended");
    }
    // The relay and the view follow within moments.
    let mut at = 0;
    for _ in 0..600 {
        let done =
            worker(&service, &broker, &into).args(["--once", "--json"]).output().expect("the worker can be started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told = String::from_utf8_lossy(&done.stdout);
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        assert_eq!(told.iter().map(|line| &line["view"]).collect::<Vec<_>>(), ["service_levels", "work_queue"]);
        at = told.iter().filter_map(|line| line["position"].as_u64()).min().expect("positions");
        let views = ask("/v1/views");
        let ours = views["items"].as_array().expect("views").iter().find(|view| view["view"] == "service_levels");
        if at >= until && ours.expect("it is listed")["position"].as_u64() >= Some(at) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(at >= until, "{at} of {until}");
    let ours = service.data().join("views");
    for table in ["service", "service_case"] {
        let told = rows(&into, "service_levels", table);
        assert!(told.lines().count() >= 30);
        assert_eq!(told, rows(&ours, "service_levels", table), "{table}");
    }
    let journal = service.data().with_file_name("from-journal");
    let mut command = Command::new(caseledger_tests::caseledger());
    command.args(["worker", "--once", "--from", "journal", "--views", "work_queue", "--into"]).arg(&journal);
    assert!(command.arg("--data").arg(service.data()).status().expect("it can be started").success());
    let told = rows(&into, "work_queue", "work");
    assert!(!told.is_empty(), "some of the cases have work left");
    assert_eq!(told, rows(&journal, "work_queue", "work"));
}
