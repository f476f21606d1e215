//! `replay` and `export`: all, one case, one person, a period; beside a running server; from a file.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::{Ran, command, on, record, server};
use caseledger_tests::Service;
use serde_json::{Value, json};

/// A simulated ledger with a few cases, played by `caseledger simulate`.
fn played(dir: &Path) -> Service {
    let service = server(dir).arg("--simulated").arg("2026-04-19").start();
    on(dir, "simulate", &["--cases", "6", "--seed", "3"]).ended(0);
    service
}

/// Replays as somebody who is shown restricted events too, on record.
fn whole(dir: &Path, args: &[&str]) -> Ran {
    on(dir, "replay", &[&["--restricted", "--as", "P-AUD/auditor/MOE"][..], args].concat())
}

#[test]
fn a_replay_is_oldest_first_gapless_and_the_same_as_the_interface_gives() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let service = played(&dir);
    let lines = whole(&dir, &[]).ended(0).lines();
    let positions: Vec<u64> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=lines.len() as u64).collect::<Vec<_>>());
    let answer =
        service.client().send("GET", "/v1/events?from=1&limit=100000", &[("ledger-actor", "P-AUD/auditor/MOE")], b"");
    let given: Vec<Value> = answer.unwrap().text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(given[..], lines[..given.len()]);
    let operator =
        service.client().send("GET", "/v1/events?from=1&limit=100000", &[("ledger-actor", "P-OP/operator/MOE")], b"");
    let given: Vec<Value> = operator.unwrap().text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(given[..], on(&dir, "replay", &[]).lines()[..given.len()], "restricted facts are left out alike");

    let text = on(&dir, "replay", &[]).out;
    assert!(!text.contains("family_name") && !text.contains("content"), "personal parts are labels");
}

#[test]
fn filters_give_one_case_one_person_one_type_and_one_period() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let _service = played(&dir);
    let all = whole(&dir, &[]).lines();
    let opened = all.iter().find(|line| line["facts"]["number"].is_string()).unwrap();
    let (number, stream) = (opened["facts"]["number"].as_str().unwrap(), &opened["stream"]);
    let id = stream.as_str().unwrap().strip_prefix("case/").unwrap();
    let expected: Vec<&Value> = all.iter().filter(|line| line["stream"] == *stream).collect();
    assert!(expected.len() > 1);
    for case in [number, &number.to_lowercase(), id] {
        let lines = whole(&dir, &["--case", case]).ended(0).lines();
        assert_eq!(lines.iter().collect::<Vec<_>>(), expected, "{case}");
    }
    let person = expected[1]["actor"]["person"].as_str().unwrap();
    let lines = whole(&dir, &["--person", person]).ended(0).lines();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["actor"]["person"] == person));
    let lines = on(&dir, "replay", &["--type", "reference_recorded", "--limit", "2"]).ended(0).lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["type"] == "reference_recorded"));
    let day = |line: &Value| line["recorded_at"].as_str().unwrap().to_owned();
    let middle = day(&all[all.len() / 2]);
    let since = whole(&dir, &["--since", &middle]).lines();
    let until = whole(&dir, &["--until", &middle]).lines();
    assert_eq!(since.first().map(day).unwrap(), middle);
    assert!(until.iter().all(|line| day(line) <= middle) && since.len() + until.len() > all.len());
    assert_eq!(whole(&dir, &["--from", "3", "--to", "4"]).lines(), all[2..4]);

    on(&dir, "replay", &["--case", "00000000-0000-4000-8000-000000000000"]).ended(4);
    on(&dir, "replay", &["--case", id, "--type", "no_such_type"]).ended(0);
    let table = whole(&dir, &["--case", number, "--as-table"]).ended(0).out;
    assert!(table.contains("recorded (NZ)") && table.lines().count() > expected.len(), "{table}");
}

