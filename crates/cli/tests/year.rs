//! A simulated year through the import path: every answer as expected, once, and the ledger as good as any other.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Ran, on, run, server};

fn total(summary: &Value, field: &str) -> u64 {
    summary[field].as_object().expect("a table").values().filter_map(Value::as_u64).sum()
}

/// Imports a year, small segments and no ballast.
fn import(dir: &std::path::Path, more: &[&str]) -> Ran {
    let year = ["--year", "2026", "--json", "--segment-mib", "1", "--ballast-mib", "0"];
    on(dir, "simulate", &[&year, more].concat())
}

#[test]
fn every_answer_of_an_imported_year_is_the_one_expected_and_the_ledger_verifies() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let summary = import(&dir, &["--cases", "150", "--seed", "3"]).ended(0).json();
    assert_eq!(summary["surprised"], 0, "{summary:#}");
    assert!(summary["events"].as_u64().unwrap() > 150 * 35, "{summary:#}");
    for field in ["recorded", "refused", "turned_away"] {
        assert!(total(&summary, field) > 20, "{field}: {summary:#}");
    }
    assert!(summary["cases"].as_u64().unwrap() >= 150 && summary["repeated"].as_u64().unwrap() > 0, "{summary:#}");
    on(&dir, "verify", &[]).ended(0);
    on(&dir, "lint", &[]).ended(0);
    let days: Vec<String> = on(&dir, "replay", &["--json"])
        .ended(0)
        .lines()
        .iter()
        .filter_map(|event| Some(event["recorded_at"].as_str()?[..10].to_owned()))
        .collect();
    assert!(days.is_sorted() && days[1].as_str() < "2026-01-06" && days.last().unwrap().as_str() > "2026-12-10");
    // What stands in it already is passed over; another seed has come too late.
    let again = import(&dir, &["--cases", "150", "--seed", "3"]).ended(0).json();
    assert_eq!((total(&again, "recorded"), again["surprised"].as_u64()), (0, Some(0)), "{again:#}");
    let other = import(&dir, &["--cases", "150", "--seed", "4"]).ended(2);
    assert!(other.err.contains("2026"), "{}", other.err);
    let real = top.path().join("real");
    assert!(server(&real).start().stop().success());
    import(&real, &["--cases", "1"]).ended(2);
}

#[test]
fn the_same_seed_imports_the_same_year_and_a_server_goes_on_with_it() {
    let top = tempfile::tempdir().unwrap();
    let facts = |name: &str| {
        let dir = top.path().join(name);
        import(&dir, &["--cases", "20", "--seed", "9"]).ended(0);
        let events = on(&dir, "replay", &["--json"]).ended(0).lines();
        let told =
            events.iter().map(|event| format!("{} {} {}", event["type"], event["recorded_at"], event["version"]));
        told.collect::<Vec<_>>()
    };
    let (one, other) = (facts("one"), facts("other"));
    assert_eq!(one[1..], other[1..], "all but the ledger's own first event");
    let service = server(&top.path().join("one")).arg("--simulated").start();
    let mut client = service.client();
    let path = format!("/v1/cases?limit=1&min_position={}", one.len());
    let until = Instant::now() + Duration::from_secs(120);
    // The views are built from the log first.
    let total = loop {
        let page = client.send("GET", &path, &[("ledger-actor", "A-1/auditor/MOE")], b"").unwrap();
        if let Some(total) = page.json()["total"].as_u64() {
            break total;
        }
        assert!(Instant::now() < until, "no list of cases within two minutes: {:#}", page.json());
        sleep(Duration::from_millis(50));
    };
    assert!(total >= 20, "{total} cases");
}

#[test]
fn q35_a_year_has_as_many_cases_as_the_policy_plans_where_nothing_is_said() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let file = top.path().join("policy.toml");
    fs::write(&file, "[service]\ncases_a_year = 12\n").unwrap();
    let new = server(&dir).arg("--simulated").arg("2026-01-01").start();
    drop(new);
    on(&dir, "policy set", &[file.to_str().unwrap()]).ended(0);
    let summary = import(&dir, &["--seed", "5"]).ended(0).json();
    let cases = summary["cases"].as_u64().unwrap();
    assert!((8..20).contains(&cases), "{cases} of 12 stories, some of which open two cases: {summary:#}");
}

#[test]
fn a_year_nobody_knows_is_refused_with_those_that_are_known() {
    let refused = run(["simulate", "--year", "2027"]).ended(2);
    assert!(refused.err.contains("one of 2026"), "{}", refused.err);
    let both = run(["simulate", "--year", "2026", "--term", "2026-T2"]).ended(2);
    assert!(both.err.contains("--term"), "{}", both.err);
}
