//! R40: what a closed case still takes, action by action, and where the borders lie.

use crate::action::{ACTIONS, CaseAction};
use crate::actions::EngageStudent;
use crate::envelope::Actor;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

/// A case closed on 1 April that holds what the samples speak of.
fn closed_case() -> Vec<Past> {
    let comment = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::CaseClosed,
        detailed: false,
    };
    let mut past = at_work(ca_case());
    past.extend([
        on("2026-02-20", comment),
        on("2026-02-20", asked(1, Agency::Inz)),
        on("2026-02-20", confirmed_in("C-2", "2026-02-20")),
        on("2026-04-01", CaseClosed { reason: ClosureReason::ReturnedToAttendance }),
        on("2026-04-01", withdrawn),
    ]);
    past
}

fn is_closed() -> Refusal {
    Refusal::CaseIsClosed { closed_on: day("2026-04-01"), reason: ClosureReason::ReturnedToAttendance }
}

/// The one of the usual actors who may record the action on this case.
fn fitting(action: &CaseAction) -> Actor {
    let may = |actor: &Actor| {
        let history: Vec<Past> =
            closed_case().into_iter().filter(|past| past.times.occurred_at < time("2026-04-01")).collect();
        !given(history).and_of(OTHER_CASE, ca_case()).by(*actor).when(action.clone()).result.is_err_and(|refusal| {
            matches!(refusal, Refusal::NotThisRole { .. } | Refusal::CitDoesNotClose | Refusal::OtherAgency)
        })
    };
    [lead(), manager(), cit(), enrol(), inz(), service_desk(), other_lead()].into_iter().find(may).unwrap()
}

fn taken(action: &CaseAction, occurred: &str) -> bool {
    let outcome =
        given(closed_case()).and_of(OTHER_CASE, ca_case()).by(fitting(action)).occurred(occurred).when(action.clone());
    outcome.result != Err(is_closed())
}

/// What is expected. *Late records* are taken when they occurred before the case was closed.
const TABLE: &str = "
complete-ministry-check: refused
allocate: refused
assign-case-manager: refused
review: late records
hold-school-meeting: late records
hold-caregiver-meeting: late records
engage-student: late records
engage-caregiver: late records
attempt-contact: late records
record-contact-details: late records
mark-contact-details-out-of-date: late records
record-plan: late records
add-comment: late records
change-comment-sharing: taken
change-primary-contact: refused
change-enrolment: taken
open-information-request: refused
answer-information-request: taken
withdraw-information-request: refused
record-overseas-evidence: late records
request-detailed-check: refused
set-not-located: refused
clear-not-located: refused
record-agreement: refused
reallocate-to-cit: refused
reallocate-by-cit: refused
decline-reallocation: refused
reallocate-to-catchment-provider: refused
close: refused
reopen: taken
update-risk: late records
upload-file: late records
change-file-sharing: taken
add-task: refused
complete-task: late records
add-calendar-event: refused
pause: refused
resume: refused
waitlist: refused
remove-from-waitlist: refused
record-pathway: late records
note-home-education-application: late records
grant-exemption: taken
decline-exemption: taken
revoke-exemption: taken
identify-need: late records
fund-need: late records
refer-to-oranga-tamariki: late records
report-concern: late records
notify-prosecution: refused
record-prosecution-outcome: taken
merge: taken
unmerge: taken
report-dual-active: refused
dismiss-dual-active: taken
record-notification: taken
decline-move: refused
attach-statement-of-correction: taken
give-privacy-notice: taken
";

#[test]
fn r40_what_a_closed_case_still_takes() {
    let row = |info: &crate::action::ActionInfo| {
        let action = sample_action(info.name);
        let word = match (taken(&action, "2026-03-20"), taken(&action, "2026-05-20")) {
            (false, false) => "refused",
            (true, false) => "late records",
            (true, true) => "taken",
            (false, true) => "only new ones?",
        };
        format!("{}: {word}\n", info.name)
    };
    assert_eq!(ACTIONS.iter().map(row).collect::<String>(), TABLE.trim_start());
}

/// Closed at 10:00 on 1 April, New Zealand daylight time: to the moment where moments are known, else to the day.
#[test]
fn r40_the_border_of_a_late_record_is_the_closing_moment() {
    let closed_at = |when: &str| {
        let closing = on(when, CaseClosed { reason: ClosureReason::ReturnedToAttendance });
        at_work(ca_case()).into_iter().chain([closing]).collect::<Vec<_>>()
    };
    for (closing, occurred, taken) in [
        ("2026-04-01T10:00:00+13:00", "2026-03-31", true),
        ("2026-04-01T10:00:00+13:00", "2026-04-01", true),
        ("2026-04-01T10:00:00+13:00", "2026-04-02", false),
        ("2026-04-01T10:00:00+13:00", "2026-04-01T09:59:59.999999+13:00", true),
        ("2026-04-01T10:00:00+13:00", "2026-04-01T10:00:00+13:00", false),
        ("2026-04-01T10:00:00+13:00", "2026-04-01T14:00:00+13:00", false),
        // In UTC this is the day before, in Auckland the closing day.
        ("2026-04-01T10:00:00+13:00", "2026-03-31T20:59:59Z", true),
        ("2026-04-01T10:00:00+13:00", "2026-03-31T21:00:00Z", false),
        // Closed by day alone: until it was recorded, at noon of that day.
        ("2026-04-01", "2026-04-01T11:59:59+13:00", true),
        ("2026-04-01", "2026-04-01T12:00:00+13:00", false),
        ("2026-04-01", "2026-04-02", false),
    ] {
        let outcome = given(closed_at(closing)).occurred(occurred).when(EngageStudent { mode: Mode::Phone });
        assert_eq!(outcome.result.is_ok(), taken, "closed {closing}, occurred {occurred}");
    }
}

#[test]
fn r40_a_case_closed_late_by_day_ended_with_that_day() {
    let closing = late("2026-04-01", "2026-04-20", CaseClosed { reason: ClosureReason::ReturnedToAttendance });
    for (occurred, taken) in [
        ("2026-04-01T23:59:59+13:00", true),
        ("2026-04-02T00:00:00+13:00", false),
        ("2026-04-02", false),
        ("2026-04-01", true),
    ] {
        let history = at_work(ca_case()).into_iter().chain([closing.clone()]);
        let outcome = given(history).occurred(occurred).when(EngageStudent { mode: Mode::Phone });
        assert_eq!(outcome.result.is_ok(), taken, "{occurred}");
    }
}

#[test]
fn r40_what_happens_as_it_is_recorded_is_no_late_record_on_the_closing_day_either() {
    given(closed_case())
        .at("2026-04-01T12:00:01+13:00")
        .when(EngageStudent { mode: Mode::Phone })
        .then_refused(is_closed());
}
