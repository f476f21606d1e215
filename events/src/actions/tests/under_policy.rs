//! What each rule that reads the policy says under another one (Q1–Q5, Q14, Q26, Q27, Q30, Q32, Q33, Q37, Q38).

use serde_json::json;

use crate::actions::*;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn not_in(table: &'static str) -> Refusal {
    Refusal::NotInTable { table }
}

#[test]
fn q5_policy_may_let_an_open_request_keep_the_case_manager() {
    let assign = || AssignCaseManager { manager: code("M-2") };
    let asking = || at_work(ca_case()).into_iter().chain([on("2026-02-20", asked(1, Agency::Inz))]);
    given(asking()).when(assign()).then([AssignedToCaseManager { manager: code("M-2"), before: Some(code("M-1")) }]);
    given(asking())
        .under(json!({"moves": {"request_pins_case_manager": true}}))
        .when(assign())
        .then_refused(Refusal::PinnedByRequest { open: 1 });
}

#[test]
fn q32_policy_may_let_an_in_school_provider_pass_on_a_case_with_an_open_request() {
    let asking = || in_school_case().into_iter().chain([on("2026-02-20", asked(1, Agency::Msd))]);
    let pass = || ReallocateToCatchmentProvider {};
    given(asking()).by(in_school_lead()).when(pass()).then_refused(Refusal::PinnedByRequest { open: 1 });
    let freely = json!({"moves": {"request_pins_in_school": false}});
    assert!(given(asking()).under(freely).by(in_school_lead()).when(pass()).result.is_ok());
}

#[test]
fn q32_policy_says_when_a_request_is_overdue_and_it_goes_on_pinning() {
    let asks = || OpenInformationRequest { agency: Agency::Msd };
    for (days, overdue_on) in [(20, Some("2026-06-21")), (5, Some("2026-06-06")), (0, None)] {
        let policy = json!({"moves": {"request_overdue_days": days}});
        let expected = InformationRequestOpened { overdue_on: overdue_on.map(day), ..asked(1, Agency::Msd) };
        given(ca_case()).under(policy).when(asks()).then([expected]);
    }
    let long_ago = InformationRequestOpened { overdue_on: Some(day("2026-03-01")), ..asked(1, Agency::Msd) };
    given(in_school_case())
        .and([on("2026-02-20", long_ago)])
        .by(in_school_lead())
        .when(ReallocateToCatchmentProvider {})
        .then_refused(Refusal::PinnedByRequest { open: 1 });
}

#[test]
fn q26_q27_policy_says_when_the_form_and_the_task_are_due() {
    let notified = |changes: serde_json::Value, policy: serde_json::Value| {
        let mut facts = json!({"last_day_attended": "2026-04-30", "withdrawn_on": "2026-05-04",
            "task_received_on": "2026-05-05", "leave_reason": "withdrawn_by_parent"});
        // A null takes the field out.
        facts.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let outcome = given_nothing().under(policy).by(enrol()).when_opening(notice_sent(facts));
        match &outcome.events()[0] {
            CaseEvent::NonEnrolmentNotified(e) => [e.form_due_on, e.task_expected_on],
            other => panic!("{other:?}"),
        }
    };
    let days = |form: Option<&str>, task: Option<&str>| [form.map(day), task.map(day)];
    let default = || json!({});
    // R33, Q27: five school days after 5 May; twenty after 4 May, the King's Birthday not counted.
    assert_eq!(notified(json!({}), default()), days(Some("2026-05-12"), Some("2026-06-02")));
    let any_day = json!({"enrolment": {"days": "calendar_days"}});
    assert_eq!(notified(json!({}), any_day), days(Some("2026-05-10"), Some("2026-05-24")));
    let shorter = json!({"enrolment": {"form_due_days": 2, "task_after_days": 10}});
    assert_eq!(notified(json!({}), shorter), days(Some("2026-05-07"), Some("2026-05-18")));
    // R12: withdrawn for continuous absence, the task comes on the following day whatever the twenty days are.
    let continuous = json!({"leave_reason": "continuous_absence"});
    assert_eq!(notified(continuous, default()), days(Some("2026-05-12"), Some("2026-05-05")));
    let unknown = json!({"withdrawn_on": null, "task_received_on": null});
    assert_eq!(notified(unknown, default()), days(None, None));
}

#[test]
fn q14_policy_may_say_that_risk_is_of_cases_alone() {
    let reports = |policy: serde_json::Value| {
        given(ca_case()).under(policy).when_reporting(
            "ASP-1",
            "update-provider-risk",
            provider_facts("update-provider-risk"),
        )
    };
    assert!(reports(json!({})).result.is_ok());
    assert_eq!(reports(json!({"measures": {"risk_of": "case"}})).result.unwrap_err(), Refusal::RiskIsOfCases);
    let of_case = given(ca_case()).under(json!({"measures": {"risk_of": "case"}}));
    assert!(of_case.when(sample_action("update-risk")).result.is_ok());
}

#[test]
fn q37_policy_may_keep_cit_from_sending_cases_back() {
    let with_cit = || nen_case().into_iter().chain([on("2026-03-02", passed_to_cit())]);
    let decline = || sample_action("decline-reallocation");
    assert!(given(with_cit()).by(cit()).when(decline()).result.is_ok());
    given(with_cit())
        .under(json!({"moves": {"cit_may_decline": false}}))
        .by(cit())
        .when(decline())
        .then_refused(Refusal::CitDoesNotDecline);
}

