//! Service levels, the audit trail and search over HTTP: what each is for whom, and that asking is on record.

use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn w2_a_provider_sees_how_its_referrals_are_served_and_a_school_does_not() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let assigned = json!({"facts": {"manager": "P-CM"}});
    assert_eq!(service.post(&action(&case, "assign-case-manager"), LEAD, "k2", &assigned).await.status, 200);
    let last = service.ledger.reader().durable();
    let levels = service.get(&format!("/v1/service-levels?min_position={last}"), LEAD).await;
    assert_eq!(levels.status, 200, "{}", levels.json);
    let total = &levels.json["total"];
    assert_eq!((&total["referrals"], &total["open"], &total["unallocated"]), (&json!(1), &json!(1), &json!(0)));
    let done: Vec<(&str, u64)> = total["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["done"].as_u64().unwrap()))
        .collect();
    let expected = [("allocated", 1), ("assigned", 1), ("begun", 0), ("school_met", 0), ("engaged", 0), ("planned", 0)];
    assert_eq!(done, expected, "{total}");
    assert_eq!(levels.json["rows"][0]["of"], json!("ASP-01"));
    let other = service.get("/v1/service-levels", "P-9/workflow_lead/ASP-02").await;
    assert_eq!((other.status.as_u16(), &other.json["total"]["referrals"]), (200, &json!(0)));
    assert_problem(&service.get("/v1/service-levels", SCHOOL).await, 403, "not-this-role");
    assert_problem(&service.get("/v1/service-levels?by=colour", LEAD).await, 400, "bad-query");
    assert_problem(&service.get("/v1/service-levels?form=2026-01-01", LEAD).await, 400, "bad-query");
    let ahead = service.get("/v1/service-levels?min_position=999999", LEAD).await;
    assert_problem(&ahead, 422, "position-ahead");
}

