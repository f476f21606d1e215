//! `caseledger policy` on a ledger of its own: shown, checked, set, and explained under the policy of its day.

use std::fs;

use crate::support::{ledger, on, run};

const EARLIER: &str = "[absence]\nthreshold_half_days = 20\n";

#[test]
fn the_defaults_are_shown_without_a_ledger_and_a_file_of_them_can_be_set() {
    let shown = run(["policy", "show", "--default"]).ended(0);
    assert!(shown.out.contains("absence.threshold_half_days"), "{}", shown.out);
    assert!(shown.out.starts_with("policy version 1"), "{}", shown.out);
    let on_a_day = run(["policy", "show", "--default", "--on", "2026-06-30"]).ended(0).out;
    assert!(on_a_day.contains("Q34  termly attendance reaches: 2025-T2 2025-T3 2025-T4 2026-T1"), "{on_a_day}");
    let top = tempfile::tempdir().unwrap();
    let file = top.path().join("policy.toml");
    fs::write(&file, run(["policy", "show", "--default", "--toml"]).ended(0).out).unwrap();
    let checked = run(["policy", "check", file.to_str().unwrap(), "--json"]).ended(0).json();
    assert_eq!(checked["changes"], serde_json::json!([]));
}

#[test]
fn a_file_is_checked_and_says_what_it_changes_or_what_is_wrong() {
    let top = tempfile::tempdir().unwrap();
    let file = top.path().join("policy.toml");
    fs::write(&file, EARLIER).unwrap();
    let checked = run(["policy", "check", file.to_str().unwrap(), "--json"]).ended(0).json();
    let changed: Vec<&str> =
        checked["changes"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(changed, ["absence.threshold_half_days"; 2], "Q1 and Q2 speak of it");
    fs::write(&file, "[absence]\nthreshold = 20\n").unwrap();
    let wrong = run(["policy", "check", file.to_str().unwrap()]).ended(2);
    assert!(wrong.err.contains("at /absence: there is a field that is not known here"), "{}", wrong.err);
    run(["policy", "check", "nowhere.toml"]).ended(4);
}

#[test]
fn a_policy_is_set_once_and_what_was_decided_before_is_explained_under_its_own() {
    let top = ledger(1);
    let dir = top.path().join("ledger");
    let file = top.path().join("policy.toml");
    fs::write(&file, EARLIER).unwrap();
    let set = on(&dir, "policy set", &[file.to_str().unwrap(), "--json"]).ended(0).json();
    let position = set["receipt"]["position"].as_u64().unwrap();
    let again = on(&dir, "policy set", &[file.to_str().unwrap()]).ended(0);
    assert!(again.out.contains("in force already"), "{}", again.out);
    let shown = on(&dir, "policy show", &["--json"]).ended(0).json();
    assert_eq!((&shown["version"], &shown["policy"]["absence"]["threshold_half_days"]), (&2.into(), &20.into()));
    let before = on(&dir, "policy explain", &["2", "--json"]).ended(0).json();
    assert_eq!(before["version"], 1);
    let first = on(&dir, "policy explain", &["1"]).ended(0);
    assert!(first.out.contains("under no policy"), "{}", first.out);
    on(&dir, "policy explain", &[&(position + 1).to_string()]).ended(4);
    let past = on(&dir, "policy set", &[file.to_str().unwrap(), "--from", "2020-01-01"]).ended(5);
    assert!(past.err.contains("today") || past.err.contains("or later"), "{}", past.err);
}
