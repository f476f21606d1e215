//! The timeline of a case: one entry an event, in the order of recording, with a sentence people can read.
//!
//! A read model keeps [`StoredEntry`], the facts as they were recorded, and puts them into words when they are read:
//! better words need no rebuild.

mod sentence;
mod words;

use caseledger_events::codec::BadFrame;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Source};
use caseledger_events::event::{Broadcast, CaseEvent, event_type};
use caseledger_events::ids::{Code, CorrelationId, Position, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use sentence::sentence;

/// One event of a case as its timeline shows it: facts alone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TimelineRow {
    /// The position in the ledger.
    pub position: Position,
    /// The version of the case after it.
    pub version: Version,
    /// The stored name of the event type.
    pub kind: String,
    /// What happened, in one sentence made of facts.
    pub sentence: String,
    /// When it happened in the world.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// When a source system recorded it, for imports and migration.
    pub source_recorded_at: Option<Timestamp>,
    /// Who acted.
    pub actor: Actor,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<Code>,
    /// Where it came from.
    pub source: Source,
    /// What all events of one request share.
    pub correlation: CorrelationId,
    /// Whether the event is restricted: published with position and hash alone (design §3).
    pub restricted: bool,
    /// The facts.
    pub facts: serde_json::Value,
}

/// One event of a case as a read model keeps it: what the timeline shows, the facts still as recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoredEntry<'a> {
    /// The position in the ledger.
    pub position: Position,
    /// The version of the case after it.
    pub version: Version,
    /// The stored name of the event type.
    #[serde(borrow)]
    pub kind: &'a str,
    /// The schema version of the facts.
    pub schema: u16,
    /// When it happened in the world.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// When a source system recorded it.
    pub source_recorded_at: Option<Timestamp>,
    /// Who acted.
    pub actor: Actor,
    /// For whom.
    pub on_behalf_of: Option<Code>,
    /// Where it came from.
    pub source: Source,
    /// What all events of one request share.
    pub correlation: CorrelationId,
    /// The facts as recorded.
    #[serde(borrow, with = "serde_bytes")]
    pub facts: &'a [u8],
}

impl<'a> StoredEntry<'a> {
    /// Returns what is kept of an event.
    pub fn of(event: &Recorded<'a>) -> StoredEntry<'a> {
        StoredEntry {
            position: event.position,
            version: event.version,
            kind: event.kind,
            schema: event.schema,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            source_recorded_at: event.source_recorded_at,
            actor: event.actor,
            on_behalf_of: event.on_behalf_of,
            source: event.source,
            correlation: event.correlation,
            facts: event.facts,
        }
    }

    /// Puts the entry into words.
    pub fn read(&self) -> Result<TimelineRow, BadFrame> {
        let unknown = || BadFrame { reason: format!("{} is no event type of this build", self.kind) };
        let read = CaseEvent::read(self.kind, self.schema, self.facts)?.ok_or_else(unknown)?;
        let restricted = event_type(self.kind).is_none_or(|row| row.broadcast == Broadcast::Restricted);
        Ok(TimelineRow {
            position: self.position,
            version: self.version,
            kind: self.kind.to_owned(),
            sentence: sentence(&read),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            source_recorded_at: self.source_recorded_at,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            source: self.source,
            correlation: self.correlation,
            restricted,
            facts: read.facts_json(),
        })
    }
}

#[cfg(test)]
mod tests;
