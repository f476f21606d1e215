//! What others may see of a recorded event on the bus: public facts, never a personal field.
//!
//! One function, [`message`], turns a recorded event into a [`PublicMessage`]: the subject it goes out on, CloudEvents
//! headers (binary mode) and a JSON body; [`told`] makes the body alone, for a live feed. Left out on purpose: the personal
//! parts, sealed or not; who acted (their organisation and role go out, the person does not); the salt and the idempotency
//! tag, which belong to the log. Restricted events ([`restricts`]) go out as type `restricted` with position and hash alone.

mod asyncapi;
mod facts;
mod restricted;
mod uncounted;

pub use self::asyncapi::asyncapi;
#[cfg(test)]
pub(crate) use self::facts::is_fact as holds_facts_alone;
pub use self::restricted::{is_restricted, restricts, tells_of_restricted};
use self::uncounted::leave_places_out;
pub use self::uncounted::{leave_numbers_out, uncounted};
use schemars::JsonSchema;
use serde::Serialize;

use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Recorded, Role, Source};
use crate::ids::{Code, CorrelationId, Epoch, LedgerId, Position, StreamId, Version};

/// The subjects all public events go out on; the stream listens to them.
pub const SUBJECTS: &str = "ledger.ev.>";

/// The largest body in bytes; `decide` keeps facts small enough.
pub const BODY_LIMIT: usize = 16 * 1024;

/// The type restricted events go out as.
pub const RESTRICTED: &str = "restricted";

/// The type that says where CIT passed a case on to.
const REALLOCATED_BY_CIT: &str = "reallocated_by_cit";

/// The header that carries the position, as a decimal number.
pub const POSITION_HEADER: &str = "ce-ledgerposition";

/// The header that carries the chain hash at the position, as 64 hex digits.
pub const HASH_HEADER: &str = "ce-ledgerhash";

/// The header that carries the chain hash before the position.
pub const PREVIOUS_HASH_HEADER: &str = "ce-ledgerprevhash";

/// The header that names ledger and epoch: a position means nothing without them.
pub const SOURCE_HEADER: &str = "ce-source";

/// A message as it goes out on the bus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicMessage {
    /// `ledger.ev.<type>.<provider>.<catchment>.<school>`; codes in lower case, `_` where unset. The provider is the one
    /// the event [`concerns`].
    pub subject: String,
    /// The CloudEvents headers, each name once.
    pub headers: Vec<(&'static str, String)>,
    /// JSON: a [`PublicEvent`], or a [`RestrictedEvent`].
    pub body: Vec<u8>,
}

/// Where an event stands: the ledger it belongs to and the chain around it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The text [`source`] makes of ledger and epoch.
    pub source: &'a str,
    /// Chain hash before the event.
    pub before: [u8; 32],
    /// Chain hash at the event.
    pub hash: [u8; 32],
}

/// Why an event cannot go out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotPublic {
    /// The facts do not read as facts.
    #[error("the facts of `{kind}` version {schema} cannot be read ({reason}); a newer program may have written them")]
    Unreadable {
        /// The stored name of the event type.
        kind: String,
        /// The schema version of the facts.
        schema: u16,
        /// What the decoder met; never the contents.
        reason: String,
    },
    /// The stored name holds something else than `a`-`z`, `0`-`9`, `_` and `-`, or is longer than 64.
    #[error("the name of an event type may hold a-z, 0-9, _ and - alone, up to 64 of them; this one does not")]
    BadName,
    /// The body is too large.
    #[error("the public facts of `{kind}` take {bytes} bytes; {BODY_LIMIT} are allowed")]
    TooLarge {
        /// The stored name of the event type.
        kind: String,
        /// The size of the body in bytes.
        bytes: usize,
    },
}

/// The body of a public event.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct PublicEvent<F> {
    /// Global position, gapless from 1; equal to the sequence in the stream.
    pub position: Position,
    /// The stream of the ledger: `case/<id>`, `provider/<code>` or `system/<code>`.
    pub stream: StreamId,
    /// Version in that stream, gapless from 1.
    pub version: Version,
    /// Position of that stream's previous event; 0 for the first.
    pub previous: Position,
    /// The name of the event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema version of the facts.
    pub schema: u16,
    /// When it happened in the world.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// When a source system recorded it, for imports and migration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_recorded_at: Option<Timestamp>,
    /// The role of the person or system that acted.
    pub role: Role,
    /// The organisation it acted for.
    pub organisation: Code,
    /// Where the event came from.
    pub source: Source,
    /// The provider at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Code>,
    /// The catchment at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// The school at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school: Option<Code>,
    /// The policy version decided under.
    pub policy: u32,
    /// What all events of one request share.
    pub correlation: CorrelationId,
    /// The position this one follows from, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<Position>,
    /// What happened: facts alone.
    pub facts: F,
}

/// The body of a restricted event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RestrictedEvent {
    /// Global position; the hash there travels in a header.
    pub position: Position,
}

/// Returns the CloudEvents source of a ledger in an epoch: `urn:caseledger:<ledger>:<epoch>`.
pub fn source(ledger: LedgerId, epoch: Epoch) -> String {
    format!("urn:caseledger:{ledger}:{epoch}")
}

