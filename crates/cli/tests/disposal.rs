//! A disposal from outside: the plain text is gone from every file below the data directory, whatever stands beside the view
//! in use, and the ledger verifies as before (domain §2.5, design §6).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{copy, on, server};
use caseledger_tests::Service;
use serde_json::{Value, json};

const SCHOOL: &str = "P-SCH/attendance_lead/S-001";
const LEAD: &str = "P-LEAD/workflow_lead/ASP-01";
const OPERATOR: &str = "P-OPS/operator/MOE";
const PROPOSER: &str = "P-NSD1/national_service_delivery/MOE";
const APPROVER: &str = "P-NSD2/national_service_delivery/MOE";

/// Texts that stand in personal fields and nowhere else.
const CANARIES: [&str; 3] = ["Kanarīwhānau", "Pīwakawaka-in-a-comment", "900000017"];

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files below a folder that hold one of the texts; a file may go while it is looked for.
fn holding(dir: &Path) -> Vec<PathBuf> {
    let has = |bytes: &[u8], text: &str| {
        let text = text.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| *byte == text[0] && bytes[at..].starts_with(text))
    };
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        CANARIES.iter().any(|text| has(&bytes, text))
    };
    files(dir).into_iter().filter(holds).collect()
}

#[track_caller]
fn post(service: &Service, actor: &str, key: &str, path: &str, body: Value) -> Value {
    let (status, answer) = service.post(path, &body, &[("ledger-actor", actor), ("idempotency-key", key)]);
    assert!((200..300).contains(&status), "{path}: {answer}");
    answer
}

fn get(service: &Service, actor: &str, path: &str) -> Value {
    let answer = service.client().send("GET", path, &[("ledger-actor", actor)], b"").unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.json());
    answer.json()
}

/// Refers a student, writes a comment and closes the case; returns it and the position where it was closed.
fn closed_case(service: &Service) -> (String, u64) {
    let entries = json!({"entries": [
        {"what": "catchment", "catchment": "C-01", "provider": "ASP-01", "from": "2025-01-01"},
        {"what": "school", "school": "S-001", "catchment": "C-01", "from": "2025-01-01"},
    ]});
    post(service, OPERATOR, "reference", "/v1/reference", entries);
    let referral = json!({
        "action": "submit-support-request", "occurred_at": "2026-03-02",
        "facts": {
            "school": "S-001", "absent_half_days": 34, "open_half_days": 60, "engagement": "partly",
            "school_steps_taken": true,
        },
        "personal": {"student": {
            "nsn": CANARIES[2], "family_name": CANARIES[0], "given_names": "Hēmi", "birth_date": "2014-05-06",
        }},
    });
    let case = post(service, SCHOOL, "refer", "/v1/cases", referral)["case"].as_str().unwrap().to_owned();
    let act = |name: &str| format!("/v1/cases/{case}/actions/{name}");
    post(service, LEAD, "c", &act("add-comment"), json!({"personal": {"note": {"text": CANARIES[1]}}}));
    let closed = post(service, LEAD, "close", &act("close"), json!({"facts": {"reason": "returned_to_attendance"}}));
    (case, closed["receipt"]["position"].as_u64().unwrap())
}

