//! Sealing what is personal in a command, before it enters the sequencer.

use std::collections::HashMap;

use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, StreamId, StudentId};
use caseledger_events::machine::{Sealed, Submission};
use caseledger_events::refusal::Refusal;
use caseledger_events::world::Command;
use caseledger_log::{Outcome, Reader};
use caseledger_seal::SealError;
use caseledger_views::WhichCase;
use parking_lot::Mutex;

use crate::problem::Problem;
use crate::query::{self, unknown_case};
use crate::state::AppState;

/// Cases whose student is remembered; more than are worked on in a year.
const CASES_MAX: usize = 200_000;
/// How often a command is sealed anew when the key is replaced under it.
const TRIES_MAX: usize = 3;

/// Which student a case is about, of the cases that were asked for.
#[derive(Default)]
pub struct CaseStudents(Mutex<HashMap<CaseId, StudentId>>);

impl CaseStudents {
    /// Remembers what never changes.
    pub fn note(&self, case: CaseId, student: StudentId) {
        let mut known = self.0.lock();
        if known.len() >= CASES_MAX {
            known.clear();
        }
        known.insert(case, student);
    }

    fn get(&self, case: CaseId) -> Option<StudentId> {
        self.0.lock().get(&case).copied()
    }
}

/// Returns the student a case is about, where it is not remembered as the case view tells it.
///
/// What is sealed for another student than the case's is refused by the rules, whoever told of it.
pub async fn student_of(state: &AppState, case: CaseId) -> Result<StudentId, Problem> {
    if let Some(student) = state.case_students.get(case) {
        return Ok(student);
    }
    let student = match query::ask(state, move |view| view.student_of(WhichCase::Id(case))).await {
        Ok(Some(student)) => student,
        // A case that the view has not come to yet, or a view that is being built.
        Ok(None) | Err(_) => first_told(state, case).await?,
    };
    state.case_students.note(case, student);
    Ok(student)
}

/// Returns the student that the first event of a case tells of; all of its history is read for that.
async fn first_told(state: &AppState, case: CaseId) -> Result<StudentId, Problem> {
    let (_, head) = state.ledger.head(StreamId::Case(case)).ok_or_else(unknown_case)?;
    let reader = state.ledger.reader();
    let first = move || student_in_history(&reader, head);
    let read = tokio::task::spawn_blocking(first).await.ok().flatten();
    read.ok_or_else(|| Problem::internal("the history of the case cannot be read"))
}

fn student_in_history(reader: &Reader, head: caseledger_events::ids::Position) -> Option<StudentId> {
    let history = match reader.history(head) {
        Ok(history) => history,
        Err(error) => {
            tracing::error!(%error, position = head.0, "the history of a case cannot be read");
            return None;
        }
    };
    let first = history.first()?.decode().ok()?;
    CaseEvent::read(first.kind, first.schema, first.facts).ok()??.begins_for()
}

/// Seals the personal parts under the student's key and executes the command.
pub async fn execute(
    state: &AppState,
    student: Option<StudentId>,
    submission: Submission<Command>,
) -> Result<Outcome<Refusal>, Problem> {
    let Some(student) = student.filter(|_| !submission.parts.is_empty()) else {
        return Ok(state.ledger.execute(submission).await);
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = state.ledger.execute(sealed(state, student, submission.clone())?).await;
        // A key that was replaced in between: what was sealed under it was not recorded.
        let again = matches!(outcome, Outcome::Refused(Refusal::KeyReplaced)) && tries < TRIES_MAX;
        if !again {
            return Ok(outcome);
        }
    }
}

fn sealed(
    state: &AppState,
    student: StudentId,
    mut submission: Submission<Command>,
) -> Result<Submission<Command>, Problem> {
    let key = match state.keys.seal(student, submission.correlation, &mut submission.parts) {
        Ok(current) => current.key,
        Err(SealError::NoKey) => {
            submission.parts.clear();
            Sealed::NO_KEY
        }
        Err(error) => return Err(unavailable(&error)),
    };
    submission.sealed = Some(Sealed { student, key });
    Ok(submission)
}

/// 503: the keys cannot be used; nothing was written.
pub fn unavailable(error: &SealError) -> Problem {
    tracing::error!(%error, "the key store could not be used");
    Problem::unavailable("keys-unavailable", "the key store cannot be used: nothing was written", 10)
}
