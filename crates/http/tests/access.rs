//! What each role gets of each case by each route is what the table of access says (docs/access.md): every role, at its
//! own provider or school and at another, for open, closed and moved cases, for comments shared, unshared and a
//! school's own. The expectation is folded from the log, the answer comes over HTTP from the read model.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use caseledger_events::access::*;
use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::{Agency, CaseEvent, CommentNumber};
use caseledger_events::ids::{CaseId, Code, Position, StreamId};
use caseledger_events::personal::Group;
use caseledger_events::reference::Reference;
use serde_json::{Value, json};

const OTHER_SCHOOL: &str = "P-SCH2/attendance_lead/S-002";
const OTHER_LEAD: &str = "P-LEAD2/workflow_lead/ASP-02";
const INZ: &str = "INZ/inz/INZ";

/// A text that stands in one personal field of one event.
pub struct Canary {
    text: String,
    case: CaseId,
    group: Group,
    written: Written,
}

/// One event: where it stands, what it says, which organisation told it.
pub type Happened = (Position, CaseEvent, Code);

/// What happened to one case, and where it stands.
pub struct Told {
    pub standing: Standing,
    pub history: Vec<Happened>,
}

/// The service with its cases, and what is to be expected of it.
pub struct Scene {
    pub service: Service,
    canaries: Vec<Canary>,
    keys: u32,
    pub position: u64,
}

impl Scene {
    async fn begin() -> Scene {
        let service = Service::start().await;
        let entries = json!({"entries": [
            {"what": "school", "school": "S-002", "catchment": "C-02", "from": "2026-01-01"},
        ]});
        let answer = service.post("/v1/reference", OPERATOR, "second-school", &entries).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        Scene { service, canaries: vec![], keys: 0, position: 0 }
    }

    /// Opens a case of a school with a student whose names nobody else has.
    async fn refer(&mut self, actor: &str, family_name: &str) -> CaseId {
        let mut body = referral();
        body["facts"]["school"] = json!(organisation(actor));
        body["personal"]["student"]["family_name"] = json!(family_name);
        body["personal"]["student"]["nsn"] = json!(format!("7{:08}", self.keys));
        let answer = self.send("/v1/cases", actor, &body).await;
        let case: CaseId = answer["case"].as_str().unwrap().parse().unwrap();
        let at = Position(answer["receipt"]["first_position"].as_u64().unwrap());
        self.note(case, family_name, Group::Identity, Written { at, ..by(actor) });
        case
    }

    /// Records an action, with a canary where it writes something.
    async fn act(&mut self, case: CaseId, actor: &str, name: &str, facts: Value, personal: Value) -> Position {
        let body = json!({"facts": facts, "personal": personal});
        let answer = self.send(&action(&case.to_string(), name), actor, &body).await;
        Position(answer["receipt"]["first_position"].as_u64().unwrap())
    }

    async fn comment(&mut self, case: CaseId, actor: &str, number: u16, share: bool, text: &str) {
        let note = json!({"note": {"text": text}});
        let facts = if share { json!({"share_with_schools": true}) } else { json!({}) };
        let at = self.act(case, actor, "add-comment", facts, note).await;
        let written = Written { at, comment: Some(CommentNumber(number)), ..by(actor) };
        self.note(case, text, Group::Narrative, written);
    }

    fn note(&mut self, case: CaseId, text: &str, group: Group, written: Written) {
        self.canaries.push(Canary { text: text.to_owned(), case, group, written });
    }

    async fn send(&mut self, path: &str, actor: &str, body: &Value) -> Value {
        self.keys += 1;
        let answer = self.service.post(path, actor, &format!("key-{}", self.keys), body).await;
        assert!(answer.status.is_success(), "{path} as {actor}: {}", answer.json);
        self.position = answer.json["receipt"]["position"].as_u64().unwrap_or(self.position);
        answer.json
    }

    /// Folds the log: the cases as whoever decides has them.
    pub fn told(&self) -> BTreeMap<CaseId, Told> {
        let mut told: BTreeMap<CaseId, (Option<Standing>, Vec<Happened>)> = BTreeMap::new();
        let mut scan = self.service.ledger.reader().scan(Position(1));
        while let Some(group) = scan.next_group().unwrap() {
            for (_, frame, _) in group.chained() {
                let event = codec::decode(frame).unwrap();
                let StreamId::Case(case) = event.stream else { continue };
                let read = CaseEvent::read(event.kind, event.schema, event.facts).unwrap().unwrap();
                let (standing, history) = told.entry(case).or_default();
                *standing = Standing::evolve(standing.take(), &event, &read);
                history.push((event.position, read, event.actor.organisation));
            }
        }
        told.into_iter()
            .map(|(case, (standing, history))| (case, Told { standing: standing.unwrap(), history }))
            .collect()
    }
}

