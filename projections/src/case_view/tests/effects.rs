//! One specification a rule of the view.

use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Position};
use caseledger_events::number::CaseNumber;
use caseledger_events::testing::*;

use super::{and, file, row};
use crate::case_view::*;
use crate::testing::{note, personal_parts, student, written};

fn position(moment: Option<crate::moment::Moment>) -> u64 {
    moment.expect("it has happened").position.0
}

#[test]
fn a_support_request_begins_an_allocated_chronic_absence_case() {
    let row = row(ca_case());
    assert_eq!((row.number, row.kind, row.status), (CaseNumber(1), CaseKind::ChronicAbsence, CaseStatus::Allocated));
    assert_eq!((row.owner, row.provider, row.catchment), (OwnerKind::Provider, Some(code("ASP-1")), Some(code("C-1"))));
    assert_eq!((row.school, row.enrolled_at), (code("SCH-1"), Some(code("SCH-1"))));
    assert_eq!(row.primary_contact, Some(code("S-1")));
    assert_eq!((row.absent_half_days, row.open_half_days), (Some(34), Some(90)));
    assert_eq!((row.opened.position, position(row.allocated)), (Position(1), 2));
    assert_eq!((row.version.0, row.last_activity.position), (2, Position(2)));
}

#[test]
fn a_notification_waits_with_the_ministry_until_it_is_checked() {
    let waiting = row(notified());
    assert_eq!((waiting.kind, waiting.status), (CaseKind::NonEnrolment, CaseStatus::Notified));
    assert_eq!((waiting.owner, waiting.provider), (OwnerKind::Ministry, None));
    assert_eq!((waiting.enrolled_at, waiting.primary_contact), (None, None));
    assert_eq!(waiting.last_day_attended, Some(day("2026-02-02")));
    assert!(waiting.flags.check_pending);
    let checked = row(nen_case());
    assert_eq!((checked.status, checked.flags.check_pending), (CaseStatus::Allocated, false));
}

#[test]
fn a_notification_that_is_not_referred_ends_without_a_closure() {
    let ended = MinistryCheckCompleted {
        in_new_zealand: Some(false),
        enrolled: false,
        outcome: CheckOutcome::DoNotReferOverseas,
    };
    let row = row(and(notified(), [on("2026-02-18", ended)]));
    assert_eq!((row.status, row.closed, row.closed_because), (CaseStatus::NotReferred, None, None));
}

#[test]
fn urgency_and_need_that_one_referral_told_stay_when_another_is_attached() {
    let urgent = SupportRequestSubmitted { urgent: true, unmet_need: true, ..request() };
    let later = SupportRequestSubmitted { attached: true, ..request() };
    let row = row([on("2026-02-16", urgent), on("2026-03-16", later)]);
    assert!(row.flags.urgent && row.flags.unmet_need);
    assert_eq!((row.opened.position, row.referred.position), (Position(1), Position(2)));
}

#[test]
fn the_case_manager_makes_a_case_active_and_a_new_allocation_takes_them_off() {
    let active = row(at_work(ca_case()));
    assert_eq!((active.status, active.manager), (CaseStatus::Active, Some(code("M-1"))));
    assert_eq!(position(active.assigned), 3);
    let elsewhere = AllocatedToProvider { provider: code("ASP-2"), ..allocation(AllocationBasis::Cit) };
    let moved = row(and(at_work(ca_case()), [on("2026-03-01", elsewhere)]));
    assert_eq!((moved.status, moved.manager, moved.provider), (CaseStatus::Allocated, None, Some(code("ASP-2"))));
}

#[test]
fn a_case_with_cit_has_no_provider_and_remembers_who_passed_it_on() {
    let passed = and(at_work(ca_case()), [on("2026-03-01", passed_to_cit())]);
    let with_cit = row(passed.clone());
    assert_eq!((with_cit.owner, with_cit.provider), (OwnerKind::Cit, None));
    assert_eq!((with_cit.passed_on_by, with_cit.manager), (Some(code("ASP-1")), None));
    let declined = ReallocationDeclinedByCit { back_to: code("ASP-1"), reason: code("INCOMPLETE") };
    let back = row(and(passed, [on("2026-03-02", declined)]));
    assert_eq!((back.owner, back.provider, back.passed_on_by), (OwnerKind::Provider, Some(code("ASP-1")), None));
}