/// Who did or looked at what, in the order it is told.
fn told(answer: &Answer) -> Vec<(String, String)> {
    let items = answer.json["items"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .map(|item| {
            let what = if item["is"] == "act" { text(&item["kind"]) } else { text(&item["viewed"]["operation"]) };
            (text(&item["actor"]["person"]), what)
        })
        .collect()
}

fn pair(person: &str, what: &str) -> (String, String) {
    (person.to_owned(), what.to_owned())
}

#[tokio::test]
async fn a22_who_did_what_and_who_looked_is_one_list_and_asking_is_on_record() {
    let service = Service::start().await;
    let (case, other) = (service.refer("k1").await, service.refer("k2").await);
    let position = service.ledger.reader().durable();
    assert_eq!(service.get(&format!("/v1/cases/{case}?min_position={position}"), LEAD).await.status, 200);
    let assigned = json!({"facts": {"manager": "P-CM"}});
    assert_eq!(service.post(&action(&case, "assign-case-manager"), LEAD, "k3", &assigned).await.status, 200);
    let ask = async |actor: &str, body: Value| service.post("/v1/audit", actor, "a", &body).await;
    // The trail follows the log within moments; it is asked until it has.
    let last = service.ledger.reader().durable().0;
    let mut answer = ask(AUDITOR, json!({"case": case})).await;
    for _ in 0..1_000 {
        if answer.json["as_of"].as_u64() >= Some(last) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        answer = ask(AUDITOR, json!({"case": case})).await;
    }
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(answer.json["with_views"], json!(true));
    let all = told(&answer);
    let place =
        |one: &(String, String)| all.iter().position(|told| told == one).unwrap_or_else(|| panic!("{one:?}: {all:?}"));
    let referred = place(&pair("P-SCH", "support_request_submitted"));
    let opened = place(&pair("P-LEAD", "open"));
    let assigned = place(&pair("P-LEAD", "assigned_to_case_manager"));
    assert!(referred < opened && opened < assigned, "{all:?}");
    assert!(all.contains(&pair("P-AUD", "access ledger")) || all.len() == 4, "asking is on record: {all:?}");
    // By person, without what others did; by number of the case; page by page.
    let of_lead = told(&ask(AUDITOR, json!({"person": "P-LEAD"})).await);
    assert!(of_lead.iter().all(|(person, _)| person == "P-LEAD") && of_lead.len() >= 2, "{of_lead:?}");
    let first = ask(AUDITOR, json!({"case": case, "limit": 1})).await;
    let next = &first.json["next"];
    let second = ask(AUDITOR, json!({"case": case, "limit": 1, "cursor": next})).await;
    assert_eq!([told(&first), told(&second)].concat(), all[..2]);
    // A cursor says nothing by itself, and belongs to what was asked for.
    for of_another in [json!({"cursor": next}), json!({"case": case, "person": "P-LEAD", "cursor": next})] {
        let refused = ask(AUDITOR, of_another).await;
        assert_problem(&refused, 400, "bad-cursor");
        assert!(refused.json["detail"].as_str().unwrap().contains("another list"), "{}", refused.json);
    }
    assert_problem(&ask(OPERATOR, json!({"case": case, "cursor": next})).await, 400, "bad-cursor");
    for nonsense in ["", "7", "AAAA", &"A".repeat(5_000)] {
        assert_problem(&ask(AUDITOR, json!({"case": case, "cursor": nonsense})).await, 400, "bad-cursor");
    }
    // An operator is told acts alone; others nothing.
    let operator = ask(OPERATOR, json!({"case": other})).await;
    assert_eq!((operator.status.as_u16(), &operator.json["with_views"]), (200, &json!(false)));
    assert!(operator.json["items"].as_array().unwrap().iter().all(|item| item["is"] == "act"));
    for nobody in [LEAD, SCHOOL, CIT] {
        assert_problem(&ask(nobody, json!({})).await, 403, "not-this-role");
    }
    assert_problem(&ask(AUDITOR, json!({"limit": 501})).await, 400, "bad-limit");
    assert_problem(&ask(AUDITOR, json!({"limit": 0})).await, 400, "bad-limit");
    assert_eq!(ask(AUDITOR, json!({"case": "AS-9999999-9"})).await.status, 404);
    assert_eq!(ask(AUDITOR, json!({"whom": "P-1"})).await.status, 400);
    let later = ask(AUDITOR, json!({"since": "2099-01-01T00:00:00Z"})).await;
    assert_eq!(told(&later), []);
}

#[tokio::test]
async fn k6_a_case_is_found_by_its_number_an_nsn_and_a_name_with_a_slip() {
    let service = Service::start().await;
    let nsn = "123456789";
    let mut body = referral();
    body["personal"]["student"]["nsn"] = json!(nsn);
    let case = service.post("/v1/cases", SCHOOL, "k1", &body).await.json["case"].as_str().unwrap().to_owned();
    let last = service.ledger.reader().durable();
    let opened = service.get(&format!("/v1/cases/{case}?min_position={last}"), LEAD).await;
    let number = opened.json["number"].as_str().unwrap().to_owned();
    let search = async |actor: &str, body: Value| service.post("/v1/cases/search", actor, "s", &body).await;
    let found = |answer: &Answer| answer.json["items"].as_array().map_or(0, Vec::len);
    for body in [
        json!({"name": number}),
        json!({"name": number.to_lowercase()}),
        json!({"name": number.replace('-', " ")}),
        json!({"nsn": nsn}),
        json!({"nsn": format!("0{nsn}")}),
        json!({"name": "Kanarīpata"}),
        json!({"name": "Kanraipata"}),
    ] {
        let answer = search(LEAD, body.clone()).await;
        assert_eq!((answer.status.as_u16(), found(&answer)), (200, 1), "{body}: {}", answer.json);
        assert_eq!(answer.json["nearly"], json!(u32::from(body["name"] == "Kanraipata")), "{body}");
        // Nobody finds what is not theirs.
        assert_eq!(found(&search("P-9/workflow_lead/ASP-02", body).await), 0);
    }
    assert_eq!(found(&search(LEAD, json!({"nsn": "999999999"})).await), 0);
    for bad in [json!({}), json!({"name": "A", "nsn": "1"}), json!({"name": "A", "like": number}), json!({"like": "A"})]
    {
        assert_problem(&search(LEAD, bad).await, 400, "bad-search");
    }
}

/// R27: of a student without an NSN each referral is a case; people find that they seem to be one and say so.
#[tokio::test]
async fn k5_cases_of_equal_names_and_birth_dates_are_found_by_one_of_them() {
    let service = Service::start().await;
    let open = async |key: &str, family: &str, given: &str, born: &str| {
        let mut body = referral();
        let student = &mut body["personal"]["student"];
        student.as_object_mut().unwrap().remove("nsn");
        student["family_name"] = json!(family);
        student["given_names"] = json!(given);
        student["birth_date"] = json!(born);
        let answer = service.post("/v1/cases", SCHOOL, key, &body).await;
        answer.json["case"].as_str().unwrap_or_else(|| panic!("{}", answer.json)).to_owned()
    };
    let first = open("k1", "Tāmihana", "Hēmi Rāwiri", "2013-07-09").await;
    let same = open("k2", "Taamihana", "Hemi", "2013-07-09").await;
    let equal = open("k3", "TAMIHANA", "Hēmi Rawiri", "2013-07-09").await;
    let swapped = open("k4", "Tamihanna", "Rāwiri", "2013-09-07").await;
    open("k5", "Tāmihana", "Hēmi", "2014-07-09").await;
    open("k6", "Tāmihana", "Mere", "2013-07-09").await;
    let last = service.ledger.reader().durable();
    let path = format!("/v1/cases/search?min_position={last}");
    let like = async |actor: &str, case: &str| service.post(&path, actor, "s", &json!({"like": case})).await;
    let told = |answer: &Answer| -> Vec<String> {
        let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json));
        items.iter().map(|item| item["case"].as_str().unwrap().to_owned()).collect()
    };
    let found = like(LEAD, &first).await;
    assert_eq!((told(&found), &found.json["nearly"]), (vec![equal, swapped, same], &json!(2)));
    // Whoever does not see the case learns nothing by it, nor of cases that are not theirs.
    assert!(told(&like("P-9/workflow_lead/ASP-02", &first).await).is_empty());
    assert!(told(&like(LEAD, "09090909-0909-0909-0909-090909090909").await).is_empty());
    let report = service
        .post(
            &format!("/v1/cases/{first}/actions/report-dual-active"),
            LEAD,
            "r",
            &json!({"facts": {"other": told(&found)[0]}}),
        )
        .await;
    assert_eq!(report.status.as_u16(), 200, "{}", report.json);
}

