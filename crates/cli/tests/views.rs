//! `caseledger views`: a read model is built anew while a server runs, and without one.

use crate::support::{ledger, on, record, server};

#[test]
fn a_view_is_built_anew_beside_a_running_server_compared_and_put_into_use_and_back() {
    let top = ledger(20);
    let dir = top.path().join("ledger");
    let server = server(&dir).start();
    record(&server, 21);
    let estimate = on(&dir, "views rebuild", &["case_view", "--dry-run", "--json"]).ended(0).json();
    assert!(estimate["events"].as_u64().unwrap() >= 1 && estimate["seconds"].as_f64().unwrap() > 0.0, "{estimate}");
    let before = in_use(&dir);
    let built = on(&dir, "views rebuild", &["case_view", "--switch"]).ended(0).out;
    assert!(built.contains("every row is the same") && built.contains("the new file is in use"), "{built}");
    let after = in_use(&dir);
    assert_ne!(before, after);
    on(&dir, "views rebuild", &["case_view"]).ended(5);
    let back = on(&dir, "views switch", &["case_view"]).ended(0).out;
    assert!(back.contains(&format!("{after} is previous")), "{back}");
    assert_eq!(in_use(&dir), before);
    on(&dir, "views drop", &["case_view"]).ended(0);
    let status = on(&dir, "views status", &[]).ended(0).out;
    assert!(status.contains("it was dropped"), "{status}");
    let unknown = on(&dir, "views rebuild", &["case_veiw"]).ended(4);
    assert!(unknown.err.contains("there are: case_view, service_levels, audit_trail"), "{}", unknown.err);
    on(&dir, "views skip", &["case_view", "--position", "1", "--reason", "TICKET-7"]).ended(5);
}

#[test]
fn all_views_are_built_anew_from_one_pass_and_put_into_use() {
    let top = ledger(20);
    let dir = top.path().join("ledger");
    let server = server(&dir).start();
    record(&server, 21);
    let estimates = on(&dir, "views rebuild", &["--dry-run", "--json"]).ended(0).lines();
    assert_eq!(estimates.len(), 3, "{estimates:?}");
    let built = on(&dir, "views rebuild", &["--switch"]).ended(0).out;
    for view in ["case_view", "service_levels", "audit_trail"] {
        assert!(built.contains(&format!("{view}: the new file is in use")), "{built}");
    }
    assert_eq!(built.matches("every row is the same").count(), 3, "{built}");
    on(&dir, "views rebuild", &[]).ended(5);
    let dropped = on(&dir, "views drop", &["audit_trail", "case_view"]).ended(0).out;
    assert_eq!(dropped.matches("it was dropped").count(), 2, "{dropped}");
    on(&dir, "views rebuild", &["case_view", "service_level"]).ended(4);
    on(&dir, "views pause", &[]).ended(2);
}

#[test]
fn without_a_server_the_command_builds_and_switches_by_itself() {
    let top = ledger(20);
    let dir = top.path().join("ledger");
    on(&dir, "views rebuild", &["case_view", "--switch"]).ended(0);
    on(&dir, "views switch", &["case_view"]).ended(5);
}

fn in_use(dir: &std::path::Path) -> String {
    let status = on(dir, "views status", &["--json"]).ended(0).lines();
    let case_view = status.iter().find(|view| view["view"] == "case_view").unwrap();
    case_view["file"].as_str().unwrap().to_owned()
}
