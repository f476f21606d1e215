//! The quarterly measures over HTTP: who publishes, who reads which figures, and what a wrong question is answered.

use crate::support::*;
use serde_json::{Value, json};

const OWNER: &str = "P-OWNER/national_service_delivery/MOE";
const OTHER_LEAD: &str = "P-LEAD2/workflow_lead/ASP-02";

fn external() -> Value {
    let result = json!({
        "measure": "M5", "catchment": "C-01", "population": 41, "achieved": 41, "late": 0, "not_achieved": 0,
        "not_yet_due": 0, "excluded": 0, "not_assessable": 0, "outcome": "passed",
    });
    let of = |provider: &str| json!({"quarter": "2026-Q1", "provider": provider, "results": [result]});
    json!({"quarter": "2026-Q1", "from": "external", "providers": [of("ASP-01"), of("ASP-02")]})
}

#[tokio::test]
async fn e44_a_run_is_published_once_by_the_owner_of_the_service() {
    let service = Service::start().await;
    let path = "/v1/measures/runs";
    assert_problem(&service.post(path, LEAD, "r0", &external()).await, 422, "not-this-role");
    let first = service.post(path, OWNER, "r1", &external()).await;
    assert_eq!(first.status, 200, "{}", first.json);
    let again = service.post(path, OWNER, "r1", &external()).await;
    assert_eq!(again.json["receipt"], first.json["receipt"], "a repeat is answered with the first receipt");

    let all = service.get(path, OWNER).await;
    let runs = all.json["items"].as_array().unwrap();
    assert_eq!((runs.len(), runs[0]["run"]["from"].as_str()), (1, Some("external")), "{}", all.json);
    assert_eq!(runs[0]["providers"].as_array().unwrap().len(), 2);
    let own = service.get(path, LEAD).await;
    let theirs = own.json["items"][0]["providers"].as_array().unwrap();
    assert_eq!((theirs.len(), theirs[0]["provider"].as_str()), (1, Some("ASP-01")), "a provider reads its own");
}

#[tokio::test]
async fn a_run_that_makes_no_sense_is_refused_with_the_field() {
    let service = Service::start().await;
    let head = service.ledger.reader().durable();
    for (change, pointer) in [
        (json!({"from": "ledger"}), "/basis"),
        (json!({"providers": []}), "/providers"),
        (json!({"quarter": "2026-Q2"}), "/providers/0/quarter"),
        (json!({"figures": 3}), ""),
    ] {
        let mut body = external();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = service.post("/v1/measures/runs", OWNER, "r1", &body).await;
        assert_eq!((answer.status.as_u16(), answer.json["pointer"].as_str()), (400, Some(pointer)), "{}", answer.json);
    }
    let mut twice = external();
    // The same result of the same provider, told in two parts.
    twice["providers"][1]["provider"] = "ASP-01".into();
    let answer = service.post("/v1/measures/runs", OWNER, "r1", &twice).await;
    assert_eq!(answer.json["pointer"], "/providers/1/results/0", "{}", answer.json);
    assert_eq!(service.ledger.reader().durable(), head, "nothing was recorded");
}

#[tokio::test]
async fn figures_say_what_they_went_by_and_a_provider_reads_its_own() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let all = service.get("/v1/measures/2026-Q2", OWNER).await;
    assert_eq!(all.status, 200, "{}", all.json);
    for (field, value) in
        [("quarter", json!("2026-Q2")), ("list", json!(1)), ("calendar", json!(1)), ("rules", json!(1))]
    {
        assert_eq!(all.json[field], value, "{field}");
    }
    assert_eq!(all.json["position"].as_u64(), Some(service.ledger.reader().durable().0));
    let told = |answer: &Value, provider: &str| {
        answer["narratives"].as_array().unwrap().iter().any(|row| row["provider"] == provider)
    };
    let own = service.get("/v1/measures/2026-Q2", LEAD).await;
    assert!(told(&own.json, "ASP-01"), "{}", own.json);
    let other = service.get("/v1/measures/2026-Q2", OTHER_LEAD).await;
    assert!(other.status == 200 && !told(&other.json, "ASP-01"), "{}", other.json);
    assert_problem(&service.get("/v1/measures/2026-Q2?provider=ASP-01", OTHER_LEAD).await, 404, "not-found");
    let explain = format!("/v1/measures/2026-Q2/cases/{case}");
    assert_problem(&service.get(&explain, OTHER_LEAD).await, 404, "unknown-case");
    assert_problem(&service.get("/v1/measures/2026-Q2", SCHOOL).await, 403, "not-this-role");
}

