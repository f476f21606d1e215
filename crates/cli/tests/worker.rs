//! `caseledger worker` and `caseledger views build`: read models of facts on this machine and others, exactly once.

use std::path::Path;

use crate::support::{command, on, server};
use caseledger_tests::Service;
use serde_json::Value;

/// A simulated ledger with a few cases, played by `caseledger simulate`.
fn played(dir: &Path) -> Service {
    let service = server(dir).arg("--simulated").arg("2026-04-19").start();
    on(dir, "simulate", &["--cases", "8", "--seed", "5"]).ended(0);
    service
}

/// Says where each read model of a directory stands, as its status file does.
fn positions(into: &Path) -> Vec<(String, u64, String)> {
    let status: Value = serde_json::from_slice(&std::fs::read(into.join("worker.json")).unwrap()).unwrap();
    let views = status["views"].as_array().unwrap();
    let told = views.iter().map(|view| {
        let word = |name: &str| view[name].as_str().unwrap().to_owned();
        (word("view"), view["position"].as_u64().unwrap(), word("state"))
    });
    told.collect()
}

fn head(dir: &Path) -> u64 {
    on(dir, "replay", &[]).ended(0).lines().last().unwrap()["position"].as_u64().unwrap()
}

#[test]
fn the_journal_and_http_build_the_same_models_beside_a_running_server() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let service = played(&dir);
    let url = format!("http://{}", std::fs::read_to_string(dir.join("http.addr")).unwrap().trim());
    let [journal, http] = ["journal", "http"].map(|name| top.path().join(name));
    let into = |path: &Path| path.to_str().unwrap().to_owned();
    on(&dir, "worker", &["--from", "journal", "--once", "--into", &into(&journal)]).ended(0);
    on(&dir, "worker", &["--from", "http", "--url", &url, "--once", "--into", &into(&http)]).ended(0);
    let head = head(&dir);
    for path in [&journal, &http] {
        let told = positions(path);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|(_, at, state)| (*at, state.as_str()) == (head, "following")), "{told:?}");
    }
    // Started again there is nothing to do.
    on(&dir, "worker", &["--from", "http", "--url", &url, "--once", "--into", &into(&http)]).ended(0);
    let school = ["--as", "P-1/attendance_lead/S-001"];
    let refused = on(
        &dir,
        "worker",
        &[&["--from", "http", "--url", &url, "--once", "--into", &into(&http)], &school[..]].concat(),
    );
    assert_ne!(refused.code, 0, "a school is told no frames");
    on(&dir, "worker", &["--from", "journal", "--once", "--views", "case_view", "--into", &into(&journal)]).ended(4);
    drop(service);
}

#[test]
fn a_worker_that_is_killed_goes_on_where_its_files_stand() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = played(&dir);
    assert!(service.stop().success());
    let into = top.path().join("models");
    for round in 0..4_u64 {
        let mut child =
            command(["worker", "--from", "journal", "--into"]).arg(&into).arg("--data").arg(&dir).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 + 40 * round));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    on(&dir, "worker", &["--from", "journal", "--once", "--into", into.to_str().unwrap()]).ended(0);
    assert!(positions(&into).iter().all(|(_, at, _)| *at == head(&dir)));
}

#[test]
fn a_whole_read_model_is_built_as_of_a_position_and_a_day() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = played(&dir);
    assert!(service.stop().success());
    let lines = on(&dir, "replay", &["--restricted", "--as", "P-AUD/auditor/MOE"]).ended(0).lines();
    let middle = lines.len() as u64 / 2;
    let [at_position, at_time] = ["position", "time"].map(|name| top.path().join(name));
    let built = |into: &Path, at: &str| {
        on(&dir, "views build", &["service_levels", "--json", "--into", into.to_str().unwrap(), "--at", at])
            .ended(0)
            .json()
    };
    assert_eq!(built(&at_position, &middle.to_string())["position"], middle);
    let recorded = lines[middle as usize - 1]["recorded_at"].as_str().unwrap();
    let known = lines.iter().filter(|line| line["recorded_at"].as_str().unwrap() <= recorded).count() as u64;
    assert_eq!(built(&at_time, recorded)["position"], known);
    let earlier =
        on(&dir, "views build", &["service_levels", "--into", at_time.to_str().unwrap(), "--at", "1"]).ended(2);
    assert!(earlier.err.contains("empty directory"), "{}", earlier.err);
    let dry = on(&dir, "views build", &["--dry-run", "--into", at_time.to_str().unwrap()]).ended(0).out;
    assert!(dry.contains("events to read, up to position") && dry.contains(" s; about "), "{dry}");
    let dry = on(&dir, "views build", &["--dry-run", "--json", "--into", at_time.to_str().unwrap()]).ended(0).json();
    assert_eq!((dry["events"].as_u64(), dry["sampled"].as_u64()), (Some(lines.len() as u64), Some(lines.len() as u64)));
    assert!(dry["seconds"].as_f64() > Some(0.0) && dry["disk_bytes"].as_u64() > Some(0), "{dry}");
    assert!(dry["free_bytes"].as_u64() > Some(0), "{dry}");
}
