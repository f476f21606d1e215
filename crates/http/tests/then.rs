//! A case as it was at a moment of the past, with where that can be checked, and what changed between two moments.

use crate::support::*;
use serde_json::{Value, json};

/// Refers a student and notes an attempt at contact on the day of the referral; returns the case and both positions.
async fn referred_and_rung(service: &Service) -> (String, u64, u64) {
    let case = service.refer("k1").await;
    let referred = service.ledger.reader().durable().0;
    let attempt =
        json!({"occurred_at": "2026-03-04", "facts": {"with": "caregiver", "mode": "phone", "outcome": "not_reached"}});
    let rung = service.post(&action(&case, "attempt-contact"), LEAD, "k2", &attempt).await;
    assert_eq!(rung.status, 200, "{}", rung.json);
    (case, referred, rung.json["receipt"]["position"].as_u64().unwrap())
}

#[tokio::test]
async fn a_case_is_shown_as_it_was_with_the_chain_hash_that_proves_it() {
    let service = Service::start().await;
    let (case, referred, rung) = referred_and_rung(&service).await;
    let then = service.get(&format!("/v1/cases/{case}/then?at={referred}&min_position={rung}"), LEAD).await;
    assert_eq!(then.status, 200, "{}", then.json);
    assert_eq!((&then.json["case"]["counts"]["attempts"], &then.json["left_out"]), (&json!(0), &json!(1)));
    assert_eq!(then.json["proof"]["position"], json!(referred));
    let hash = service.ledger.reader().chain_at(caseledger_events::ids::Position(referred)).unwrap().to_string();
    assert_eq!(then.json["proof"]["chain_hash"], Value::from(hash));
    // It happened in March; it was recorded when this test ran.
    let happened = service.get(&format!("/v1/cases/{case}/then?at=2026-03-31&basis=happened"), LEAD).await;
    assert_eq!(happened.json["case"]["counts"]["attempts"], json!(1), "{}", happened.json);
    let known = service.get(&format!("/v1/cases/{case}/then?at=2026-03-31"), LEAD).await;
    let (shown, left_out) = (&known.json["case"], &known.json["left_out"]);
    assert!(shown.is_null() && *left_out != json!(0) && known.json["proof"].is_null(), "{}", known.json);
}

#[tokio::test]
async fn what_changed_between_two_moments_is_told_field_by_field() {
    let service = Service::start().await;
    let (case, referred, rung) = referred_and_rung(&service).await;
    let path = format!("/v1/cases/{case}/changes?from={referred}&to={rung}&min_position={rung}");
    let changes = service.get(&path, LEAD).await;
    let field = |name: &str| {
        let found = changes.json["changes"].as_array().unwrap().iter().find(|change| change["field"] == name).cloned();
        found.map(|change| (change["before"].clone(), change["after"].clone()))
    };
    assert_eq!(field("/counts/attempts"), Some((json!(0), json!(1))), "{}", changes.json);
    assert_eq!(field("/status"), None, "it is what it was");
}

#[tokio::test]
async fn from_before_its_beginning_every_field_of_a_case_comes_to_be_by_its_name() {
    let service = Service::start().await;
    let (case, _, rung) = referred_and_rung(&service).await;
    let path = format!("/v1/cases/{case}/changes?from=1&to={rung}&min_position={rung}");
    let changes = service.get(&path, LEAD).await;
    let changes = changes.json["changes"].as_array().unwrap();
    assert!(changes.len() > 10, "{changes:?}");
    for change in changes {
        let field = change["field"].as_str().unwrap();
        assert!(field.len() > 1 && field.starts_with('/') && change["before"].is_null(), "{change}");
    }
    let kind = changes.iter().find(|change| change["field"] == "/kind").unwrap();
    assert_eq!(kind["after"], "chronic_absence");
}

#[tokio::test]
async fn the_past_is_for_those_who_see_the_whole_case_today() {
    let service = Service::start().await;
    let (case, referred, rung) = referred_and_rung(&service).await;
    let path = format!("/v1/cases/{case}/then?at={referred}&min_position={rung}");
    assert_eq!(service.get(&path, AUDITOR).await.status, 200);
    assert_eq!(service.get(&path, SCHOOL).await.status, 403);
    assert_eq!(service.get(&path, "P-9/workflow_lead/ASP-02").await.status, 404);
    for at in ["yesterday", "2026-02-30", "", "17&basis=happened"] {
        let refused = service.get(&format!("/v1/cases/{case}/then?at={at}"), LEAD).await;
        assert_problem(&refused, 400, "bad-query");
    }
    assert_problem(&service.get(&format!("/v1/cases/{case}/then"), LEAD).await, 400, "bad-query");
}
