//! Signing in by token: who is let in, who is not, and what the answer gives away.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use caseledger_events::access::{Operation, first_operator};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Role, Source};
use caseledger_events::ids::{CorrelationId, Position};
use caseledger_events::machine::Submission;
use caseledger_events::system::ledger_actor;
use caseledger_events::viewed::{Decision, Denial, Viewed};
use caseledger_events::world::Command;
use caseledger_http::{HeaderSignIn, HttpSettings};
use caseledger_identity::{DevIssuer, DevToken, IdentitySettings, Place, Verifier};
use serde_json::json;

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
    HttpSettings { header_sign_in: HeaderSignIn::Nobody, ..HttpSettings::default() }
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

/// The denied attempts on record after a position: who, in which role, why.
fn denied_since(service: &Service, before: Position) -> Vec<(String, &'static str, Denial)> {
    let mut scan = service.access_log.reader().scan(before.next());
    let mut denied = vec![];
    while let Some(group) = scan.next_group().unwrap() {
        for (_, frame, _) in group.chained() {
            let event = caseledger_events::codec::decode(frame).unwrap();
            let viewed = Viewed::read(&event).unwrap().unwrap();
            if let (Operation::SignIn, Decision::Denied(why)) = (viewed.operation, viewed.decision) {
                denied.push((event.actor.person.to_string(), event.actor.role.name(), why));
            }
        }
    }
    denied
}

#[tokio::test]
async fn a_compromised_person_signs_in_anew_and_nobody_elses_tokens_end() {
    let (_dir, issuer) = issuer();
    let service = Service::start_signed(HttpSettings::default(), &issuer);
    enforce(&service).await;
    for person in ["P-AUD", "P-OTHER"] {
        let grant = json!({"person": person, "role": "auditor", "organisation": "MOE"});
        assert_eq!(service.post("/v1/grants", OPERATOR, person, &grant).await.status, 200);
    }
    let grant = json!({"person": "P-AUD", "role": "reporting_job", "organisation": "MOE"});
    assert_eq!(service.post("/v1/grants", OPERATOR, "second", &grant).await.status, 200);
    let lost = token(&issuer, "P-AUD", &[Role::ReportingJob], "MOE");
    let other = token(&issuer, "P-OTHER", &[Role::Auditor], "MOE");
    assert_eq!(get(&service, "/v1/events/1", &lost, None).await.status, 200);
    let revoke = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE", "reason": "compromised"});
    assert_eq!(service.post("/v1/grants/revoke", OPERATOR, "r", &revoke).await.status, 200);
    assert_problem(&get(&service, "/v1/events/1", &lost, None).await, 401, "unauthenticated");
    assert_eq!(get(&service, "/v1/events/1", &other, None).await.status, 200);
}

/// What a token is called: the SHA-256 of its first two parts.
fn name_of(token: &str) -> String {
    caseledger_identity::token_name(token).to_string()
}

