//! The work queue over HTTP: what is due for whom, in whose order, shown to nobody else.

use crate::support::*;
use serde_json::{Value, json};

fn kinds(answer: &Answer) -> Vec<&str> {
    answer.json["items"].as_array().unwrap().iter().map(|item| item["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn r6_r7_a_new_case_is_work_for_its_provider_and_urgent_ones_come_first() {
    let service = Service::start().await;
    service.refer("k1").await;
    let mut urgent = referral();
    urgent["facts"]["urgent"] = json!(true);
    urgent["personal"]["student"]["given_names"] = json!("Mere");
    let answer = service.post("/v1/cases", SCHOOL, "k2", &urgent).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    let last = service.ledger.reader().durable();
    let work = service.get(&format!("/v1/work?min_position={last}"), LEAD).await;
    assert_eq!(work.status, 200, "{}", work.json);
    assert_eq!(kinds(&work), ["meet_school", "assign_manager", "meet_school", "assign_manager"], "{}", work.json);
    let first = &work.json["items"][0];
    assert_eq!(
        (&first["case"], &first["urgent"], &first["rule"]),
        (&answer.json["case"], &json!(true), &json!("M10, M11"))
    );
    assert!(first["due_on"].as_str() < first["last_on"].as_str(), "{first}");
    let counts = [("assign_manager", 2), ("meet_school", 2)]
        .map(|(what, count)| json!({"what": what, "count": count, "overdue": 0}));
    assert_eq!(work.json["counts"], Value::from(counts.to_vec()));
}

#[tokio::test]
async fn work_is_filtered_by_kind_person_and_day_and_wrong_filters_are_refused() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let assigned = json!({"facts": {"manager": "P-MGR"}});
    let answer = service.post(&action(&case, "assign-case-manager"), LEAD, "k2", &assigned).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let last = service.ledger.reader().durable();
    let ask = async |filter: &str| service.get(&format!("/v1/work?{filter}&min_position={last}"), LEAD).await;
    assert_eq!(kinds(&ask("person=P-MGR").await), ["meet_school", "begin_work"]);
    assert_eq!(kinds(&ask("what=begin_work").await), ["begin_work"]);
    assert!(kinds(&ask("person=P-OTHER").await).is_empty());
    assert!(kinds(&ask("due_by=2020-01-01").await).is_empty());
    assert_problem(&ask("wat=begin_work").await, 400, "bad-query");
    assert_problem(&ask("what=everything").await, 400, "bad-query");
    assert_problem(&ask("limit=501").await, 400, "bad-limit");
}

#[tokio::test]
async fn another_provider_and_a_school_see_none_of_it() {
    let service = Service::start().await;
    service.refer("k1").await;
    let last = service.ledger.reader().durable();
    let path = format!("/v1/work?min_position={last}");
    for nobody in ["P-9/workflow_lead/ASP-02", SCHOOL] {
        let work = service.get(&path, nobody).await;
        assert_eq!((work.status.as_u16(), &work.json["total"]), (200, &json!(0)), "{nobody}: {}", work.json);
    }
    assert_eq!(service.get(&path, AUDITOR).await.json["total"], json!(2));
}

#[tokio::test]
async fn the_queue_is_read_page_by_page_each_entry_once_and_a_cursor_is_of_its_own_queue() {
    let service = Service::start().await;
    for n in 0..7 {
        let mut body = referral();
        body["facts"]["urgent"] = json!(n % 3 == 0);
        body["personal"]["student"]["given_names"] = json!(format!("Mere {n}"));
        let answer = service.post("/v1/cases", SCHOOL, &format!("k{n}"), &body).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
    }
    let last = service.ledger.reader().durable();
    let ask = async |filter: &str| service.get(&format!("/v1/work?{filter}&min_position={last}"), LEAD).await;
    let whole = ask("limit=500").await.json;
    let entries = whole["items"].as_array().unwrap();
    assert_eq!((entries.len(), &whole["total"], &whole["next"]), (14, &json!(14), &Value::Null), "{whole}");
    for limit in [1, 3, 5, 14] {
        let (mut read, mut filter) = (Vec::new(), format!("limit={limit}"));
        loop {
            let page = ask(&filter).await.json;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit && page["total"] == 14 && page["counts"] == whole["counts"], "{page}");
            read.extend(items.clone());
            let Some(next) = page["next"].as_str() else { break };
            filter = format!("limit={limit}&cursor={next}");
        }
        assert_eq!(&read, entries, "{limit} a page");
    }
    let next = ask("limit=2").await.json["next"].as_str().unwrap().to_owned();
    assert_problem(&ask(&format!("what=meet_school&cursor={next}")).await, 400, "bad-cursor");
    let other = service.get(&format!("/v1/work?cursor={next}"), AUDITOR).await;
    assert_problem(&other, 400, "bad-cursor");
}
