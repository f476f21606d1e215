//! What a client sees of policy, of a provider's own stream, and of commands on two cases.

use crate::support::*;
use serde_json::{Value, json};

const DESK: &str = "P-DESK/service_desk/MOE";
const OTHER_LEAD: &str = "P-L2/workflow_lead/ASP-02";

fn half_days(absent: u16) -> Value {
    let mut body = referral();
    body["facts"]["absent_half_days"] = json!(absent);
    body["facts"]["open_half_days"] = json!(90);
    body
}

#[tokio::test]
async fn a_policy_is_set_shown_and_read_by_the_next_decision() {
    let service = Service::start().await;
    let before = service.get("/v1/policy", LEAD).await;
    assert_eq!((before.status.as_u16(), &before.json["version"]), (200, &json!(1)), "{}", before.json);
    let refused = service.post("/v1/cases", SCHOOL, "k1", &half_days(20)).await;
    assert_problem(&refused, 422, "below-threshold");
    assert_eq!(refused.json["facts"]["threshold_half_days"], 30);
    let policy = json!({"policy": {"absence": {"threshold_half_days": 20}}});
    assert_problem(&service.post("/v1/policy", LEAD, "p0", &policy).await, 422, "not-this-role");
    let set = service.post("/v1/policy", OPERATOR, "p1", &policy).await;
    assert_eq!(set.status, 200, "{}", set.json);
    let opened = service.post("/v1/cases", SCHOOL, "k2", &half_days(20)).await;
    assert_eq!(opened.status, 201, "{}", opened.json);
    let after = service.get("/v1/policy", LEAD).await;
    assert_eq!((&after.json["version"], after.json["set"].as_array().unwrap().len()), (&json!(2), 1));
    let position = opened.json["receipt"]["first_position"].as_u64().unwrap();
    let event = service.get(&format!("/v1/events/{position}"), OPERATOR).await;
    assert_eq!(event.json["policy"], 2, "{}", event.json);
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_is_refused_with_its_field() {
    let service = Service::start().await;
    for (body, pointer) in [
        (json!({"policy": {"absence": {"threshold_half_days": 0}}}), "/policy/absence/threshold_half_days"),
        (json!({"policy": {"absense": {}}}), "/policy"),
        (json!({"policy": {"duplicates": {"recent_closure_months": 40}}}), "/policy/duplicates/recent_closure_months"),
    ] {
        let answer = service.post("/v1/policy", OPERATOR, pointer, &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json["pointer"]), (400, &json!(pointer)), "{}", answer.json);
    }
}

