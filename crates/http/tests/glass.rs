//! Breaking glass: a case beyond the usual rows, for a stated reason, for a short time, on record first.

use crate::support::*;
use caseledger_http::HttpSettings;
use serde_json::{Value, json};

/// A case manager of the provider whose case it is not.
const COLLEAGUE: &str = "P-CM2/case_manager/ASP-01";
const STRANGER: &str = "P-CM3/case_manager/ASP-02";

fn glass(case: &str) -> String {
    format!("/v1/cases/{case}/break-glass")
}

fn because(reason: &str) -> Value {
    json!({"because": reason})
}

/// A case assigned to somebody, and the position that shows it.
async fn assigned(service: &Service) -> (String, String) {
    let case = service.refer("k1").await;
    let facts = json!({"facts": {"manager": "P-CM"}});
    let done = service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &facts).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let open = format!("/v1/cases/{case}?min_position={}", done.json["receipt"]["position"]);
    assert_eq!(service.get(&open, MANAGER).await.status, 200);
    (case, open)
}

async fn looked(service: &Service, body: Value) -> Vec<Value> {
    let answer = service.post("/v1/access-ledger/search", AUDITOR, "l", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_colleague_reads_the_case_for_a_stated_reason_and_auditors_find_that_they_did() {
    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    assert_eq!(service.get(&open, COLLEAGUE).await.status, 404);
    let broken = json!({"because": "nobody_else_there", "purpose": "ON-CALL"});
    let opened = service.post(&glass(&case), COLLEAGUE, "g", &broken).await;
    assert_eq!(opened.status, 200, "{}", opened.json);
    assert_eq!((&opened.json["case"], &opened.json["because"]), (&json!(case), &json!("nobody_else_there")));
    assert!(opened.json["seconds"].as_u64().unwrap() > 0);
    let seen = service.get(&open, COLLEAGUE).await;
    assert!(seen.json.to_string().contains("Kanarīpata"), "{}", seen.json);
    assert_eq!(service.get(&format!("/v1/cases/{case}/timeline"), COLLEAGUE).await.status, 200);
    let found = looked(&service, json!({"decision": "break_glass"})).await;
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|view| {
            (view["viewed"]["operation"].as_str().unwrap(), view["viewed"]["decision"]["break_glass"].as_str().unwrap())
        })
        .collect();
    let reason = "nobody_else_there";
    assert_eq!(told, [("break glass", reason), ("open", reason), ("timeline", reason)]);
    assert_eq!((&found[0]["actor"]["person"], &found[0]["viewed"]["purpose"]), (&json!("P-CM2"), &json!("ON-CALL")));
    assert!(found.iter().all(|view| view["viewed"]["cases"] == json!([case])));
    let denied = looked(&service, json!({"decision": "denied", "person": "P-CM2"})).await;
    assert_eq!(denied.len(), 1, "the attempt before is on record as what it was: {denied:?}");
}

#[tokio::test]
async fn the_glass_opens_one_case_to_one_person_for_reading() {
    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    let other = service.refer("k2").await;
    let position = service.ledger.reader().durable();
    assert_eq!(service.post(&glass(&case), COLLEAGUE, "g", &because("safety_of_a_child")).await.status, 200);
    assert_eq!(service.get(&open, COLLEAGUE).await.status, 200);
    assert_eq!(service.get(&format!("/v1/cases/{other}?min_position={position}"), COLLEAGUE).await.status, 404);
    assert_eq!(service.get(&open, "P-CM4/case_manager/ASP-01").await.status, 404);
    assert_eq!(service.get("/v1/cases", COLLEAGUE).await.json["items"], json!([]), "lists stay what they were");
    let note = json!({"personal": {"note": {"text": "Looked in."}}});
    let written = service.post(&action(&case, "add-comment"), COLLEAGUE, "w", &note).await;
    assert!(written.status.is_client_error(), "it opens for reading alone: {}", written.json);
}

#[tokio::test]
async fn who_may_not_break_it_is_told_nothing_of_the_case() {
    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    let ask = async |who: &str, case: &str| service.post(&glass(case), who, "g", &because("lawful_request")).await;
    let nowhere = "00000000-0000-4000-8000-00000000ffff";
    let stranger = ask(STRANGER, &case).await;
    assert_problem(&stranger, 404, "unknown-case");
    assert_eq!(stranger.json, ask(STRANGER, nowhere).await.json);
    for who in [SCHOOL, OPERATOR, "P-DESK/service_desk/MOE", "INZ/inz/INZ", LEAD] {
        assert_problem(&ask(who, &case).await, 403, "not-this-role");
    }
    for bad in [json!({}), json!({"because": "curiosity"}), json!({"because": "lawful_request", "words": "no"})] {
        assert_problem(&service.post(&glass(&case), COLLEAGUE, "g", &bad).await, 400, "bad-input");
    }
    assert_eq!(service.get(&open, COLLEAGUE).await.status, 404);
    assert!(looked(&service, json!({"decision": "break_glass"})).await.is_empty());
}

#[tokio::test]
async fn the_auditor_gets_the_words_only_through_broken_glass() {
    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    let before = service.get(&open, AUDITOR).await;
    assert_eq!(before.status, 200);
    assert!(!before.json.to_string().contains("Kanarīpata"), "{}", before.json);
    assert_eq!(service.post(&glass(&case), AUDITOR, "g", &because("complaint_or_audit")).await.status, 200);
    assert!(service.get(&open, AUDITOR).await.json.to_string().contains("Kanarīpata"));
}

#[tokio::test]
async fn the_glass_is_whole_again_when_its_time_is_over_or_the_case_is_elsewhere() {
    let short = Service::start_with_reference(HttpSettings { glass_seconds: 0, ..HttpSettings::default() }).await;
    let (case, open) = assigned(&short).await;
    assert_eq!(short.post(&glass(&case), COLLEAGUE, "g", &because("safety_of_a_child")).await.status, 200);
    assert_eq!(short.get(&open, COLLEAGUE).await.status, 404, "no time is left");

    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    assert_eq!(service.post(&glass(&case), COLLEAGUE, "g", &because("safety_of_a_child")).await.status, 200);
    assert_eq!(service.get(&open, COLLEAGUE).await.status, 200);
    let moved = json!({"facts": {"provider": "ASP-02", "catchment": "C-02"}});
    let moved = service.post(&action(&case, "allocate"), CIT, "m", &moved).await;
    assert_eq!(moved.status, 200, "{}", moved.json);
    let open = format!("/v1/cases/{case}?min_position={}", moved.json["receipt"]["position"]);
    assert_eq!(service.get(&open, COLLEAGUE).await.status, 404, "the row reaches it no more");
}

#[tokio::test]
async fn what_cannot_be_put_on_record_opens_nothing() {
    let service = Service::start().await;
    let (case, open) = assigned(&service).await;
    service.access_log.close().unwrap();
    assert_problem(
        &service.post(&glass(&case), COLLEAGUE, "g", &because("safety_of_a_child")).await,
        503,
        "not-on-record",
    );
    assert_problem(&service.get(&open, COLLEAGUE).await, 503, "not-on-record");
}
