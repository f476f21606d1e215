//! How requests are looked at: the role first, then what was sent; and errors that name our fields and repeat nothing.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::*;

/// A word that somebody typed where it does not belong.
const TYPED: &str = "Kanaripata";

/// Sends something that is no JSON, of no content type.
async fn send_nonsense(service: &Service, path: &str, actor: &str) -> Answer {
    let request = Request::post(path).header("ledger-actor", actor).header("idempotency-key", "k");
    service.send(request.body(Body::from("no json")).unwrap()).await
}

#[tokio::test]
async fn who_never_may_is_told_so_whatever_they_send() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let of_case = |what: &str| format!("/v1/cases/{case}/{what}");
    let nobody = "REPORTS/reporting_job/MOE";
    for (path, actor) in [
        ("/v1/reference".to_owned(), SCHOOL),
        ("/v1/grants".to_owned(), LEAD),
        ("/v1/grants/revoke".to_owned(), LEAD),
        ("/v1/tokens/revoke".to_owned(), AUDITOR),
        ("/v1/keys".to_owned(), SCHOOL),
        ("/v1/keys/rotate".to_owned(), AUDITOR),
        ("/v1/keys/change-kek".to_owned(), AUDITOR),
        ("/v1/access-ledger/search".to_owned(), LEAD),
        ("/v1/views/rebuild".to_owned(), AUDITOR),
        ("/v1/views/beside".to_owned(), AUDITOR),
        ("/v1/views/case_view/rebuild".to_owned(), AUDITOR),
        ("/v1/views/case_view/beside".to_owned(), AUDITOR),
        ("/v1/simulation/clock".to_owned(), AUDITOR),
        ("/v1/cases/search".to_owned(), OPERATOR),
        ("/v1/subjects/export".to_owned(), AUDITOR),
        (of_case("break-glass"), SCHOOL),
        (of_case("viewers"), nobody),
    ] {
        let answer = send_nonsense(&service, &path, actor).await;
        assert_eq!(answer.status, 403, "{path} as {actor}: {}", answer.json);
    }
    for (path, actor) in [
        ("/v1/cases?nonsense=1".to_owned(), OPERATOR),
        ("/v1/work?nonsense=1".to_owned(), OPERATOR),
        (format!("/v1/cases/{case}?nonsense=1"), nobody),
        (of_case("timeline?nonsense=1"), nobody),
        (of_case("then?nonsense=1"), nobody),
        (of_case("changes?nonsense=1"), nobody),
        ("/v1/events?nonsense=1".to_owned(), LEAD),
        ("/v1/feed?nonsense=1".to_owned(), SCHOOL),
    ] {
        let answer = service.get(&path, actor).await;
        assert_eq!(answer.status, 403, "{path} as {actor}: {}", answer.json);
    }
    // Who may is told what is wrong with it.
    assert_eq!(send_nonsense(&service, "/v1/reference", OPERATOR).await.status, 415);
    assert_problem(&service.get("/v1/cases?nonsense=1", LEAD).await, 400, "bad-query");
}

#[tokio::test]
async fn a_wrong_query_is_told_by_our_field_and_nothing_that_was_typed_is_repeated() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let of_case = |what: &str| format!("/v1/cases/{case}/{what}");
    for (path, field) in [
        (format!("/v1/cases?{TYPED}=1"), None),
        (format!("/v1/cases?status={TYPED}"), Some("status")),
        (format!("/v1/cases?limit={TYPED}"), Some("limit")),
        (format!("/v1/cases?provider={TYPED}"), Some("provider")),
        (format!("/v1/cases?student={TYPED}"), Some("student")),
        (format!("/v1/cases?opened_from={TYPED}"), Some("opened_from")),
        (format!("/v1/cases?flag={TYPED}"), Some("flag")),
        (format!("/v1/cases?sort={TYPED}"), Some("sort")),
        (format!("/v1/cases?min_position={TYPED}"), Some("min_position")),
        (format!("/v1/cases?cursor={TYPED}"), Some("cursor")),
        ("/v1/cases?limit=501".to_owned(), Some("limit")),
        ("/v1/cases?limit=1&limit=2".to_owned(), Some("limit")),
        (format!("/v1/work?what={TYPED}"), Some("what")),
        (format!("/v1/work?overdue={TYPED}"), Some("overdue")),
        (format!("/v1/work?cursor={TYPED}"), Some("cursor")),
        ("/v1/work?limit=0".to_owned(), Some("limit")),
        (of_case(&format!("timeline?limit={TYPED}")), Some("limit")),
        (of_case(&format!("then?at={TYPED}")), Some("at")),
        (of_case(&format!("then?at=2026-03-01&basis={TYPED}")), Some("basis")),
        (of_case(&format!("changes?from={TYPED}&to=2026-03-01")), Some("from")),
        (of_case("then"), Some("at")),
    ] {
        let answer = service.get(&path, LEAD).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.json);
        let (text, detail) = (answer.json.to_string(), answer.json["detail"].as_str().unwrap());
        assert!(!text.to_lowercase().contains(&TYPED.to_lowercase()), "{path}: {text}");
        if let Some(field) = field {
            let named = answer.json["parameter"] == field || detail.contains(field);
            assert!(named, "{path} names no field: {text}");
        }
    }
    let unknown = service.get("/v1/cases?naem=x", LEAD).await;
    assert!(unknown.json["detail"].as_str().unwrap().contains("provider"), "what there is: {}", unknown.json);
}

#[tokio::test]
async fn a_case_number_is_taken_in_small_letters_and_told_in_its_own_form() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let last = service.ledger.reader().durable();
    let opened = service.get(&format!("/v1/cases/{case}?min_position={last}"), LEAD).await;
    let number = opened.json["number"].as_str().unwrap().to_owned();
    let small = service.get(&format!("/v1/cases/{}", number.to_lowercase()), LEAD).await;
    assert_eq!((small.status.as_u16(), &small.json["number"]), (200, &json!(number)), "{}", small.json);
    let ask = async |case: &str| {
        service.post("/v1/access-ledger/search", AUDITOR, "a", &json!({"case": case, "person": "P-LEAD"})).await
    };
    for named in [&case, &number, &number.to_lowercase()] {
        let found = ask(named).await;
        assert_eq!(found.json["items"].as_array().map(Vec::len), Some(2), "{named}: {}", found.json);
    }
    let unknown = ask("AS-0999999-0").await;
    assert_problem(&unknown, 404, "unknown-case");
    assert_eq!(unknown.json["pointer"], "/case");
}
