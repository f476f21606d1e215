//! The third intake route (K5), migrated cases (K3), referrals soon after a closure (Q3, T5), and other policies.

use serde_json::json;

use crate::dates::OccurredAt;
use crate::envelope::Role;
use crate::event::*;
use crate::ids::{CaseId, StudentId};
use crate::machine::{Context, Declined};
use crate::opening::Opening;
use crate::refusal::Refusal;
use crate::testing::*;
use crate::world::Command;

#[test]
fn k5_schools_providers_and_the_ministry_report_a_student_outside_any_school() {
    for (actor, reporter) in [
        (other_school(), Some(Reporter::School)),
        (lead(), Some(Reporter::Provider)),
        (cit(), Some(Reporter::Ministry)),
        (person(Role::RegionalOffice, "G-1", "MOE"), Some(Reporter::Ministry)),
        (enrol(), None),
        (inz(), None),
        (service_desk(), None),
    ] {
        let outcome = given_nothing().by(actor).when_opening(report_sent(json!({"last_day_attended": null})));
        match reporter {
            Some(reporter) => drop(outcome.then([UnenrolledStudentReported { reporter, ..reported() }])),
            None => drop(
                outcome.then_refused(Refusal::NotThisRole { needed: "staff of a school, a provider or the Ministry" }),
            ),
        }
    }
}

#[test]
fn e3_a_report_waits_for_the_ministrys_check_and_is_routed_like_a_notification() {
    given([on(OPENED, reported())])
        .by(cit())
        .when(sample_action("complete-ministry-check"))
        .then([
            CaseEvent::from(MinistryCheckCompleted {
                in_new_zealand: Some(true),
                enrolled: false,
                outcome: CheckOutcome::Refer,
            }),
            allocation(AllocationBasis::LastSchoolCatchment).into(),
        ])
        .then_case(|case| case.kind == CaseKind::NonEnrolment && case.enrolled_at(day("2026-06-01")).is_none());
}

#[test]
fn q4_a_report_of_a_student_with_an_active_case_is_attached_and_turns_it() {
    let attached = UnenrolledStudentReported {
        attached: true,
        last_day_attended: Some(day("2026-02-02")),
        reporter: Reporter::Provider,
        ..reported()
    };
    given(ca_case()).when_opening(report_sent(json!({}))).then([
        CaseEvent::from(attached),
        CaseKindChanged { from: CaseKind::ChronicAbsence, to: CaseKind::NonEnrolment }.into(),
    ]);
}

#[test]
fn k5_two_reports_without_a_number_are_two_cases_until_somebody_says_they_are_one() {
    let other = StudentId([2; 16]);
    let outcome = given([on(OPENED, reported())]).when_opening_for(other, report_sent(json!({})));
    assert_eq!(outcome.events().len(), 1);
    assert_eq!(outcome.stage.world.active_cases(other), [NEW_CASE]);
}

#[test]
fn e3_what_cannot_be_is_refused() {
    given_nothing()
        .when_opening(report_sent(json!({"school": "SCH-9"})))
        .then_refused(Refusal::UnknownSchool { school: code("SCH-9") });
    given_nothing()
        .when_opening(report_sent(json!({"last_day_attended": "2026-06-02"})))
        .then_refused(Refusal::InTheFuture { field: "/facts/last_day_attended", today: day("2026-06-01") });
}

#[test]
fn e40_k3_the_migration_alone_carries_cases_over_and_they_are_allocated_at_once() {
    given_nothing()
        .by(migration())
        .when_opening(migration_sent(json!({})))
        .then([CaseEvent::from(migrated()), allocation(AllocationBasis::SchoolCatchment).into()]);
    given_nothing()
        .when_opening(migration_sent(json!({})))
        .then_refused(Refusal::NotThisRole { needed: "the migration from the predecessor system" });
}

#[test]
fn k4_migrated_is_an_attribute_of_a_ca_or_nen_case() {
    for (kind, enrolled) in [("chronic_absence", Some("SCH-1")), ("non_enrolment", None)] {
        let outcome = given_nothing().by(migration()).when_opening(migration_sent(json!({ "kind": kind })));
        let case = outcome.stage.world.case(NEW_CASE).unwrap();
        assert!(case.migrated);
        assert_eq!(case.enrolled_at(day("2026-06-01")), enrolled.map(code), "{kind}");
    }
}