/// Builds the case view anew and steers what was built.
fn builds_beside(service: &Service, act: &str) {
    post(service, OPERATOR, "build", "/v1/views/case_view/rebuild", json!({}));
    let wait_for = |state: &str| {
        let begun = Instant::now();
        loop {
            let views = get(service, OPERATOR, "/v1/views");
            let beside = views["items"].as_array().unwrap().iter().find(|view| view["view"] == "case_view").cloned();
            let beside = beside.unwrap_or_else(|| panic!("{views}"))["beside"].clone();
            if beside.to_string().contains(state) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{state}: {beside}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_for("ready");
    post(service, OPERATOR, act, "/v1/views/case_view/beside", json!({"act": act}));
    wait_for(if act == "switch" { "previous" } else { "paused" });
}

/// Damages the file of the case view between a stop and a start: it is set aside with all it holds, and built anew.
fn sets_aside(service: &mut Service, dir: &Path) {
    assert!(service.stop().success());
    let views = dir.join("views");
    let file = views.join(std::fs::read_to_string(views.join("case_view.current")).unwrap().trim());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..16].fill(0);
    std::fs::write(&file, bytes).unwrap();
    service.restart();
    assert!(holding(dir).iter().any(|path| path.to_string_lossy().contains("set-aside")), "{:?}", holding(dir));
}

/// Two people have the student of a case disposed of.
fn disposes(service: &Service, student: &str) -> u64 {
    let keys = |act: &str| json!({"act": act, "student": student});
    let mut propose = keys("propose-disposal");
    propose["authority"] = json!("DA999");
    post(service, PROPOSER, "propose", "/v1/keys", propose);
    let approved = post(service, APPROVER, "approve", "/v1/keys", keys("approve-disposal"));
    approved["receipt"]["position"].as_u64().unwrap()
}

#[test]
fn a_disposal_leaves_no_plain_text_in_any_file_with_an_old_view_kept_a_build_paused_one_set_aside_and_the_past_asked_for()
 {
    for act in ["switch", "pause", "set aside"] {
        let top = tempfile::tempdir().unwrap();
        let dir = top.path().join("ledger");
        let mut service = server(&dir).arg("--log-level").arg("trace").start();
        let (case, closed) = closed_case(&service);
        let then = format!("/v1/cases/{case}/then?at={closed}&min_position={closed}");
        assert!(get(&service, LEAD, &then).to_string().contains(CANARIES[0]));
        match act {
            "set aside" => sets_aside(&mut service, &dir),
            _ => builds_beside(&service, act),
        }
        let student = get(&service, LEAD, &format!("/v1/cases/{case}?min_position={closed}"));
        let student = student["student"].as_str().unwrap().to_owned();
        assert!(holding(&dir).len() > 1, "the view in use and the one beside hold it: {:?}", holding(&dir));
        let disposed = disposes(&service, &student);
        for path in [format!("/v1/cases/{case}?min_position={disposed}"), then.clone()] {
            let text = get(&service, LEAD, &path).to_string();
            assert!(CANARIES.iter().all(|canary| !text.contains(canary)), "{path}: {text}");
        }
        let begun = Instant::now();
        // What stood beside goes a moment after the view in use has read on.
        while !holding(&dir).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{act}: {:?}", holding(&dir));
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(service.stop().success());
        assert!(CANARIES.iter().all(|canary| !service.log().contains(canary)), "the log tells");
        on(&dir, "verify", &[]).ended(0);
        assert_eq!(holding(&dir), Vec::<PathBuf>::new(), "{act}, at rest");
        service.restart();
        assert!(get(&service, LEAD, &format!("/v1/cases/{case}")).to_string().contains("closed"));
        assert_eq!(holding(&dir), Vec::<PathBuf>::new(), "{act}, started again");
        assert!(service.stop().success());
    }
}

#[test]
fn keys_put_back_from_an_older_copy_are_destroyed_before_anything_is_served() {
    let top = tempfile::tempdir().unwrap();
    let (dir, kek, older) = (top.path().join("ledger"), top.path().join("ledger.kek"), top.path().join("older"));
    let mut service = server(&dir).start();
    let (case, closed) = closed_case(&service);
    let shown = get(&service, LEAD, &format!("/v1/cases/{case}?min_position={closed}"));
    let student = shown["student"].as_str().unwrap().to_owned();
    // Whoever looks after the machine kept a copy of the keys, and of the key they are wrapped with.
    copy(&dir.join("keys"), &older);
    std::fs::copy(&kek, top.path().join("older.kek")).unwrap();
    disposes(&service, &student);
    assert!(service.stop().success());
    std::fs::remove_dir_all(dir.join("keys")).unwrap();
    copy(&older, &dir.join("keys"));
    std::fs::copy(top.path().join("older.kek"), &kek).unwrap();
    // What is read anew would be opened with them.
    std::fs::remove_dir_all(dir.join("views")).unwrap();
    service.restart();
    assert!(service.log().contains("destroyed now"), "{}", service.log());
    let last = get(&service, OPERATOR, "/v1/ledger")["position"].as_u64().unwrap();
    let begun = Instant::now();
    let seen = loop {
        let path = format!("/v1/cases/{case}?min_position={last}");
        let answer = service.client().send("GET", &path, &[("ledger-actor", LEAD)], b"").unwrap();
        if answer.status == 200 {
            break answer.text().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", answer.text());
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(seen.contains("closed") && CANARIES.iter().all(|canary| !seen.contains(canary)), "{seen}");
    assert_eq!(holding(&dir), Vec::<PathBuf>::new(), "nothing was opened with what was put back");
    assert!(service.stop().success());
    // And they are gone for good: the next start finds nothing to destroy.
    service.restart();
    assert_eq!(service.log().matches("destroyed now").count(), 1, "{}", service.log());
    assert!(service.stop().success());
    on(&dir, "verify", &[]).ended(0);
}
