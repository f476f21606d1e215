//! A recorded event as people and programs outside read it: one JSON form for API, replay and export.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::AccessEvent;
use crate::codec::BadFrame;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Recorded, Source};
use crate::event::CaseEvent;
use crate::ids::{Code, CorrelationId, Position, StreamId, Version};
use crate::keys::KeyEvent;
use crate::measured::MeasureEvent;
use crate::personal::{Group, Part};
use crate::policy::PolicySet;
use crate::provider::ProviderEvent;
use crate::public;
use crate::reference::Entry;
use crate::system::LedgerEvent;
use crate::viewed::{AccessHeadEvent, Viewed};

/// An event with its facts, in clear; of the personal parts, what they are and not what they say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadableEvent {
    /// Global position, gapless from 1.
    pub position: Position,
    /// The chain hash there, 64 hex digits.
    pub chain_hash: String,
    /// The stream: `case/<id>`, `provider/<code>`, `system/<code>`.
    pub stream: StreamId,
    /// Version in the stream, gapless from 1; left out where restricted events are, so that nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Position of the stream's previous event; 0 for the first. Left out like the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Position>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema version of the facts.
    pub schema: u16,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// When a source system recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_recorded_at: Option<Timestamp>,
    /// Who acted.
    pub actor: Actor,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Code>,
    /// Where it came from.
    pub source: Source,
    /// The provider at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Code>,
    /// The catchment at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// The school at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<Code>,
    /// The policy version decided under.
    pub policy: u32,
    /// What all events of one request share.
    pub correlation: CorrelationId,
    /// The event this one follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Position>,
    /// What happened.
    pub facts: serde_json::Value,
    /// Which personal parts it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<PartLabel>,
}

/// What a personal part is, not what it says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PartLabel {
    /// Its name.
    pub name: String,
    /// Its field group.
    pub group: Group,
    /// How many bytes are stored.
    pub bytes: usize,
}

impl From<&Part> for PartLabel {
    fn from(part: &Part) -> Self {
        PartLabel { name: part.name.clone(), group: part.group, bytes: part.body.len() }
    }
}

impl ReadableEvent {
    /// Reads an event for people; fails on facts this build cannot read, `chain_hash` is the hash at its position.
    pub fn of(event: &Recorded<'_>, chain_hash: [u8; 32]) -> Result<ReadableEvent, BadFrame> {
        Ok(ReadableEvent {
            position: event.position,
            chain_hash: hex::encode(chain_hash),
            stream: event.stream,
            version: Some(event.version),
            previous: Some(event.previous),
            kind: event.kind.to_owned(),
            schema: event.schema,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            source_recorded_at: event.source_recorded_at,
            actor: event.actor,
            on_behalf_of: event.on_behalf_of,
            source: event.source,
            provider: event.scope.provider,
            catchment: event.scope.catchment,
            school: event.scope.school,
            policy: event.policy,
            correlation: event.correlation,
            causation: event.causation,
            facts: facts(event)?,
            personal: event.parts.iter().map(PartLabel::from).collect(),
        })
    }
}

/// A recorded event as far as its reader may see it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ShownEvent {
    /// With its facts.
    Whole(Box<ReadableEvent>),
    /// Position and hash alone.
    LeftOut(LeftOut),
}

/// What is told of a restricted event to those who do not see it: where it stands, so that the chain has no gap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Global position, gapless from 1.
    pub position: Position,
    /// The chain hash there, 64 hex digits.
    pub chain_hash: String,
    /// Always `restricted`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl ShownEvent {
    /// Reads an event for somebody who sees restricted events, or does not: then those are left out, and of the others what
    /// would count them.
    pub fn of(event: &Recorded<'_>, chain_hash: [u8; 32], shows_restricted: bool) -> Result<ShownEvent, BadFrame> {
        if shows_restricted {
            return Ok(ShownEvent::Whole(Box::new(ReadableEvent::of(event, chain_hash)?)));
        }
        if public::restricts(event)? {
            let (position, chain_hash) = (event.position, hex::encode(chain_hash));
            return Ok(ShownEvent::LeftOut(LeftOut { position, chain_hash, kind: public::RESTRICTED.to_owned() }));
        }
        let mut whole = ReadableEvent::of(event, chain_hash)?;
        if matches!(event.stream, StreamId::Case(_)) {
            (whole.version, whole.previous, whole.causation) = (None, None, None);
            public::leave_numbers_out(&mut whole.facts);
        }
        Ok(ShownEvent::Whole(Box::new(whole)))
    }
}

/// Returns the facts of any known event as JSON.
pub fn facts(event: &Recorded<'_>) -> Result<serde_json::Value, BadFrame> {
    if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? {
        return Ok(read.facts_json());
    }
    if let Some(entry) = Entry::read(event)? {
        return Ok(serde_json::to_value(entry).unwrap_or_default());
    }
    if let Some(read) = KeyEvent::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    if let Some(set) = PolicySet::read(event)? {
        return Ok(serde_json::to_value(set).unwrap_or_default());
    }
    if let Some(read) = MeasureEvent::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    if let Some(read) = ProviderEvent::read(event)? {
        return Ok(read.facts_json());
    }
    if let Some(read) = AccessEvent::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    if let Some(read) = Viewed::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    if let Some(read) = AccessHeadEvent::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    if let Some(read) = LedgerEvent::read(event)? {
        return Ok(serde_json::to_value(read).unwrap_or_default());
    }
    Err(BadFrame { reason: format!("{} is no event type of this build: use the build that wrote it", event.kind) })
}