fn organisation(actor: &str) -> &str {
    actor.rsplit('/').next().unwrap()
}

fn by(actor: &str) -> Written {
    Written { by: organisation(actor).parse().unwrap(), at: Position(0), comment: None, agency: None }
}

/// Cases of every kind that the table tells apart.
pub async fn scene() -> Scene {
    let mut scene = Scene::begin().await;
    // At work, with everything that can be written on it.
    let open = scene.refer(SCHOOL, "Kanariopen").await;
    scene.act(open, LEAD, "assign-case-manager", json!({"manager": "P-CM"}), json!({})).await;
    scene.comment(open, MANAGER, 1, false, "canary-unshared").await;
    scene.comment(open, MANAGER, 2, true, "canary-shared").await;
    scene.comment(open, SCHOOL, 3, false, "canary-of-the-school").await;
    let contacts = json!({"contacts": {"phones": ["021 555 0100"]}});
    let details = json!({"source": "family", "current_on": "2026-03-03"});
    let at = scene.act(open, MANAGER, "record-contact-details", details, contacts).await;
    scene.note(open, "021 555 0100", Group::Contact, Written { at, ..by(MANAGER) });
    let plan =
        json!({"plan": {"goals": ["canary-goal"], "actions": ["Bus card"]}, "health": {"text": "canary-health"}});
    let at = scene.act(open, MANAGER, "record-plan", json!({}), plan).await;
    scene.note(open, "canary-goal", Group::Narrative, Written { at, ..by(MANAGER) });
    scene.note(open, "canary-health", Group::Health, Written { at, ..by(MANAGER) });
    scene.act(open, LEAD, "open-information-request", json!({"agency": "inz"}), json!({})).await;
    let answer = json!({"answer": {"code": "IN", "detail": "canary-answer"}});
    let at = scene.act(open, INZ, "answer-information-request", json!({"request": 1}), answer).await;
    let written = Written { at, agency: Some(Agency::Inz), ..by(INZ) };
    scene.note(open, "canary-answer", Group::Immigration, written);
    scene.act(open, LEAD, "open-information-request", json!({"agency": "msd"}), json!({})).await;
    // Another school's, with another provider, which asks Immigration NZ.
    let other = scene.refer(OTHER_SCHOOL, "Kanariother").await;
    scene.comment(other, OTHER_LEAD, 1, true, "canary-other-shared").await;
    scene.act(other, OTHER_LEAD, "open-information-request", json!({"agency": "inz"}), json!({})).await;
    // Closed.
    let closed = scene.refer(SCHOOL, "Kanariclosed").await;
    scene.comment(closed, LEAD, 1, true, "canary-closed-shared").await;
    scene.act(closed, LEAD, "close", json!({"reason": "returned_to_attendance"}), json!({})).await;
    // On its way to another provider, the student at another school.
    let moved = scene.refer(SCHOOL, "Kanarimoved").await;
    scene.comment(moved, LEAD, 1, false, "canary-moved-unshared").await;
    scene.comment(moved, LEAD, 2, true, "canary-moved-shared").await;
    let enrolled = json!({"school": "S-002", "student_type": "RE", "effective_on": "2026-03-20"});
    scene.act(moved, ENROL, "change-enrolment", enrolled, json!({})).await;
    let agreed = |provider: &str| json!({"provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": "2026-03-21", "channel": "phone"});
    let basis =
        json!({"basis": "enrolled_elsewhere", "target": "ASP-02", "agreements": [agreed("ASP-02"), agreed("ASP-01")]});
    scene.act(moved, LEAD, "reallocate-to-cit", basis, json!({})).await;
    scene.comment(moved, CIT, 3, false, "canary-after-hand-over").await;
    scene
}

