//! What those get who watch over access, keep the keys and answer access requests: who could see a comment and when,
//! how keys stand, everything about one student.

use crate::support::*;
use serde_json::{Value, json};

const DESK: &str = "P-DESK/service_desk/MOE";
const NSD: &str = "P-NSD/national_service_delivery/MOE";
const OTHER_LEAD: &str = "P-LEAD2/workflow_lead/ASP-02";

/// A case with a comment of the provider's: shared, then not.
async fn commented(service: &Service) -> (String, u64) {
    let case = service.refer("k1").await;
    let note = json!({"facts": {"share_with_schools": true}, "personal": {"note": {"text": "Met his aunt Mere."}}});
    let done = service.post(&action(&case, "add-comment"), LEAD, "c1", &note).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let hide = json!({"facts": {"comment": 1, "share_with_schools": false}});
    let done = service.post(&action(&case, "change-comment-sharing"), LEAD, "c2", &hide).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let position = done.json["receipt"]["position"].as_u64().unwrap();
    (case, position)
}

async fn last_view(service: &Service) -> Value {
    let head = service.access_log.head().0.0;
    let body = json!({"after": head - 1});
    let answer = service.post("/v1/access-ledger/search", AUDITOR, "l", &body).await;
    answer.json["items"][0].clone()
}

#[tokio::test]
async fn who_could_see_a_comment_and_when_is_told_to_its_owner_and_to_those_who_watch() {
    let service = Service::start().await;
    let (case, _) = commented(&service).await;
    let path = format!("/v1/cases/{case}/viewers");
    for who in [LEAD, AUDITOR, DESK, NSD, OPERATOR] {
        let answer = service.post(&path, who, "v", &json!({"comment": 1})).await;
        assert_eq!(answer.status, 200, "{who}: {}", answer.json);
        let spans = answer.json["spans"].as_array().unwrap();
        let viewers: Vec<(&Value, bool)> =
            spans.iter().map(|span| (&span["viewer"], span["until"].is_null())).collect();
        let (provider, school) = (json!({"provider": "ASP-01"}), json!({"school": "S-001"}));
        assert!(viewers.contains(&(&provider, true)) && viewers.contains(&(&school, false)), "{who}: {spans:?}");
        let view = last_view(&service).await;
        assert_eq!(view["viewed"]["cases"], json!([case]), "{who} is on record: {view}");
    }
    let none = service.post(&path, LEAD, "v", &json!({"comment": 9})).await;
    assert_eq!((none.status.as_u16(), &none.json["spans"]), (200, &json!([])));
    for (who, status) in [(SCHOOL, 403), (OTHER_LEAD, 404)] {
        assert_eq!(service.post(&path, who, "v", &json!({"comment": 1})).await.status.as_u16(), status, "{who}");
    }
    let nowhere = "/v1/cases/00000000-0000-4000-8000-00000000ffff/viewers";
    assert_eq!(service.post(nowhere, AUDITOR, "v", &json!({"comment": 1})).await.status, 404);
}

#[tokio::test]
async fn who_could_see_a_file_and_when_is_told_as_of_a_comment() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let act = async |key: &str, name: &str, facts: Value| {
        let personal = if name == "upload-file" { json!({"file": {"name": "Plan.pdf"}}) } else { json!({}) };
        let body = json!({"facts": facts, "personal": personal});
        let answer = service.post(&action(&case, name), LEAD, key, &body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.json);
    };
    let sha256 = "ab".repeat(32);
    act("f", "upload-file", json!({"kind": "attendance_plan", "bytes": 1_000, "sha256": sha256})).await;
    let path = format!("/v1/cases/{case}/viewers");
    let viewers = async || {
        let answer = service.post(&path, AUDITOR, "v", &json!({"file": 1})).await;
        assert_eq!((answer.status.as_u16(), &answer.json["file"]), (200, &json!(1)), "{}", answer.json);
        let spans = answer.json["spans"].as_array().unwrap().clone();
        spans.into_iter().map(|span| (span["viewer"].clone(), span["until"].is_null())).collect::<Vec<_>>()
    };
    let (provider, school) = (json!({"provider": "ASP-01"}), json!({"school": "S-001"}));
    assert_eq!(viewers().await, [(provider.clone(), true)]);
    act("s", "change-file-sharing", json!({"file": 1, "share_with_schools": true})).await;
    assert_eq!(viewers().await, [(provider.clone(), true), (school.clone(), true)]);
    act("u", "change-file-sharing", json!({"file": 1, "share_with_schools": false})).await;
    assert_eq!(viewers().await, [(provider, true), (school, false)], "when it was taken back is told too");
    for body in [json!({}), json!({"comment": 1, "file": 1})] {
        assert_problem(&service.post(&path, AUDITOR, "v", &body).await, 400, "bad-input");
    }
}

#[tokio::test]
async fn a_birth_date_after_today_opens_no_case_and_the_answer_names_the_field() {
    let service = Service::start().await;
    let mut body = referral();
    body["personal"]["student"]["birth_date"] = json!("2039-12-31");
    let head = service.ledger.reader().durable();
    let refused = service.post("/v1/cases", SCHOOL, "born", &body).await;
    assert_problem(&refused, 400, "bad-input");
    assert_eq!(refused.json["pointer"], "/personal/student/birth_date");
    assert_eq!(service.ledger.reader().durable(), head, "nothing was written");
}

