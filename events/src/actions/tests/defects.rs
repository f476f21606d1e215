//! The known defects of the system before, each a test by its name (T1, T4, T5, T6 and T10 stand beside their rules, T9
//! where the service is asked over HTTP).

use serde_json::json;

use crate::access::{Grants, Operation, Standing, authorise};
use crate::codec::decode;
use crate::event::*;
use crate::ids::StreamId;
use crate::opening::Opening;
use crate::refusal::Refusal;
use crate::testing::*;

/// T2: a second active case of a student. It is not made by itself, and one that is made on purpose is marked (R27, Q4).
#[test]
fn t2_a_second_referral_makes_no_second_active_case_by_itself() {
    for (name, opening) in [
        ("a request", requested(json!({}))),
        ("a notification", notice_sent(json!({}))),
        ("a report", report_sent(json!({}))),
    ] {
        let by = if name == "a report" { lead() } else { school() };
        let outcome = given(ca_case()).by(by).when_opening(opening);
        assert_eq!(outcome.stage.world.active_cases(STUDENT), [CASE], "{name}");
    }
    let apart = given(ca_case()).by(school()).when_opening(requested(json!({"separate_because": "COURT-ORDER"})));
    let marked = |event: &CaseEvent| matches!(event, CaseEvent::DualActiveDetected(e) if e.on_purpose.is_some());
    assert!(apart.events().iter().any(marked));
}

/// T3: an entitled role could not see or update a case or its contact details.
#[test]
fn t3_whoever_may_work_on_a_case_sees_it_and_updates_its_contact_details() {
    let stage = given(at_work(ca_case())).when(sample_action("review")).stage;
    let history: Vec<_> = stage.frames.iter().map(|frame| decode(frame).unwrap()).collect();
    let of_case = history.iter().filter(|event| event.stream == StreamId::Case(CASE));
    let standing = Standing::fold(of_case).unwrap().unwrap();
    for actor in [school(), lead(), manager()] {
        let asker = Grants::default().admit(actor, true, noon(day("2026-06-01")), stage.world.reference()).unwrap();
        for operation in [Operation::OpenCase, Operation::Act] {
            assert!(authorise(&asker, operation, &standing, day("2026-06-01")).is_ok(), "{actor:?} {operation:?}");
        }
        let updated = given(at_work(ca_case())).by(actor).when(sample_action("record-contact-details"));
        assert_eq!(updated.events(), [CaseEvent::from(confirmed_in("C-2", "2026-02-20"))], "{actor:?}");
    }
}

/// T7: the request form had defects. The smallest and the fullest are taken, and each slip is told by its field.
#[test]
fn t7_the_request_form_takes_what_it_asks_for_and_says_what_is_wrong() {
    given_nothing().by(school()).when_opening(requested(json!({}))).then_case_of_new(|case| case.status.is_active());
    let fullest = json!({"primary_contact": "S-9", "earlier_because": "pattern_of_absence", "urgent": true,
        "unmet_need": true, "to_in_school_provider": true, "separate_because": "NONE"});
    given_nothing().by(school()).when_opening(requested(fullest)).then_case_of_new(|case| case.in_school);
    for (field, wrong) in [
        ("school", json!("sch 1")),
        ("absent_half_days", json!(-1)),
        ("absent_half_days", json!(11.5)),
        ("engagement", json!("sometimes")),
        ("urgent", json!("yes")),
        ("earlier_because", json!("feeling")),
    ] {
        let facts = changed(request_facts(), json!({ field: wrong })).to_string();
        let read = Opening::parse("submit-support-request", &facts, &referral_parts().to_string()).unwrap();
        assert_eq!(read.err().unwrap().pointer, format!("/facts/{field}"));
    }
}

/// T8: the way from in-school provision to the catchment's provider was hard. It is one step of one person (R21).
#[test]
fn t8_in_school_provision_passes_a_case_on_in_one_step() {
    given(in_school_case()).by(in_school_lead()).when(sample_action("reallocate-to-catchment-provider")).then([
        CaseEvent::from(IspReallocatedToCatchmentProvider {
            from: code("ISP-1"),
            to: code("ASP-1"),
            catchment: code("C-1"),
        }),
        allocation(AllocationBasis::SchoolCatchment).into(),
    ]);
}

/// R11, R12, R13: the register's own periods are its own; a notification is taken at once, whatever the leave reason.
#[test]
fn r11_r12_r13_a_notification_is_taken_on_the_day_of_withdrawal_for_every_leave_reason() {
    for reason in ["continuous_absence", "gone_overseas", "withdrawn_by_parent", "other"] {
        let changes = json!({"leave_reason": reason, "withdrawn_on": "2026-06-01", "task_received_on": "2026-06-01"});
        let outcome = given_nothing().by(enrol()).when_opening(notice_sent(changes));
        let CaseEvent::NonEnrolmentNotified(notified) = &outcome.events()[0] else { panic!("{reason}") };
        assert_eq!(notified.task_received_on, Some(day("2026-06-01")), "R13 counts from it");
    }
}

/// R2, R4: the threshold is stated three ways and a pattern of absences may come before it: it advises alone.
#[test]
fn r2_r4_the_threshold_advises_and_a_pattern_may_come_before_it() {
    for (half_days, because, taken) in [
        (30, None, true),
        (10, Some("pattern_of_absence"), true),
        (10, None, false),
        (0, Some("history_at_this_school"), true),
    ] {
        let changes = json!({"absent_half_days": half_days, "earlier_because": because});
        let outcome = given_nothing().by(school()).when_opening(requested(changes));
        let refused = matches!(outcome.result, Err(Refusal::BelowThreshold { .. }));
        assert_eq!(!refused, taken, "{half_days} {because:?}");
    }
}
