//! What each event changes in the case view: a history, and the case as it stands after it.

mod access;
mod coverage;
mod effects;
mod parity;

use caseledger_events::testing::{CASE, Past};

use super::{CaseFile, CaseRow};
use crate::testing::{Tape, Written};

/// Folds a history of one case.
fn file(history: impl IntoIterator<Item = impl Into<Written>>) -> CaseFile {
    let mut tape = Tape::new();
    for past in history {
        tape.case(CASE, past);
    }
    folded(&tape)
}

fn folded(tape: &Tape) -> CaseFile {
    let mut file = CaseFile::default();
    for (event, read) in tape.case_events() {
        file.evolve(&event, &read);
    }
    file
}

/// Folds a history that begins a case, and returns its row.
#[track_caller]
fn row(history: impl IntoIterator<Item = Past>) -> CaseRow {
    file(history).row.expect("the history begins a case")
}

/// A history and what follows.
fn and(mut history: Vec<Past>, more: impl IntoIterator<Item = Past>) -> Vec<Past> {
    history.extend(more);
    history
}
