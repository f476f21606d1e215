//! `replay` and `export`: all, one case, one person, a period; beside a running server; from a file.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::{command, on, record, server};
use caseledger_tests::Service;
use serde_json::{Value, json};

/// A simulated ledger with a few cases, played by `caseledger simulate`.
fn played(dir: &Path) -> Service {
    let service = server(dir).arg("--simulated").arg("2026-04-19").start();
    on(dir, "simulate", &["--cases", "6", "--seed", "3"]).ended(0);
    service
}

#[test]
fn a_replay_is_oldest_first_gapless_and_the_same_as_the_interface_gives() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let service = played(&dir);
    let lines = on(&dir, "replay", &[]).ended(0).lines();
    let positions: Vec<u64> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=lines.len() as u64).collect::<Vec<_>>());
    let answer =
        service.client().send("GET", "/v1/events?from=1&limit=100000", &[("ledger-actor", "P-AUD/auditor/MOE")], b"");
    let given: Vec<Value> = answer.unwrap().text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(given[..], lines[..given.len()]);

    let text = on(&dir, "replay", &[]).out;
    assert!(!text.contains("family_name") && !text.contains("content"), "personal parts are labels");
}

#[test]
fn filters_give_one_case_one_person_one_type_and_one_period() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = played(&dir);
    assert!(service.stop().success());
    let all = on(&dir, "replay", &[]).lines();
    let opened = all.iter().find(|line| line["facts"]["number"].is_string()).unwrap();
    let (number, stream) = (opened["facts"]["number"].as_str().unwrap(), &opened["stream"]);
    let id = stream.as_str().unwrap().strip_prefix("case/").unwrap();
    let expected: Vec<&Value> = all.iter().filter(|line| line["stream"] == *stream).collect();
    assert!(expected.len() > 1);
    for case in [number, &number.to_lowercase(), id] {
        let lines = on(&dir, "replay", &["--case", case]).ended(0).lines();
        assert_eq!(lines.iter().collect::<Vec<_>>(), expected, "{case}");
    }
    let person = expected[1]["actor"]["person"].as_str().unwrap();
    let lines = on(&dir, "replay", &["--person", person]).ended(0).lines();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["actor"]["person"] == person));
    let lines = on(&dir, "replay", &["--type", "reference_recorded", "--limit", "2"]).ended(0).lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["type"] == "reference_recorded"));
    let day = |line: &Value| line["recorded_at"].as_str().unwrap().to_owned();
    let middle = day(&all[all.len() / 2]);
    let since = on(&dir, "replay", &["--since", &middle]).lines();
    let until = on(&dir, "replay", &["--until", &middle]).lines();
    assert_eq!(since.first().map(day).unwrap(), middle);
    assert!(until.iter().all(|line| day(line) <= middle) && since.len() + until.len() > all.len());
    assert_eq!(on(&dir, "replay", &["--from", "3", "--to", "4"]).lines(), all[2..4]);

    on(&dir, "replay", &["--case", "00000000-0000-4000-8000-000000000000"]).ended(4);
    on(&dir, "replay", &["--case", id, "--type", "no_such_type"]).ended(0);
    let table = on(&dir, "replay", &["--case", number, "--as-table"]).ended(0).out;
    assert!(table.contains("recorded (NZ)") && table.lines().count() > expected.len(), "{table}");
}

#[test]
fn an_export_replays_like_the_ledger_it_was_made_of() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = played(&dir);
    assert!(service.stop().success());
    for format in ["ndjson", "frames"] {
        let file = top.path().join(format!("export-{format}"));
        let path = file.to_str().unwrap();
        on(&dir, "export", &["--format", format, path]).ended(0);
        let again = on(&dir, "replay", &["--file", path]).ended(0);
        assert_eq!(again.out, on(&dir, "replay", &[]).out, "{format}");
        on(&dir, "export", &[path]).ended(2);
    }
    for (text, says) in [("hello", "byte 0"), ("{\"position\": 1}\n", "line 1"), ("\u{81}", "byte 0")] {
        let file = top.path().join("no-export");
        std::fs::write(&file, text).unwrap();
        let ran = on(&dir, "replay", &["--file", file.to_str().unwrap()]).ended(1);
        assert!(ran.err.contains("is no event") && ran.err.contains(says), "{text}: {}", ran.err);
    }
    let part = top.path().join("part.ndjson");
    on(&dir, "export", &["--from", "3", "--to", "5", part.to_str().unwrap()]).ended(0);
    let head: Value = serde_json::from_str(std::fs::read_to_string(&part).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!((&head["export"]["first"], &head["export"]["last"]), (&json!(3), &json!(5)));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let top = tempfile::tempdir().unwrap();
    let service = server(top.path()).start();
    (0..300).for_each(|n| drop(record(&service, n)));
    let data = top.path().to_str().unwrap();
    let mut child = command(["replay", "--data", data]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with('{'));
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn reading_commands_work_while_the_server_records() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path();
    let service = server(dir).start();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                record(&service, n);
                n += 1;
            }
        });
        let mut last = 0;
        for _ in 0..5 {
            let verified = on(dir, "verify", &["--json"]).ended(0).json();
            let events = verified["events"].as_u64().unwrap();
            assert!(events >= last, "{events} after {last}");
            let lines = on(dir, "replay", &[]).ended(0).lines();
            assert!(lines.len() as u64 >= events);
            on(dir, "lint", &[]).ended(0);
            last = events;
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn a_replay_as_stored_is_read_again_as_the_same_replay() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = played(&dir);
    assert!(service.stop().success());
    let person = on(&dir, "replay", &[]).lines().last().unwrap()["actor"]["person"].as_str().unwrap().to_owned();
    let frames = command(["replay", "--as-messagepack", "--person", &person, "--data"]).arg(&dir).output().unwrap();
    assert!(frames.status.success());
    let file = top.path().join("person.frames");
    std::fs::write(&file, &frames.stdout).unwrap();
    let told = |line: Value| (line["position"].clone(), line["facts"].clone());
    let again = on(&dir, "replay", &["--file", file.to_str().unwrap()]).ended(0).lines();
    let ours = on(&dir, "replay", &["--person", &person]).ended(0).lines();
    assert!(ours.len() > 1);
    assert_eq!(again.into_iter().map(told).collect::<Vec<_>>(), ours.into_iter().map(told).collect::<Vec<_>>());
}