#[test]
fn closing_keeps_reason_and_date_and_reopening_takes_them_away() {
    let closed_case = closed(at_work(ca_case()), "2026-05-01");
    let ended = row(closed_case.clone());
    assert_eq!(ended.status, CaseStatus::Closed);
    assert_eq!(ended.closed_because, Some(ClosureReason::ReturnedToAttendance));
    assert_eq!(ended.closed.map(|closed| closed.occurred_at), Some(time("2026-05-01")));
    let again = row(and(closed_case, [on("2026-05-20", CaseReopened { reason: ReopenReason::AbsentAgain })]));
    assert_eq!((again.status, again.closed, again.closed_because), (CaseStatus::Active, None, None));
    assert_eq!(again.counts.reopened, 1);
}

#[test]
fn a_meeting_recorded_late_becomes_the_first_when_it_occurred_before() {
    let met = |role| SchoolMeetingHeld { school: code("SCH-1"), school_role: role, mode: Mode::Phone };
    let held = [
        on("2026-02-20", met(SchoolRole::Other)),
        on("2026-03-02", met(SchoolRole::Referring)),
        late("2026-02-27", "2026-03-05", met(SchoolRole::Referring)),
        late("2026-02-27", "2026-03-06", met(SchoolRole::Referring)),
    ];
    let row = row(and(ca_case(), held));
    assert_eq!(position(row.first_school_meeting), 5, "not another school's, and of one day the one recorded first");
}

#[test]
fn a_caregiver_meeting_engages_a_caregiver_and_the_student_who_is_there() {
    for (student_present, student) in [(true, Some(3)), (false, None)] {
        let met = CaregiverMeetingHeld { mode: Mode::HomeVisit, student_present };
        let row = row(and(ca_case(), [on("2026-02-20", met)]));
        assert_eq!(position(row.first_caregiver_meeting), 3);
        assert_eq!(position(row.first_caregiver_engagement), 3);
        assert_eq!(row.first_student_engagement.map(|moment| moment.position.0), student);
    }
}

#[test]
fn an_attempt_counts_and_engages_nobody() {
    let row = row(and(ca_case(), [on("2026-02-20", attempt()), on("2026-02-21", attempt())]));
    assert_eq!(row.counts.attempts, 2);
    assert_eq!((row.first_student_engagement, row.first_caregiver_engagement), (None, None));
}

#[test]
fn comments_are_counted_as_n_of_m_shared() {
    let add = |comment, shared_with_schools| CommentAdded {
        comment: CommentNumber(comment),
        by_school: false,
        shared_with_schools,
    };
    let share =
        |comment, shared_with_schools| CommentSharingChanged { comment: CommentNumber(comment), shared_with_schools };
    let comments = [on("2026-02-20", add(1, false)), on("2026-02-20", add(2, true))];
    let told = |more: Vec<Past>| {
        let counts = row(and(ca_case(), comments.iter().cloned().chain(more))).counts;
        (counts.comments_shared, counts.comments)
    };
    assert_eq!(told(vec![]), (1, 2));
    assert_eq!(told(vec![on("2026-02-21", share(1, true))]), (2, 2));
    assert_eq!(told(vec![on("2026-02-21", share(2, false))]), (0, 2));
}