/// Every role, where it belongs to the cases and where it does not.
pub fn everybody() -> Vec<Actor> {
    let roles: BTreeMap<&str, Role> = TABLE.iter().map(|row| (row.role.name(), row.role)).collect();
    let at = |role: Role| -> Vec<(&str, &str)> {
        match role {
            Role::AttendanceLead | Role::OfficeSupport => {
                vec![("P-SCH", "S-001"), ("P-X", "S-001"), ("P-SCH2", "S-002")]
            }
            Role::PrimaryContact => vec![("P-SCH", "S-001"), ("P-X", "S-001"), ("P-SCH2", "S-002")],
            Role::WorkflowLead => vec![("P-LEAD", "ASP-01"), ("P-LEAD2", "ASP-02"), ("P-LEAD3", "ISP-01")],
            Role::CaseManager => vec![("P-CM", "ASP-01"), ("P-CM2", "ASP-01"), ("P-CM", "ASP-02")],
            Role::Inz => vec![("INZ", "INZ")],
            Role::Msd => vec![("MSD", "MSD")],
            _ => vec![("P-MOE", "MOE")],
        }
    };
    let actor = |role, (person, organisation): (&str, &str)| Actor {
        person: person.parse().unwrap(),
        role,
        organisation: organisation.parse().unwrap(),
    };
    roles.values().flat_map(|&role| at(role).into_iter().map(move |place| actor(role, place))).collect()
}

pub fn named(actor: Actor) -> String {
    format!("{}/{}/{}", actor.person, actor.role.name(), actor.organisation)
}

/// Admits as the service does: this ledger holds no grant and asks for none.
pub fn principal(actor: Actor) -> Principal {
    Grants::default().admit(actor, true, Timestamp(0), &Reference::default()).unwrap()
}

pub fn status(denied: Denied) -> u16 {
    if denied.is_secret() { 404 } else { 403 }
}

/// The word of the answer for the form a level is shown in; `None` where nothing is.
pub fn form(level: Level) -> Option<&'static str> {
    match level {
        Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => Some("case"),
        Level::School => Some("school"),
        Level::OwnRequest => Some("own_request"),
        Level::SharedItems => Some("shared_items"),
        Level::Question => Some("question"),
        Level::Preview => Some("preview"),
        Level::Receipt => None,
    }
}

/// Whether the form of a level has a place for a personal field, if the grant shows it.
fn has_place(level: Level, canary: &Canary) -> bool {
    match canary.group {
        Group::Identity => level != Level::Preview,
        Group::Contact => matches!(form(level), Some("case" | "school" | "own_request")),
        Group::Narrative => !matches!(level, Level::Preview | Level::Question),
        Group::Immigration => matches!(form(level), Some("case" | "question")),
        // Only the timeline tells it.
        Group::Health | Group::Restricted => false,
    }
}

#[tokio::test]
async fn every_role_opens_of_every_case_what_its_row_shows_by_id_and_by_number() {
    let scene = scene().await;
    let today = scene.service.ledger.now().auckland();
    let mut forms = BTreeSet::new();
    for asker in everybody() {
        let (who, principal) = (named(asker), principal(asker));
        for (case, told) in &scene.told() {
            let expected = authorise(&principal, Operation::OpenCase, &told.standing, today);
            for path in [format!("{case}"), format!("{}", told.standing.number)] {
                let path = format!("/v1/cases/{path}?min_position={}", scene.position);
                let answer = scene.service.get(&path, &who).await;
                let text = answer.json.to_string();
                let grant = match &expected {
                    Ok(grant) => grant,
                    Err(denied) => {
                        assert_eq!(answer.status, status(*denied), "{who} {path}: {text}");
                        assert!(scene.canaries.iter().all(|canary| !text.contains(&canary.text)), "{who}: {text}");
                        continue;
                    }
                };
                assert_eq!(
                    (answer.status.as_u16(), answer.json["shown"].as_str()),
                    (200, form(grant.level())),
                    "{who}"
                );
                assert_eq!(answer.json["number"], json!(told.standing.number), "{who}");
                // Where restricted events are left out, nothing counts them.
                let counted = grant.level().shows_restricted();
                assert_eq!((answer.headers.contains_key("etag"), answer.json["version"].is_u64()), (counted, counted));
                for canary in &scene.canaries {
                    let shown = canary.case == *case
                        && has_place(grant.level(), canary)
                        && grant.shows_field(canary.group, &canary.written);
                    assert_eq!(text.contains(&canary.text), shown, "{who}, {}: {text}", canary.text);
                }
                forms.insert(form(grant.level()));
            }
        }
    }
    assert_eq!(forms.len(), 5, "the scene leaves a form out: {forms:?}");
}

