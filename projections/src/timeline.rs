//! The timeline of a case: one entry an event, in the order of recording, with a sentence people can read.
//!
//! A read model keeps [`StoredEntry`], the facts as they were recorded, and puts them into words when they are read:
//! better words need no rebuild.

mod sentence;
mod words;

use caseledger_events::access::Written;
use caseledger_events::codec::BadFrame;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Scope, Source};
use caseledger_events::event::{Agency, Broadcast, CaseEvent, event_type};
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId, Version};
use caseledger_events::personal::Part;
use caseledger_events::public;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use sentence::sentence;

/// One event of a case as its timeline shows it: facts alone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TimelineRow {
    /// The position in the ledger.
    pub position: Position,
    /// The version of the case after it; absent where other events are not shown, so that nobody counts them.
    pub version: Option<Version>,
    /// The stored name of the event type.
    pub kind: String,
    /// What happened, in one sentence made of facts.
    pub sentence: String,
    /// When it happened in the world.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// How many New Zealand days after it happened it was recorded: 0 on the same day, and of what is announced ahead.
    pub days_late: u32,
    /// Whether it happened on a day before the case began: taken, for work may come before its referral is recorded.
    pub before_case: bool,
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

    /// Puts the entry of a case that began on some day into words.
    pub fn read(&self, began: NaiveDate) -> Result<TimelineRow, BadFrame> {
        Ok(self.tell(&self.event()?, began))
    }

    /// Reads what happened.
    pub fn event(&self) -> Result<CaseEvent, BadFrame> {
        let unknown = || BadFrame { reason: format!("{} is no event type of this build", self.kind) };
        CaseEvent::read(self.kind, self.schema, self.facts)?.ok_or_else(unknown)
    }

    /// Returns the event as far as the folds of a case read it, with the parts it carries.
    pub fn recorded(&self, case: CaseId, parts: Vec<Part>) -> Recorded<'a> {
        Recorded {
            position: self.position,
            stream: StreamId::Case(case),
            version: self.version,
            previous: Position::default(),
            kind: self.kind,
            schema: self.schema,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            source_recorded_at: self.source_recorded_at,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            source: self.source,
            scope: Scope::default(),
            policy: 0,
            correlation: self.correlation,
            causation: None,
            tag: None,
            salt: [0; 16],
            facts: self.facts,
            parts,
        }
    }

    /// Returns whose the personal fields of the event are.
    pub fn written(&self, read: &CaseEvent) -> Written {
        let (comment, agency) = match read {
            CaseEvent::CommentAdded(e) => (Some(e.comment), None),
            CaseEvent::InformationRequestOpened(e) => (None, Some(e.agency)),
            CaseEvent::InformationRequestAnswered(e) => (None, Some(e.agency)),
            CaseEvent::DetailedImmigrationCheckRequested(_) => (None, Some(Agency::Inz)),
            _ => (None, None),
        };
        Written { by: self.actor.organisation, at: self.position, comment, agency }
    }

    /// Puts what happened into words; `read` is the event of this entry, `began` the day the first event of the case happened.
    pub fn tell(&self, read: &CaseEvent, began: NaiveDate) -> TimelineRow {
        let (happened, recorded) = (self.occurred_at.auckland(), self.recorded_at.auckland());
        let restricted = event_type(self.kind).is_none_or(|row| row.broadcast == Broadcast::Restricted);
        TimelineRow {
            position: self.position,
            version: Some(self.version),
            kind: self.kind.to_owned(),
            sentence: sentence(read),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            days_late: u32::try_from((recorded - happened).num_days()).unwrap_or(0),
            before_case: happened < began,
            source_recorded_at: self.source_recorded_at,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            source: self.source,
            correlation: self.correlation,
            restricted,
            facts: read.facts_json(),
        }
    }
}

impl TimelineRow {
    /// Puts an entry into words for somebody who does not see restricted events: without the numbers that count them.
    pub fn uncounted(entry: &StoredEntry<'_>, read: &CaseEvent, began: NaiveDate) -> TimelineRow {
        let mut row = entry.tell(&public::uncounted(read), began);
        row.version = None;
        public::leave_numbers_out(&mut row.facts);
        row
    }
}

#[cfg(test)]
mod tests;
