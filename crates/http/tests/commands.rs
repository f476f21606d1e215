//! What a client sees of commands: receipts, refusals with their rule, retries, conflicts, bad input.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use caseledger_http::{HeaderSignIn, HttpSettings};
use serde_json::{Value, json};

#[tokio::test]
async fn a_case_is_referred_assigned_commented_on_and_closed() {
    let service = Service::start().await;
    let opened = service.post("/v1/cases", SCHOOL, "k1", &referral()).await;
    assert_eq!(opened.status, 201, "{}", opened.json);
    let case = opened.json["case"].as_str().unwrap().to_owned();
    assert_eq!(opened.headers["location"], format!("/v1/cases/{case}"));
    assert_eq!(opened.headers["etag"], "\"2\"", "submitted and allocated in one commit (R41)");
    let steps = [
        (LEAD, "assign-case-manager", json!({"facts": {"manager": "P-CM"}}), 3),
        (MANAGER, "add-comment", json!({"personal": {"note": {"text": "Rang the whānau."}}}), 4),
        (MANAGER, "close", json!({"facts": {"reason": "returned_to_attendance"}}), 5),
    ];
    let mut position = opened.json["receipt"]["position"].as_u64().unwrap();
    for (actor, name, body, version) in steps {
        let answer = service.post(&action(&case, name), actor, name, &body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.json);
        assert_eq!(answer.json["version"], version, "{name}");
        assert_eq!(answer.json["receipt"]["position"].as_u64(), Some(position + 1), "positions have no gaps");
        position += 1;
    }
    let seen = service.get(&format!("/v1/cases/{case}?min_position={position}"), LEAD).await;
    assert_eq!((seen.status.as_u16(), &seen.json["status"]), (200, &json!("closed")), "{}", seen.json);
    assert_eq!(seen.json["student_details"]["family_name"], "Kanarīpata");
}

#[tokio::test]
async fn a_refusal_names_its_rule_and_the_way_out_and_writes_nothing() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let before = service.ledger.reader().durable();
    let close = json!({"facts": {"reason": "out_of_country"}});
    let answer = service.post(&action(&case, "close"), LEAD, "c1", &close).await;
    assert_problem(&answer, 422, "not-confirmed-out");
    assert_eq!(answer.json["rule"], "R22");
    assert!(answer.json["way_out"].as_str().unwrap().contains("R23"));
    assert_eq!(service.ledger.reader().durable(), before);
}

#[tokio::test]
async fn a_retry_gets_the_first_receipt_also_with_a_stale_if_match() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let path = action(&case, "assign-case-manager");
    let body = json!({"facts": {"manager": "P-CM"}});
    let first = service.post_if(&path, LEAD, "a1", &body, Some("\"2\"")).await;
    assert_eq!(first.status, 200, "{}", first.json);
    let again = service.post_if(&path, LEAD, "a1", &body, Some("\"2\"")).await;
    assert_eq!(again.status, 200, "{}", again.json);
    assert_eq!(again.json["receipt"], first.json["receipt"]);
    assert_eq!((&first.json["repeated"], &again.json["repeated"]), (&json!(false), &json!(true)));
    // The same body in other words is the same command.
    let spaced: Value = serde_json::from_str("{ \"facts\" : { \"manager\":\"P-CM\" } }").unwrap();
    assert_eq!(service.post(&path, LEAD, "a1", &spaced).await.json["repeated"], true);
}

#[tokio::test]
async fn a_key_used_for_another_body_is_a_conflict() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let path = action(&case, "assign-case-manager");
    service.post(&path, LEAD, "a1", &json!({"facts": {"manager": "P-CM"}})).await;
    let before = service.ledger.reader().durable();
    let answer = service.post(&path, LEAD, "a1", &json!({"facts": {"manager": "P-X"}})).await;
    assert_problem(&answer, 409, "idempotency-key-reused");
    assert_eq!(service.ledger.reader().durable(), before);
}

#[tokio::test]
async fn a_stale_version_is_told_who_changed_the_case() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &json!({"facts": {"manager": "P-CM"}})).await;
    let path = action(&case, "close");
    let answer =
        service.post_if(&path, MANAGER, "c1", &json!({"facts": {"reason": "referred_in_error"}}), Some("\"2\"")).await;
    assert_problem(&answer, 412, "stale");
    assert_eq!(answer.json["current_version"], 3);
    assert_eq!(answer.json["changed_by"]["person"], "P-LEAD");
}

#[tokio::test]
async fn nothing_to_do_is_no_error_and_no_event() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let body = json!({"facts": {"manager": "P-CM"}});
    service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &body).await;
    let answer = service.post(&action(&case, "assign-case-manager"), LEAD, "a2", &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json["nothing_to_do"]), (200, &json!(true)), "{}", answer.json);
    assert_eq!(answer.json["receipt"], Value::Null);
}