#[tokio::test]
async fn every_role_reads_of_every_timeline_the_events_its_row_shows() {
    let scene = scene().await;
    let today = scene.service.ledger.now().auckland();
    for asker in everybody() {
        let (who, principal) = (named(asker), principal(asker));
        for (case, told) in &scene.told() {
            let path = format!("/v1/cases/{case}/timeline?min_position={}", scene.position);
            let answer = scene.service.get(&path, &who).await;
            let text = answer.json.to_string();
            let grant = match authorise(&principal, Operation::Timeline, &told.standing, today) {
                Ok(grant) => grant,
                Err(denied) => {
                    assert_eq!(answer.status, status(denied), "{who}: {text}");
                    continue;
                }
            };
            let written = |&(at, ref event, by): &Happened| {
                let (comment, agency) = match event {
                    CaseEvent::CommentAdded(e) => (Some(e.comment), None),
                    CaseEvent::InformationRequestAnswered(e) => (None, Some(e.agency)),
                    CaseEvent::InformationRequestOpened(e) => (None, Some(e.agency)),
                    _ => (None, None),
                };
                Written { by, at, comment, agency }
            };
            let shown: Vec<u64> = told
                .history
                .iter()
                .filter(|entry| grant.shows_event(&entry.1, &written(entry)))
                .map(|(at, ..)| at.0)
                .collect();
            let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{who}: {text}"));
            let positions: Vec<u64> = items.iter().map(|item| item["position"].as_u64().unwrap()).collect();
            let counted = items.iter().all(|item| item["version"].is_u64() == grant.level().shows_restricted());
            assert!(counted, "{who} could count what is not shown: {text}");
            assert_eq!((&positions, answer.json["total"].as_u64()), (&shown, Some(shown.len() as u64)), "{who}");
            for canary in &scene.canaries {
                let expected = canary.case == *case
                    && shown.contains(&canary.written.at.0)
                    && grant.shows_field(canary.group, &canary.written);
                assert_eq!(text.contains(&canary.text), expected, "{who}, {}: {text}", canary.text);
            }
        }
    }
}

