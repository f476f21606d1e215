//! A simulated term against the real service: every answer as expected, every receipt kept, whatever is killed.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::simulation::{caseledger, lines, simulated, started};
use caseledger_tests::{Folder, Service, rounds};
use serde_json::Value;

/// Plays a term and returns its summary.
fn play(service: &Service, arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["simulate", "--json"].iter().chain(arguments).copied().collect();
    let (status, mut told) = lines(&caseledger(service, &all));
    let summary = told.pop().expect("a summary");
    assert!(status.success(), "{status}: {summary:#}");
    summary
}

/// Checks every receipt against the log while the server runs.
fn verify(service: &Service, receipts: &Path) {
    let output = caseledger(service, &["verify", "--receipts", receipts.to_str().expect("a path that is UTF-8")]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

fn number(summary: &Value, field: &str) -> u64 {
    summary[field].as_u64().unwrap_or_else(|| panic!("no number {field} in {summary:#}"))
}

fn total(summary: &Value, field: &str) -> u64 {
    summary[field].as_object().expect("a table").values().filter_map(Value::as_u64).sum()
}

#[test]
fn every_answer_of_a_term_is_the_one_expected_and_the_view_shows_its_cases() {
    let service = simulated();
    let summary = play(&service, &["--cases", "60", "--seed", "7"]);
    assert_eq!(number(&summary, "surprised"), 0, "{summary:#}");
    assert!(total(&summary, "refused") > 20, "{summary:#}");
    assert!(number(&summary, "repeated") > 0 && number(&summary, "nothing") > 0, "{summary:#}");
    let path = format!("/v1/cases?limit=1&min_position={}", number(&summary, "position"));
    let page = service.client().send("GET", &path, &[("ledger-actor", "A-1/auditor/MOE")], b"").unwrap().json();
    assert_eq!(page["total"], summary["cases"]);
}

#[test]
fn both_times_are_those_of_the_term() {
    let service = simulated();
    play(&service, &["--cases", "15", "--seed", "3"]);
    let events = caseledger(&service, &["replay", "--json"]);
    let events: Vec<Value> = lines(&events).1;
    let of_cases = events.iter().filter(|event| event["stream"].as_str().is_some_and(|name| name.starts_with("case/")));
    let (mut late, mut all) = (0, 0);
    for event in of_cases {
        let recorded = event["recorded_at"].as_str().expect("a time");
        assert!(("2026-04-19".."2026-07-04").contains(&recorded), "{event:#}");
        let occurred = event["occurred_at"].as_str().expect("a time");
        assert!(occurred[..10] <= *"2026-07-03", "{event:#}");
        all += 1;
        late += u64::from(occurred[..10] < recorded[..10]);
    }
    assert!(late * 10 > all, "{late} of {all} events were recorded on a later day than they happened");
}

#[test]
fn kill_9_at_any_moment_loses_no_receipt() {
    let folder = Folder::new("receipts");
    let receipts = folder.path().join("receipts.ndjson");
    let mut service = simulated();
    let (kills, cases) = (rounds(4, 60), rounds(70, 700).to_string());
    let file = receipts.to_str().expect("a path that is UTF-8");
    let play_it = ["simulate", "--json", "--cases", &cases, "--seed", "11", "--rate", "150", "--receipts", file];
    let mut playing = started(&service, &play_it);
    wait_for_lines(&receipts);
    let mut killed = 0;
    for round in 0..kills {
        // Odd lengths, so that kills meet different moments of a commit.
        sleep(Duration::from_millis(300 + round * 137 % 500));
        if playing.try_wait().expect("a child can be waited for").is_some() {
            break;
        }
        service.restart();
        killed += 1;
    }
    let output = playing.wait_with_output().expect("a child can be waited for");
    let (status, told) = lines(&output);
    let summary = told.last().expect("a summary");
    assert!(status.success(), "{summary:#}");
    assert!(killed >= 2, "the play was over before the server was killed twice");
    verify(&service, &receipts);
    // A restart after a clean end finds the same.
    assert!(service.stop().success());
    service.restart();
    verify(&service, &receipts);
}

/// Waits until a play has begun.
fn wait_for_lines(file: &Path) {
    let until = Instant::now() + Duration::from_secs(120);
    while std::fs::metadata(file).map_or(0, |data| data.len()) == 0 {
        assert!(Instant::now() < until, "no receipt within two minutes");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_play_that_was_cut_short_is_taken_up_where_it_stopped() {
    let folder = Folder::new("receipts");
    let receipts = folder.path().join("receipts.ndjson");
    let file = receipts.to_str().expect("a path that is UTF-8");
    let service = simulated();
    let play_it = ["simulate", "--json", "--cases", "40", "--seed", "5", "--rate", "200", "--receipts", file];
    let mut playing = started(&service, &play_it);
    wait_for_lines(&receipts);
    sleep(Duration::from_millis(1200));
    playing.kill().expect("it can be killed");
    playing.wait().expect("a child can be waited for");
    let summary = play(&service, &["--cases", "40", "--seed", "5", "--receipts", file]);
    assert!(number(&summary, "repeated") > 0, "the beginning was recorded before: {summary:#}");
    assert_eq!(number(&summary, "surprised"), 0);
    verify(&service, &receipts);
    // Once more, and nothing is recorded any more.
    let again = play(&service, &["--cases", "40", "--seed", "5"]);
    assert_eq!(total(&again, "recorded"), 0, "{again:#}");
}

#[test]
fn a_term_whose_time_is_over_is_not_begun() {
    let service = simulated();
    play(&service, &["--cases", "3", "--seed", "1"]);
    let output = caseledger(&service, &["simulate", "--cases", "3", "--seed", "2"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("2026-T2"), "{text}");
    play(&service, &["--cases", "3", "--seed", "2", "--term", "2026-T3"]);
}
