//! E8–E11, E46: meetings, engagement, attempts, contact details, the plan.

use serde_json::json;

use crate::action::CaseAction;
use crate::actions::*;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

#[test]
fn m10_a_meeting_says_which_school_it_was_with() {
    for (history, school, role) in [
        (ca_case(), None, SchoolRole::Referring),
        (ca_case(), Some("SCH-1"), SchoolRole::Referring),
        (nen_case(), None, SchoolRole::MostRecentlyAttended),
        (nen_case(), Some("SCH-2"), SchoolRole::Other),
    ] {
        given(history).when(HoldSchoolMeeting { school: school.map(code), mode: Mode::Video }).then([
            SchoolMeetingHeld { school: code(school.unwrap_or("SCH-1")), school_role: role, mode: Mode::Video },
        ]);
    }
}

#[test]
fn e8_a_school_that_is_not_known_was_not_met() {
    given(ca_case())
        .when(HoldSchoolMeeting { school: Some(code("SCH-9")), mode: Mode::InPerson })
        .then_refused(Refusal::UnknownSchool { school: code("SCH-9") });
}

#[test]
fn e9_q11_the_mode_of_every_meeting_and_engagement_is_kept() {
    for mode in [Mode::InPerson, Mode::Video, Mode::Phone, Mode::Text, Mode::Email, Mode::HomeVisit] {
        given(ca_case())
            .when(HoldCaregiverMeeting { mode, student_present: false })
            .then([CaregiverMeetingHeld { mode, student_present: false }]);
        given(ca_case()).when(EngageStudent { mode }).then([StudentEngaged { mode }]);
        given(ca_case()).when(EngageCaregiver { mode }).then([CaregiverEngaged { mode }]);
    }
}

#[test]
fn e46_an_attempt_is_recorded_as_an_attempt_and_counted_for_r19() {
    for (with, outcome) in [
        (ContactWith::Student, AttemptOutcome::NotReached),
        (ContactWith::Caregiver, AttemptOutcome::WrongDetails),
        (ContactWith::School, AttemptOutcome::Refused),
        (ContactWith::Other, AttemptOutcome::NotReached),
    ] {
        given(ca_case())
            .and([on("2026-02-20", attempt())])
            .when(AttemptContact { with, mode: Mode::Phone, outcome })
            .then([ContactAttempted { with, mode: Mode::Phone, outcome }])
            .then_case(|case| case.attempts == 2);
    }
}

fn details(current_on: &str, confirmed: bool, catchment: Option<&str>) -> RecordContactDetails {
    RecordContactDetails {
        source: DetailsSource::Family,
        current_on: day(current_on),
        confirmed,
        catchment: catchment.map(code),
    }
}

#[test]
fn r15_a_confirmed_address_and_its_catchment_are_facts() {
    given(nen_case())
        .when(details("2026-03-02", true, Some("C-2")))
        .then([confirmed_in("C-2", "2026-03-02")])
        .then_case(|case| case.confirmed_catchment() == Some(code("C-2")));
    given(nen_case())
        .when(details("2026-03-02", false, Some("C-2")))
        .then_case(|case| case.confirmed_catchment().is_none() && case.details.is_some_and(|held| held.current));
}

/// R15 lets a case go where an address is confirmed: there has to be one.
#[test]
fn r15_nothing_is_confirmed_without_an_address() {
    let sent = |confirmed: bool, contacts: serde_json::Value| {
        let facts = json!({"source": "family", "current_on": "2026-03-02", "confirmed": confirmed, "catchment": "C-2"});
        let personal = json!({ "contacts": contacts });
        CaseAction::parse("record-contact-details", &facts.to_string(), &personal.to_string()).unwrap()
    };
    let phone = || json!({"phones": ["021 555 0100"]});
    for contacts in [json!({}), phone()] {
        assert_eq!(sent(true, contacts).unwrap_err().pointer, "/personal/contacts");
    }
    assert!(sent(false, phone()).is_ok());
    assert!(sent(true, json!({"address": ["12 Tāwhai Street"]})).is_ok());
}

