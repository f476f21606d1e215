//! The reporting job of `src/bin/measure_table.rs`: stopped anywhere and started again, its figures are the ledger's.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use crate::simulation::{caseledger, lines};
use caseledger_tests::{Broker, Role, Service};
use serde_json::Value;

fn run(broker: &Broker, store: &Path, until: u64, stop_after: Option<u64>) -> Output {
    let seed = broker.creds_dir().join(format!("{}.nk", Role::Reporting.name()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_measure_table"));
    command.arg(broker.url()).arg(seed).arg(store).arg(until.to_string()).arg("2026-Q2");
    let output = command.args(stop_after.map(|count| count.to_string())).output().expect("the job can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn a_job_with_a_store_of_its_own_has_every_figure_of_the_ledger() {
    let Some(broker) = Broker::start() else { return };
    let service = Service::builder().nats(&broker).arg("--simulated=2026-04-19").start();
    let (status, told) = lines(&caseledger(&service, &["simulate", "--json", "--cases", "40", "--seed", "12"]));
    assert!(status.success(), "{told:#?}");
    let answer = service.client().send("GET", "/v1/ledger", &[("ledger-actor", "A-1/auditor/MOE")], b"");
    let until = answer.expect("an answer").json()["position"].as_u64().expect("a position");

    let store = service.data().with_file_name("measures.ndjson");
    for stop_after in [1, 150, 400] {
        run(&broker, &store, until, Some(stop_after));
        // A kill in the middle of a write leaves half a line.
        let mut file = std::fs::OpenOptions::new().append(true).open(&store).expect("the job made its store");
        file.write_all(b"{\"position\": 9").expect("the store can be written");
    }
    let told: Value = serde_json::from_slice(&run(&broker, &store, until, None).stdout).expect("one line of JSON");
    assert_eq!(told["position"].as_u64(), Some(until));

    let to = until.to_string();
    let asked = ["measures", "show", "--json", "--quarter", "2026-Q2", "--catchments", "--to", &to];
    let (status, ours) = lines(&caseledger(&service, &asked));
    assert!(status.success(), "{ours:#?}");
    let ours: Vec<Value> = ours.into_iter().filter(|line| line["population"].is_u64()).collect();
    assert!(ours.len() > 20, "{}", ours.len());
    assert_eq!(told["rows"], Value::Array(ours));
}