#[test]
fn a_comment_keeps_who_decided_when_about_sharing_it() {
    let added = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
    let shared = CommentSharingChanged { comment: CommentNumber(1), shared_with_schools: true };
    let withdrawn = CommentSharingChanged { comment: CommentNumber(1), shared_with_schools: false };
    let history = ca_case().into_iter().map(Into::into).chain([
        written(on("2026-02-20", added), manager(), [note("Kei te pai.")]),
        written(on("2026-02-21", shared), lead(), []),
        written(on("2026-02-22", withdrawn), manager(), []),
    ]);
    let comment = file(history).comments.remove(&1).expect("one was added");
    assert_eq!((comment.shared, comment.visible_to_school), (false, false));
    let decisions: Vec<_> = comment.sharing.iter().map(|s| (s.shared, s.by, s.at.position.0)).collect();
    assert_eq!(decisions, [(false, manager(), 3), (true, lead(), 4), (false, manager(), 5)]);
    assert_eq!(comment.written.position, Position(3));
}

#[test]
fn a_school_sees_its_own_comment_whether_it_is_shared_or_not() {
    let own = CommentAdded { comment: CommentNumber(1), by_school: true, shared_with_schools: false };
    let history = ca_case().into_iter().map(Into::into).chain([written(on("2026-02-20", own), school(), [])]);
    let comment = file(history).comments.remove(&1).expect("one was added");
    assert_eq!((comment.visible_to_school, comment.school), (true, Some(code("SCH-1"))));
}

#[test]
fn a_request_is_open_until_it_is_answered_or_withdrawn() {
    let asked_both = [on("2026-02-20", asked(1, Agency::Inz)), on("2026-02-20", asked(2, Agency::Msd))];
    let open = file(and(ca_case(), asked_both.clone()));
    let row = open.row.expect("a case");
    assert!(row.flags.info_request_open);
    assert_eq!((row.open_requests, row.counts.requests), (vec![RequestNumber(1), RequestNumber(2)], 2));
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(2),
        agency: Agency::Msd,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    let ends = [on("2026-02-25", inz_answered(1, Whereabouts::NotOut)), on("2026-02-26", withdrawn)];
    let ended = file(and(ca_case(), asked_both.into_iter().chain(ends)));
    assert!(!ended.row.expect("a case").flags.info_request_open);
    let states: Vec<_> = ended.requests.values().map(|request| request.state).collect();
    assert_eq!(states, [RequestState::Answered, RequestState::Withdrawn]);
    assert_eq!(ended.requests[&1].whereabouts, Some(Whereabouts::NotOut));
    assert_eq!(ended.requests[&2].withdrawn_because, Some(WithdrawalReason::NotNeeded));
}

#[test]
fn an_agency_may_answer_a_request_that_was_withdrawn_and_the_others_stay_open() {
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::NoAnswer,
        detailed: false,
    };
    let file = file(and(
        ca_case(),
        [
            on("2026-02-20", asked(1, Agency::Inz)),
            on("2026-02-21", withdrawn),
            on("2026-02-22", asked(2, Agency::Inz)),
            on("2026-02-23", inz_answered(1, Whereabouts::NotOut)),
        ],
    ));
    assert_eq!(file.row.expect("a case").open_requests, [RequestNumber(2)]);
    assert_eq!(file.requests[&1].state, RequestState::Answered);
    assert_eq!(position(file.requests[&1].withdrawn), 4, "that it was withdrawn is kept");
}

#[test]
fn a_detailed_check_is_a_request_to_immigration() {
    let file =
        file(and(ca_case(), [on("2026-02-20", DetailedImmigrationCheckRequested { request: RequestNumber(1) })]));
    let request = &file.requests[&1];
    assert_eq!((request.agency, request.detailed, request.automatic), (Agency::Inz, true, false));
}