#[tokio::test]
async fn one_token_is_taken_back_by_an_operator_live_at_once_and_the_persons_others_go_on() {
    let (_dir, issuer) = issuer();
    let service = Service::start_signed(HttpSettings::default(), &issuer);
    enforce(&service).await;
    let grant = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE"});
    assert_eq!(service.post("/v1/grants", OPERATOR, "g", &grant).await.status, 200);
    let lost = token(&issuer, "P-AUD", &[Role::Auditor], "MOE");
    let other = token(&issuer, "P-AUD", &[Role::Auditor, Role::Operator], "MOE");
    assert_eq!(get(&service, "/v1/events/1", &lost, None).await.status, 200);
    let mut feed = Feed::try_open(&service, "authorization", &format!("Bearer {lost}"), Some(0)).await.unwrap();
    let revoke = json!({"hash": name_of(&lost)});
    assert_problem(&service.post("/v1/tokens/revoke", AUDITOR, "r", &revoke).await, 403, "not-this-role");
    let answer = service.post("/v1/tokens/revoke", OPERATOR, "r", &revoke).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_problem(&get(&service, "/v1/events/1", &lost, None).await, 401, "unauthenticated");
    feed.read_to_end().await;
    assert!(feed.text.contains("event: end"), "a feed lives no longer than its token: {}", feed.text);
    assert_eq!(get(&service, "/v1/events/1", &other, Some("auditor")).await.status, 200, "another token of theirs");
    let told = service.post("/v1/tokens/revoke", OPERATOR, "again", &revoke).await;
    assert_eq!(told.status, 200, "it stays taken back: {}", told.json);
    let recorded = service.ledger.inspect(|world| world.grants().revoked_tokens().count()).await;
    assert_eq!(recorded, Some(1), "once, and durable: a start takes it back again");
    for hash in ["", "0".repeat(63).as_str(), lost.as_str()] {
        let refused = service.post("/v1/tokens/revoke", OPERATOR, "b", &json!({"hash": hash})).await;
        assert_problem(&refused, 400, "bad-input");
        assert!(refused.json["pointer"] == "/hash" && !refused.json.to_string().contains(&lost), "{}", refused.json);
    }
}

#[tokio::test]
async fn on_the_control_socket_the_header_names_operators_alone() {
    let settings = HttpSettings { header_sign_in: HeaderSignIn::Operators, ..HttpSettings::default() };
    let service = Service::start_with(settings);
    assert_eq!(service.get("/v1/events/1", OPERATOR).await.status, 200);
    assert_problem(&service.get("/v1/events/1", AUDITOR).await, 401, "unauthenticated");
}

#[tokio::test]
async fn readiness_says_whose_tokens_cannot_be_checked_and_stays_ready_for_the_others() {
    let settings = json!({"issuers": [{
        "issuer": "https://cold.example.nz/", "audience": "caseledger", "jwks_file": "/nonexistent/keys",
        "algorithms": ["RS256"],
    }]});
    let settings: IdentitySettings = serde_json::from_value(settings).unwrap();
    let service = Service::start_checking(Verifier::new(&settings, None).unwrap());
    let ready = service.get("/readyz", OPERATOR).await;
    assert_eq!((ready.status.as_u16(), &ready.json["status"]), (200, &json!("degraded")), "{}", ready.json);
    let told = ready.json["because"].to_string();
    assert!(told.contains("https://cold.example.nz/") && !told.contains("/nonexistent"), "{told}");
}

/// Grants the first operator, as a start of the service does.
async fn enforce(service: &Service) {
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
}

