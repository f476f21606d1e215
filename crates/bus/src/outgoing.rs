//! One event ready to be sent: built on the feeding thread, so that the sending task only sends.

use async_nats::Subject;
use async_nats::header::{HeaderMap, HeaderName, NATS_EXPECTED_LAST_SEQUENCE, NATS_EXPECTED_STREAM};
use bytes::Bytes;
use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_events::public::{self, Place};
use caseledger_proof::Hash;

use crate::api::STREAM;
use crate::halt::Halt;

/// A message with the fence that lets it be stored at its own position alone.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub position: Position,
    pub recorded_at: Timestamp,
    pub subject: Subject,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Builds the message of a frame that stands at `position` between two chain hashes.
pub(crate) fn outgoing(
    position: Position,
    frame: &[u8],
    source: &str,
    before: Hash,
    hash: Hash,
) -> Result<Outgoing, Halt> {
    let poison = |reason: String| Halt::Poison { position, reason };
    let event = codec::decode(frame).map_err(|error| poison(error.to_string()))?;
    if event.position != position {
        return Err(poison(format!("it says of itself that it stands at position {}", event.position)));
    }
    let place = Place { source, before: before.0, hash: hash.0 };
    let message = public::message(&event, &place).map_err(|error| poison(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_STREAM, STREAM);
    headers.insert(NATS_EXPECTED_LAST_SEQUENCE, (position.0 - 1).to_string());
    for (name, value) in message.headers {
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(Outgoing {
        position,
        recorded_at: event.recorded_at,
        subject: Subject::from(message.subject),
        headers,
        body: Bytes::from(message.body),
    })
}