#[test]
fn q38_policy_sets_the_least_efforts_before_not_located() {
    let efforts = |attempts: usize, answers: u16| {
        let answered = (1..=answers).map(|n| on("2026-03-01", inz_answered(n, Whereabouts::NotOut)));
        let tried = (0..attempts).map(|_| on("2026-03-01", attempt()));
        given(nen_case())
            .and(tried)
            .and(answered)
            .under(json!({"location": {"attempts_min": 3, "answered_checks_min": 2}}))
    };
    let set = || SetNotLocated { no_check_because: None };
    efforts(2, 2).when(set()).then_refused(Refusal::NoAttempt);
    efforts(3, 1).when(set()).then_refused(Refusal::NoAnsweredCheck);
    efforts(3, 2).when(set()).then([NotLocatedFlagSet { answered_checks: 2, no_check_because: None, attempts: 3 }]);
}

#[test]
fn q30_policy_may_keep_what_was_shared_shared() {
    let shared = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: true };
    let file = FileUploaded { shared_with_schools: true, ..file_uploaded(1) };
    let case =
        || at_work(ca_case()).into_iter().chain([on("2026-03-01", shared.clone()), on("2026-03-01", file.clone())]);
    let stays = || given(case()).under(json!({"sharing": {"may_unshare": false}}));
    let comment = || ChangeCommentSharing { comment: CommentNumber(1), share_with_schools: false };
    let its_file = || ChangeFileSharing { file: FileNumber(1), share_with_schools: false };
    assert!(given(case()).when(comment()).result.is_ok() && given(case()).when(its_file()).result.is_ok());
    stays().when(comment()).then_refused(Refusal::SharingStays);
    stays().when(its_file()).then_refused(Refusal::SharingStays);
}

#[test]
fn q38_what_is_in_no_table_on_the_day_is_refused_by_its_table() {
    let always = |value: &str| json!([{"value": value}]);
    let plan = || sample_action("record-plan");
    for (tables, action, table) in [
        (json!({"closure_reasons": always("deceased")}), sample_action("close"), "closure_reasons"),
        (json!({"meeting_modes": always("video")}), sample_action("hold-school-meeting"), "meeting_modes"),
        (json!({"meeting_modes": always("video")}), sample_action("hold-caregiver-meeting"), "meeting_modes"),
        (json!({"barriers": always("HOUSING")}), plan(), "barriers"),
        (json!({"contact_roles": always("PRINCIPAL")}), sample_action("record-agreement"), "contact_roles"),
        (
            json!({"risk_levels": [{"value": "HIGH", "until": "2026-05-31"}]}),
            sample_action("update-risk"),
            "risk_levels",
        ),
        (json!({"needs": [{"value": "TRANSPORT", "from": "2026-06-02"}]}), sample_action("identify-need"), "needs"),
    ] {
        given(ca_case()).under(json!({ "tables": tables })).when(action).then_refused(not_in(table));
    }
    assert!(given(ca_case()).when(plan()).result.is_ok());
}

#[test]
fn q38_a_table_of_codes_without_rows_takes_none_and_says_which_setting_to_fill_in() {
    for (action, table) in [
        ("record-plan", "barriers"),
        ("record-agreement", "contact_roles"),
        ("update-risk", "risk_levels"),
        ("identify-need", "needs"),
    ] {
        let outcome = given(ca_case()).under(json!({"tables": {table: []}})).when(sample_action(action));
        let refused = Refusal::TableIsEmpty { table };
        assert!(refused.to_string().contains(&format!("tables.{table}")), "{refused}");
        outcome.then_refused(refused);
    }
}

#[test]
fn q38_what_somebody_writes_as_a_barrier_is_no_fact() {
    let plan = json!({"plan": {"goals": ["Three mornings a week"], "actions": ["Bus card"]}});
    given(ca_case())
        .when_sent("record-plan", json!({"barriers": ["TRANSPORT", "MUM-IN-PRISON"]}), plan)
        .then_refused(not_in("barriers"));
}

#[test]
fn q38_a_code_of_immigration_nz_means_what_the_table_of_the_day_says() {
    let departed = json!({"tables": {"return_codes": [{"value": {"code": "DEPARTED", "means": "out"}}]}});
    let asking = || ca_case().into_iter().chain([on("2026-02-20", asked(1, Agency::Inz))]);
    let answered = |code: &str| {
        given(asking())
            .under(departed.clone())
            .by(inz())
            .when_sent("answer-information-request", json!({"request": 1}), json!({"answer": {"code": code}}))
            .events()[0]
            .clone()
    };
    assert_eq!(answered("departed"), inz_answered(1, Whereabouts::Out).into());
    assert_eq!(answered("OUT"), inz_answered(1, Whereabouts::Unknown).into());
}

#[test]
fn q33_an_answer_brings_a_task_with_a_due_date_and_never_a_closing() {
    let asking = || ca_case().into_iter().chain([on("2026-02-20", asked(1, Agency::Inz))]);
    let (name, facts) = ("answer-information-request", json!({"request": 1}));
    for (days, due) in [(14, Some("2026-06-15")), (3, Some("2026-06-04")), (0, None)] {
        let events = given(asking())
            .under(json!({"moves": {"read_answer_days": days}}))
            .by(inz())
            .when_sent(name, facts.clone(), json!({"answer": {"code": "OUT"}}))
            .then_case(|case| case.status.is_active())
            .events();
        let added = events.iter().find_map(|event| match event {
            CaseEvent::TaskAdded(e) => Some((e.kind, e.due_on)),
            _ => None,
        });
        assert_eq!(added, due.map(|due| (TaskKind::ReadAnswer, day(due))), "{days} days");
    }
}
