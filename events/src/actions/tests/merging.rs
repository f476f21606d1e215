//! Two cases of one student: suspected, dismissed, merged, taken apart again; no history is lost (R27, R28, K5, T2).

use crate::actions::*;
use crate::case::Status;
use crate::event::*;
use crate::ids::{StreamId, StudentId};
use crate::machine::Machine;
use crate::refusal::Refusal;
use crate::testing::*;
use crate::world::World;

const OTHER_STUDENT: StudentId = StudentId([2; 16]);

fn other_case() -> Vec<Past> {
    let request = SupportRequestSubmitted { student: OTHER_STUDENT, number: crate::number::CaseNumber(2), ..request() };
    vec![on(OPENED, request), on(OPENED, allocation(AllocationBasis::SchoolCatchment))]
}

fn two() -> Given {
    given(at_work(ca_case())).and_of(OTHER_CASE, other_case()).by(service_desk())
}

fn merge(confirmed: bool) -> MergeCases {
    MergeCases { merged: OTHER_CASE, merged_version: None, same_student_confirmed: confirmed }
}

fn told(outcome: &Outcome) -> Vec<(StreamId, &'static str)> {
    outcome.result.as_ref().unwrap().iter().map(|draft| (draft.stream, draft.kind)).collect()
}

#[test]
fn e33_two_active_cases_are_marked_on_both_sides_and_the_mark_is_taken_back() {
    let report = || ReportDualActive { other: OTHER_CASE };
    let outcome = two().by(lead()).when(report());
    let kinds = [(StreamId::Case(CASE), "dual_active_detected"), (StreamId::Case(OTHER_CASE), "dual_active_detected")];
    assert_eq!(told(&outcome), kinds);
    let marked = |other| on("2026-03-01", DualActiveDetected { other, on_purpose: None });
    let suspected = || two().and([marked(OTHER_CASE)]).and_of(OTHER_CASE, [marked(CASE)]);
    suspected().when(report()).then_nothing();
    let outcome = suspected().when(DismissDualActive { other: OTHER_CASE });
    let kinds =
        [(StreamId::Case(CASE), "dual_active_dismissed"), (StreamId::Case(OTHER_CASE), "dual_active_dismissed")];
    assert_eq!(told(&outcome), kinds);
    two().when(DismissDualActive { other: OTHER_CASE }).then_refused(Refusal::NotSuspected);
    two().when(ReportDualActive { other: CASE }).then_refused(Refusal::SameCase);
    given(ca_case())
        .and_of(OTHER_CASE, closed(other_case(), "2026-03-01"))
        .when(report())
        .then_refused(Refusal::OtherHasEnded);
}

#[test]
fn e32_r28_a_merge_is_told_in_both_streams_and_the_note_in_one() {
    let outcome = two().when(merge(true));
    let kinds = [(StreamId::Case(CASE), "cases_merged"), (StreamId::Case(OTHER_CASE), "case_merged_into")];
    assert_eq!(told(&outcome), kinds);
    let carries: Vec<bool> = outcome.result.as_ref().unwrap().iter().map(|draft| draft.carries_parts).collect();
    assert_eq!(carries, [true, false]);
    let merged = outcome.stage.world.case(OTHER_CASE).unwrap();
    assert_eq!((merged.status, merged.merged_into), (Status::Merged, Some(CASE)));
    assert!(outcome.stage.world.active_cases(OTHER_STUDENT).is_empty());
}

#[test]
fn r28_two_students_are_one_only_when_somebody_confirms_it() {
    two().when(merge(false)).then_refused(Refusal::TwoStudents);
    given(ca_case())
        .and_of(OTHER_CASE, ca_case())
        .by(service_desk())
        .when(merge(false))
        .then_case(|case| case.merged_into.is_none());
}

