//! The audit trail: who did what to which case, when, and in which role, one row an event of the ledger.
//!
//! A row says that something was done and by whom, never what was written: the type of the event is all it tells of the
//! facts. Who *looked* at what stands in the access ledger, on the writer's machine alone, and is joined when somebody
//! asks.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded};
use caseledger_events::event::event_type;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId};
use caseledger_events::public::restricts;

/// That somebody did something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Act<'a> {
    /// Where it stands in the ledger.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// Who did it, in which role, for which organisation.
    pub actor: Actor,
    /// For whom.
    pub on_behalf_of: Option<Code>,
    /// What it was done to.
    pub stream: StreamId,
    /// The type of the event.
    pub kind: &'a str,
    /// Whether those who see facts alone are told its position and no more (design §3).
    pub restricted: bool,
    /// What all acts of one request share.
    pub request: CorrelationId,
}

/// An event of which nobody could say whether it is restricted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAct {
    /// This build does not know the type.
    #[error("event type {kind} (schema version {schema}) is unknown to this build: start a newer one")]
    UnknownKind {
        /// The type.
        kind: String,
        /// The version of its facts.
        schema: u16,
    },
    /// The facts cannot be read.
    #[error("the facts cannot be read: {reason}")]
    Unreadable {
        /// What the reader met; never the contents.
        reason: String,
    },
}

impl<'a> Act<'a> {
    /// Reads what an event says of who did it.
    pub fn of(event: &Recorded<'a>) -> Result<Act<'a>, NoAct> {
        let is_case = matches!(event.stream, StreamId::Case(_));
        if is_case && event_type(event.kind).is_none_or(|known| known.version < event.schema) {
            return Err(NoAct::UnknownKind { kind: event.kind.to_owned(), schema: event.schema });
        }
        Ok(Act {
            position: event.position,
            recorded_at: event.recorded_at,
            occurred_at: event.occurred_at,
            actor: event.actor,
            on_behalf_of: event.on_behalf_of,
            stream: event.stream,
            kind: event.kind,
            restricted: restricts(event).map_err(|error| NoAct::Unreadable { reason: error.reason })?,
            request: event.correlation,
        })
    }

    /// Returns the case it was done to.
    pub fn case(&self) -> Option<CaseId> {
        if let StreamId::Case(case) = self.stream { Some(case) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tape, term_of};

    #[test]
    fn every_event_is_one_act_of_whoever_did_it() {
        let tape: Tape = term_of(5, 400);
        for event in tape.events() {
            let act = Act::of(&event).unwrap();
            assert_eq!((act.position, act.actor, act.kind), (event.position, event.actor, event.kind));
            assert_eq!(act.case().map(StreamId::Case), Some(event.stream));
            assert_eq!(act.restricted, restricts(&event).unwrap());
        }
    }

    #[test]
    fn a_type_this_build_does_not_know_is_no_act() {
        let tape = term_of(1, 1);
        let mut event = tape.events().next().unwrap();
        event.kind = "attendance_predicted";
        assert!(Act::of(&event).unwrap_err().to_string().contains("attendance_predicted"));
        let mut event = tape.events().next().unwrap();
        event.schema += 1;
        assert!(Act::of(&event).is_err());
    }
}
