//! Signing in by token: who is let in, who is not, and what the answer gives away.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use axum::body::Body;
use axum::http::Request;
use caseledger_events::access::first_operator;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Role, Source};
use caseledger_events::ids::CorrelationId;
use caseledger_events::machine::Submission;
use caseledger_events::system::ledger_actor;
use caseledger_events::world::Command;
use caseledger_http::HttpSettings;
use caseledger_identity::{DevIssuer, DevToken, Place};
use serde_json::json;
use support::*;

const PLACE: Place = Place { is_production: false, is_loopback: true };

fn issuer() -> (tempfile::TempDir, DevIssuer) {
    let dir = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open_or_create(dir.path(), PLACE).unwrap();
    (dir, issuer)
}

fn token(issuer: &DevIssuer, person: &str, roles: &[Role], organisation: &str) -> String {
    let token = DevToken {
        person: person.parse().unwrap(),
        roles: roles.to_vec(),
        organisation: organisation.parse().unwrap(),
        is_mfa: true,
    };
    issuer.mint(&token, Timestamp::from(chrono::Utc::now()))
}

async fn get(service: &Service, path: &str, token: &str, role: Option<&str>) -> Answer {
    let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
    if let Some(role) = role {
        request = request.header("ledger-role", role);
    }
    service.send(request.body(Body::empty()).unwrap()).await
}

fn without_header() -> HttpSettings {
    HttpSettings { header_sign_in: false, ..HttpSettings::default() }
}

#[tokio::test]
async fn a_token_lets_in_and_everything_else_gets_the_same_answer() {
    let (_dir, issuer) = issuer();
    let (_elsewhere, other) = self::issuer();
    let service = Service::start_signed(without_header(), &issuer);
    let good = token(&issuer, "AUDIT-1", &[Role::Auditor], "MOE");
    assert_eq!(get(&service, "/v1/events/1", &good, None).await.status, 200);
    let bent = format!("{}x", &good[..good.len() - 1]);
    let foreign = token(&other, "AUDIT-1", &[Role::Auditor], "MOE");
    let mut told = vec![];
    for bad in ["", "a.b.c", &bent, &foreign] {
        let answer = get(&service, "/v1/events/1", bad, None).await;
        assert_problem(&answer, 401, "unauthenticated");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        told.push(answer.json.to_string());
    }
    told.push(service.get("/v1/events/1", AUDITOR).await.json.to_string());
    told.dedup();
    assert_eq!(told.len(), 1, "nothing tells why: {told:?}");
}

#[tokio::test]
async fn whoever_has_several_roles_names_the_one_they_act_in() {
    let (_dir, issuer) = issuer();
    let service = Service::start_signed(without_header(), &issuer);
    let both = token(&issuer, "P-7", &[Role::Auditor, Role::ReportingJob], "MOE");
    assert_problem(&get(&service, "/v1/events/1", &both, None).await, 400, "bad-header");
    assert_problem(&get(&service, "/v1/events/1", &both, Some("operator")).await, 400, "bad-header");
    assert_eq!(get(&service, "/v1/events/1", &both, Some("auditor")).await.status, 200);
}

#[tokio::test]
async fn one_person_does_not_take_all_there_is() {
    let (_dir, issuer) = issuer();
    let settings = HttpSettings { person_requests_per_second: 2, ..without_header() };
    let service = Service::start_signed(settings, &issuer);
    let busy = token(&issuer, "P-7", &[Role::Auditor], "MOE");
    // So many at once are more than two a second on a machine of any speed.
    let asked = (0..200).map(|_| get(&service, "/v1/ledger", &busy, None));
    let answers = futures::future::join_all(asked).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty());
    assert_problem(refused[0], 429, "too-many-requests");
    assert!(refused[0].headers.contains_key("retry-after"));
    let other = token(&issuer, "P-8", &[Role::Auditor], "MOE");
    assert_eq!(get(&service, "/v1/ledger", &other, None).await.status, 200);
}

#[tokio::test]
async fn from_the_first_grant_on_a_role_without_a_live_grant_opens_nothing() {
    let service = Service::start().await;
    assert_eq!(service.get("/v1/events/1", AUDITOR).await.status, 200, "no grant yet: the sign-in's word counts");
    let act = first_operator("P-OPS".parse().unwrap(), "MOE".parse().unwrap());
    let granted = service.ledger.execute(Submission {
        command: Command::Access(act),
        stream: None,
        expected: None,
        also_expected: vec![],
        tag: None,
        body_hash: [0; 32],
        actor: ledger_actor(),
        on_behalf_of: None,
        source: Source::Ledger,
        source_recorded_at: None,
        correlation: CorrelationId([1; 16]),
        parts: vec![],
        sealed: None,
    });
    assert!(matches!(granted.await, caseledger_log::Outcome::Accepted(_)));
    assert_problem(&service.get("/v1/events/1", AUDITOR).await, 403, "no-grant");
    let grant = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE"});
    assert_problem(&service.post("/v1/grants", AUDITOR, "g", &grant).await, 403, "no-grant");
    let answer = service.post("/v1/grants", OPERATOR, "g", &grant).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(service.get("/v1/events/1", AUDITOR).await.status, 200);
    let revoke = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE", "reason": "left_organisation"});
    let answer = service.post("/v1/grants/revoke", OPERATOR, "r", &revoke).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_problem(&service.get("/v1/events/1", AUDITOR).await, 403, "no-grant");
}
