//! E31: a person reopens a case with a reason; nothing else ever does (R26, T1).

use serde_json::json;

use crate::actions::ReopenCase;
use crate::case::Status;
use crate::envelope::Source;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const REOPEN: ReopenCase = ReopenCase { reason: ReopenReason::AbsentAgain };

fn closed_case() -> Vec<Past> {
    closed(at_work(ca_case()), "2026-04-01")
}

#[test]
fn r26_a_person_reopens_a_case_with_a_reason() {
    for actor in [lead(), cit(), service_desk()] {
        given(closed_case())
            .by(actor)
            .when(REOPEN)
            .then([CaseReopened { reason: ReopenReason::AbsentAgain }])
            .then_case(|case| case.status == Status::Active && case.ending.is_none());
    }
    given(closed(ca_case(), "2026-04-01")).when(REOPEN).then_case(|case| case.status == Status::Allocated);
}

#[test]
fn r26_no_feed_reopens_a_case() {
    for actor in [enrol(), inz(), msd()] {
        given(closed_case()).by(actor).when(REOPEN).then_refused(Refusal::OnlyPeopleReopen);
    }
    for source in [Source::Enrol, Source::Inz, Source::Msd, Source::Attendance, Source::Migration, Source::Ledger] {
        given(closed_case()).through(source).when(REOPEN).then_refused(Refusal::OnlyPeopleReopen);
    }
}

#[test]
fn r26_a_case_that_is_open_is_not_reopened() {
    for history in [ca_case(), at_work(ca_case()), nen_case()] {
        given(history).when(REOPEN).then_refused(Refusal::NotClosed);
    }
}

#[test]
fn r26_reopening_is_reasoned_in_words() {
    let read = |personal| crate::action::CaseAction::parse("reopen", "{\"reason\": \"review\"}", personal).unwrap();
    for without in ["{}", "{\"note\": {\"text\": \"\"}}", "{\"note\": {\"text\": \"  \"}}"] {
        assert!(read(without).unwrap_err().pointer.starts_with("/personal"), "{without}");
    }
    assert!(read("{\"note\": {\"text\": \"Away again since May.\"}}").is_ok());
}

/// T1: everything a closed case takes, from every feed and person, leaves it closed.
#[test]
fn t1_nothing_a_closed_case_takes_reopens_it() {
    let history = || {
        let asked_before = on("2026-03-01", asked(1, Agency::Inz));
        let comment = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
        let withdrawn = InformationRequestWithdrawn {
            request: RequestNumber(1),
            agency: Agency::Inz,
            reason: WithdrawalReason::CaseClosed,
            detailed: false,
        };
        let mut past: Vec<Past> =
            at_work(ca_case()).into_iter().chain([asked_before, on("2026-03-02", comment)]).collect();
        past.push(on("2026-04-01", CaseClosed { reason: ClosureReason::ReturnedToAttendance }));
        past.push(on("2026-04-01", withdrawn));
        past
    };
    let mut taken = 0;
    for info in crate::action::ACTIONS.iter().filter(|info| info.name != "reopen") {
        for actor in [lead(), manager(), school(), cit(), service_desk(), enrol(), inz(), msd()] {
            for occurred in ["2026-03-20", "2026-05-20"] {
                let outcome = given(history())
                    .and_of(OTHER_CASE, ca_case())
                    .by(actor)
                    .occurred(occurred)
                    .when(sample_action(info.name));
                taken += usize::from(outcome.result.as_ref().is_ok_and(|events| !events.is_empty()));
                outcome.then_case(|case| case.status == Status::Closed && case.ending.is_some());
            }
        }
    }
    assert!(taken > 20, "the table takes something: {taken}");
}

#[test]
fn t1_a_student_enrolled_again_leaves_the_case_closed() {
    given(closed(nen_case(), "2026-04-01"))
        .by(enrol())
        .when_sent(
            "change-enrolment",
            json!({"school": "SCH-2", "student_type": "RE", "effective_on": "2026-05-04"}),
            json!({}),
        )
        .then([enrolled(Some("SCH-2"), "2026-05-04")])
        .then_case(|case| case.status == Status::Closed);
}

#[test]
fn r26_after_reopening_the_case_takes_what_it_took_before() {
    let reopened = on("2026-05-01", CaseReopened { reason: ReopenReason::Review });
    given(closed_case())
        .and([reopened])
        .by(manager())
        .when(sample_action("engage-student"))
        .then([StudentEngaged { mode: Mode::Phone }]);
}
