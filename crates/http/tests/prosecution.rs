//! The Attendance Prosecutions Unit over HTTP: the cases it was notified of, and of them what it was sent (E36, R36, V7).

use crate::support::*;
use serde_json::json;

const UNIT: &str = "P-APU/prosecutions_unit/MOE";

#[tokio::test]
async fn e36_the_unit_knows_of_a_case_from_its_notification_on_and_reads_what_it_was_sent() {
    let service = Service::start().await;
    let (case, other) = (service.refer("k1").await, service.refer("k2").await);
    let note = json!({"personal": {"note": {"text": "Between us and the family."}}});
    assert_eq!(service.post(&action(&case, "add-comment"), LEAD, "c", &note).await.status, 200);
    let head = service.ledger.reader().durable();
    assert_eq!(service.get(&format!("/v1/cases/{case}?min_position={head}"), UNIT).await.status, 404);
    let notified = json!({
        "facts": {"supports_exhausted": true, "evidence": ["letters", "meetings"]},
        "personal": {"prosecution": {"text": "Nine letters, four meetings, no change."}},
    });
    let done = service.post(&action(&case, "notify-prosecution"), LEAD, "n", &notified).await;
    assert_eq!(done.status, 200, "{}", done.json);
    let seen = format!("min_position={}", done.json["receipt"]["position"]);
    let open = service.get(&format!("/v1/cases/{case}?{seen}"), UNIT).await;
    assert_eq!(open.status, 200, "{}", open.json);
    let timeline = service.get(&format!("/v1/cases/{case}/timeline?{seen}"), UNIT).await.json.to_string();
    assert!(timeline.contains("Nine letters, four meetings, no change."), "{timeline}");
    let text = open.json.to_string() + &timeline;
    assert!(text.contains("Kanarīpata") && !text.contains("Between us and the family."), "{text}");
    let listed = service.get(&format!("/v1/cases?{seen}"), UNIT).await.json;
    assert_eq!((&listed["total"], &listed["items"][0]["case"]), (&json!(1), &json!(case)));
    assert_eq!(service.get(&format!("/v1/cases/{other}?{seen}"), UNIT).await.status, 404);
    let school = service.get(&format!("/v1/cases/{case}/timeline?{seen}"), SCHOOL).await.json.to_string();
    assert!(!school.contains("prosecution"), "{school}");
}