#[tokio::test]
async fn from_the_first_grant_on_a_role_without_a_live_grant_opens_nothing() {
    let service = Service::start().await;
    assert_eq!(service.get("/v1/events/1", AUDITOR).await.status, 200, "no grant yet: the sign-in's word counts");
    enforce(&service).await;
    let before = service.access_log.head().0;
    assert_problem(&service.get("/v1/events/1", AUDITOR).await, 403, "no-grant");
    assert_eq!(denied_since(&service, before), [("P-AUD".to_owned(), "auditor", Denial::NoLiveGrant)], "on record");
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

#[tokio::test]
async fn a_feed_ends_with_the_grant_it_rests_on_and_says_so() {
    let service = Service::start().await;
    enforce(&service).await;
    let grant = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE"});
    assert_eq!(service.post("/v1/grants", OPERATOR, "g", &grant).await.status, 200);
    let mut feed = Feed::open(&service, AUDITOR, Some(0)).await;
    feed.until(|text| text.contains("event: reference_recorded")).await;
    let revoke = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE", "reason": "left_organisation"});
    assert_eq!(service.post("/v1/grants/revoke", OPERATOR, "r", &revoke).await.status, 200);
    let last = service.ledger.reader().durable();
    feed.read_to_end().await;
    assert!(!feed.text.contains(&format!("id: {last}\n")), "nothing after the revocation: {}", feed.text);
    let end = feed.text.rsplit("event: end\n").next().unwrap();
    assert!(end.contains(r#""code":"no-grant""#), "{}", feed.text);
}

#[tokio::test]
async fn a_feed_ends_with_the_tokens_of_a_compromised_person() {
    let (_dir, issuer) = issuer();
    let service = Service::start_signed(HttpSettings::default(), &issuer);
    enforce(&service).await;
    for role in ["auditor", "reporting_job"] {
        let grant = json!({"person": "P-AUD", "role": role, "organisation": "MOE"});
        assert_eq!(service.post("/v1/grants", OPERATOR, role, &grant).await.status, 200);
    }
    let bearer = format!("Bearer {}", token(&issuer, "P-AUD", &[Role::ReportingJob], "MOE"));
    let mut feed = Feed::try_open(&service, "authorization", &bearer, Some(0)).await.unwrap();
    feed.until(|text| text.contains("id: 1\n")).await;
    let revoke = json!({"person": "P-AUD", "role": "auditor", "organisation": "MOE", "reason": "compromised"});
    assert_eq!(service.post("/v1/grants/revoke", OPERATOR, "r", &revoke).await.status, 200);
    feed.read_to_end().await;
    assert!(feed.text.contains("event: end\n") && feed.text.contains(r#""code":"unauthenticated""#), "{}", feed.text);
}

#[tokio::test]
async fn a_feed_lives_no_longer_than_its_token() {
    let (_dir, issuer) = issuer();
    let service = Service::start_signed(without_header(), &issuer);
    let auditor = DevToken {
        person: "AUDIT-1".parse().unwrap(),
        roles: vec![Role::Auditor],
        organisation: "MOE".parse().unwrap(),
        is_mfa: true,
    };
    // A token lives an hour and is taken for a minute more; a slow machine gets one that has longer to live.
    for seconds in [3, 15, 40] {
        let issued = chrono::Utc::now() - chrono::Duration::seconds(3_660 - seconds);
        let bearer = format!("Bearer {}", issuer.mint(&auditor, Timestamp::from(issued)));
        let Ok(mut feed) = Feed::try_open(&service, "authorization", &bearer, None).await else { continue };
        feed.read_to_end().await;
        let ended = feed.text.contains("event: end\n") && feed.text.contains(r#""code":"unauthenticated""#);
        assert!(ended, "{}", feed.text);
        return;
    }
    panic!("no feed began before its token ended");
}

#[tokio::test]
async fn the_people_who_could_read_a_comment_are_those_whose_row_shows_it_and_no_colleague_of_theirs() {
    const DESK: &str = "P-DESK/service_desk/MOE";
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let note = json!({"facts": {"share_with_schools": true}, "personal": {"note": {"text": "Met his aunt Mere."}}});
    let done = service.post(&action(&case, "add-comment"), LEAD, "c1", &note).await;
    assert_eq!(done.status, 200, "{}", done.json);
    enforce(&service).await;
    for (by, person, role, organisation) in [
        (OPERATOR, "P-DESK", "service_desk", "MOE"),
        (OPERATOR, "P-AUD", "auditor", "MOE"),
        (DESK, "P-LEAD", "workflow_lead", "ASP-01"),
        (DESK, "P-CM", "case_manager", "ASP-01"),
        (DESK, "P-SCH", "attendance_lead", "S-001"),
        (DESK, "P-OFF", "office_support", "S-001"),
    ] {
        let grant = json!({"person": person, "role": role, "organisation": organisation});
        let granted = service.post("/v1/grants", by, person, &grant).await;
        assert_eq!(granted.status, 200, "{person}: {}", granted.json);
    }
    let told = service.post(&format!("/v1/cases/{case}/viewers"), AUDITOR, "v", &json!({"comment": 1})).await;
    let people: Vec<&str> =
        told.json["people"].as_array().unwrap().iter().map(|holder| holder["person"].as_str().unwrap()).collect();
    // The case manager has not got the case, the school's office sees nothing of the provider's, the auditor no words.
    assert_eq!(people, ["P-LEAD", "P-SCH"], "{}", told.json);
}