#[test]
fn k3_a_student_with_an_active_case_is_not_migrated_twice() {
    given(migrated_case())
        .by(migration())
        .when_opening(migration_sent(json!({})))
        .then_refused(Refusal::MigratedTwice { case: CASE });
}

/// Also of a student without an NSN, who is a new one to the blind index each time.
#[test]
fn k3_a_case_of_the_predecessor_system_is_carried_over_once() {
    let carried_over = || given_nothing().by(migration()).when_opening(migration_sent(json!({}))).stage;
    for (former, taken) in [("ASA-4711", false), ("ASA-4712", true)] {
        let mut stage = carried_over();
        let twin = Command::Open {
            opening: migration_sent(json!({ "former": former })),
            student: StudentId([77; 16]),
            occurred_at: None,
        };
        let (actor, now, new_case) = (migration(), noon(day("2026-06-01")), CaseId([78; 16]));
        let source = source_of(actor.role);
        let context = Context { actor, on_behalf_of: None, source, now, new_case, sealed: None };
        let refused = stage.carry_out(&twin, &context).err();
        let already = Declined::Refused(Refusal::CarriedOverAlready { case: NEW_CASE });
        assert_eq!(refused, (!taken).then_some(already), "{former}");
    }
}

/// The case is closed on 16 March; a request is made on the day named, under the default of three months.
fn requested_on(today: &str) -> Outcome {
    given(closed(ca_case(), "2026-03-16")).by(school()).at(today).when_opening(requested(json!({})))
}

fn linked(outcome: &Outcome) -> Option<RecentClosureLinked> {
    outcome.events().into_iter().find_map(|event| match event {
        CaseEvent::RecentClosureLinked(linked) => Some(linked),
        _ => None,
    })
}

/// R29, T5: a new case, linked to the closed one for the workflow lead to see; nothing reopens by itself (R26).
#[test]
fn t5_a_request_within_three_months_of_a_closure_is_a_new_linked_case() {
    let outcome = requested_on("2026-04-01");
    let told = RecentClosureLinked {
        earlier: CASE,
        closed_on: day("2026-03-16"),
        provider: Some(code("ASP-1")),
        window_months: 3,
    };
    assert_eq!(linked(&outcome), Some(told));
    assert!(outcome.stage.world.active_cases(STUDENT).contains(&NEW_CASE));
    assert!(!outcome.stage.world.active_cases(STUDENT).contains(&CASE), "R26: the closed one stays closed");
}

#[test]
fn q3_the_border_of_three_months_is_a_calendar_day() {
    for (today, is_linked) in [("2026-03-16", true), ("2026-06-15", true), ("2026-06-16", false), ("2026-12-01", false)]
    {
        assert_eq!(linked(&requested_on(today)).is_some(), is_linked, "{today}");
    }
}

#[test]
fn q3_policy_may_ask_for_a_reopening_or_take_no_notice() {
    let under = |after: &str, separate: serde_json::Value| {
        given(closed(ca_case(), "2026-05-16"))
            .under(json!({"duplicates": {"after_closure": after}}))
            .by(school())
            .when_opening(requested(json!({ "separate_because": separate })))
    };
    let null = serde_json::Value::Null;
    let refused = Refusal::RecentlyClosed { case: CASE, closed_on: day("2026-05-16") };
    under("ask_to_reopen", null.clone()).then_refused(refused);
    assert!(linked(&under("ask_to_reopen", json!("SIBLING"))).is_some());
    assert_eq!(linked(&under("nothing", null)), None);
}

#[test]
fn q3_a_case_that_was_reopened_is_no_closure() {
    let history = closed(ca_case(), "2026-05-16");
    let again = CaseReopened { reason: ReopenReason::ClosedInError };
    let outcome = given(history)
        .and([on("2026-05-17", again), on("2026-05-18", CaseClosed { reason: ClosureReason::Deceased })])
        .by(school())
        .when_opening(requested(json!({})));
    assert_eq!(linked(&outcome).unwrap().closed_on, day("2026-05-18"));
}

