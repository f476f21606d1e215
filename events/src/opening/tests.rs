//! How cases begin: R1–R6, R10–R14, R27, R29, R41, Q1–Q4, as specifications.

use serde_json::json;

use super::*;
use crate::case::Owner;
use crate::testing::*;

fn submitted(outcome: Outcome) -> SupportRequestSubmitted {
    match &outcome.events()[0] {
        CaseEvent::SupportRequestSubmitted(request) => request.clone(),
        other => panic!("the first event is the act itself: {other:?}"),
    }
}

#[test]
fn e1_a_request_opens_a_case_and_allocates_it_in_the_same_commit() {
    let outcome = given_nothing().by(school()).when_opening(requested(json!({})));
    outcome.then([CaseEvent::from(request()), allocation(AllocationBasis::SchoolCatchment).into()]);
}

/// Q1, Q2, R2, R3: fifteen days are thirty half-days; the threshold advises and never hard-blocks.
#[test]
fn r3_below_the_threshold_a_reason_is_given_and_at_it_none_is_needed() {
    for (half_days, earlier, expected) in [
        (29, None, Err(())),
        (30, None, Ok(true)),
        (31, None, Ok(true)),
        (29, Some("history_at_this_school"), Ok(false)),
        (0, Some("history_at_earlier_school"), Ok(false)),
        (23, Some("pattern_of_absence"), Ok(false)),
        (29, Some("other"), Ok(false)),
        (30, Some("history_at_this_school"), Ok(true)),
    ] {
        let changes = json!({"absent_half_days": half_days, "earlier_because": earlier});
        let outcome = given_nothing().by(school()).when_opening(requested(changes));
        match expected {
            Ok(reaches) => assert_eq!(submitted(outcome).reaches_threshold, reaches, "{half_days}"),
            Err(()) => drop(
                outcome.then_refused(Refusal::BelowThreshold { absent_half_days: half_days, threshold_half_days: 30 }),
            ),
        }
    }
}

#[test]
fn r3_another_reason_is_told_in_a_note() {
    let facts = changed(request_facts(), json!({"absent_half_days": 10, "earlier_because": "other"})).to_string();
    let personal = referral_parts().to_string();
    let Some(Err(error)) = Opening::parse("submit-support-request", &facts, &personal) else { panic!("it is refused") };
    assert_eq!(error.pointer, "/personal/note");
}

#[test]
fn r1_the_schools_own_steps_come_first() {
    given_nothing()
        .by(school())
        .when_opening(requested(json!({"school_steps_taken": false})))
        .then_refused(Refusal::SchoolStepsFirst);
}

#[test]
fn r5_no_signed_plan_is_needed_and_how_far_the_school_came_is_told() {
    for engagement in ["plan_signed", "engaged", "partly", "not_engaged"] {
        let outcome = given_nothing().by(school()).when_opening(requested(json!({ "engagement": engagement })));
        assert_eq!(serde_json::to_value(submitted(outcome).engagement).unwrap(), engagement);
    }
}

#[test]
fn r6_urgency_is_the_schools_word_and_changes_no_routing() {
    let outcome = given_nothing().by(school()).when_opening(requested(json!({"urgent": true})));
    assert!(submitted(outcome).urgent);
}

#[test]
fn q2_nobody_is_absent_more_often_than_the_school_is_open() {
    for (absent, open, fine) in [(90, 90, true), (91, 90, false), (30, 0, false)] {
        let changes = json!({"absent_half_days": absent, "open_half_days": open});
        let outcome = given_nothing().by(school()).when_opening(requested(changes));
        if fine {
            submitted(outcome);
        } else {
            outcome.then_refused(Refusal::MoreAbsentThanOpen { absent_half_days: absent, open_half_days: open });
        }
    }
}

#[test]
fn a3_the_primary_contact_is_the_submitter_or_whom_they_name() {
    for (named, expected) in [(None, "S-1"), (Some("S-4"), "S-4")] {
        let outcome = given_nothing().by(school()).when_opening(requested(json!({ "primary_contact": named })));
        assert_eq!(submitted(outcome).primary_contact, code(expected));
    }
}

#[test]
fn e1_only_staff_of_the_referring_school_refer() {
    for actor in [other_school(), lead(), cit(), enrol(), service_desk()] {
        given_nothing()
            .by(actor)
            .when_opening(requested(json!({})))
            .then_refused(Refusal::NotThisRole { needed: "staff of the referring school" });
    }
}

