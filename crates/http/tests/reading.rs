//! What a client reads: lists, search, raw events, the live feed, health, the interface's own description.

use std::time::Duration;

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

#[tokio::test]
async fn lists_filter_strictly_and_page_by_cursor() {
    let service = Service::start().await;
    for n in 0..3 {
        service.refer(&format!("k{n}")).await;
    }
    let last = service.ledger.reader().durable();
    let page = service.get(&format!("/v1/cases?provider=ASP-01&limit=2&min_position={last}"), LEAD).await;
    assert_eq!(page.status, 200, "{}", page.json);
    assert_eq!((page.json["items"].as_array().unwrap().len(), &page.json["total"]), (2, &json!(3)));
    let next = page.json["next"].as_str().unwrap();
    let rest = service.get(&format!("/v1/cases?provider=ASP-01&limit=2&cursor={next}"), LEAD).await;
    assert_eq!(rest.json["items"].as_array().unwrap().len(), 1, "{}", rest.json);
    let other = service.get(&format!("/v1/cases?provider=ASP-02&limit=2&cursor={next}"), LEAD).await;
    assert_problem(&other, 400, "bad-cursor");
    assert_problem(&service.get("/v1/cases?providr=ASP-01", LEAD).await, 400, "bad-query");
    assert_problem(&service.get("/v1/cases?limit=501", LEAD).await, 400, "bad-limit");
    let ahead = last.0 + 10;
    assert_problem(&service.get(&format!("/v1/cases?min_position={ahead}"), LEAD).await, 422, "position-ahead");
}

#[tokio::test]
async fn names_are_found_with_and_without_macrons() {
    let service = Service::start().await;
    service.refer("k1").await;
    let last = service.ledger.reader().durable();
    for name in ["Kanarīpata", "kanaripata hemi", "KANARIIPATA", "Taane"] {
        let request = Request::post(format!("/v1/cases/search?min_position={last}"))
            .header("content-type", "application/json")
            .header("ledger-actor", LEAD)
            .body(Body::from(json!({"name": name}).to_string()))
            .unwrap();
        let hits = service.send(request).await;
        assert_eq!(hits.json["items"].as_array().map(Vec::len), Some(1), "{name}: {}", hits.json);
    }
}

#[tokio::test]
async fn raw_events_are_gapless_facts_without_personal_text() {
    let service = Service::start().await;
    service.refer("k1").await;
    let answer = service.get("/v1/events?from=1", AUDITOR).await;
    let text = answer.json.as_str().unwrap();
    assert!(!text.contains("Kanarīpata") && !text.contains("2014-05-06"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<u64> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=lines.len() as u64).collect::<Vec<_>>());
    let one = service.get(&format!("/v1/events/{}", lines.len()), AUDITOR).await;
    assert_eq!(&one.json, lines.last().unwrap());
    assert_problem(&service.get("/v1/events?from=1", SCHOOL).await, 403, "not-this-role");
    assert_problem(&service.get("/v1/events/0", AUDITOR).await, 404, "not-found");
}

#[tokio::test]
async fn the_feed_resumes_after_the_last_event_id_and_ends_when_the_service_stops() {
    let service = Service::start().await;
    service.refer("k1").await;
    let last = service.ledger.reader().durable().0;
    let request = Request::get("/v1/feed")
        .header("ledger-actor", AUDITOR)
        .header("last-event-id", (last - 2).to_string())
        .body(Body::empty())
        .unwrap();
    let response = service.app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let mut text = String::new();
    while !text.contains(&format!("id: {last}\n")) {
        let frame = tokio::time::timeout(Duration::from_secs(30), body.frame()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(text.contains(&format!("id: {}\n", last - 1)) && !text.contains(&format!("id: {}\n", last - 2)), "{text}");
    assert!(text.contains("event: support_request_submitted") && !text.contains("Kanarīpata"), "{text}");
    service.stopping.cancel();
    let end = tokio::time::timeout(Duration::from_secs(30), async { while body.frame().await.is_some() {} }).await;
    assert!(end.is_ok(), "an open feed must not hold the shutdown");
}

#[tokio::test]
async fn health_and_readiness_answer_without_an_actor_and_metrics_with_one() {
    let service = Service::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = service.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    }
    let metrics = service.get("/metrics", OPERATOR).await;
    let text = metrics.json.as_str().unwrap();
    for name in ["caseledger_log_position", "caseledger_view_lag_events", "caseledger_relay_state"] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
}

#[tokio::test]
async fn the_openapi_document_knows_every_route_and_every_reference_resolves() {
    let document = caseledger_http::openapi_document();
    assert_eq!(document["openapi"], "3.1.0");
    for path in ["/v1/cases", "/v1/cases/{case}/actions/close", "/v1/events", "/v1/feed", "/readyz"] {
        assert!(document["paths"][path].is_object(), "{path} is missing");
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn the_docs_page_asks_nothing_of_another_host() {
    let service = Service::start().await;
    let page = service.send(Request::get("/docs/").body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, 200, "{}", page.json);
    let html = page.json.as_str().unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("connect-src 'self'"));
}
