//! What the fold takes of one event, read off its bytes. Reading asks nothing of the fold, so several threads can do it.

use caseledger_events::codec::BadFrame;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Recorded, Source};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId};
use caseledger_events::measured::MeasureEvent;
use caseledger_events::policy::PolicySet;
use caseledger_events::provider::ProviderEvent;

use super::fact;

/// An event as far as the measures ask for it.
pub struct Taken {
    pub(super) position: Position,
    pub(super) recorded_at: Timestamp,
    pub(super) what: Asked,
}

/// What it is about.
#[allow(clippy::large_enum_variant, reason = "most events are of cases, and a box each would cost more than the room")]
pub(super) enum Asked {
    /// Nothing that a measure asks for.
    Nothing,
    /// A case.
    Case(OfCase),
    /// What a provider told of itself.
    Provider(Code, ProviderEvent),
    /// What figures are judged by.
    Policy(PolicySet),
    /// A run that was published, and what it was done for.
    Published(CorrelationId, MeasureEvent),
}

/// An event of a case.
pub(super) struct OfCase {
    pub id: CaseId,
    pub occurred_at: OccurredAt,
    pub source: Source,
    pub source_recorded_at: Option<Timestamp>,
    pub event: CaseEvent,
}

impl Taken {
    /// Reads an event; one that no measure asks for costs a comparison.
    pub fn read(event: &Recorded<'_>) -> Result<Taken, BadFrame> {
        let what = match event.stream {
            StreamId::Case(id) if fact::READ.contains(&event.kind) => of_case(id, event)?,
            StreamId::Provider(provider) => ProviderEvent::read(event)?.map(|told| Asked::Provider(provider, told)),
            StreamId::System(_) => match PolicySet::read(event)? {
                Some(set) => Some(Asked::Policy(set)),
                None => MeasureEvent::read(event)?.map(|run| Asked::Published(event.correlation, run)),
            },
            _ => None,
        };
        let Recorded { position, recorded_at, .. } = *event;
        Ok(Taken { position, recorded_at, what: what.unwrap_or(Asked::Nothing) })
    }

    /// Returns where it stands in the ledger.
    pub fn position(&self) -> Position {
        self.position
    }
}

fn of_case(id: CaseId, event: &Recorded<'_>) -> Result<Option<Asked>, BadFrame> {
    let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? else { return Ok(None) };
    let Recorded { occurred_at, source, source_recorded_at, .. } = *event;
    Ok(Some(Asked::Case(OfCase { id, occurred_at, source, source_recorded_at, event: read })))
}
