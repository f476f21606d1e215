//! Small worlds told line by line, such as the hand-computed ones in `tests/measures`.
//!
//! A line is `occurred [@recorded] what …`, recorded at noon of a day. Of a date without `@` both times are that day.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Code, StudentId};
use caseledger_events::number::CaseNumber;
use caseledger_events::testing::{Past, code, day, lead, noon, notice, request};
use serde::de::DeserializeOwned;

use crate::measures::Fold;
use crate::testing::{Tape, Written};

/// The case with a number.
pub fn case_id(number: u32) -> CaseId {
    let mut id = [9; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    CaseId(id)
}

/// A line of a world, read.
pub struct Line {
    /// Which case it is about.
    pub case: u32,
    /// What happened, and when.
    pub past: Past,
}

/// Reads the lines of a case.
#[track_caller]
pub fn lines(case: u32, student: u32, text: &str) -> Vec<Line> {
    let told = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    told.map(|line| Line { case, past: past(case, student, line) }).collect()
}

/// Folds lines in the order they were recorded; of the same time, in the order they stand.
pub fn fold(mut lines: Vec<Line>) -> Fold {
    lines.sort_by_key(|line| line.past.times.recorded_at);
    let mut tape = Tape::new();
    for line in lines {
        tape.case(case_id(line.case), Written { past: line.past, actor: lead(), parts: Vec::new() });
    }
    fold_tape(&tape)
}

/// Folds a tape.
pub fn fold_tape(tape: &Tape) -> Fold {
    let mut fold = Fold::new();
    for event in tape.events() {
        fold.take(&event).unwrap();
    }
    fold
}

fn word<T: DeserializeOwned>(word: Option<&str>, line: &str) -> T {
    let word = word.unwrap_or_else(|| panic!("a word is missing: {line}"));
    serde_json::from_value(word.into()).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[track_caller]
fn past(case: u32, student: u32, line: &str) -> Past {
    let mut words = line.split_whitespace().peekable();
    let occurred_at: OccurredAt = words.next().unwrap().parse().unwrap_or_else(|_| panic!("no time: {line}"));
    let recorded = words.next_if(|word| word.starts_with('@')).map(|word| word[1..].parse::<OccurredAt>().unwrap());
    let recorded_at: Timestamp = match recorded.unwrap_or(occurred_at) {
        OccurredAt::Day(day) => noon(day),
        OccurredAt::Instant(time) => time,
    };
    let what = words.next().unwrap_or_else(|| panic!("nothing happened: {line}"));
    let event = event(case, student, what, &mut words, line);
    Past { event, times: caseledger_events::case::Times { occurred_at, recorded_at } }
}

fn event<'a>(case: u32, student: u32, what: &str, words: &mut impl Iterator<Item = &'a str>, line: &str) -> CaseEvent {
    let (number, student) = (CaseNumber(case), StudentId([student as u8; 16]));
    match what {
        "request" => {
            let attached = words.next() == Some("attached");
            SupportRequestSubmitted { number, student, attached, ..request() }.into()
        }
        "notice" => {
            let attached = words.next() == Some("attached");
            NonEnrolmentNotified { number, student, attached, ..notice() }.into()
        }
        "migrated" => CaseMigrated {
            number,
            student,
            kind: word(words.next(), line),
            former: code("OLD-1"),
            school: code("SCH-1"),
            referred_on: word(words.next(), line),
            last_day_attended: None,
        }
        .into(),
        "kind_changed" => CaseKindChanged { from: word(words.next(), line), to: word(words.next(), line) }.into(),
        "checked" => {
            let outcome = word(words.next(), line);
            MinistryCheckCompleted { in_new_zealand: None, enrolled: false, outcome }.into()
        }
        "allocated" => allocated(words, line).into(),
        "assigned" => AssignedToCaseManager { manager: code("M-1"), before: None }.into(),
        "reviewed" => CaseReviewed { reviewer: code("M-1") }.into(),
        "school_met" => SchoolMeetingHeld {
            school: code("SCH-1"),
            school_role: word(words.next(), line),
            mode: word(words.next(), line),
        }
        .into(),
        "caregiver_met" => {
            let mode = word(words.next(), line);
            CaregiverMeetingHeld { mode, student_present: words.next() == Some("with_student") }.into()
        }
        "student_engaged" => StudentEngaged { mode: word(words.next(), line) }.into(),
        "caregiver_engaged" => CaregiverEngaged { mode: word(words.next(), line) }.into(),
        "plan" => StudentPlanRecorded { revision: 1, goals: 1, barriers: Vec::new(), review_on: None }.into(),
        "details" => {
            let current_on = day("2026-01-01");
            let source = DetailsSource::Family;
            ContactDetailsRecorded { source, current_on, confirmed: false, catchment: None }.into()
        }
        "details_out_of_date" => ContactDetailsMarkedOutOfDate {}.into(),
        "attempt" => {
            ContactAttempted { with: word(words.next(), line), mode: Mode::Phone, outcome: word(words.next(), line) }
                .into()
        }
        _ => ending(what, words, line),
    }
}

fn allocated<'a>(words: &mut impl Iterator<Item = &'a str>, line: &str) -> AllocatedToProvider {
    AllocatedToProvider {
        provider: word(words.next(), line),
        catchment: Some(word(words.next(), line)),
        basis: AllocationBasis::SchoolCatchment,
        in_school: words.next() == Some("in_school"),
    }
}