#[tokio::test]
async fn keys_are_rotated_and_wrapped_anew_and_everything_opens_as_before() {
    let service = Service::start().await;
    let (case, position) = commented(&service).await;
    let open = format!("/v1/cases/{case}?min_position={position}");
    let student = service.get(&open, LEAD).await.json["student"].clone();
    let before = service.get("/v1/keys", OPERATOR).await;
    assert_eq!((before.status.as_u16(), &before.json["keys"]), (200, &json!(1)), "{}", before.json);
    let rotate = json!({"student": student});
    let rotated = service.post("/v1/keys/rotate", OPERATOR, "r1", &rotate).await;
    assert_eq!(rotated.status, 200, "{}", rotated.json);
    let wrapped = service.post("/v1/keys/change-kek", OPERATOR, "w", &json!({})).await;
    assert_eq!((wrapped.status.as_u16(), &wrapped.json["keys"]), (200, &json!(2)), "{}", wrapped.json);
    let note = json!({"personal": {"note": {"text": "Under the new key."}}});
    let done = service.post(&action(&case, "add-comment"), LEAD, "c3", &note).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let open = format!("/v1/cases/{case}?min_position={}", done.json["receipt"]["position"]);
    let text = service.get(&open, LEAD).await.json.to_string();
    assert!(text.contains("Met his aunt Mere.") && text.contains("Under the new key."), "{text}");
    let after = service.get("/v1/keys", NSD).await;
    assert_eq!((&after.json["keys"], &after.json["replaced"]), (&json!(2), &json!(1)), "{}", after.json);
    let hold = json!({"act": "place-hold", "student": student, "hold": "INQUIRY-7"});
    assert_eq!(service.post("/v1/keys", NSD, "h", &hold).await.status, 200);
    let held = service.get("/v1/keys", OPERATOR).await.json;
    assert_eq!(held["holds"], json!([{"student": student, "hold": "INQUIRY-7"}]));
    assert_problem(&service.get("/v1/keys", LEAD).await, 403, "not-this-role");
    assert_problem(&service.post("/v1/keys/rotate", NSD, "r2", &rotate).await, 403, "not-this-role");
    let unknown = json!({"student": "00000000-0000-4000-8000-00000000ffff"});
    assert_problem(&service.post("/v1/keys/rotate", OPERATOR, "r3", &unknown).await, 404, "not-found");
}

#[tokio::test]
async fn ipp_6_everything_about_one_student_in_one_bundle_with_others_marked() {
    let service = Service::start().await;
    let (case, _) = commented(&service).await;
    let contacts = json!({
        "facts": {"source": "family", "current_on": "2026-03-02", "confirmed": false},
        "personal": {"contacts": {"address": ["12 Tāwhai Street"], "caregivers": [{"name": "Mere Kanarīpata"}]}},
    });
    let done = service.post(&action(&case, "record-contact-details"), LEAD, "d1", &contacts).await;
    assert_eq!(done.status, 200, "{}", done.json);
    service.refer("k2").await;
    let position = service.ledger.reader().durable();
    assert_eq!(service.get(&format!("/v1/cases?min_position={position}"), LEAD).await.status, 200);
    let export = async |who: &str, body: Value| service.post("/v1/subjects/export", who, "x", &body).await;
    let bundle = export(NSD, json!({"case": case})).await;
    assert_eq!(bundle.status, 200, "{}", bundle.json);
    let cases = bundle.json["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 1, "the other student's case is not in it");
    let text = bundle.json.to_string();
    for word in ["Kanarīpata", "12 Tāwhai Street", "Met his aunt Mere."] {
        assert!(text.contains(word), "{word}");
    }
    let marked = |list: &str| -> Vec<String> {
        let list = bundle.json["others"][list].as_array().unwrap().clone();
        list.iter().map(|pointer| pointer.as_str().unwrap().to_owned()).collect()
    };
    let (others, prose) = (marked("about_others"), marked("to_be_read"));
    assert!(others.iter().any(|pointer| pointer.ends_with("/contacts/caregivers")), "{others:?}");
    assert!(prose.iter().any(|pointer| pointer.contains("/comments/0/text")), "{prose:?}");
    for pointer in others.iter().chain(&prose) {
        assert!(bundle.json["cases"].pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    let view = last_view(&service).await;
    assert_eq!((&view["viewed"]["operation"], &view["viewed"]["cases"]), (&json!("subject export"), &json!([case])));
    let by_student = export(NSD, json!({"student": bundle.json["student"]})).await;
    assert_eq!(by_student.json["cases"], bundle.json["cases"]);
    for who in [LEAD, AUDITOR, DESK, OPERATOR, SCHOOL] {
        assert_problem(&export(who, json!({"case": case})).await, 403, "not-this-role");
    }
    assert_problem(&export(NSD, json!({"case": "AS-0999999-0"})).await, 404, "unknown-case");
    for bad in [json!({}), json!({"case": case, "student": bundle.json["student"]})] {
        assert_problem(&export(NSD, bad).await, 400, "bad-input");
    }
}