#[test]
fn an_export_replays_like_the_ledger_it_was_made_of() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let _service = played(&dir);
    let all = ["--restricted", "--as", "P-AUD/auditor/MOE"];
    for (name, form, like) in [
        ("facts", &["--format", "ndjson"][..], &[][..]),
        ("all", &all[..], &all[..]),
        ("frames", &["--format", "frames"][..], &all[..]),
    ] {
        let file = top.path().join(format!("export-{name}"));
        let path = file.to_str().unwrap();
        on(&dir, "export", &[form, &[path]].concat()).ended(0);
        let again = on(&dir, "replay", &["--file", path]).ended(0);
        assert_eq!(again.out, on(&dir, "replay", like).out, "{name}");
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
    let _service = played(&dir);
    let person = whole(&dir, &[]).lines().last().unwrap()["actor"]["person"].as_str().unwrap().to_owned();
    let frames = command(["replay", "--as-messagepack", "--person", &person, "--data"]).arg(&dir).output().unwrap();
    assert!(frames.status.success());
    let file = top.path().join("person.frames");
    std::fs::write(&file, &frames.stdout).unwrap();
    let told = |line: Value| (line["position"].clone(), line["facts"].clone());
    let again = on(&dir, "replay", &["--file", file.to_str().unwrap()]).ended(0).lines();
    let ours = whole(&dir, &["--person", &person]).ended(0).lines();
    assert!(ours.len() > 1);
    assert_eq!(again.into_iter().map(told).collect::<Vec<_>>(), ours.into_iter().map(told).collect::<Vec<_>>());
}

/// The views on record of one person: operation, decision, purpose.
fn on_record(service: &Service, person: &str) -> Vec<(Value, Value, Value)> {
    let headers = [("ledger-actor", "P-AUD2/auditor/MOE")];
    let (status, found) = service.post("/v1/access-ledger/search", &json!({"person": person}), &headers);
    assert_eq!(status, 200, "{found}");
    let one = |view: &Value| {
        let viewed = &view["viewed"];
        (viewed["operation"].clone(), viewed["decision"].clone(), viewed["purpose"].clone())
    };
    found["items"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_is_taken_out_on_the_machine_holds_restricted_facts_for_those_alone_who_may_and_are_on_record() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let service = played(&dir);
    let path = |name: &str| top.path().join(name).to_str().unwrap().to_owned();
    let asked: Vec<Value> = whole(&dir, &["--type", "information_request_answered"]).lines();
    assert!(!asked.is_empty(), "the term has no answer of an agency");
    let case = asked[0]["stream"].as_str().unwrap().strip_prefix("case/").unwrap().to_owned();

    on(&dir, "export", &[&path("facts")]).ended(0);
    let text = std::fs::read_to_string(path("facts")).unwrap();
    assert!(text.contains(r#""type":"restricted""#));
    for fact in ["information_request_answered", "whereabouts", "read_answer", "access_head_recorded"] {
        assert!(!text.contains(fact), "{fact} was taken out");
        assert!(!on(&dir, "replay", &[]).out.contains(fact), "{fact} was shown");
        assert!(!on(&dir, "replay", &["--case", &case]).out.contains(fact), "{fact} was shown");
    }
    let lines: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_cases = lines.iter().filter(|line| line["stream"].as_str().is_some_and(|name| name.starts_with("case/")));
    for line in of_cases {
        assert!(line["version"].is_null() && line["previous"].is_null(), "{line} counts what is left out");
    }
    assert!(on(&dir, "replay", &["--type", "information_request_answered"]).ended(0).lines().is_empty());

    let refused = on(&dir, "export", &["--restricted", "--as", "P-OP9/operator/MOE", &path("no")]).ended(5);
    assert!(refused.err.contains("not-this-role"), "{}", refused.err);
    on(&dir, "replay", &["--restricted", "--as", "P-OP9/operator/MOE"]).ended(5);
    assert!(!Path::new(&path("no")).exists());
    let denied = (json!("raw events"), json!({"denied": "not_this_role"}));
    let found = on_record(&service, "P-OP9");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(operation, decision, _)| (operation, decision) == (&denied.0, &denied.1)), "{found:?}");

    let who = ["--as", "P-AUD9/auditor/MOE", "--purpose", "INQUIRY-7"];
    on(&dir, "export", &[&["--restricted"][..], &who, &[path("all").as_str()]].concat()).ended(0);
    assert!(std::fs::read_to_string(path("all")).unwrap().contains("information_request_answered"));
    on(&dir, "export", &[&["--format", "frames"][..], &who, &[path("frames").as_str()]].concat()).ended(0);
    on(&dir, "export", &["--format", "frames", "--as", "P-REP9/reporting_job/MOE", &path("not")]).ended(5);
    let found = on_record(&service, "P-AUD9");
    let operations: Vec<&Value> = found.iter().map(|(operation, ..)| operation).collect();
    assert_eq!(operations, [&json!("raw events"), &json!("frames")], "{found:?}");
    assert!(found.iter().all(|(_, decision, why)| decision == "allowed" && why == "INQUIRY-7"), "{found:?}");
}