#[test]
fn said_to_be_overseas_stays_flagged_until_somebody_who_can_tell_has_told() {
    let gone = NonEnrolmentNotified { leave_reason: LeaveReason::GoneOverseas, ..notice() };
    let checked =
        |in_new_zealand| MinistryCheckCompleted { in_new_zealand, enrolled: false, outcome: CheckOutcome::Refer };
    for (history, flagged) in [
        (vec![on("2026-02-16", gone.clone())], true),
        (vec![on("2026-02-16", gone.clone()), on("2026-02-17", checked(None))], true),
        (vec![on("2026-02-16", gone.clone()), on("2026-02-17", checked(Some(true)))], false),
        (ca_case(), false),
        (and(ca_case(), [on("2026-03-01", evidence())]), true),
        (and(ca_case(), [on("2026-03-01", evidence()), on("2026-03-02", inz_answered(1, Whereabouts::NotOut))]), true),
        (and(ca_case(), [on("2026-03-01", evidence()), on("2026-03-02", inz_answered(1, Whereabouts::Unknown))]), true),
        (and(ca_case(), [on("2026-03-01", evidence()), on("2026-03-02", inz_answered(1, Whereabouts::Out))]), false),
    ] {
        let last = history.last().map(|past| past.event.clone());
        assert_eq!(row(history).flags.out_of_country_unconfirmed, flagged, "{last:?}");
    }
}

#[test]
fn not_located_is_a_flag_that_is_set_and_cleared() {
    let set = on("2026-04-01", NotLocatedFlagSet { answered_checks: 1, no_check_because: None, attempts: 3 });
    let set_row = row(and(ca_case(), [set.clone()]));
    assert!(set_row.flags.not_located);
    assert_eq!(set_row.status, CaseStatus::Allocated, "a flag is no status");
    assert!(!row(and(ca_case(), [set, on("2026-04-02", NotLocatedFlagCleared {})])).flags.not_located);
}

#[test]
fn a_second_active_case_is_suspected_where_it_was_found_and_known_where_it_is_on_purpose() {
    for (on_purpose, suspected) in [(None, true), (Some(code("SIBLING-MIXUP")), false)] {
        let found = DualActiveDetected { other: CaseId([9; 16]), on_purpose };
        let row = row(and(ca_case(), [on("2026-02-20", found.clone()), on("2026-02-21", found)]));
        assert_eq!((row.flags.dual_active_suspected, row.other_cases), (suspected, vec![CaseId([9; 16])]));
    }
}

#[test]
fn enrolment_is_judged_by_the_day_it_takes_effect() {
    let mut row = row(and(ca_case(), [on("2026-03-01", enrolled(Some("SCH-2"), "2026-04-01"))]));
    assert_eq!(row.enrolled_at, Some(code("SCH-1")), "on the day of the latest event");
    for (on, school, contact) in [
        ("2026-02-15", None, None),
        ("2026-02-16", Some("SCH-1"), Some("S-1")),
        ("2026-03-31", Some("SCH-1"), Some("S-1")),
        ("2026-04-01", Some("SCH-2"), None),
    ] {
        row.speak_of(day(on));
        assert_eq!((row.enrolled_at, row.primary_contact), (school.map(code), contact.map(code)), "{on}");
    }
}

#[test]
fn what_a_referral_said_of_enrolment_gives_way_to_an_earlier_date_learned_later() {
    let left = on("2026-02-20", enrolled(Some("SCH-2"), "2026-02-10"));
    let row = row(and(ca_case(), [left]));
    assert_eq!((row.enrolled_at, row.enrolments.len()), (Some(code("SCH-2")), 1));
}

#[test]
fn of_two_reports_of_one_day_the_later_stands() {
    let reports = [
        on("2026-03-01", enrolled(Some("SCH-2"), "2026-02-25")),
        on("2026-03-02", enrolled(None, "2026-02-25")),
        late("2026-03-03", "2026-03-03", enrolled(Some("SCH-3"), "2026-02-20")),
    ];
    assert_eq!(row(and(ca_case(), reports)).enrolled_at, None);
}

#[test]
fn a_primary_contact_is_asked_anew_once_enrolment_has_moved() {
    let named = on("2026-02-20", PrimaryContactChanged { before: Some(code("S-1")), contact: code("S-7") });
    assert_eq!(row(and(ca_case(), [named.clone()])).primary_contact, Some(code("S-7")));
    let away = on("2026-03-01", enrolled(Some("SCH-2"), "2026-03-01"));
    let back = on("2026-03-10", enrolled(Some("SCH-1"), "2026-03-10"));
    assert_eq!(row(and(ca_case(), [named.clone(), away.clone()])).primary_contact, None);
    assert_eq!(row(and(ca_case(), [named, away, back])).primary_contact, None);
}