#[test]
fn q1_policy_says_how_many_half_days_advise_a_referral_and_how_they_are_read() {
    for (policy, half_days, reaches) in [
        (json!({}), 29, false),
        (json!({}), 30, true),
        (json!({"absence": {"reaches": "more_than"}}), 30, false),
        (json!({"absence": {"reaches": "more_than"}}), 31, true),
        (json!({"absence": {"threshold_half_days": 20}}), 20, true),
    ] {
        let outcome = given_nothing()
            .under(policy.clone())
            .by(school())
            .when_opening(requested(json!({"absent_half_days": half_days})));
        match (&outcome.result, reaches) {
            (Ok(_), true) => {}
            (Err(Refusal::BelowThreshold { .. }), false) => {}
            (other, _) => panic!("{policy} {half_days}: {other:?}"),
        }
    }
}

#[test]
fn q4_policy_may_open_a_case_beside_the_active_one_and_mark_it() {
    let outcome = given(ca_case())
        .under(json!({"duplicates": {"second_referral": "open_beside"}}))
        .by(school())
        .when_opening(requested(json!({})));
    let marked = DualActiveDetected { other: CASE, on_purpose: None };
    assert!(outcome.events().contains(&marked.into()));
    assert_eq!(outcome.stage.world.active_cases(STUDENT).len(), 2);
}

/// K7: cases older than five years are worked on like any other.
#[test]
fn k7_a_case_of_many_years_ago_goes_on() {
    let long_ago = vec![on("2020-02-17", request()), on("2020-02-17", allocation(AllocationBasis::SchoolCatchment))];
    given(long_ago).when(sample_action("engage-student")).then([StudentEngaged { mode: Mode::Phone }]);
}

/// K8: justified and unjustified absence count alike; V8: a school may tell all that is of use.
#[test]
fn k8_v8_a_request_asks_for_no_justification_and_takes_all_the_school_knows() {
    let facts = request_facts();
    assert!(facts.as_object().unwrap().keys().all(|name| !name.contains("justif")));
    let mut personal = referral_parts();
    personal["note"] = json!({"text": "Off sick since March; the school has tried three plans."});
    personal["health"] = json!({"text": "Rheumatic fever."});
    personal["contacts"] = json!({"phones": ["021 555 0100"]});
    let read = crate::opening::Opening::parse("submit-support-request", &facts.to_string(), &personal.to_string());
    assert_eq!(read.unwrap().unwrap().parts.len(), 4);
}

/// R38: the days a principal exempts a student for are attendance, and no exemption that ends a case.
#[test]
fn r38_a_principals_five_days_are_no_exemption_here() {
    let facts = json!({"exemption": "principal", "from": "2026-05-01"}).to_string();
    let read = crate::action::CaseAction::parse("grant-exemption", &facts, "{}").unwrap();
    assert_eq!(read.unwrap_err().pointer, "/facts/exemption");
}

/// Judged by the New Zealand calendar: its day begins up to thirteen hours before that of UTC.
#[test]
fn nobody_is_born_after_the_day_a_case_is_opened_whatever_opens_it() {
    let openings = [
        ("submit-support-request", request_facts()),
        ("notify-non-enrolment", notice_facts()),
        ("report-unenrolled-student", report_facts()),
        ("migrate-case", migration_facts()),
    ];
    let (evening, midnight) = ("2026-02-16T10:59:59Z", "2026-02-16T11:00:00Z");
    for (name, facts) in openings {
        for (born, now, taken) in [
            ("2013-07-09", evening, true),
            ("2026-02-16", evening, true),
            ("2026-02-17", evening, false),
            ("2026-02-17", midnight, true),
            ("2026-12-31", midnight, false),
            ("2001-02-17", evening, true),
            ("2001-02-17", midnight, false),
        ] {
            let (mut facts, mut personal) = (facts.clone(), referral_parts());
            personal["student"]["birth_date"] = json!(born);
            // No day it tells of lies before the birth.
            let days = facts.as_object_mut().unwrap();
            for (_, day) in
                days.iter_mut().filter(|(name, _)| ["last_day_attended", "referred_on"].contains(&name.as_str()))
            {
                *day = json!(born);
            }
            let read = Opening::parse(name, &facts.to_string(), &personal.to_string()).unwrap().unwrap();
            let now: OccurredAt = now.parse().unwrap();
            match read.on(now.auckland()).err() {
                None => assert!(taken, "{name}, {born}"),
                Some(bad) => assert_eq!((taken, bad.pointer.as_str()), (false, "/personal/student/birth_date")),
            }
        }
    }
}
