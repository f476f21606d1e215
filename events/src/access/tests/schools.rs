//! What schools see: V1–V3, V6, V7, V9, Q17, Q28, Q29, and their own requests.

use super::told::*;
use crate::access::*;
use crate::envelope::Role;
use crate::event::*;
use crate::ids::Position;
use crate::personal::Group;
use crate::testing::*;

#[test]
fn v1_a_school_sees_active_cases_of_students_currently_enrolled_there() {
    let case = standing(&told(at_work(ca_case())));
    assert_eq!(open(school(), &case, TODAY).unwrap().level(), Level::School);
    assert_eq!(open(other_school(), &case, TODAY), Err(Denied::Secret));
    let listed = scope(&asking(school()), Operation::List, None, day(TODAY)).unwrap();
    assert_eq!(listed.filter(), &Filter::Enrolled { school: code("SCH-1"), on: day(TODAY) });
    assert!(listed.admits(&case));
}

#[test]
fn v3_a_closed_case_is_not_shown_but_that_the_own_request_has_ended_is() {
    let case = standing(&told(closed(at_work(ca_case()), "2026-04-01")));
    let grant = open(school(), &case, TODAY).unwrap();
    let request = OwnRequestState::of(&grant, &case).unwrap();
    assert_eq!((grant.level(), request.state, request.provider), (Level::OwnRequest, Some(RequestState::Ended), None));
    assert!(!grant.shows_field(Group::Narrative, &text_of(1, "ASP-1")));
}

#[test]
fn v2_a_school_sees_what_it_sent_and_not_what_others_wrote() {
    let case = standing(&told(at_work(ca_case())));
    let grant = open(school(), &case, TODAY).unwrap();
    for (group, own, of_others) in [
        (Group::Identity, true, true),
        (Group::Contact, true, false),
        (Group::Health, true, false),
        (Group::Narrative, true, false),
        (Group::Immigration, false, false),
        (Group::Restricted, false, false),
    ] {
        assert_eq!(grant.shows_field(group, &written("SCH-1", 1)), own, "{group:?}, its own");
        assert_eq!(grant.shows_field(group, &written("ASP-1", 3)), of_others, "{group:?}, the provider's");
    }
}

#[test]
fn v6_the_roles_of_one_school_see_different_things() {
    let others = PrimaryContactChanged { before: None, contact: code("S-7") };
    let case = standing(&then(at_work(ca_case()), [on("2026-03-02", others)]));
    let lead = open(school(), &case, TODAY).unwrap();
    let office = open(person(Role::OfficeSupport, "S-3", "SCH-1"), &case, TODAY).unwrap();
    assert_eq!((lead.sees(Group::Narrative), office.sees(Group::Narrative)), (Sight::Shared, Sight::Own));
    let contact = open(person(Role::PrimaryContact, "S-7", "SCH-1"), &case, TODAY).unwrap();
    assert_eq!(contact.level(), Level::School);
    assert_eq!(open(person(Role::PrimaryContact, "S-8", "SCH-1"), &case, TODAY), Err(Denied::Secret));
}

#[test]
fn q17_a_school_is_told_of_key_actions_its_own_acts_and_comments_it_may_read() {
    let case = standing(&then(at_work(ca_case()), [on("2026-03-02", comment(1, true))]));
    let grant = open(school(), &case, TODAY).unwrap();
    let shown = |by: &str| -> Vec<&'static str> {
        let events = sample_events().into_iter();
        events.filter(|event| grant.shows_event(event, &written(by, 9))).map(|event| event.kind()).collect()
    };
    let key_actions = [
        "allocated_to_provider",
        "assigned_to_case_manager",
        "student_plan_recorded",
        "primary_contact_changed",
        "case_reopened",
        "case_paused",
        "case_resumed",
    ];
    assert_eq!(shown("ASP-1"), key_actions);
    let own: Vec<_> = shown("SCH-1").into_iter().filter(|kind| !key_actions.contains(kind)).collect();
    assert_eq!(
        own,
        [
            "support_request_submitted",
            "non_enrolment_notified",
            "contact_details_recorded",
            "comment_added",
            "unenrolled_student_reported",
            "file_uploaded",
            "privacy_notice_given",
        ]
    );
    assert!(grant.shows_event(&comment(1, true).into(), &text_of(1, "ASP-1")));
    assert!(!grant.shows_event(&comment(2, false).into(), &text_of(2, "ASP-1")));
}

#[test]
fn v7_a_school_is_not_told_of_immigration_or_prosecution_not_even_as_the_reason_of_closing() {
    let case = standing(&told(at_work(ca_case())));
    let grant = open(school(), &case, TODAY).unwrap();
    for (reason, told) in [
        (ClosureReason::ReturnedToAttendance, true),
        (ClosureReason::OutOfCountry, false),
        (ClosureReason::ProsecutionOutcome, false),
    ] {
        assert_eq!(grant.closed_because(reason).is_some(), told, "{reason:?}");
        assert_eq!(grant.shows_event(&CaseClosed { reason }.into(), &written("ASP-1", 9)), told, "{reason:?}");
    }
    assert!(!grant.shows_event(&inz_answered(1, Whereabouts::Out).into(), &written("INZ", 9)));
    let provider = open(lead(), &case, TODAY).unwrap();
    assert_eq!(provider.closed_because(ClosureReason::OutOfCountry), Some(ClosureReason::OutOfCountry));
}

