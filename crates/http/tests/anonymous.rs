//! No route but health answers whoever is not signed in, and no wrong token signs in on any of them: everything the router
//! serves, by every token that is wrong in one way. All get the same 401; why stands in the log, under the token's hash.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::issuers::stage::Stage;
use crate::issuers::wrong;
use crate::support::*;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use caseledger_http::{HeaderSignIn, HttpSettings, served};
use caseledger_identity::{TokenError, token_name};

/// What says how the service is, and nothing of what is in it.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

fn without_header() -> HttpSettings {
    let fast = u32::MAX;
    HttpSettings {
        header_sign_in: HeaderSignIn::Nobody,
        person_requests_per_second: fast,
        organisation_requests_per_second: fast,
        ..HttpSettings::default()
    }
}

/// Everything that is served but health, with something in the place of each parameter.
fn routes() -> Vec<(Method, String)> {
    let filled = |path: &str| -> String {
        let part = |part: &str| match part {
            "{case}" => "AS-0000001-3".to_owned(),
            "{action}" => "close".to_owned(),
            "{provider}" => "ASP-01".to_owned(),
            "{position}" => "1".to_owned(),
            "{quarter}" => "2026-Q2".to_owned(),
            "{view}" => "case_view".to_owned(),
            other => {
                assert!(!other.contains('{'), "{other} in {path} is new: say here what stands in its place");
                other.to_owned()
            }
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    let asked = served().into_iter().filter(|(_, path)| !HEALTH.contains(path));
    asked.map(|(method, path)| (method, filled(path))).collect()
}

async fn send(service: &Service, (method, path): &(Method, String), authorization: Option<HeaderValue>) -> Answer {
    let mut request = Request::builder().method(method.clone()).uri(path).header("content-type", "application/json");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    service.send(request.header("idempotency-key", "k").body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn every_route_but_health_answers_nobody_who_is_not_signed_in() {
    let stage = Stage::at(chrono::Utc::now().timestamp()).await;
    let good = HeaderValue::from_str(&format!("Bearer {}", stage.good().sign())).unwrap();
    let verifier = stage.verifier_that_read(0).await;
    let service = Service::start_checking_with(without_header(), verifier);
    let routes = routes();
    assert!(routes.len() > 40, "{}", routes.len());
    for route in &routes {
        let answer = send(&service, route, None).await;
        assert_problem(&answer, 401, "unauthenticated");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{route:?}");
        let signed = send(&service, route, Some(good.clone())).await;
        assert_ne!(signed.status, 401, "{route:?} takes no token: {}", signed.json);
    }
    for path in HEALTH {
        let answer = send(&service, &(Method::GET, path.to_owned()), None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.json.to_string().contains("position"), "{path} counts: {}", answer.json);
    }
}

#[tokio::test]
async fn metrics_are_for_those_who_may_read_the_events_they_count() {
    let service = Service::start().await;
    for (who, status) in [(OPERATOR, 200), (AUDITOR, 200), ("R-1/reporting_job/MOE", 200), (LEAD, 403), (SCHOOL, 403)] {
        assert_eq!(service.get("/metrics", who).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn a_development_server_alone_shows_the_description_of_the_interface_to_anybody() {
    for (believed, status) in
        [(HeaderSignIn::Anybody, 200), (HeaderSignIn::Operators, 401), (HeaderSignIn::Nobody, 401)]
    {
        let service = Service::start_with(HttpSettings { header_sign_in: believed, ..HttpSettings::default() });
        for path in ["/openapi.json", "/docs/", "/docs/swagger-ui.css"] {
            let answer = send(&service, &(Method::GET, path.to_owned()), None).await;
            assert_eq!(answer.status, status, "{path}, {believed:?}");
        }
    }
}

/// What is logged, kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Every wrong token that a header can hold; the clock goes on while they are tried, so that what is not valid yet is not
/// for a good while.
fn wrong_tokens(stage: &Stage) -> Vec<wrong::Row> {
    let mut rows = wrong::rows(stage);
    rows.retain(|(_, why, token)| *why != TokenError::NotYetValid && HeaderValue::from_bytes(token.as_bytes()).is_ok());
    let later = stage.good().claim("nbf", stage.now + 3_000).sign();
    rows.push(("not valid for a long while", TokenError::NotYetValid, later));
    rows
}

#[tokio::test]
async fn no_wrong_token_signs_in_on_any_route_and_all_get_the_same_answer() {
    let log = Log::default();
    let (writer, now) = (log.clone(), chrono::Utc::now().timestamp());
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let stage = Stage::at(now).await;
    let service = Service::start_checking_with(without_header(), stage.verifier_that_read(0).await);
    // The issuers could not be asked for their keys for a day.
    let stale = Service::start_checking_with(without_header(), stage.verifier_that_read(90_000).await);
    let rows = wrong_tokens(&stage);
    assert!(rows.len() >= 60, "{}", rows.len());
    let (mut answers, mut expected) = (BTreeMap::new(), BTreeMap::<&str, usize>::new());
    let routes = routes();
    for route in &routes {
        let stale_keys = ("keys that could not be read again", TokenError::KeysStale, stage.good().sign());
        let asked = rows.iter().map(|row| (&service, row)).chain([(&stale, &stale_keys)]);
        for (service, (what, why, token)) in asked {
            let value = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap();
            let answer = send(service, route, Some(value)).await;
            assert_eq!(answer.status, 401, "{what} on {route:?}: {}", answer.json);
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what} on {route:?}");
            *answers.entry(answer.json.to_string()).or_insert(0) += 1;
            *expected.entry(why.code()).or_default() += 1;
        }
    }
    assert_eq!(answers.len(), 1, "nothing tells why, nor where: {answers:?}");
    assert_eq!(answers.values().sum::<usize>(), routes.len() * (rows.len() + 1));
    let told = log.text();
    let logged = |code: &str| told.lines().filter(|line| line.contains(&format!("\"reason\":\"{code}\""))).count();
    for (code, count) in &expected {
        assert_eq!(logged(code), *count, "{code}");
    }
    let (_, _, example) = rows.iter().find(|(_, why, _)| *why == TokenError::Audience).unwrap();
    assert!(told.contains(&token_name(example).to_string()), "a refusal is found by the token's hash");
    for (what, _, token) in &rows {
        // The first part is the same for all tokens of a kind and says nothing of a person.
        let secrets = token.split('.').skip(1).filter(|part| part.len() > 16 && part.len() < 4_096);
        secrets.for_each(|secret| assert!(!told.contains(secret), "{what} stands in the log"));
    }
    assert!(!told.contains("canary"), "the log tells whose token it was");
}