#[test]
fn r15_later_details_decide_what_is_confirmed() {
    for (what, later, confirmed) in [
        ("confirmed elsewhere", details("2026-03-02", true, Some("C-3")), Some("C-3")),
        ("heard to be elsewhere", details("2026-03-02", false, Some("C-3")), None),
        ("the same, not confirmed again", details("2026-03-02", false, Some("C-2")), Some("C-2")),
        ("a telephone number alone", details("2026-03-02", false, None), Some("C-2")),
        ("older details, recorded late", details("2026-02-01", true, Some("C-3")), Some("C-2")),
    ] {
        let outcome = given(nen_case()).and([on("2026-02-20", confirmed_in("C-2", "2026-02-20"))]).when(later);
        let case = outcome.stage.world.case(CASE).unwrap();
        assert_eq!(case.confirmed_catchment(), confirmed.map(code), "{what}");
    }
}

#[test]
fn e10_details_that_will_be_right_one_day_are_not_details() {
    given(nen_case())
        .when(details("2026-06-02", true, None))
        .then_refused(Refusal::InTheFuture { field: "/facts/current_on", today: day("2026-06-01") });
    given(nen_case())
        .when(details("2026-03-02", true, Some("C-9")))
        .then_refused(Refusal::UnknownCatchment { catchment: code("C-9") });
}

#[test]
fn e10_details_are_marked_out_of_date_once_and_only_where_there_are_some() {
    given(nen_case()).when(MarkContactDetailsOutOfDate {}).then_refused(Refusal::NoContactDetails);
    let outcome = given(nen_case())
        .and([on("2026-02-20", confirmed_in("C-2", "2026-02-20"))])
        .when(MarkContactDetailsOutOfDate {})
        .then([ContactDetailsMarkedOutOfDate {}])
        .then_case(|case| case.confirmed_catchment().is_none());
    drop(outcome);
    given(nen_case())
        .and([on("2026-02-20", confirmed_in("C-2", "2026-02-20")), on("2026-03-01", ContactDetailsMarkedOutOfDate {})])
        .when(MarkContactDetailsOutOfDate {})
        .then_nothing();
}

#[test]
fn e11_the_plan_is_counted_by_revision_and_its_goals_by_the_words() {
    let personal = json!({"plan": {"goals": ["Four days", "Kapa haka"], "actions": []}});
    let revision =
        |revision| StudentPlanRecorded { revision, goals: 2, barriers: vec![code("TRANSPORT")], review_on: None };
    given(ca_case()).when_sent("record-plan", json!({"barriers": ["TRANSPORT"]}), personal.clone()).then([revision(1)]);
    given(ca_case())
        .and([on("2026-02-20", revision(1))])
        .when_sent("record-plan", json!({"barriers": ["TRANSPORT"]}), personal)
        .then([revision(2)])
        .then_case(|case| case.plans == 2);
}

#[test]
fn e11_a_plan_is_reviewed_after_it_was_made_also_where_it_is_recorded_late() {
    let personal = || json!({"plan": {"goals": ["Four days"], "actions": []}});
    let reviewed = |on: &str| json!({"review_on": on});
    let planned =
        |on: &str| StudentPlanRecorded { revision: 1, goals: 1, barriers: Vec::new(), review_on: Some(day(on)) };
    let late = || given(ca_case()).at("2026-03-20T00:00:00Z").occurred("2026-03-02");
    late().when_sent("record-plan", reviewed("2026-03-16"), personal()).then([planned("2026-03-16")]);
    late()
        .when_sent("record-plan", reviewed("2026-03-01"), personal())
        .then_refused(Refusal::InThePast { field: "/facts/review_on", today: day("2026-03-20") });
}
