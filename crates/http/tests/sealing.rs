//! Sealing and disposal, as a client and whoever holds the disk see them (design §3).

use std::path::{Path, PathBuf};

use crate::support::*;
use serde_json::{Value, json};

const PROPOSER: &str = "P-NSD1/national_service_delivery/MOE";
const APPROVER: &str = "P-NSD2/national_service_delivery/MOE";

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files of a service that hold a text, by their folder's name.
fn holding(service: &Service, text: &str) -> Vec<String> {
    let holds = |path: &PathBuf| std::fs::read(path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let folder =
        |path: PathBuf| path.strip_prefix(service.dir()).unwrap().iter().next().unwrap().to_str().unwrap().to_owned();
    let mut folders: Vec<String> = files(service.dir()).into_iter().filter(holds).map(folder).collect();
    folders.dedup();
    folders
}

async fn comment(service: &Service, case: &str, text: &str) -> u64 {
    let body = json!({"personal": {"note": {"text": text}}});
    let answer = service.post(&action(case, "add-comment"), LEAD, "comment", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["receipt"]["position"].as_u64().unwrap()
}

async fn seen(service: &Service, case: &str, position: u64) -> Value {
    let answer = service.get(&format!("/v1/cases/{case}?min_position={position}"), LEAD).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

fn keys(act: &str, student: &str) -> Value {
    json!({"act": act, "student": student})
}

#[tokio::test]
async fn what_is_personal_lies_in_the_case_view_and_nowhere_else() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let position = comment(&service, &case, "Pīwakawaka-in-a-comment").await;
    let text = seen(&service, &case, position).await.to_string();
    assert!(text.contains("Kanarīpata"), "{text}");
    for canary in ["Kanarīpata", "Pīwakawaka-in-a-comment"] {
        assert_eq!(holding(&service, canary), ["views"], "{canary}");
    }
    let raw = service.get("/v1/events?from=1", AUDITOR).await.json.to_string();
    assert!(!raw.contains("Kanarīpata") && !raw.contains("wakawaka"), "{raw}");
}

#[tokio::test]
async fn a_disposal_by_two_people_leaves_the_facts_and_no_plain_text_in_any_file() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    comment(&service, &case, "Pīwakawaka-in-a-comment").await;
    let closed =
        service.post(&action(&case, "close"), LEAD, "c", &json!({"facts": {"reason": "returned_to_attendance"}})).await;
    assert_eq!(closed.status, 200, "{}", closed.json);
    let position = closed.json["receipt"]["position"].as_u64().unwrap();
    let student = seen(&service, &case, position).await["student"].as_str().unwrap().to_owned();

    let mut propose = keys("propose-disposal", &student);
    propose["authority"] = json!("DA999");
    assert_eq!(service.post("/v1/keys", LEAD, "p", &propose).await.status, 403, "not for providers");
    assert_eq!(service.post("/v1/keys", PROPOSER, "p", &propose).await.status, 200);
    let alone = service.post("/v1/keys", PROPOSER, "a", &keys("approve-disposal", &student)).await;
    assert_problem(&alone, 422, "second-person-needed");
    let approved = service.post("/v1/keys", APPROVER, "a", &keys("approve-disposal", &student)).await;
    assert_eq!(approved.status, 200, "{}", approved.json);

    let position = approved.json["receipt"]["position"].as_u64().unwrap();
    let document = seen(&service, &case, position).await;
    assert_eq!(document["status"], "closed", "the facts stay");
    assert!(!document.to_string().contains("Kanarīpata"), "{document}");
    for canary in ["Kanarīpata", "Pīwakawaka-in-a-comment"] {
        assert_eq!(holding(&service, canary), Vec::<String>::new(), "{canary}");
    }
    let again = service.post(&action(&case, "reopen"), LEAD, "r", &json!({"facts": {"reason": "moved_back"}})).await;
    assert!(again.status.is_client_error(), "{}", again.json);
    let late = json!({"occurred_at": "2026-01-01", "personal": {"note": {"text": "late"}}});
    let late = service.post(&action(&case, "add-comment"), LEAD, "late", &late).await;
    assert_problem(&late, 422, "student-disposed");
    let repeated = service
        .post(
            &action(&case, "add-comment"),
            LEAD,
            "comment",
            &json!({"personal": {"note": {"text": "Pīwakawaka-in-a-comment"}}}),
        )
        .await;
    assert_eq!(
        (repeated.status.as_u16(), &repeated.json["repeated"]),
        (200, &json!(true)),
        "first receipts outlive it"
    );
}

#[tokio::test]
async fn a_student_with_an_active_case_or_a_hold_is_not_disposed_of() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let student =
        seen(&service, &case, service.ledger.reader().durable().0).await["student"].as_str().unwrap().to_owned();
    let mut propose = keys("propose-disposal", &student);
    propose["authority"] = json!("DA999");
    assert_problem(&service.post("/v1/keys", PROPOSER, "p", &propose).await, 422, "case-still-active");
    let closed =
        service.post(&action(&case, "close"), LEAD, "c", &json!({"facts": {"reason": "returned_to_attendance"}})).await;
    assert_eq!(closed.status, 200, "{}", closed.json);
    let mut hold = keys("place-hold", &student);
    hold["hold"] = json!("INQUIRY-7");
    assert_eq!(service.post("/v1/keys", PROPOSER, "h", &hold).await.status, 200);
    assert_problem(&service.post("/v1/keys", PROPOSER, "p2", &propose).await, 422, "legal-hold");
}