#[tokio::test]
async fn every_role_lists_and_finds_the_cases_of_its_rows_and_no_others() {
    let scene = scene().await;
    let today = scene.service.ledger.now().auckland();
    let told = scene.told();
    for asker in everybody() {
        let (who, principal) = (named(asker), principal(asker));
        let list = scene.service.get(&format!("/v1/cases?limit=500&min_position={}", scene.position), &who).await;
        let request = Request::post(format!("/v1/cases/search?min_position={}", scene.position))
            .header("content-type", "application/json")
            .header("ledger-actor", &who)
            .body(Body::from(json!({"name": "kanari", "limit": 100}).to_string()))
            .unwrap();
        let found = scene.service.send(request).await;
        for (operation, answer) in [(Operation::List, list), (Operation::Search, found)] {
            let scopes = match scopes(&principal, operation, today) {
                Ok(scopes) => scopes,
                Err(denied) => {
                    assert_eq!(answer.status, status(denied), "{who}: {}", answer.json);
                    continue;
                }
            };
            let best = |case: &Told| scopes.iter().find_map(|scope| scope.grant(&case.standing));
            let expected: BTreeMap<String, Grant> =
                told.iter().filter_map(|(case, told)| Some((case.to_string(), best(told)?))).collect();
            let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{who}: {}", answer.json));
            let cases: BTreeSet<&str> = items.iter().map(|item| item["case"].as_str().unwrap()).collect();
            assert_eq!(cases, expected.keys().map(String::as_str).collect(), "{who}, {operation}");
            assert_eq!(cases.len(), items.len(), "{who} gets a case twice");
            for item in items {
                let grant = &expected[item["case"].as_str().unwrap()];
                assert_eq!(item["shown"].as_str(), form(grant.level()), "{who}");
                let text = item.to_string();
                for canary in &scene.canaries {
                    let shown = canary.group == Group::Identity
                        && canary.case == grant.case()
                        && has_place(grant.level(), canary)
                        && grant.shows_field(Group::Identity, &canary.written);
                    assert_eq!(text.contains(&canary.text), shown, "{who}, {operation}, {}: {text}", canary.text);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_case_that_is_secret_is_answered_like_one_that_there_is_not() {
    let scene = scene().await;
    let told = scene.told();
    let today = scene.service.ledger.now().auckland();
    let known = format!("min_position={}", scene.position);
    let mut compared = 0;
    for asker in everybody() {
        let (who, principal) = (named(asker), principal(asker));
        for (operation, ending) in [(Operation::OpenCase, ""), (Operation::Timeline, "/timeline")] {
            for told in told.values() {
                let Err(denied) = authorise(&principal, operation, &told.standing, today) else { continue };
                let pairs = [
                    (told.standing.case.to_string(), CaseId([0xEE; 16]).to_string()),
                    (told.standing.number.to_string(), "AS-0999999-0".to_owned()),
                ];
                for (there, nowhere) in pairs {
                    let there = scene.service.get(&format!("/v1/cases/{there}{ending}?{known}"), &who).await;
                    let nowhere = scene.service.get(&format!("/v1/cases/{nowhere}{ending}?{known}"), &who).await;
                    assert_eq!(there.status, status(denied), "{who}");
                    if denied.is_secret() {
                        assert_eq!((there.status, &there.json), (nowhere.status, &nowhere.json), "{who}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 50, "{compared} answers compared");
}

#[tokio::test]
async fn q28_a_school_loses_the_case_the_moment_enrolment_moves_and_keeps_its_request() {
    let mut scene = Scene::begin().await;
    let case = scene.refer(SCHOOL, "Kanarimoving").await;
    scene.comment(case, LEAD, 1, true, "canary-shared").await;
    async fn seen(scene: &Scene, case: CaseId, who: &str) -> Answer {
        scene.service.get(&format!("/v1/cases/{case}?min_position={}", scene.position), who).await
    }
    assert!(seen(&scene, case, SCHOOL).await.json.to_string().contains("canary-shared"));
    assert_eq!(seen(&scene, case, OTHER_SCHOOL).await.status, 404);
    let enrolled = json!({"school": "S-002", "student_type": "RE", "effective_on": "2026-03-20"});
    scene.act(case, ENROL, "change-enrolment", enrolled, json!({})).await;
    let old = seen(&scene, case, SCHOOL).await;
    assert_eq!((&old.json["shown"], &old.json["state"]), (&json!("own_request"), &Value::Null));
    assert!(!old.json.to_string().contains("canary-shared"), "{}", old.json);
    assert!(seen(&scene, case, OTHER_SCHOOL).await.json.to_string().contains("canary-shared"));
}

#[tokio::test]
async fn v5_the_owner_sees_how_many_comments_are_shared() {
    let scene = scene().await;
    let open = scene.canaries[0].case;
    let seen = scene.service.get(&format!("/v1/cases/{open}?min_position={}", scene.position), LEAD).await;
    assert_eq!(seen.json["sharing"], json!({"shared": 1, "of": 2}), "{}", seen.json);
}

#[tokio::test]
async fn a_refusal_is_told_to_whoever_may_know_of_the_case_and_to_nobody_else() {
    let scene = scene().await;
    let moved = scene.canaries.iter().find(|canary| canary.text == "Kanarimoved").unwrap().case;
    let open = scene.canaries[0].case;
    let review = |case: CaseId| action(&case.to_string(), "review");
    // Who handed it over knows why not.
    let former = scene.service.post(&review(moved), LEAD, "c1", &json!({})).await;
    assert_problem(&former, 422, "not-with-a-provider");
    let nowhere = scene.service.post(&review(CaseId([0xEE; 16])), OTHER_LEAD, "c2", &json!({})).await;
    assert_problem(&nowhere, 404, "unknown-case");
    for (key, version) in [("c3", None), ("c4", Some("\"1\""))] {
        let stranger = scene.service.post_if(&review(open), OTHER_LEAD, key, &json!({}), version).await;
        assert_eq!((stranger.status, &stranger.json), (nowhere.status, &nowhere.json));
    }
    // A case manager knows of the cases assigned to them, not of their colleagues'.
    let path = action(&open.to_string(), "assign-case-manager");
    let body = json!({"facts": {"manager": "P-CM2"}});
    assert_problem(&scene.service.post(&path, MANAGER, "c5", &body).await, 422, "not-this-role");
    let colleague = scene.service.post(&path, "P-CM2/case_manager/ASP-01", "c6", &body).await;
    assert_problem(&colleague, 404, "unknown-case");
}
