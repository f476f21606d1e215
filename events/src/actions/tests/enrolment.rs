//! E16, E27: the school's primary contact, and what the enrolment register reports (V1, Q28, T4, T6).

use crate::actions::{ChangeEnrolment, ChangePrimaryContact};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn contact(person: &str) -> ChangePrimaryContact {
    ChangePrimaryContact { contact: code(person) }
}

fn reported(school: Option<&str>, effective_on: &str) -> ChangeEnrolment {
    ChangeEnrolment { school: school.map(code), student_type: code("RE"), effective_on: day(effective_on) }
}

#[test]
fn t6_a_school_changes_its_primary_contact() {
    for actor in [school(), lead(), manager()] {
        given(at_work(ca_case()))
            .by(actor)
            .when(contact("S-7"))
            .then([PrimaryContactChanged { before: Some(code("S-1")), contact: code("S-7") }])
            .then_case(|case| case.primary_contact(day("2026-06-01")) == Some(code("S-7")));
    }
}

#[test]
fn e16_the_same_contact_again_changes_nothing() {
    given(ca_case()).by(school()).when(contact("S-1")).then_nothing();
}

#[test]
fn a3_a_nen_case_has_no_primary_contact() {
    given(nen_case()).when(contact("S-7")).then_refused(Refusal::NoPrimaryContactOnNen);
}

#[test]
fn a3_the_contact_is_asked_anew_when_enrolment_moves() {
    let moved = || given(ca_case()).and([on("2026-03-02", enrolled(Some("SCH-2"), "2026-03-02"))]);
    assert_eq!(moved().case().primary_contact(day("2026-03-01")), Some(code("S-1")));
    assert_eq!(moved().case().primary_contact(day("2026-03-02")), None);
    moved()
        .by(other_school())
        .when(contact("S-2"))
        .then([PrimaryContactChanged { before: None, contact: code("S-2") }])
        .then_case(|case| case.primary_contact(day("2026-06-01")) == Some(code("S-2")));
    // Back at the first school, the person asked before is not taken for granted.
    let back = moved().and([on("2026-04-01", enrolled(Some("SCH-1"), "2026-04-01"))]);
    assert_eq!(back.case().primary_contact(day("2026-04-02")), None);
}

#[test]
fn q28_the_school_of_before_does_nothing_more_and_the_new_one_may() {
    let moved = || given(ca_case()).and([on("2026-03-02", enrolled(Some("SCH-2"), "2026-03-02"))]);
    moved()
        .by(school())
        .when(contact("S-7"))
        .then_refused(Refusal::NotThisRole { needed: "the school where the student is enrolled" });
    moved().by(other_school()).when(sample_action("add-comment")).then([CommentAdded {
        comment: CommentNumber(1),
        by_school: true,
        shared_with_schools: true,
    }]);
}

#[test]
fn q29_the_last_school_of_a_student_who_is_enrolled_nowhere_records_nothing() {
    given(nen_case())
        .by(school())
        .when(sample_action("add-comment"))
        .then_refused(Refusal::NotThisRole { needed: "the school where the student is enrolled" });
}

#[test]
fn t4_a_report_keeps_the_effective_date_beside_the_day_it_was_learned() {
    let outcome = given(ca_case())
        .by(enrol())
        .at("2026-05-20")
        .when(reported(Some("SCH-2"), "2026-03-02"))
        .then([enrolled(Some("SCH-2"), "2026-03-02")]);
    let frame = outcome.stage.frames.last().unwrap();
    let recorded = crate::codec::decode(frame).unwrap();
    assert_eq!(recorded.recorded_at.auckland(), day("2026-05-20"));
}

#[test]
fn q28_where_a_student_is_enrolled_follows_the_dates_of_the_register() {
    let of = |reports: &[(Option<&str>, &str)]| {
        given(ca_case()).and(reports.iter().map(|&(school, from)| on("2026-05-20", enrolled(school, from))))
    };
    for (what, reports, asked, expected) in [
        ("no report: the referring school", &[][..], "2026-06-01", Some("SCH-1")),
        ("a late report", &[(Some("SCH-2"), "2026-03-02")], "2026-06-01", Some("SCH-2")),
        ("the day before it took effect", &[(Some("SCH-2"), "2026-03-02")], "2026-03-01", Some("SCH-1")),
        ("a date to come switches by the clock", &[(Some("SCH-2"), "2026-07-20")], "2026-07-19", Some("SCH-1")),
        ("and on the day it comes", &[(Some("SCH-2"), "2026-07-20")], "2026-07-20", Some("SCH-2")),
        ("enrolled nowhere", &[(None, "2026-03-02")], "2026-06-01", None),
        (
            "reports out of order",
            &[(Some("SCH-3"), "2026-04-01"), (Some("SCH-2"), "2026-03-02")],
            "2026-06-01",
            Some("SCH-3"),
        ),
        (
            "a correction of the same day",
            &[(Some("SCH-3"), "2026-04-01"), (Some("SCH-2"), "2026-04-01")],
            "2026-06-01",
            Some("SCH-2"),
        ),
        ("the register against the referring school", &[(Some("SCH-2"), "2026-01-26")], "2026-06-01", Some("SCH-2")),
    ] {
        assert_eq!(of(reports).case().enrolled_at(day(asked)), expected.map(code), "{what}");
    }
}

#[test]
fn e27_a_report_that_is_held_already_changes_nothing() {
    let history = || given(ca_case()).and([on("2026-03-03", enrolled(Some("SCH-2"), "2026-03-02"))]).by(enrol());
    history().when(reported(Some("SCH-2"), "2026-03-02")).then_nothing();
    history().when(reported(Some("SCH-2"), "2026-03-04")).then([enrolled(Some("SCH-2"), "2026-03-04")]);
    let other_type = ChangeEnrolment { student_type: code("NA"), ..reported(Some("SCH-2"), "2026-03-02") };
    history()
        .when(other_type)
        .then([EnrolmentStatusChanged { student_type: code("NA"), ..enrolled(Some("SCH-2"), "2026-03-02") }]);
}

#[test]
fn e27_a_school_that_is_not_known_is_refused_until_it_is() {
    given(ca_case())
        .by(enrol())
        .when(reported(Some("SCH-9"), "2026-03-02"))
        .then_refused(Refusal::UnknownSchool { school: code("SCH-9") });
}

#[test]
fn t4_a_notification_of_a_student_last_seen_before_the_referral_ends_enrolment() {
    let unknown_withdrawal = NonEnrolmentNotified { attached: true, withdrawn_on: None, ..notice() };
    let notified = || given(ca_case()).and([on("2026-03-12", unknown_withdrawal.clone())]);
    assert_eq!(notified().case().enrolled_at(day("2026-06-01")), None);
    // The register learned meanwhile that the student is at another school: the notification was out of date.
    let stale = notified().and([on("2026-03-20", enrolled(Some("SCH-2"), "2026-03-02"))]);
    assert_eq!(stale.case().enrolled_at(day("2026-06-01")), Some(code("SCH-2")));
}