/// Returns an event as others may see it.
pub fn message(event: &Recorded<'_>, place: &Place<'_>) -> Result<PublicMessage, NotPublic> {
    if is_hidden(event)? {
        return Ok(only_its_place(event, place));
    }
    let body = body(event, true)?;
    Ok(PublicMessage { subject: subject(event), headers: headers(event, place), body })
}

/// Returns the type and the body that a [`message`] has; without what counts restricted events, unless those may be counted.
pub fn told<'a>(event: &Recorded<'a>, counts: bool) -> Result<(&'a str, Vec<u8>), NotPublic> {
    match is_hidden(event)? {
        true => Ok((RESTRICTED, position_alone(event))),
        false => Ok((event.kind, body(event, counts)?)),
    }
}

/// Returns whether an event goes out with position and hash alone.
fn is_hidden(event: &Recorded<'_>) -> Result<bool, NotPublic> {
    if !is_name(event.kind) {
        return Err(NotPublic::BadName);
    }
    restricts(event).map_err(|error| unreadable(event, error.reason))
}

fn is_name(kind: &str) -> bool {
    (1..=64).contains(&kind.len()) && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

fn unreadable(event: &Recorded<'_>, reason: String) -> NotPublic {
    NotPublic::Unreadable { kind: event.kind.to_owned(), schema: event.schema, reason }
}

fn body(event: &Recorded<'_>, counts: bool) -> Result<Vec<u8>, NotPublic> {
    let facts = facts::of(event).map_err(|error| unreadable(event, error.reason))?;
    let public = PublicEvent {
        position: event.position,
        stream: event.stream,
        version: event.version,
        previous: event.previous,
        kind: event.kind.to_owned(),
        schema: event.schema,
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        source_recorded_at: event.source_recorded_at,
        role: event.actor.role,
        organisation: event.actor.organisation,
        source: event.source,
        provider: event.scope.provider,
        catchment: event.scope.catchment,
        school: event.scope.school,
        policy: event.policy,
        correlation: event.correlation,
        causation: event.causation,
        facts,
    };
    let mut body = Vec::with_capacity(640);
    let written = match counts {
        true => serde_json::to_writer(&mut body, &public),
        false => serde_json::to_value(&public).and_then(|mut public| {
            leave_places_out(&mut public);
            serde_json::to_writer(&mut body, &public)
        }),
    };
    written.map_err(|error| unreadable(event, error.to_string()))?;
    if body.len() > BODY_LIMIT {
        return Err(NotPublic::TooLarge { kind: event.kind.to_owned(), bytes: body.len() });
    }
    Ok(body)
}

/// Returns which provider an event is told to: the one that has the case with it.
///
/// That is the provider of its scope but for one type: what CIT makes of a case is recorded in the scope of the provider
/// that passed it there, and says where the case goes; a provider that handed a case over does not learn that (Q19).
pub fn concerns(event: &Recorded<'_>) -> Option<Code> {
    event.scope.provider.filter(|_| event.kind != REALLOCATED_BY_CIT)
}

fn subject(event: &Recorded<'_>) -> String {
    let mut subject = String::with_capacity(96);
    subject.push_str("ledger.ev.");
    subject.push_str(event.kind);
    for code in [concerns(event), event.scope.catchment, event.scope.school] {
        subject.push('.');
        match code {
            Some(code) => subject.push_str(code.as_str()),
            None => subject.push('_'),
        }
    }
    // Names of types are in lower case already.
    subject.make_ascii_lowercase();
    subject
}

fn headers(event: &Recorded<'_>, place: &Place<'_>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(12);
    common(&mut headers, event.position, place);
    headers.push(("ce-type", format!("nz.caseledger.{}.v{}", event.kind, event.schema)));
    headers.push(("ce-dataschema", format!("urn:caseledger:schema:{}:v{}", event.kind, event.schema)));
    headers.push(("ce-time", event.recorded_at.to_string()));
    headers.push(("ce-subject", event.stream.to_string()));
    headers.push(("ce-correlationid", event.correlation.to_string()));
    headers
}

fn only_its_place(event: &Recorded<'_>, place: &Place<'_>) -> PublicMessage {
    let mut headers = Vec::with_capacity(9);
    common(&mut headers, event.position, place);
    headers.push(("ce-type", format!("nz.caseledger.{RESTRICTED}.v1")));
    headers.push(("ce-dataschema", format!("urn:caseledger:schema:{RESTRICTED}:v1")));
    PublicMessage { subject: format!("ledger.ev.{RESTRICTED}._._._"), headers, body: position_alone(event) }
}

fn position_alone(event: &Recorded<'_>) -> Vec<u8> {
    serde_json::to_vec(&RestrictedEvent { position: event.position }).expect("a number is plain data")
}

fn common(headers: &mut Vec<(&'static str, String)>, position: Position, place: &Place<'_>) {
    let position = position.to_string();
    headers.push(("ce-specversion", "1.0".to_owned()));
    headers.push(("ce-id", position.clone()));
    headers.push((SOURCE_HEADER, place.source.to_owned()));
    headers.push(("ce-datacontenttype", "application/json".to_owned()));
    headers.push((POSITION_HEADER, position));
    headers.push((HASH_HEADER, hex_text(&place.hash)));
    headers.push((PREVIOUS_HASH_HEADER, hex_text(&place.before)));
}

fn hex_text(hash: &[u8; 32]) -> String {
    let mut digits = vec![0; 64];
    hex::encode_to_slice(hash, &mut digits).expect("64 digits hold 32 bytes");
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests;
