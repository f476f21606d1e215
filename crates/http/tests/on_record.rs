//! Who looked at what is on record before the answer leaves (NZISM 16.6, IPP 6).

use crate::support::*;
use caseledger_events::ids::Position;
use caseledger_events::viewed::{Decision, Denial, Viewed};
use serde_json::{Value, json};

/// What is on record after a position: who, in which role, and what.
fn recorded(service: &Service, after: u64) -> Vec<(String, String, Viewed)> {
    let mut scan = service.access_log.reader().scan(Position(after + 1));
    let mut views = vec![];
    while let Some(group) = scan.next_group().unwrap() {
        for (_, frame, _) in group.chained() {
            let event = caseledger_events::codec::decode(frame).unwrap();
            let viewed = Viewed::read(&event).unwrap().unwrap();
            views.push((event.actor.person.to_string(), event.actor.role.name().to_owned(), viewed));
        }
    }
    views
}

fn head(service: &Service) -> u64 {
    service.access_log.head().0.0
}

#[tokio::test]
async fn an_opened_case_a_list_and_a_search_name_who_saw_which_cases() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let position = service.ledger.reader().durable();
    let before = head(&service);
    assert_eq!(service.get(&format!("/v1/cases/{case}?min_position={position}"), LEAD).await.status, 200);
    assert_eq!(service.get(&format!("/v1/cases/{case}/timeline"), LEAD).await.status, 200);
    assert_eq!(service.get("/v1/cases", LEAD).await.status, 200);
    let found = service.post("/v1/cases/search", LEAD, "s", &json!({"name": "Kanarīpata"})).await;
    assert_eq!(found.status, 200, "{}", found.json);
    let views = recorded(&service, before);
    let told: Vec<(&str, u32)> = views.iter().map(|(_, _, viewed)| (viewed.operation.name(), viewed.results)).collect();
    assert_eq!(told, [("open", 1), ("timeline", 1), ("list", 1), ("search", 1)]);
    for (person, role, viewed) in &views {
        assert_eq!((person.as_str(), role.as_str()), ("P-LEAD", "workflow_lead"));
        assert_eq!(viewed.cases.iter().map(ToString::to_string).collect::<Vec<_>>(), std::slice::from_ref(&case));
        assert!(!viewed.groups.is_empty() && viewed.decision == Decision::Allowed, "{viewed:?}");
    }
}

#[tokio::test]
async fn denied_attempts_are_on_record_too() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let position = service.ledger.reader().durable();
    let before = head(&service);
    let other = "P-O/workflow_lead/ASP-02";
    assert_eq!(service.get(&format!("/v1/cases/{case}?min_position={position}"), other).await.status, 404);
    assert_eq!(service.get("/v1/cases", OPERATOR).await.status, 403);
    assert_eq!(service.get("/v1/events/1", LEAD).await.status, 403);
    let views = recorded(&service, before);
    let told: Vec<(&str, Decision)> =
        views.iter().map(|(_, _, viewed)| (viewed.operation.name(), viewed.decision)).collect();
    let role = Decision::Denied(Denial::NotThisRole);
    assert_eq!(told, [("open", Decision::Denied(Denial::NoSuchCase)), ("list", role), ("raw events", role)]);
    assert_eq!(views[0].2.cases.len(), 1, "which case was tried");
}

#[tokio::test]
async fn who_looked_at_a_case_is_one_question_and_asking_it_is_on_record() {
    let service = Service::start().await;
    let (case, other) = (service.refer("k1").await, service.refer("k2").await);
    let position = service.ledger.reader().durable();
    for seen in [&case, &case, &other] {
        assert_eq!(service.get(&format!("/v1/cases/{seen}?min_position={position}"), LEAD).await.status, 200);
    }
    let ask = async |body: Value| service.post("/v1/access-ledger/search", AUDITOR, "a", &body).await;
    let who = json!({"case": case});
    let answer = ask(who.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let items = answer.json["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|view| view["actor"]["person"] == "P-LEAD" && view["viewed"]["operation"] == "open"));
    let again = ask(who.clone()).await.json["items"].as_array().unwrap().clone();
    assert_eq!(again.len(), 3, "the first question is an answer to the second");
    assert_eq!(
        (&again[2]["actor"]["person"], &again[2]["viewed"]["operation"]),
        (&json!("P-AUD"), &json!("access ledger"))
    );
    let first = ask(json!({"limit": 1})).await.json;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (1, &json!(1)));
    let after = ask(json!({"limit": 1, "after": first["next"]})).await.json;
    assert_eq!(after["items"][0]["position"], 2);
    assert_problem(&ask(json!({"limit": 0})).await, 400, "bad-limit");
    assert_problem(&service.post("/v1/access-ledger/search", LEAD, "b", &who).await, 403, "not-this-role");
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_shown_and_actions_go_on() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let position = service.ledger.reader().durable();
    service.access_log.close().unwrap();
    for path in [format!("/v1/cases/{case}?min_position={position}"), "/v1/cases".to_owned()] {
        let answer = service.get(&path, LEAD).await;
        assert_problem(&answer, 503, "not-on-record");
        assert!(!answer.json.to_string().contains("Kanarīpata"));
    }
    let refused = service.get("/v1/cases", OPERATOR).await;
    assert_problem(&refused, 503, "not-on-record");
    let action = action(&case, "assign-case-manager");
    let done = service.post(&action, LEAD, "a", &json!({"facts": {"manager": "P-CM"}})).await;
    assert_eq!(done.status, 200, "the road of actions does not wait for it: {}", done.json);
}