#[tokio::test]
async fn a_closed_case_says_so_to_everything_but_r40() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    service.post(&action(&case, "close"), LEAD, "c1", &json!({"facts": {"reason": "referred_in_error"}})).await;
    let answer =
        service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &json!({"facts": {"manager": "P-2"}})).await;
    assert_problem(&answer, 422, "case-is-closed");
    assert_eq!(answer.json["rule"], "R40");
    let reopened = json!({"facts": {"reason": "closed_in_error"}, "personal": {"note": {"text": "Wrong case."}}});
    let answer = service.post(&action(&case, "reopen"), LEAD, "r1", &reopened).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

#[tokio::test]
async fn bad_input_is_named_by_its_pointer_and_nothing_is_written() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let before = service.ledger.reader().durable();
    let mut unknown = referral();
    unknown["facts"]["nickname"] = json!("Kanarīpata");
    let mut wrong_type = referral();
    wrong_type["facts"]["absent_half_days"] = json!("Kanarīpata");
    let mut impossible = referral();
    impossible["occurred_at"] = json!("2026-02-30");
    let mut bad_enum = referral();
    bad_enum["facts"]["engagement"] = json!("Kanarīpata");
    let mut no_student = referral();
    no_student["personal"] = json!({});
    let mut bad_nsn = referral();
    bad_nsn["personal"]["student"]["nsn"] = json!("Kanarīpata");
    for (what, body, pointer) in [
        ("unknown field", unknown, "/facts"),
        ("wrong type", wrong_type, "/facts/absent_half_days"),
        ("impossible date", impossible, "/occurred_at"),
        ("unknown value", bad_enum, "/facts/engagement"),
        ("missing part", no_student, "/personal"),
        ("bad NSN", bad_nsn, "/personal/student/nsn"),
    ] {
        let answer = service.post("/v1/cases", SCHOOL, what.replace(' ', "-").as_str(), &body).await;
        assert_problem(&answer, 400, "bad-input");
        let got = answer.json["pointer"].as_str().unwrap();
        assert!(got.starts_with(pointer), "{what}: {got}");
    }
    let mut future = referral();
    future["occurred_at"] = json!("2099-01-01");
    assert_problem(&service.post("/v1/cases", SCHOOL, "future", &future).await, 422, "in-the-future");
    let answer = service.post(&action(&case, "dance"), LEAD, "d", &json!({})).await;
    assert_problem(&answer, 404, "not-found");
    let nobody = "00000000-0000-0000-0000-000000000000";
    let answer =
        service.post(&action(nobody, "close"), LEAD, "u", &json!({"facts": {"reason": "referred_in_error"}})).await;
    assert_problem(&answer, 404, "unknown-case");
    assert_eq!(service.ledger.reader().durable(), before);
}

#[tokio::test]
async fn what_is_no_json_too_large_or_without_key_or_actor_is_refused() {
    let service = Service::start().await;
    let request = |body: String, content_type: &str, key: Option<&str>, actor: Option<&str>| {
        let mut request = Request::post("/v1/cases").header("content-type", content_type);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(actor) = actor {
            request = request.header("ledger-actor", actor);
        }
        request.body(Body::from(body)).unwrap()
    };
    let json = "application/json";
    let mut large = referral();
    large["personal"]["note"] = json!({"text": "x".repeat(129 * 1024)});
    let mut long = referral();
    long["personal"]["note"] = json!({"text": "x".repeat(120 * 1024)});
    for (name, request, status, code) in [
        ("xml", request("<a/>".into(), "text/xml", Some("k"), Some(SCHOOL)), 415, "not-json"),
        ("garbage", request("{\"action\":".into(), json, Some("k"), Some(SCHOOL)), 400, "bad-input"),
        ("deep", request("[".repeat(20_000), json, Some("k"), Some(SCHOOL)), 400, "bad-input"),
        ("a text too long", request(long.to_string(), json, Some("k"), Some(SCHOOL)), 400, "bad-input"),
        ("large", request(large.to_string(), json, Some("k"), Some(SCHOOL)), 413, "too-large"),
        ("no key", request(referral().to_string(), json, None, Some(SCHOOL)), 400, "idempotency-key-missing"),
        ("no actor", request(referral().to_string(), json, Some("k"), None), 401, "unauthenticated"),
        ("bad actor", request(referral().to_string(), json, Some("k"), Some("P-1/king/X")), 401, "unauthenticated"),
    ] {
        let answer = service.send(request).await;
        assert_problem(&answer, status, code);
        assert!(!answer.json.to_string().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_development_header_is_refused_off_loopback() {
    let service = Service::start_with(HttpSettings { header_sign_in: HeaderSignIn::Nobody, ..HttpSettings::default() });
    assert_problem(&service.post("/v1/cases", SCHOOL, "k", &referral()).await, 401, "unauthenticated");
    assert_problem(&service.get("/v1/ledger", OPERATOR).await, 401, "unauthenticated");
    assert_eq!(service.get("/healthz", OPERATOR).await.status, 200);
}
