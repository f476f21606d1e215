//! E4, K2: the Ministry's check of a notification.

use crate::actions::CompleteMinistryCheck;
use crate::case::{Owner, Status};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn check(outcome: CheckOutcome) -> CompleteMinistryCheck {
    CompleteMinistryCheck { in_new_zealand: Some(true), enrolled: false, outcome }
}

fn completed(outcome: CheckOutcome) -> CaseEvent {
    MinistryCheckCompleted { in_new_zealand: Some(true), enrolled: false, outcome }.into()
}

#[test]
fn r41_refer_allocates_in_the_same_commit_to_the_catchment_of_the_last_school() {
    given(notified())
        .by(cit())
        .when(check(CheckOutcome::Refer))
        .then([completed(CheckOutcome::Refer), allocation(AllocationBasis::LastSchoolCatchment).into()])
        .then_case(|case| case.status == Status::Allocated && case.owner == Owner::Provider(code("ASP-1")))
        .then_case(|case| !case.check_pending);
}

#[test]
fn r41_refer_allocates_to_the_catchment_of_the_confirmed_address_where_there_is_one() {
    let there = AllocatedToProvider {
        provider: code("ASP-2"),
        catchment: Some(code("C-2")),
        basis: AllocationBasis::ConfirmedAddress,
        in_school: false,
    };
    given(notified())
        .and([on("2026-02-20", confirmed_in("C-2", "2026-02-20"))])
        .by(cit())
        .when(check(CheckOutcome::Refer))
        .then([completed(CheckOutcome::Refer), there.into()]);
}

#[test]
fn e4_do_not_refer_ends_the_notification_without_a_closure() {
    for outcome in [CheckOutcome::DoNotReferEnrolled, CheckOutcome::DoNotReferOverseas, CheckOutcome::DoNotReferOther] {
        given(notified())
            .by(cit())
            .when(check(outcome))
            .then([completed(outcome)])
            .then_case(|case| case.status == Status::NotReferred && case.ending.is_none() && !case.status.is_active());
    }
}

#[test]
fn e4_a_notification_that_ended_takes_no_further_work() {
    let ended =
        MinistryCheckCompleted { in_new_zealand: None, enrolled: true, outcome: CheckOutcome::DoNotReferEnrolled };
    for name in ["complete-ministry-check", "allocate", "add-comment", "reopen", "record-contact-details"] {
        given(notified())
            .and([on("2026-02-20", ended.clone())])
            .by(cit())
            .when(sample_action(name))
            .then_refused(Refusal::NotReferred);
    }
}

#[test]
fn e4_a_notification_that_ended_still_takes_what_the_register_reports() {
    let ended =
        MinistryCheckCompleted { in_new_zealand: None, enrolled: true, outcome: CheckOutcome::DoNotReferEnrolled };
    given(notified())
        .and([on("2026-02-20", ended)])
        .by(enrol())
        .when(sample_action("change-enrolment"))
        .then([enrolled(Some("SCH-2"), "2026-02-23")])
        .then_case(|case| case.status == Status::NotReferred);
}

#[test]
fn r14_the_automatic_check_of_gone_overseas_delays_allocation() {
    given(notified())
        .and([on(OPENED, asked_automatically(1))])
        .by(cit())
        .when(check(CheckOutcome::Refer))
        .then_refused(Refusal::AutomaticCheckOpen);
    given(notified())
        .and([on(OPENED, asked_automatically(1)), on("2026-02-20", inz_answered(1, Whereabouts::NotOut))])
        .by(cit())
        .when(check(CheckOutcome::Refer))
        .then([completed(CheckOutcome::Refer), allocation(AllocationBasis::LastSchoolCatchment).into()]);
}

#[test]
fn r14_a_notification_that_ends_asks_nobody_any_more() {
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    given(notified())
        .and([on(OPENED, asked_automatically(1))])
        .by(cit())
        .when(check(CheckOutcome::DoNotReferEnrolled))
        .then([completed(CheckOutcome::DoNotReferEnrolled), withdrawn.into()])
        .then_case(|case| case.open_requests.is_empty());
}

#[test]
fn e4_there_is_one_check_a_notification() {
    for history in [nen_case(), ca_case()] {
        given(history).by(cit()).when(check(CheckOutcome::Refer)).then_refused(Refusal::NoCheckPending);
    }
}

#[test]
fn q4_the_check_of_an_attached_notification_leaves_the_case_where_it_is() {
    let attached = NonEnrolmentNotified { attached: true, ..notice() };
    let turned = CaseKindChanged { from: CaseKind::ChronicAbsence, to: CaseKind::NonEnrolment };
    let history =
        || at_work(ca_case()).into_iter().chain([on("2026-03-02", attached.clone()), on("2026-03-02", turned.clone())]);
    given(history())
        .by(cit())
        .when(check(CheckOutcome::Refer))
        .then([completed(CheckOutcome::Refer)])
        .then_case(|case| case.status == Status::Active && !case.check_pending)
        .then_case(|case| case.kind == CaseKind::NonEnrolment);
    given(history())
        .by(cit())
        .when(check(CheckOutcome::DoNotReferEnrolled))
        .then([
            completed(CheckOutcome::DoNotReferEnrolled),
            CaseKindChanged { from: CaseKind::NonEnrolment, to: CaseKind::ChronicAbsence }.into(),
        ])
        .then_case(|case| case.status == Status::Active && case.kind == CaseKind::ChronicAbsence);
}

#[test]
fn e4_do_not_refer_for_another_reason_tells_it_in_a_note() {
    let facts = serde_json::json!({"enrolled": false, "outcome": "do_not_refer_other"}).to_string();
    let read = |personal: &str| crate::action::CaseAction::parse("complete-ministry-check", &facts, personal).unwrap();
    assert_eq!(read("{}").unwrap_err().pointer, "/personal/note");
    assert!(read("{\"note\": {\"text\": \"Moved to a residential school.\"}}").is_ok());
}