#[test]
fn newer_contact_details_stand_and_older_ones_recorded_late_change_nothing() {
    let held = |details: Vec<ContactDetailsRecorded>| {
        let history = ca_case()
            .into_iter()
            .map(Into::into)
            .chain(details.into_iter().map(|details| written(on("2026-03-01", details), manager(), personal_parts())));
        file(history).row.expect("a case")
    };
    let newer = confirmed_in("C-2", "2026-02-25");
    let older = confirmed_in("C-3", "2026-02-20");
    let row = held(vec![newer.clone(), older]);
    assert_eq!(row.confirmed_catchment, Some(code("C-2")));
    assert_eq!(row.contacts_at, Some(Position(3)), "the texts shown are those of the newer details");
    let vague = ContactDetailsRecorded { confirmed: false, catchment: None, ..confirmed_in("C-3", "2026-02-26") };
    assert_eq!(held(vec![newer.clone(), vague]).confirmed_catchment, Some(code("C-2")));
    let elsewhere = ContactDetailsRecorded { confirmed: false, ..confirmed_in("C-3", "2026-02-26") };
    assert_eq!(held(vec![newer, elsewhere]).confirmed_catchment, None);
}

#[test]
fn details_found_out_of_date_stay_shown_as_such() {
    let row = row(and(
        ca_case(),
        [on("2026-02-20", confirmed_in("C-1", "2026-02-20")), on("2026-03-20", ContactDetailsMarkedOutOfDate {})],
    ));
    assert!(row.details.expect("details are held").out_of_date);
    assert_eq!(row.confirmed_catchment, None);
}

#[test]
fn a_plan_is_kept_with_its_revisions() {
    let plan = |revision| StudentPlanRecorded { revision, goals: 2, barriers: vec![], review_on: None };
    let file = file(and(ca_case(), [on("2026-02-20", plan(1)), on("2026-03-20", plan(2))]));
    assert_eq!(file.plans.keys().copied().collect::<Vec<_>>(), [1, 2]);
    let row = file.row.expect("a case");
    assert_eq!((row.counts.plans, position(row.first_plan)), (2, 3));
}

#[test]
fn agreements_are_kept_where_they_were_told() {
    let before = ProviderAgreementRecorded { target: code("ASP-2"), agreement: agreement("ASP-2", "2026-03-03") };
    let with_move = ReallocatedToCit {
        target: Some(code("ASP-2")),
        agreements: vec![agreement("ASP-1", "2026-03-04"), agreement("ASP-2", "2026-03-03")],
        ..passed_to_cit()
    };
    let file = file(and(ca_case(), [on("2026-03-03", before), on("2026-03-04", with_move)]));
    let told: Vec<_> = file.agreements.values().map(|row| (row.with_move, row.agreements.len())).collect();
    assert_eq!(told, [(false, 1), (true, 2)]);
    assert!(super::file(and(ca_case(), [on("2026-03-04", passed_to_cit())])).agreements.is_empty());
}

#[test]
fn a_row_names_the_newest_event_that_says_who_the_student_is() {
    let again = SupportRequestSubmitted { attached: true, ..request() };
    let row = file([
        written(on("2026-02-16", request()), school(), [student("Hēmi", "Parata")]),
        written(on("2026-03-16", again), school(), [student("Hemi", "Parata")]),
        on("2026-03-17", attempt()).into(),
    ])
    .row
    .expect("a case");
    assert_eq!((row.student_at, row.contacts_at), (Some(Position(2)), None));
}

#[test]
fn a_history_that_does_not_begin_with_a_referral_is_no_case() {
    assert_eq!(file([on("2026-02-16", attempt())]).row, None);
}
