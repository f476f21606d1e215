//! Limits of requests: how many at once, how long each, how large; and what every answer says to browsers.

use crate::support::*;
use axum::body::{Body, Bytes};
use axum::http::Request;
use caseledger_http::HttpSettings;
use serde_json::json;

/// A command whose body never ends.
fn endless() -> Request<Body> {
    let body = Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>());
    Request::post("/v1/cases")
        .header("ledger-actor", SCHOOL)
        .header("content-type", "application/json")
        .header("idempotency-key", "endless")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn one_request_more_than_are_worked_on_at_once_is_told_to_come_back() {
    let service = Service::start_with(HttpSettings { requests_max: 2, ..HttpSettings::default() });
    // Polled once, each of them waits for its body.
    let (mut one, mut other) = (Box::pin(service.send(endless())), Box::pin(service.send(endless())));
    assert!(futures::poll!(&mut one).is_pending() && futures::poll!(&mut other).is_pending());
    let third = service.get("/v1/ledger", AUDITOR).await;
    assert_problem(&third, 503, "overloaded");
    assert_eq!(third.headers["retry-after"], "1");
    drop(one);
    assert_eq!(service.get("/v1/ledger", AUDITOR).await.status, 200, "its place is free again");
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends_and_says_that_its_outcome_is_not_known() {
    let service = Service::start_with(HttpSettings { request_seconds_max: 1, ..HttpSettings::default() });
    let slow = service.send(endless()).await;
    assert_problem(&slow, 503, "outcome-unknown");
    assert!(slow.headers.contains_key("retry-after"));
    assert_eq!(service.ledger.reader().durable().0, 1, "nothing was recorded");
}

#[tokio::test]
async fn a_body_larger_than_a_route_takes_is_refused_also_where_it_does_not_say_how_long_it_is() {
    let settings = HttpSettings { body_bytes_max: 1_000, ..HttpSettings::default() };
    let service = Service::start_with(settings);
    let large = json!({"facts": {"x": "y".repeat(2_000)}});
    assert_problem(&service.post("/v1/cases", SCHOOL, "k", &large).await, 413, "too-large");
    let chunks = (0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 500])));
    let mut request = endless();
    *request.body_mut() = Body::from_stream(futures::stream::iter(chunks));
    assert_problem(&service.send(request).await, 413, "too-large");
}

#[tokio::test]
async fn every_answer_says_that_it_is_not_kept_not_guessed_at_and_not_framed() {
    let service = Service::start().await;
    for path in ["/v1/ledger", "/v1/cases/AS-0999999-0", "/healthz", "/nowhere"] {
        let answer = service.get(path, AUDITOR).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
    }
}