#[tokio::test]
async fn an_event_is_passed_over_where_a_view_stopped_before_it_alone() {
    let service = Service::start().await;
    let skip = async |view: &str, actor: &str, body: Value| {
        service.post(&format!("/v1/views/{view}/skip"), actor, "s", &body).await
    };
    let body = json!({"position": 1, "reason": "TICKET-7"});
    assert_problem(&skip("audit_trail", OPERATOR, body.clone()).await, 409, "not-stalled");
    assert_problem(&skip("nothing", OPERATOR, body.clone()).await, 404, "unknown-view");
    assert_problem(&skip("audit_trail", AUDITOR, body).await, 403, "not-this-role");
    assert_eq!(skip("audit_trail", OPERATOR, json!({"position": 1})).await.status, 400);
    let status = service.get("/v1/views", OPERATOR).await;
    let names: Vec<&str> =
        status.json["items"].as_array().unwrap().iter().map(|view| view["view"].as_str().unwrap()).collect();
    assert_eq!(names, ["case_view", "service_levels", "audit_trail"]);
}

/// Progress of a rebuild is told in the answer, in the status and in the metrics.
#[tokio::test]
async fn several_read_models_are_built_anew_steered_and_put_into_use_by_one_request_each() {
    let service = Service::start().await;
    let case = service.refer("k1").await;
    let last = service.ledger.reader().durable();
    service.get(&format!("/v1/cases/{case}?min_position={last}"), LEAD).await;
    let post = async |what: &str, body: Value| service.post(&format!("/v1/views/{what}"), OPERATOR, "r", &body).await;
    let unknown = post("rebuild", json!({"views": ["audit_trail", "case_veiw"]})).await;
    assert_problem(&unknown, 404, "unknown-view");
    assert!(unknown.json["detail"].as_str().unwrap().contains("0 read models"), "{}", unknown.json);
    let estimates = post("rebuild", json!({"dry_run": true})).await.json["estimates"].clone();
    assert!(estimates.as_array().unwrap().iter().all(|one| one["events"].as_u64() == Some(last.0)), "{estimates}");
    let two = json!(["case_view", "audit_trail"]);
    assert_eq!(post("rebuild", json!({"views": two})).await.json["beside"].as_array().unwrap().len(), 2);
    assert_problem(&post("rebuild", json!({})).await, 409, "rebuild-under-way");
    for _ in 0..6_000 {
        let status = service.get("/v1/views", OPERATOR).await.json;
        let states: Vec<_> = (0..3).map(|n| status["items"][n]["beside"]["state"]["is"].clone()).collect();
        if states == [json!("ready"), Value::Null, json!("ready")] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let metrics = service.get("/metrics", OPERATOR).await;
    let text = metrics.json.as_str().unwrap();
    for view in ["case_view", "audit_trail"] {
        assert!(text.contains(&format!("caseledger_view_beside_position{{view=\"{view}\"}} {last}")), "{text}");
    }
    let switched = post("beside", json!({"views": two, "act": "switch"})).await.json["items"].clone();
    assert!(switched.as_array().unwrap().iter().all(|one| one["state"]["is"] == "previous"), "{switched}");
    assert_problem(&post("beside", json!({"views": ["service_levels"], "act": "switch"})).await, 409, "no-rebuild");
    assert_eq!(post("beside", json!({"views": two, "act": "fly"})).await.status, 400);
    assert_eq!(service.get(&format!("/v1/cases/{case}"), LEAD).await.status, 200);
}
