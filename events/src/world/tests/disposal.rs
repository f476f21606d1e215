//! Disposal of a student whom a merge gave two ids.

use crate::actions::MergeCases;
use crate::event::*;
use crate::ids::StudentId;
use crate::keys::{KeyCommand, KeyEvent};
use crate::refusal::Refusal;
use crate::testing::*;

/// Domain §2.5, R28: after a merge that confirmed the student, nothing of either id may stay readable.
#[test]
fn r28_a_student_with_two_ids_is_disposed_of_under_both_and_a_hold_on_one_holds_both() {
    const OTHER: StudentId = StudentId([2; 16]);
    let request = SupportRequestSubmitted { student: OTHER, number: crate::number::CaseNumber(2), ..request() };
    let other = vec![on(OPENED, request), on(OPENED, allocation(AllocationBasis::SchoolCatchment))];
    let merge = MergeCases { merged: OTHER_CASE, merged_version: None, same_student_confirmed: true };
    let history = closed(at_work(ca_case()), "2026-03-01");
    let merged = given(history).and_of(OTHER_CASE, closed(other, "2026-03-01")).by(service_desk()).when(merge);
    let mut world = merged.stage.world;
    let proposed = KeyEvent::DisposalProposed { student: STUDENT, authority: code("DA999") };
    world.keys.apply(&proposed, code("P-1"));
    let approve = KeyCommand::ApproveDisposal { student: STUDENT };
    let told = world.about_keys(&approve, code("P-2")).unwrap();
    let students: Vec<_> = told
        .iter()
        .map(|event| match event {
            KeyEvent::StudentDisposed { student, .. } => *student,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(students, [STUDENT, OTHER]);

    let hold = KeyEvent::LegalHoldPlaced { student: OTHER, hold: code("INQUIRY-1") };
    world.keys.apply(&hold, code("P-1"));
    assert_eq!(world.about_keys(&approve, code("P-2")), Err(Refusal::LegalHold { hold: code("INQUIRY-1") }));
}