#[test]
fn r27_a_referral_under_either_id_of_a_student_joins_the_case_that_goes_on() {
    let outcome = two().when(merge(true));
    let again = given_on(outcome.stage).by(school()).when_opening_for(OTHER_STUDENT, requested(serde_json::json!({})));
    let events = again.events();
    assert!(matches!(&events[0], CaseEvent::SupportRequestSubmitted(e) if e.attached && e.student == STUDENT));
    assert_eq!(again.result.as_ref().unwrap()[0].stream, StreamId::Case(CASE));
}

#[test]
fn r28_what_is_merged_takes_nothing_but_what_ended_cases_take() {
    let merged = || given_on(two().when(merge(true)).stage).of(OTHER_CASE);
    merged().by(lead()).when(sample_action("engage-student")).then_refused(Refusal::CaseIsMerged { into: CASE });
    let note = sample_action("reopen");
    merged().by(service_desk()).when(note).then_refused(Refusal::CaseIsMerged { into: CASE });
    merged().by(enrol()).when(sample_action("change-enrolment")).then([enrolled(Some("SCH-2"), "2026-02-23")]);
}

#[test]
fn r28_a_merge_is_refused_where_it_would_lose_something() {
    let asked_there = || two().and_of(OTHER_CASE, [on("2026-03-01", asked(1, Agency::Msd))]);
    asked_there().when(merge(true)).then_refused(Refusal::PinnedByRequest { open: 1 });
    given(closed(ca_case(), "2026-03-01"))
        .and_of(OTHER_CASE, other_case())
        .by(service_desk())
        .when(merge(true))
        .then_refused(Refusal::SurvivorHasEnded);
    two().when(MergeCases { merged: CASE, ..merge(true) }).then_refused(Refusal::SameCase);
    let third = crate::ids::CaseId([3; 16]);
    let into_third = on("2026-03-01", CaseMergedInto { survivor: third, same_student: None });
    two()
        .and_of(OTHER_CASE, [into_third.clone()])
        .when(merge(true))
        .then_refused(Refusal::AlreadyMerged { into: third });
    two().and([into_third]).when(merge(true)).then_refused(Refusal::CaseIsMerged { into: third });
}

#[test]
fn r28_an_unmerged_case_is_what_it_was_and_both_histories_are_whole() {
    let before = two().case_of(OTHER_CASE).clone();
    let merged = two().when(merge(true)).stage;
    let outcome = given_on(merged).by(service_desk()).when(UnmergeCase { merged: OTHER_CASE });
    let kinds = [(StreamId::Case(CASE), "case_unmerged"), (StreamId::Case(OTHER_CASE), "case_unmerged")];
    assert_eq!(told(&outcome), kinds);
    assert_eq!(outcome.stage.world.case(OTHER_CASE), Some(&before));
    assert_eq!(outcome.stage.world.active_cases(OTHER_STUDENT), [OTHER_CASE]);
    given_on(outcome.stage)
        .by(service_desk())
        .when(UnmergeCase { merged: OTHER_CASE })
        .then_refused(Refusal::NotMerged);
}

#[test]
fn r28_merging_again_is_nothing_and_a_closed_case_stays_closed() {
    let merged = two().when(merge(true)).stage;
    given_on(merged).by(service_desk()).when(merge(true)).then_nothing();
    let outcome =
        given(ca_case()).and_of(OTHER_CASE, closed(other_case(), "2026-03-01")).by(service_desk()).when(merge(true));
    let other = outcome.stage.world.case(OTHER_CASE).unwrap();
    assert_eq!((other.status, other.merged_into), (Status::Closed, Some(CASE)));
}

#[test]
fn r28_that_two_ids_are_one_student_outlives_a_restart() {
    let stage = two().when(merge(true)).stage;
    let mut restarted = World::default();
    for shard in 0..=255 {
        let mut bytes = Vec::new();
        stage.world.save(shard, &mut bytes);
        restarted.load(shard, &bytes).unwrap();
    }
    let stage = Stage { world: restarted, frames: stage.frames };
    let again = given_on(stage).by(school()).when_opening_for(OTHER_STUDENT, requested(serde_json::json!({})));
    assert_eq!(again.result.as_ref().unwrap()[0].stream, StreamId::Case(CASE));
}
