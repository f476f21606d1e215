//! Every event type changes what the view shows, or is named here as one that does not.

use caseledger_events::event::*;
use caseledger_events::testing::*;

use super::{CaseFile, and, file};
use crate::testing::every_event;

/// Event types that change no row: what they tell is in the timeline, and in the allocation of the same commit, or
/// restricted.
const WITHOUT_EFFECT: [&str; 7] = [
    "proposed_move_declined",
    "reallocated_by_cit",
    "isp_reallocated_to_catchment_provider",
    "oranga_tamariki_referral_made",
    "report_of_concern_made",
    "prosecution_notified",
    "prosecution_outcome_recorded",
];

/// A case on which a sample has something to change.
fn before(event: &CaseEvent) -> Vec<Past> {
    let work = at_work(ca_case());
    match event {
        CaseEvent::MinistryCheckCompleted(_) => notified(),
        CaseEvent::CaseReopened(_) => closed(work, "2026-03-01"),
        CaseEvent::NotLocatedFlagCleared(_) => {
            let set = NotLocatedFlagSet { answered_checks: 1, no_check_because: None, attempts: 1 };
            and(work, [on("2026-03-01", set)])
        }
        CaseEvent::CommentSharingChanged(_) => {
            let added = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
            and(work, [on("2026-03-01", added)])
        }
        CaseEvent::InformationRequestAnswered(_) | CaseEvent::InformationRequestWithdrawn(_) => {
            and(work, [on("2026-03-01", asked(1, Agency::Inz))])
        }
        CaseEvent::ContactDetailsMarkedOutOfDate(_) => and(work, [on("2026-03-01", confirmed_in("C-1", "2026-03-01"))]),
        CaseEvent::FileSharingChanged(_) => and(work, [on("2026-03-01", file_uploaded(1))]),
        CaseEvent::TaskCompleted(_) => and(work, [on("2026-03-01", task(1))]),
        CaseEvent::CaseResumed(_) => and(work, [on("2026-03-01", paused())]),
        CaseEvent::RemovedFromWaitlist(_) => {
            and(ca_case(), [on("2026-03-01", Waitlisted { expected_on: day("2026-03-20") })])
        }
        CaseEvent::ExemptionDeclined(_) => {
            let applied = HomeEducationApplicationNoted { applied_on: None };
            and(work, [on("2026-03-01", applied)])
        }
        CaseEvent::ExemptionRevoked(_) => {
            let granted = ExemptionGranted { exemption: ExemptionKind::HomeEducation, from: day("2026-03-01") };
            and(work, [on("2026-03-01", granted)])
        }
        CaseEvent::CaseUnmerged(_) => {
            and(work, [on("2026-03-01", CaseMergedInto { survivor: OTHER_CASE, same_student: None })])
        }
        CaseEvent::DualActiveDismissed(_) => {
            and(work, [on("2026-03-01", DualActiveDetected { other: OTHER_CASE, on_purpose: None })])
        }
        CaseEvent::ReallocationDeclinedByCit(_) => and(work, [on("2026-03-01", passed_to_cit())]),
        _ => work,
    }
}

/// The file without what every event changes.
fn without_activity(mut file: CaseFile, like: &CaseFile) -> CaseFile {
    if let (Some(row), Some(like)) = (&mut file.row, &like.row) {
        row.last_activity = like.last_activity;
        row.version = like.version;
        row.speak_of(like.on);
    }
    file
}

#[test]
fn there_is_a_sample_of_every_event_type() {
    let mut kinds: Vec<&str> = every_event().iter().map(CaseEvent::kind).collect();
    let mut names: Vec<&str> = EVENT_TYPES.iter().map(|row| row.name).collect();
    kinds.sort_unstable();
    names.sort_unstable();
    assert_eq!(kinds, names);
}

#[test]
fn every_event_type_changes_what_is_shown_or_is_listed_as_one_that_does_not() {
    for event in every_event() {
        let history = before(&event);
        let known = file(history.clone());
        let then = file(and(history, [on("2026-03-15", event.clone())]));
        let changed = without_activity(then.clone(), &known) != known;
        assert_eq!(changed, !WITHOUT_EFFECT.contains(&event.kind()), "{}", event.kind());
        let (row, before) = (then.row.expect("a case"), known.row.expect("a case"));
        assert_eq!(row.version, before.version.next(), "{} counts as activity", event.kind());
    }
}
