//! Whom a case is about, from the journal: its first event names the student by id.

use std::ops::ControlFlow;

use caseledger_events::ids::{Position, StreamId, StudentId};
use caseledger_events::number::CaseNumber;
use caseledger_events::readable;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::replaying::filter::CaseRef;

/// Finds the student of a case, by the case's id or number.
pub fn of_case(case: CaseRef, global: &Global) -> Result<StudentId, Failure> {
    let journal = journal::open(&global.data)?;
    let mut found: Option<StudentId> = None;
    journal::read(&journal, "reading", Position(1), journal.last(), |position, frame, _| {
        let event = journal::decode(position, frame)?;
        let StreamId::Case(id) = event.stream else { return Ok(ControlFlow::Continue(())) };
        if event.version.0 != 1 || matches!(case, CaseRef::Id(wanted) if wanted != id) {
            return Ok(ControlFlow::Continue(()));
        }
        let facts = readable::facts(&event).map_err(|error| journal::undecodable(position, &error.reason))?;
        let number = facts["number"].as_str().and_then(|text| text.parse::<CaseNumber>().ok());
        if matches!(case, CaseRef::Number(wanted) if Some(wanted) != number) {
            return Ok(ControlFlow::Continue(()));
        }
        found = facts["student"].as_str().and_then(|text| text.parse().ok());
        Ok(ControlFlow::Break(()))
    })?;
    found.ok_or_else(|| Failure::new(Exit::NoData, format_args!("there is no case {case}")))
}
