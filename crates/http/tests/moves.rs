//! A proposed move over HTTP: who is not named in it may not even know of the case; who is named agrees or declines.

use crate::support::*;
use serde_json::{Value, json};

const OTHER_LEAD: &str = "P-LEAD2/workflow_lead/ASP-02";

fn agreement(provider: &str) -> Value {
    json!({"facts": {"target": "ASP-02", "agreement": {
        "provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": "2026-03-20", "channel": "in_system"}}})
}

#[tokio::test]
async fn nobody_puts_themselves_into_a_move_by_agreeing_to_it() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let agree = action(&case, "record-agreement");
    let own = service.post(&agree, OTHER_LEAD, "a1", &agreement("ASP-02")).await;
    assert_problem(&own, 404, "unknown-case");
    let decline = json!({"facts": {"reason": "NO-CAPACITY"}});
    assert_problem(
        &service.post(&action(&case, "decline-move"), OTHER_LEAD, "d1", &decline).await,
        404,
        "unknown-case",
    );
    let head = service.ledger.reader().durable();
    assert_eq!(service.get(&format!("/v1/cases/{case}?min_position={head}"), OTHER_LEAD).await.status, 404);
}

#[tokio::test]
async fn r16_who_is_named_sees_a_preview_and_agrees_or_declines() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let agree = action(&case, "record-agreement");
    let named = service.post(&agree, LEAD, "a1", &agreement("ASP-01")).await;
    assert_eq!(named.status, 200, "{}", named.json);
    let open = format!("/v1/cases/{case}?min_position={}", named.json["receipt"]["position"]);
    assert_eq!(service.get(&open, OTHER_LEAD).await.json["shown"], "preview");
    let agreed = service.post(&agree, OTHER_LEAD, "a2", &agreement("ASP-02")).await;
    assert_eq!(agreed.status, 200, "{}", agreed.json);
    let decline = json!({"facts": {"reason": "NO-CAPACITY"}, "personal": {"note": {"text": "Full until term 3."}}});
    let declined = service.post(&action(&case, "decline-move"), OTHER_LEAD, "d1", &decline).await;
    assert_eq!(declined.status, 200, "{}", declined.json);
    let open = format!("/v1/cases/{case}?min_position={}", declined.json["receipt"]["position"]);
    assert_eq!(service.get(&open, OTHER_LEAD).await.status, 404, "the preview ends with it");
    let again = service.post(&action(&case, "decline-move"), OTHER_LEAD, "d1", &decline).await;
    assert_eq!((again.status.as_u16(), &again.json["repeated"]), (200, &json!(true)), "the first receipt comes again");
    let anew = service.post(&action(&case, "decline-move"), OTHER_LEAD, "d2", &decline).await;
    assert_problem(&anew, 404, "unknown-case");
    let told = service.get(&format!("/v1/cases/{case}/timeline"), LEAD).await.json.to_string();
    assert!(
        told.contains("Provider ASP-02 declined to take the case") && told.contains("Full until term 3."),
        "{told}"
    );
}

#[tokio::test]
async fn ipp_7_and_ipp_3a_stand_on_the_case_for_those_who_see_its_words() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let words = json!({"note": {"text": "I was at the clinic that day."}});
    let statement = json!({"facts": {"about": "facts", "asked_by": "student"}, "personal": words});
    let path = action(&case, "attach-statement-of-correction");
    let attached = service.post(&path, LEAD, "s1", &statement).await;
    assert_eq!(attached.status, 200, "{}", attached.json);
    let notice = json!({"facts": {"to": "caregiver", "channel": "letter", "notice": "PN-2026-1"}});
    let given = service.post(&action(&case, "give-privacy-notice"), LEAD, "n1", &notice).await;
    assert_eq!(given.status, 200, "{}", given.json);
    let open = format!("/v1/cases/{case}?min_position={}", given.json["receipt"]["position"]);
    let seen = service.get(&open, LEAD).await.json;
    assert_eq!((&seen["statements"][0]["about"], &seen["statements"][0]["statement"]), (&json!("facts"), &json!(1)));
    assert_eq!(seen["statements"][0]["text"], "I was at the clinic that day.");
    assert_eq!(seen["beside"]["privacy_notice"]["notice"], "PN-2026-1", "{seen}");
    for who in [AUDITOR, SCHOOL] {
        let other = service.get(&open, who).await;
        assert_eq!(other.status, 200);
        assert!(!other.json.to_string().contains("clinic"), "{who}: {}", other.json);
    }
}