#[tokio::test]
async fn a_wrong_question_is_answered_with_what_is_wrong_with_it() {
    let service = Service::start().await;
    for (path, status, code) in [
        ("/v1/measures/2031-Q2", 404, "not-found"),
        ("/v1/measures/2026-Q2?list=9", 404, "not-found"),
        ("/v1/measures/2026-Q2?as_at=soon", 400, "bad-query"),
        ("/v1/measures/2026-Q2?quater=1", 400, "bad-query"),
        ("/v1/measures/2026-Q2/cases/AS-0000009-9", 404, "unknown-case"),
    ] {
        let answer = service.get(path, OWNER).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json["code"].as_str()),
            (status, Some(code)),
            "{path}: {}",
            answer.json
        );
    }
}

/// A7, A22: who reads why a case counts as it does is who may open it, and that is on record for the case.
#[tokio::test]
async fn an_explanation_is_for_those_who_may_open_the_case_and_on_record_for_it() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let last = service.ledger.reader().durable();
    assert_eq!(service.get(&format!("/v1/cases?min_position={last}"), LEAD).await.status, 200);
    let path = format!("/v1/measures/2026-Q2/cases/{case}");
    assert_eq!(service.get(&path, LEAD).await.status, 200);
    assert_eq!(service.get(&path, OWNER).await.status, 200);
    // Not assigned to the case; of another provider; and lists case by case.
    assert_eq!(service.get(&path, "P-9/case_manager/ASP-01").await.status, 404);
    assert_eq!(service.get(&path, OTHER_LEAD).await.status, 404);
    assert_eq!(service.get("/v1/measures/2026-Q2/cases", "P-9/case_manager/ASP-01").await.status, 403);
    assert_eq!(service.get("/v1/measures/2026-Q2?provider=ASP-01", OTHER_LEAD).await.status, 404);
    let looked = service.post("/v1/access-ledger/search", AUDITOR, "s1", &json!({"case": case})).await;
    let who: Vec<&str> =
        looked.json["items"].as_array().unwrap().iter().filter_map(|view| view["actor"]["person"].as_str()).collect();
    for person in ["P-LEAD", "P-OWNER", "P-9", "P-LEAD2"] {
        assert!(who.contains(&person), "{person} of {who:?}: {}", looked.json);
    }
}

#[tokio::test]
async fn a_long_history_read_by_several_threads_gives_the_figures_that_were_kept_event_by_event() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let attempt =
        json!({"occurred_at": "2026-04-02", "facts": {"with": "caregiver", "mode": "phone", "outcome": "not_reached"}});
    for n in 0..700 {
        let answer = service.post(&action(&case, "attempt-contact"), LEAD, &format!("a{n}"), &attempt).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        if n % 50 == 0 {
            // Asked this often, the figures never have far to read.
            assert_eq!(service.get("/v1/measures/2026-Q2", OWNER).await.status, 200);
        }
    }
    let kept = service.get("/v1/measures/2026-Q2", OWNER).await.json;
    let head = service.ledger.reader().durable().0;
    assert_eq!((kept["position"].as_u64(), head > 700), (Some(head), true), "{kept}");
    let anew = service.get(&format!("/v1/measures/2026-Q2?to={head}"), OWNER).await.json;
    assert_eq!(anew, kept);
    let before = service.get(&format!("/v1/measures/2026-Q2?to={}", head - 1), OWNER).await.json;
    assert_eq!(before["position"].as_u64(), Some(head - 1), "it stops where it is told to: {before}");
}