/// What moves or ends a case, and what becomes of the student.
fn ending<'a>(what: &str, words: &mut impl Iterator<Item = &'a str>, line: &str) -> CaseEvent {
    match what {
        "not_located" => NotLocatedFlagSet { answered_checks: 1, no_check_because: None, attempts: 1 }.into(),
        "located" => NotLocatedFlagCleared {}.into(),
        "to_cit" => {
            let from: Code = word(words.next(), line);
            let basis = MoveBasis::ConfirmedAddress;
            ReallocatedToCit { from, basis, target: None, grounds: None, agreements: Vec::new() }.into()
        }
        "cit_declined" => ReallocationDeclinedByCit { back_to: word(words.next(), line), reason: code("OTHER") }.into(),
        "enrolled" => EnrolmentStatusChanged {
            school: Some(code("SCH-2")),
            student_type: code("RE"),
            effective_on: word(words.next(), line),
        }
        .into(),
        "unenrolled" => {
            let effective_on = word(words.next(), line);
            EnrolmentStatusChanged { school: None, student_type: code("RE"), effective_on }.into()
        }
        "pathway" => {
            PathwayOutcomeRecorded { outcome: word(words.next(), line), from: word(words.next(), line) }.into()
        }
        "exempt" => {
            let (exemption, from) = (ExemptionKind::HomeEducation, word(words.next(), line));
            ExemptionGranted { exemption, from }.into()
        }
        "exemption_revoked" => {
            let (exemption, from) = (ExemptionKind::HomeEducation, word(words.next(), line));
            ExemptionRevoked { exemption, from }.into()
        }
        "closed" => CaseClosed { reason: word(words.next(), line) }.into(),
        "reopened" => CaseReopened { reason: ReopenReason::AbsentAgain }.into(),
        "paused" => CasePaused { reason: PauseReason::Health, until: None }.into(),
        "resumed" => CaseResumed {}.into(),
        "merged_into" => {
            merge(words, line, |survivor, merged| CasesMerged { survivor, merged, same_student: None }.into())
        }
        "unmerged_from" => merge(words, line, |survivor, merged| CaseUnmerged { survivor, merged }.into()),
        other => panic!("nobody knows what `{other}` is: {line}"),
    }
}

/// `merged_into 1 2`: case 2 goes into case 1; told in both streams by whoever writes the line twice, or once.
fn merge<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    line: &str,
    of: impl Fn(CaseId, CaseId) -> CaseEvent,
) -> CaseEvent {
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no case: {line}"));
    let survivor = case_id(number());
    of(survivor, case_id(number()))
}