#[test]
fn r41_a_case_goes_to_in_school_provision_where_the_school_holds_it_and_chooses_it() {
    let in_school = AllocatedToProvider {
        provider: code("ISP-1"),
        catchment: Some(code("C-1")),
        basis: AllocationBasis::InSchoolProvider,
        in_school: true,
    };
    let chosen = SupportRequestSubmitted { to_in_school_provider: true, ..request() };
    given_nothing()
        .by(school())
        .when_opening(requested(json!({"to_in_school_provider": true})))
        .then([CaseEvent::from(chosen), in_school.into()]);
    let elsewhere = json!({"school": "SCH-2", "to_in_school_provider": true});
    given_nothing()
        .by(other_school())
        .when_opening(requested(elsewhere))
        .then_refused(Refusal::NoInSchoolProvider { school: code("SCH-2") });
}

#[test]
fn r41_routing_is_that_of_the_day() {
    use crate::machine::Machine;
    let handed_over =
        crate::reference::Entry::Catchment { catchment: code("C-1"), provider: code("ASP-3"), from: day("2026-03-02") };
    for (today, provider) in [("2026-03-01", "ASP-1"), ("2026-03-02", "ASP-3")] {
        let mut stage = Stage::new();
        stage.record(&handed_over.draft(time("2026-02-01")), noon(day("2026-02-01")));
        let context = crate::machine::Context {
            actor: school(),
            on_behalf_of: None,
            source: crate::envelope::Source::Person,
            now: noon(day(today)),
            new_case: NEW_CASE,
            sealed: None,
        };
        let command =
            crate::world::Command::Open { opening: requested(json!({})), student: STUDENT, occurred_at: None };
        let drafts = stage.world.decide(&command, &context).unwrap();
        assert_eq!(drafts[1].scope.provider, Some(code(provider)), "{today}");
    }
}

#[test]
fn r41_a_school_that_is_not_known_cannot_be_routed() {
    let nobody = person(crate::envelope::Role::AttendanceLead, "S-9", "SCH-9");
    given_nothing()
        .by(nobody)
        .when_opening(requested(json!({"school": "SCH-9"})))
        .then_refused(Refusal::UnknownSchool { school: code("SCH-9") });
    given_nothing()
        .by(enrol())
        .when_opening(notice_sent(json!({"last_school": "SCH-9"})))
        .then_refused(Refusal::UnknownSchool { school: code("SCH-9") });
}

#[test]
fn e2_a_notification_waits_for_the_ministrys_check() {
    given_nothing().by(enrol()).when_opening(notice_sent(json!({}))).then([notice()]);
    for actor in [school(), enrol()] {
        let outcome = given_nothing().by(actor).when_opening(notice_sent(json!({})));
        let case = outcome.stage.world.case(NEW_CASE).unwrap();
        assert_eq!((case.status, case.owner), (Status::Notified, Owner::Ministry));
        assert!(case.check_pending && case.primary_contact(day("2026-06-01")).is_none());
    }
    for actor in [other_school(), lead(), cit()] {
        given_nothing()
            .by(actor)
            .when_opening(notice_sent(json!({})))
            .then_refused(Refusal::NotThisRole { needed: "the enrolment register or the last school" });
    }
}

#[test]
fn r10_an_absence_with_a_known_return_date_stays_on_the_roll() {
    given_nothing()
        .by(enrol())
        .when_opening(notice_sent(json!({"return_date_known": true})))
        .then_refused(Refusal::StaysOnTheRoll);
}

#[test]
fn r14_the_last_day_of_attendance_is_the_last_day_present() {
    let future = |field| Refusal::InTheFuture { field, today: day("2026-06-01") };
    for (last, withdrawn, refused) in [
        ("2026-02-12", Some("2026-02-12"), None),
        ("2026-02-11", Some("2026-02-12"), None),
        ("2026-02-12", None, None),
        (
            "2026-02-13",
            Some("2026-02-12"),
            Some(Refusal::LastDayAfterWithdrawal { last_day: day("2026-02-13"), withdrawn_on: day("2026-02-12") }),
        ),
        ("2026-06-02", None, Some(future("/facts/last_day_attended"))),
        ("2026-06-01", Some("2026-06-02"), Some(future("/facts/withdrawn_on"))),
    ] {
        let changes = json!({"last_day_attended": last, "withdrawn_on": withdrawn});
        let outcome = given_nothing().by(enrol()).when_opening(notice_sent(changes));
        assert_eq!(outcome.result.err(), refused, "{last} {withdrawn:?}");
    }
}

