//! Recorded events and the live feed: to whom, how much, and until when.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

const OTHER_LEAD: &str = "P-LEAD2/workflow_lead/ASP-02";
const INZ: &str = "INZ/inz/INZ";
const REPORTING: &str = "R-JOB/reporting_job/MOE";
const FRAMES: &str = "application/vnd.caseledger.frames";

async fn act(service: &Service, case: &str, actor: &str, name: &str, facts: Value, personal: Value) -> u64 {
    let position = service.ledger.reader().durable();
    let body = json!({"facts": facts, "personal": personal});
    let done = service.post(&action(case, name), actor, &format!("{name}-{position}"), &body).await;
    assert_eq!(done.status, 200, "{name}: {}", done.json);
    done.json["receipt"]["first_position"].as_u64().unwrap()
}

/// A case with an answer of Immigration NZ; returns where the answer stands.
async fn answered(service: &Service) -> u64 {
    let case = service.refer("k1").await;
    act(service, &case, LEAD, "open-information-request", json!({"agency": "inz"}), json!({})).await;
    let answer = json!({"answer": {"code": "IN", "detail": "canary"}});
    act(service, &case, INZ, "answer-information-request", json!({"request": 1}), answer).await
}

#[tokio::test]
async fn restricted_events_are_position_and_hash_alone_to_whom_the_table_leaves_them_out() {
    let service = Service::start().await;
    let position = answered(&service).await;
    let whole = service.get(&format!("/v1/events/{position}"), AUDITOR).await.json;
    assert_eq!(whole["type"], "information_request_answered", "{whole}");
    for who in [OPERATOR, REPORTING] {
        let left = json!({"position": position, "chain_hash": whole["chain_hash"], "type": "restricted"});
        assert_eq!(service.get(&format!("/v1/events/{position}"), who).await.json, left, "{who}");
        let text = service.get("/v1/events?from=1", who).await.json.as_str().unwrap().to_owned();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[position as usize - 1], left, "{who}");
        assert_eq!(lines[position as usize - 2]["type"], "information_request_opened", "{who} gets the others whole");
        assert!(lines.iter().zip(1..).all(|(line, at)| line["position"] == at), "{who}: without a gap");
        // Q33: the task that follows would say what the restricted event was.
        assert_eq!(lines[position as usize]["type"], "restricted", "{who}: {}", lines[position as usize]);
        let mut feed = Feed::open(&service, who, Some(position)).await;
        feed.until(|text| text.contains(&format!("id: {}", position + 1))).await;
        assert!(feed.text.contains("event: restricted") && !feed.text.contains("task"), "{who}: {}", feed.text);
    }
    let task = service.get(&format!("/v1/events/{}", position + 1), AUDITOR).await.json;
    assert_eq!((&task["type"], &task["facts"]["kind"]), (&json!("task_added"), &json!("read_answer")), "{task}");
}

#[tokio::test]
async fn frames_are_for_those_whom_the_table_names_for_them() {
    let service = Service::start().await;
    for accept in [FRAMES, "application/vnd.msgpack"] {
        for (who, status) in [(AUDITOR, 200), (OPERATOR, 200), (REPORTING, 403), (LEAD, 403), (CIT, 403)] {
            let request = Request::get("/v1/events?from=1").header("ledger-actor", who).header("accept", accept);
            let answer = service.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, status, "{who} asks for {accept}");
        }
    }
}

fn own(text: &str) -> usize {
    text.matches("event: allocated_to_provider").count()
}

#[tokio::test]
async fn a_provider_follows_its_own_cases_past_everything_that_is_not_its_own() {
    let service = Service::start().await;
    service.refer("k1").await;
    let mut feed = Feed::open(&service, LEAD, Some(0)).await;
    feed.until(|text| own(text) == 1).await;
    service.refer("k2").await;
    feed.until(|text| own(text) == 2).await;
    assert!(!feed.text.contains("event: reference_recorded"), "{}", feed.text);
    let last = service.ledger.reader().durable().0;
    let mut other = Feed::open(&service, OTHER_LEAD, Some(0)).await;
    let mut resumed = Feed::open(&service, LEAD, Some(last - 1)).await;
    service.refer("k3").await;
    resumed.until(|text| own(text) == 1).await;
    service.stopping.cancel();
    other.read_to_end().await;
    assert!(!other.text.contains("event:"), "nothing of another provider's: {}", other.text);
}

#[tokio::test]
async fn whoever_sees_few_events_is_told_how_far_the_feed_is() {
    let service = Service::start().await;
    let school =
        |n: u32| json!({"what": "school", "school": format!("T-{n}"), "catchment": "C-01", "from": "2026-01-01"});
    let entries = json!({"entries": (0..450).map(school).collect::<Vec<_>>()});
    let answer = service.post("/v1/reference", OPERATOR, "many", &entries).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let mut feed = Feed::open(&service, LEAD, Some(0)).await;
    feed.until(|text| text.matches("id: ").count() >= 2).await;
    assert!(feed.text.starts_with("id: 200\n\nid: 400\n\n"), "a position and nothing else: {}", feed.text);
}

#[tokio::test]
async fn q19_a_provider_that_handed_a_case_over_is_not_told_where_it_went() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let agreed = |provider: &str| json!({"provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": "2026-03-02", "channel": "phone"});
    let basis =
        json!({"basis": "enrolled_elsewhere", "target": "ASP-02", "agreements": [agreed("ASP-02"), agreed("ASP-01")]});
    let sent = act(&service, &case, LEAD, "reallocate-to-cit", basis, json!({})).await;
    let moved = act(&service, &case, CIT, "reallocate-by-cit", json!({"to": "ASP-02"}), json!({})).await;
    act(&service, &case, OTHER_LEAD, "add-comment", json!({}), json!({"note": {"text": "canary"}})).await;
    service.refer("k2").await;
    let mut feed = Feed::open(&service, LEAD, Some(0)).await;
    feed.until(|text| own(text) == 2).await;
    let told = |text: &str| -> Vec<u64> {
        let of_case = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| data.contains(&case));
        of_case.map(|data| serde_json::from_str::<Value>(data).unwrap()["position"].as_u64().unwrap()).collect()
    };
    assert_eq!(told(&feed.text).last(), Some(&sent), "its own passing on is the last it hears: {}", feed.text);
    assert!(!feed.text.contains("reallocated_by_cit"), "{}", feed.text);
    let mut new = Feed::open(&service, OTHER_LEAD, Some(0)).await;
    new.until(|text| text.contains("event: comment_added")).await;
    assert_eq!(told(&new.text), [moved + 1, moved + 2], "the new one hears from its allocation on: {}", new.text);
    let mut watching = Feed::open(&service, AUDITOR, Some(0)).await;
    watching.until(|text| text.contains("event: reallocated_by_cit")).await;
}

#[tokio::test]
async fn a_feed_refuses_what_it_does_not_know_and_a_path_that_is_no_text_is_a_problem() {
    let service = Service::start().await;
    for query in ["from=1", "provider=ASP-01", "min_position=1"] {
        assert_problem(&service.get(&format!("/v1/feed?{query}"), AUDITOR).await, 400, "bad-query");
    }
    for path in ["/v1/cases/%FF%FE", "/v1/events/%FF", "/v1/cases/%C4/timeline", "/%FF"] {
        assert_problem(&service.get(path, AUDITOR).await, 400, "bad-path");
    }
}