#[tokio::test]
async fn a_provider_reports_in_its_own_stream_and_speaks_for_itself() {
    let service = Service::start().await;
    let path = |provider: &str| format!("/v1/providers/{provider}/actions/submit-invoice");
    let invoice = json!({"facts": {"catchment": "C-01", "contract": "MOE-1", "purchase_order": "PO-1", "number": "INV-1",
        "quarter": "2026-Q2", "withholding_percent": 10, "amount_cents": 1_234_500}});
    let answer = service.post(&path("ASP-01"), LEAD, "i1", &invoice).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(answer.json["receipt"]["stream"], "provider/ASP-01");
    let again = service.post(&path("ASP-01"), LEAD, "i2", &invoice).await;
    assert_problem(&again, 422, "invoice-number-used");
    assert_eq!(again.json["rule"], "B5");
    assert_eq!(again.json["source"][0], "newsletter to providers, 8 May 2026");
    assert_problem(&service.post(&path("ASP-01"), OTHER_LEAD, "i3", &invoice).await, 422, "not-this-role");
    let prose = json!({"facts": {}, "personal": {"note": {"text": "A good-news story"}}});
    assert_eq!(service.post(&path("ASP-01"), LEAD, "i4", &prose).await.status, 400);
    let unknown = service.post("/v1/providers/ASP-01/actions/boast", LEAD, "i5", &json!({"facts": {}})).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_merge_names_both_versions_and_is_seen_in_both_cases() {
    let service = Service::start().await;
    let first = service.refer("k1").await;
    let second = service.refer("k2").await;
    let merge = |version: u32, confirmed: bool| {
        json!({
            "facts": {"merged": second, "merged_version": version, "same_student_confirmed": confirmed},
            "personal": {"note": {"text": "One student, referred twice without a number."}},
        })
    };
    assert_problem(&service.post(&action(&first, "merge"), DESK, "m0", &merge(2, false)).await, 422, "two-students");
    assert_problem(&service.post(&action(&first, "merge"), DESK, "m1", &merge(1, true)).await, 412, "stale");
    let merged = service.post(&action(&first, "merge"), DESK, "m2", &merge(2, true)).await;
    assert_eq!(merged.status, 200, "{}", merged.json);
    let position = merged.json["receipt"]["position"].as_u64().unwrap();
    let seen = service.get(&format!("/v1/cases/{second}?min_position={position}"), LEAD).await;
    assert_eq!((&seen.json["status"], &seen.json["beside"]["merged_into"]), (&json!("merged"), &json!(first)));
    let refused =
        service.post(&action(&second, "assign-case-manager"), LEAD, "a1", &json!({"facts": {"manager": "P-CM"}})).await;
    assert_problem(&refused, 422, "case-is-merged");
    assert_eq!(refused.json["facts"]["into"], json!(first));
    let nobody =
        json!({"facts": {"merged": "00000000-0000-4000-8000-000000000000"}, "personal": {"note": {"text": "?"}}});
    assert_problem(&service.post(&action(&first, "merge"), DESK, "m3", &nobody).await, 404, "unknown-case");
}

#[tokio::test]
async fn a_report_without_a_number_opens_a_case_of_its_own() {
    let service = Service::start().await;
    let report = json!({
        "action": "report-unenrolled-student", "facts": {"school": "S-001"},
        "personal": {"student": {"family_name": "Tāwhai", "given_names": "Rua", "birth_date": "2014-04-04"}},
    });
    let opened = service.post("/v1/cases", LEAD, "r1", &report).await;
    assert_eq!(opened.status, 201, "{}", opened.json);
    let again = service.post("/v1/cases", LEAD, "r2", &report).await;
    assert_eq!(again.status, 201);
    assert_ne!(opened.json["case"], again.json["case"], "who nobody has a number for is found by people (K5, R27)");
    let note =
        json!({"facts": {"enrolled": false, "outcome": "refer"}, "personal": {"note": {"text": "Seen in town."}}});
    let case = opened.json["case"].as_str().unwrap();
    let checked = service.post(&action(case, "complete-ministry-check"), CIT, "c1", &note).await;
    assert_eq!(checked.status, 200, "what is written later is sealed for the same student: {}", checked.json);
}

/// T9: after an outage nobody knows what was taken. Every command may be sent again under its key, and is taken once.
#[tokio::test]
async fn t9_after_an_outage_everything_may_be_sent_again() {
    let service = Service::start().await;
    let first = service.post("/v1/cases", SCHOOL, "k1", &referral()).await;
    let case = first.json["case"].as_str().unwrap().to_owned();
    let body = json!({"facts": {"manager": "P-CM"}});
    let assigned = service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &body).await;
    let head = service.ledger.reader().durable();
    let again = service.post("/v1/cases", SCHOOL, "k1", &referral()).await;
    assert_eq!((&again.json["repeated"], &again.json["receipt"]), (&json!(true), &first.json["receipt"]));
    let again = service.post(&action(&case, "assign-case-manager"), LEAD, "a1", &body).await;
    assert_eq!((&again.json["repeated"], &again.json["receipt"]), (&json!(true), &assigned.json["receipt"]));
    assert_eq!(service.ledger.reader().durable(), head, "nothing was recorded twice");
}

/// Closed cases are not held in memory: both are folded from their histories before the merge is decided, and stay closed.
#[tokio::test]
async fn closed_cases_are_merged_and_taken_apart_again() {
    let service = Service::start().await;
    let (first, second) = (service.refer("k1").await, service.refer("k2").await);
    for (case, key) in [(&first, "c1"), (&second, "c2")] {
        let close = json!({"facts": {"reason": "returned_to_attendance"}});
        assert_eq!(service.post(&action(case, "close"), LEAD, key, &close).await.status, 200);
    }
    let note = json!({"note": {"text": "One student."}});
    let merge = json!({"facts": {"merged": second, "same_student_confirmed": true}, "personal": note});
    let merged = service.post(&action(&first, "merge"), DESK, "m1", &merge).await;
    assert_eq!(merged.status, 200, "{}", merged.json);
    let again = service.post(&action(&first, "merge"), DESK, "m2", &merge).await;
    assert_eq!(again.json["nothing_to_do"], true, "{}", again.json);
    let reopen = json!({"facts": {"reason": "closed_in_error"}, "personal": note});
    assert_problem(&service.post(&action(&second, "reopen"), LEAD, "r1", &reopen).await, 422, "case-is-merged");
    let unmerge = json!({"facts": {"merged": second}, "personal": note});
    let apart = service.post(&action(&first, "unmerge"), DESK, "u1", &unmerge).await;
    assert_eq!(apart.status, 200, "{}", apart.json);
    let position = apart.json["receipt"]["position"].as_u64().unwrap();
    let seen = service.get(&format!("/v1/cases/{second}?min_position={position}"), LEAD).await;
    assert_eq!((&seen.json["status"], &seen.json["beside"]["merged_into"]), (&json!("closed"), &Value::Null));
    let reopened = service.post(&action(&second, "reopen"), LEAD, "r2", &reopen).await;
    assert_eq!(reopened.status, 200, "{}", reopened.json);
}