#[test]
fn r14_gone_overseas_asks_immigration_nz_by_itself_and_no_other_reason_does() {
    for (reason, asks) in
        [("gone_overseas", true), ("continuous_absence", false), ("withdrawn_by_parent", false), ("other", false)]
    {
        let outcome = given_nothing().by(enrol()).when_opening(notice_sent(json!({ "leave_reason": reason })));
        let asked: Vec<_> = outcome.events().into_iter().skip(1).collect();
        let automatic = InformationRequestOpened { overdue_on: Some(day("2026-06-21")), ..asked_automatically(1) };
        let expected = if asks { vec![CaseEvent::from(automatic)] } else { vec![] };
        assert_eq!(asked, expected, "{reason}");
        assert_eq!(outcome.stage.world.case(NEW_CASE).unwrap().pins(), 0, "it never pins (E4)");
    }
}

#[test]
fn t10_a_date_is_a_date_and_no_text_with_a_weekday() {
    for text in
        ["Thursday 27 May 2026", "27 May 2026", "27/05/2026", "2026-5-27", "2026-02-30", "20260527", "0026-05-27"]
    {
        let facts = changed(notice_facts(), json!({ "last_day_attended": text })).to_string();
        let Some(Err(error)) = Opening::parse("notify-non-enrolment", &facts, &referral_parts().to_string()) else {
            panic!("{text} was read");
        };
        assert_eq!(error.pointer, "/facts/last_day_attended");
        let year = text.starts_with("0026");
        let what = if year { "the year lies outside 1990 to 2100: check it" } else { "not a date such as 2026-03-01" };
        assert_eq!(error.what, what);
    }
    assert_eq!(chrono::Datelike::weekday(&day("2026-05-27")), chrono::Weekday::Wed);
}

#[test]
fn r27_t2_a_referral_for_a_student_with_an_active_case_is_attached_to_it() {
    let attached = SupportRequestSubmitted { attached: true, ..request() };
    for history in [ca_case(), at_work(ca_case()), in_school_case()] {
        let outcome = given(history).by(school()).when_opening(requested(json!({})));
        let outcome = outcome.then([attached.clone()]).then_case(|case| case.kind == CaseKind::ChronicAbsence);
        assert!(outcome.stage.world.case(NEW_CASE).is_none(), "a second case was opened");
    }
}

#[test]
fn q4_a_notification_turns_the_active_ca_case_and_its_provider_stays() {
    let attached = NonEnrolmentNotified { attached: true, ..notice() };
    let turned = CaseKindChanged { from: CaseKind::ChronicAbsence, to: CaseKind::NonEnrolment };
    given(at_work(ca_case()))
        .by(enrol())
        .when_opening(notice_sent(json!({})))
        .then([CaseEvent::from(attached), turned.into()])
        .then_case(|case| case.kind == CaseKind::NonEnrolment && case.check_pending)
        .then_case(|case| case.provider() == Some(code("ASP-1")) && case.status == Status::Active)
        .then_case(|case| case.primary_contact(day("2026-06-01")).is_none());
}

#[test]
fn q4_a_request_turns_the_nen_case_at_work_and_its_provider_stays() {
    let attached =
        SupportRequestSubmitted { attached: true, school: code("SCH-2"), primary_contact: code("S-2"), ..request() };
    let turned = CaseKindChanged { from: CaseKind::NonEnrolment, to: CaseKind::ChronicAbsence };
    given(at_work(nen_case()))
        .by(other_school())
        .when_opening(requested(json!({"school": "SCH-2"})))
        .then([CaseEvent::from(attached), turned.into()])
        .then_case(|case| case.provider() == Some(code("ASP-1")) && case.status == Status::Active)
        .then_case(|case| case.primary_contact(day("2026-06-01")) == Some(code("S-2")))
        .then_case(|case| case.enrolled_at(day("2026-06-01")) == Some(code("SCH-2")));
}

#[test]
fn q4_a_request_gives_a_notification_that_still_waits_its_provider_at_once() {
    let attached = SupportRequestSubmitted { attached: true, ..request() };
    let turned = CaseKindChanged { from: CaseKind::NonEnrolment, to: CaseKind::ChronicAbsence };
    given(notified())
        .by(school())
        .when_opening(requested(json!({})))
        .then([CaseEvent::from(attached), turned.into(), allocation(AllocationBasis::SchoolCatchment).into()])
        .then_case(|case| case.status == Status::Allocated && case.kind == CaseKind::ChronicAbsence);
}

