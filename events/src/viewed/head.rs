//! How far the access ledger reached, on record in the main ledger: cutting views off its end then shows.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::codec::BadFrame;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Recorded, Scope};
use crate::ids::{Position, StreamId};
use crate::machine::Draft;

/// The stream of the main ledger these events stand in.
pub const ACCESS_HEAD_STREAM: &str = "ACCESS-HEAD";

/// The access ledger's chain hash: 64 hex digits for people, 32 bytes in the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

/// What the main ledger records of the access ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessHeadEvent {
    /// How far it reached: at least hourly and at shutdown.
    AccessHeadRecorded(AccessHeadRecorded),
}

/// That the access ledger stood at a position with a chain hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccessHeadRecorded {
    /// Its last position; 0 while it is empty.
    pub position: Position,
    /// The chain hash there.
    pub chain_hash: ChainHash,
}

impl AccessHeadEvent {
    /// Every stored name; all are restricted on the bus.
    pub const KINDS: [&'static str; 1] = ["access_head_recorded"];

    /// Returns the stored name.
    pub fn kind(&self) -> &'static str {
        match self {
            AccessHeadEvent::AccessHeadRecorded(_) => "access_head_recorded",
        }
    }

    /// Makes the event ready for the sequencer.
    pub fn draft(&self, occurred_at: Timestamp) -> Draft {
        Draft {
            stream: StreamId::system(ACCESS_HEAD_STREAM),
            kind: self.kind(),
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("a number and a hash are plain data"),
            occurred_at: OccurredAt::Instant(occurred_at),
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<AccessHeadEvent>, BadFrame> {
        if event.stream != StreamId::system(ACCESS_HEAD_STREAM) {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

impl FromStr for ChainHash {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<ChainHash, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(ChainHash(bytes))
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
            return text.parse().map_err(|_| de::Error::custom("64 hex digits are expected"));
        }
        serde_bytes::deserialize(d).map(ChainHash)
    }
}

impl JsonSchema for ChainHash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChainHash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}