#[test]
fn q28_when_enrolment_moves_the_old_school_loses_the_case_that_day_and_keeps_its_request() {
    let history = then(
        at_work(ca_case()),
        [on("2026-03-02", comment(1, true)), on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-20"))],
    );
    let case = standing(&history);
    // A future date of the register switches by the clock.
    assert_eq!(open(school(), &case, "2026-03-19").unwrap().level(), Level::School);
    assert_eq!(open(other_school(), &case, "2026-03-19"), Err(Denied::Secret));
    let old = open(school(), &case, "2026-03-20").unwrap();
    assert_eq!(open(other_school(), &case, "2026-03-20").unwrap().level(), Level::School);
    assert_eq!((old.level(), old.follows()), (Level::OwnRequest, false));
    let request = OwnRequestState::of(&old, &case).unwrap();
    assert_eq!((request.state, request.provider, request.sent), (None, None, vec![Position(1)]));
    assert!(!old.shows_field(Group::Narrative, &text_of(1, "ASP-1")), "shared comments are lost with the student");
    assert!(!old.shows_event(&allocation(AllocationBasis::Cit).into(), &written("ASP-1", 9)));
    assert!(old.shows_field(Group::Narrative, &written("SCH-1", 1)), "what it wrote is its own");
}

#[test]
fn q28_a_late_report_of_the_register_is_shown_as_known() {
    let before = told(at_work(ca_case()));
    assert_eq!(open(school(), &standing(&before), "2026-05-01").unwrap().level(), Level::School);
    let after = then(at_work(ca_case()), [late("2026-03-20", "2026-05-02", enrolled(Some("SCH-2"), "2026-03-20"))]);
    assert_eq!(open(school(), &standing(&after), "2026-05-02").unwrap().level(), Level::OwnRequest);
    assert_eq!(open(other_school(), &standing(&after), "2026-05-02").unwrap().level(), Level::School);
}

#[test]
fn q28_the_new_school_sees_shared_comments_but_neither_the_old_schools_nor_its_request() {
    let mut history = then(at_work(ca_case()), [on("2026-03-02", comment(1, true))]);
    history.push(school_comment(2, school(), "2026-03-03"));
    history.push(on("2026-03-20", enrolled(Some("SCH-2"), "2026-03-20")).into());
    let grant = open(other_school(), &standing(&history), TODAY).unwrap();
    assert!(grant.shows_field(Group::Narrative, &text_of(1, "ASP-1")));
    assert!(!grant.shows_field(Group::Narrative, &text_of(2, "SCH-1")));
    assert!(!grant.shows_event(&request().into(), &written("SCH-1", 1)));
}

#[test]
fn q29_the_last_school_of_a_nen_student_sees_what_is_shared_with_it_and_nothing_else() {
    let unshared = standing(&then(nen_case(), [on("2026-03-02", comment(1, false))]));
    assert_eq!(open(school(), &unshared, TODAY), Err(Denied::Secret));
    let history = then(nen_case(), [on("2026-03-02", comment(1, true)), on("2026-03-03", comment(2, false))]);
    let case = standing(&history);
    let grant = open(school(), &case, TODAY).unwrap();
    assert_eq!(grant.level(), Level::SharedItems);
    assert!(grant.shows_event(&comment(1, true).into(), &text_of(1, "ASP-1")));
    assert!(!grant.shows_event(&comment(2, false).into(), &text_of(2, "ASP-1")));
    assert!(!grant.shows_event(&allocation(AllocationBasis::Cit).into(), &written("ASP-1", 3)));
    assert_eq!(open(other_school(), &case, TODAY), Err(Denied::Secret));
}

#[test]
fn q29_what_was_shared_while_the_student_was_enrolled_is_not_shared_with_the_last_school() {
    let left = EnrolmentStatusChanged { school: None, ..enrolled(None, "2026-03-20") };
    let history = then(at_work(ca_case()), [on("2026-03-02", comment(1, true)), on("2026-03-20", left)]);
    let grant = open(school(), &standing(&history), TODAY).unwrap();
    assert_eq!((grant.level(), grant.follows()), (Level::OwnRequest, true), "its request is still followed");
    assert!(!grant.shows_field(Group::Narrative, &text_of(1, "ASP-1")));
    // Also not where the register tells late that the student had left before.
    let late = late("2026-02-25", "2026-03-20", enrolled(None, "2026-02-25"));
    let history = then(at_work(ca_case()), [on("2026-03-02", comment(1, true)), late]);
    assert_eq!(standing(&history).shared_with_last(day(TODAY)).count(), 0);
}

#[test]
fn a_school_follows_its_own_request_from_submission() {
    let by_school =
        |history: Vec<Past>| -> Vec<Told> { history.into_iter().map(|past| Told(school(), past)).collect() };
    let case = standing(&by_school(notified()));
    let request = OwnRequestState::of(&open(school(), &case, TODAY).unwrap(), &case).unwrap();
    assert_eq!((request.state, request.provider), (Some(RequestState::Received), None));
    let case = standing(&by_school(nen_case()));
    let request = OwnRequestState::of(&open(school(), &case, TODAY).unwrap(), &case).unwrap();
    assert_eq!((request.state, request.provider), (Some(RequestState::WithProvider), Some(code("ASP-1"))));
    let colleague = person(Role::PrimaryContact, "S-9", "SCH-1");
    assert_eq!(open(colleague, &case, TODAY), Err(Denied::Secret), "a primary contact follows what names them");
}

#[test]
fn v9_what_schools_may_do_stands_in_rows_that_are_changed_one_by_one() {
    let may = |role: Role| TABLE.iter().filter(move |row| row.role == role).flat_map(|row| row.may);
    for role in [Role::AttendanceLead, Role::PrimaryContact, Role::OfficeSupport] {
        assert!(may(role).any(|&operation| operation == Operation::Refer), "{role} refers (S4)");
        assert!(may(role).all(|operation| !operation.needs_mfa()), "{role}");
    }
}