#[test]
fn r14_an_attached_notice_of_gone_overseas_asks_only_where_nobody_is_asked_yet() {
    let gone = || notice_sent(json!({"leave_reason": "gone_overseas"}));
    let kinds = |outcome: &Outcome| outcome.events().iter().map(CaseEvent::kind).collect::<Vec<_>>();
    let outcome = given(ca_case()).by(enrol()).when_opening(gone());
    assert_eq!(kinds(&outcome), ["non_enrolment_notified", "case_kind_changed", "information_request_opened"]);
    let outcome = given(ca_case()).and([on("2026-02-20", asked(1, Agency::Inz))]).by(enrol()).when_opening(gone());
    assert_eq!(kinds(&outcome), ["non_enrolment_notified", "case_kind_changed"]);
}

#[test]
fn q4_a_separate_case_is_opened_on_purpose_with_a_reason() {
    let outcome = given(ca_case()).by(school()).when_opening(requested(json!({"separate_because": "OTHER-CHILD"})));
    let new = SupportRequestSubmitted { number: CaseNumber(2), ..request() };
    outcome.then([
        CaseEvent::from(new),
        DualActiveDetected { other: CASE, on_purpose: Some(code("OTHER-CHILD")) }.into(),
        allocation(AllocationBasis::SchoolCatchment).into(),
    ]);
}

#[test]
fn q4_a_reason_for_a_separate_case_is_idle_where_there_is_no_other() {
    given_nothing()
        .by(school())
        .when_opening(requested(json!({"separate_because": "OTHER-CHILD"})))
        .then([CaseEvent::from(request()), allocation(AllocationBasis::SchoolCatchment).into()]);
}

/// R29, Q3: the intended behaviour for a case closed under three months ago is a new case; nothing reopens by itself.
#[test]
fn t5_a_request_after_a_recent_closure_opens_a_new_case() {
    for closed_on in ["2026-05-31", "2026-03-01", "2026-02-20"] {
        let outcome = given(closed(at_work(ca_case()), closed_on)).by(school()).when_opening(requested(json!({})));
        let linked = RecentClosureLinked {
            earlier: CASE,
            closed_on: day(closed_on),
            provider: Some(code("ASP-1")),
            window_months: 3,
        };
        // Three months after 1 March is 1 June: that closure is not recent any more.
        let linked = (closed_on == "2026-05-31").then(|| CaseEvent::from(linked));
        let opened = CaseEvent::from(SupportRequestSubmitted { number: CaseNumber(2), ..request() });
        outcome
            .then([opened, allocation(AllocationBasis::SchoolCatchment).into()].into_iter().chain(linked))
            .then_case(|case| case.status == Status::Closed);
    }
}

#[test]
fn e4_a_student_whose_notification_was_not_referred_is_notified_anew() {
    let ended =
        MinistryCheckCompleted { in_new_zealand: None, enrolled: true, outcome: CheckOutcome::DoNotReferEnrolled };
    given(notified())
        .and([on("2026-02-20", ended)])
        .by(enrol())
        .when_opening(notice_sent(json!({})))
        .then([NonEnrolmentNotified { number: CaseNumber(2), ..notice() }]);
}

#[test]
fn an_opening_in_the_future_is_refused_after_its_actor() {
    given_nothing()
        .by(school())
        .occurred("2026-06-02")
        .when_opening(requested(json!({"school_steps_taken": false})))
        .then_refused(Refusal::InTheFuture { field: "/occurred_at", today: day("2026-06-01") });
    given_nothing()
        .by(lead())
        .occurred("2026-06-02")
        .when_opening(requested(json!({})))
        .then_refused(Refusal::NotThisRole { needed: "staff of the referring school" });
}

#[test]
fn an_nsn_is_one_to_ten_digits_and_goes_to_the_index_alone() {
    for (nsn, fine) in
        [("1", true), ("0123456789", true), ("12345678901", false), ("12 34", false), ("1234567a", false)]
    {
        let mut personal = referral_parts();
        personal["student"]["nsn"] = json!(nsn);
        let read = Opening::parse("submit-support-request", &request_facts().to_string(), &personal.to_string());
        match read.unwrap() {
            Ok(opening) => {
                assert!(fine, "{nsn}");
                assert_eq!(opening.nsn.unwrap().reveal(), nsn);
            }
            Err(error) => {
                assert!(!fine, "{nsn}");
                assert_eq!(error.pointer, "/personal/student/nsn");
            }
        }
    }
    let mut personal = referral_parts();
    personal["student"].as_object_mut().unwrap().remove("nsn");
    let read = Opening::parse("submit-support-request", &request_facts().to_string(), &personal.to_string());
    assert!(read.unwrap().unwrap().nsn.is_none(), "K5: some students are referred without one");
}
