//! Disposal: an authority, no hold, no active case, two different people.

use super::*;
use crate::ids::CaseId;
use crate::refusal::Refusal;

const STUDENT: StudentId = StudentId([7; 16]);

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

/// A state after commands of people, each of which must be accepted.
fn after(commands: &[(KeyCommand, &str)]) -> KeyState {
    let mut state = KeyState::default();
    for (command, by) in commands {
        let event = command.decide(&state, None, code(by)).unwrap().expect("something to do");
        state.apply(&event, code(by));
    }
    state
}

fn propose() -> KeyCommand {
    KeyCommand::ProposeDisposal { student: STUDENT, authority: code("DA999") }
}

fn approve() -> KeyCommand {
    KeyCommand::ApproveDisposal { student: STUDENT }
}

fn hold() -> KeyCommand {
    KeyCommand::PlaceHold { student: STUDENT, hold: code("INQUIRY-7") }
}

#[test]
fn two_different_people_dispose_of_a_student_under_an_authority() {
    let state = after(&[(propose(), "P-1")]);
    assert_eq!(approve().decide(&state, None, code("P-1")), Err(Refusal::SecondPersonNeeded));
    let disposed = approve().decide(&state, None, code("P-2")).unwrap();
    let told = KeyEvent::StudentDisposed { student: STUDENT, authority: code("DA999"), proposed_by: code("P-1") };
    assert_eq!(disposed, Some(told));
}

#[test]
fn nobody_approves_what_was_not_proposed_or_was_withdrawn() {
    assert_eq!(approve().decide(&KeyState::default(), None, code("P-2")), Err(Refusal::NoDisposalProposed));
    let state = after(&[(propose(), "P-1"), (KeyCommand::WithdrawDisposal { student: STUDENT }, "P-1")]);
    assert_eq!(approve().decide(&state, None, code("P-2")), Err(Refusal::NoDisposalProposed));
}

#[test]
fn a_hold_forbids_disposal_also_when_it_comes_between_the_two_people() {
    let state = after(&[(propose(), "P-1"), (hold(), "P-3")]);
    assert_eq!(approve().decide(&state, None, code("P-2")), Err(Refusal::LegalHold { hold: code("INQUIRY-7") }));
    let lift = KeyCommand::LiftHold { student: STUDENT, hold: code("INQUIRY-7") };
    let state = after(&[(propose(), "P-1"), (hold(), "P-3"), (lift, "P-3")]);
    assert!(approve().decide(&state, None, code("P-2")).is_ok());
}

#[test]
fn a_student_with_an_active_case_is_not_disposed_of() {
    let case = CaseId([1; 16]);
    let no = Err(Refusal::CaseStillActive { case });
    assert_eq!(propose().decide(&KeyState::default(), Some(case), code("P-1")), no);
    assert_eq!(approve().decide(&after(&[(propose(), "P-1")]), Some(case), code("P-2")), no);
}

#[test]
fn nothing_more_happens_to_the_keys_of_a_student_disposed_of() {
    let state = after(&[(propose(), "P-1"), (approve(), "P-2")]);
    assert!(state.is_disposed(STUDENT));
    for command in [propose(), approve(), hold()] {
        assert_eq!(command.decide(&state, None, code("P-9")), Err(Refusal::StudentDisposed));
    }
}

#[test]
fn what_is_so_already_changes_nothing() {
    let (old, new) = (KeyId([1; 16]), KeyId([2; 16]));
    let replace = KeyCommand::ReplaceKey { student: STUDENT, old, new };
    let state = after(&[(propose(), "P-1"), (hold(), "P-3"), (replace.clone(), "P-1")]);
    assert_eq!(hold().decide(&state, None, code("P-3")), Ok(None));
    assert_eq!(replace.decide(&state, None, code("P-1")), Ok(None));
    assert!(state.is_replaced(old) && !state.is_replaced(new));
}
