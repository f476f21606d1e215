//! Log lines: for people or for programs, and about nobody.

use crate::support::server;
use serde_json::{Value, json};

#[test]
fn json_lines_read_alone_and_name_nobody() {
    let top = tempfile::tempdir().unwrap();
    let mut service =
        server(&top.path().join("ledger")).arg("--log-format").arg("json").arg("--log-level").arg("trace").start();
    let entries = json!([
        {"what": "catchment", "catchment": "C-01", "provider": "ASP-01", "from": "2025-01-01"},
        {"what": "school", "school": "S-001", "catchment": "C-01", "from": "2025-01-01"},
    ]);
    let headers = [("ledger-actor", crate::support::OPERATOR), ("idempotency-key", "reference")];
    assert_eq!(service.post("/v1/reference", &json!({"entries": entries}), &headers).0, 200);
    let facts = json!({
        "last_school": "S-001", "last_day_attended": "2025-05-05", "withdrawn_on": "2025-06-02",
        "leave_reason": "continuous_absence",
    });
    let student = json!({
        "nsn": "7123456789", "family_name": "Pēwhairangi", "given_names": "Tūmanako", "birth_date": "2013-05-06",
    });
    let body = json!({"action": "notify-non-enrolment", "facts": facts, "personal": {"student": student}});
    let headers = [("ledger-actor", "ENROL/enrol/ENROL"), ("idempotency-key", "one")];
    let (status, answer) = service.post("/v1/cases", &body, &headers);
    assert_eq!(status, 201, "{answer}");
    // The notification waits for the Ministry's check: CIT finds it.
    let found = service.post("/v1/cases/search", &json!({"name": "Pewhairangi"}), &[("ledger-actor", "P-5/cit/MOE")]);
    assert_eq!(found.0, 200, "{}", found.1);
    assert!(service.stop().success());
    let log = service.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert!(log.contains("\"message\":\"stopped\""), "{log}");
    for personal in ["7123456789", "whairangi", "manako", "2013-05-06"] {
        assert!(!log.contains(personal), "{personal} in the log");
    }
}
