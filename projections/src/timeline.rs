//! The timeline of a case: one entry an event, in the order of recording, with a sentence people can read.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Source};
use caseledger_events::ids::{Code, CorrelationId, Position, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    pub facts: serde_json::Map<String, serde_json::Value>,
}
