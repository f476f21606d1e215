//! Every id of the ledger, as its own type.
//!
//! Ids are opaque: none holds a name, an NSN or anything else about a person.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not of the form its id asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: {form} is expected")]
pub struct BadId {
    /// What was to be read.
    pub kind: &'static str,
    /// The form that is expected.
    pub form: &'static str,
}

/// Declares 16-byte ids: hyphenated lower-case UUID text for people, 16 raw bytes in the log.
macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                read_uuid(text).map($name).ok_or(BadId { kind: stringify!($name), form: "a UUID" })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { s.serialize_bytes(&self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    d.deserialize_bytes(Raw16).map($name)
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

uuid_ids! {
    /// A case; opaque, derived from the idempotency tag of the command that opened it.
    CaseId;
    /// A student; random, never derived from the NSN.
    StudentId;
    /// The ledger a position belongs to; 16 random bytes at creation.
    LedgerId;
    /// What one request, with all it caused, is called.
    CorrelationId;
    /// A key that personal parts are sealed under; random, and all that is left of it once it is destroyed.
    KeyId;
}

fn write_uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0; 32];
    hex::encode_to_slice(bytes, &mut digits).expect("32 digits hold 16 bytes");
    let mut text = [b'-'; 36];
    for (from, at) in [(0..8, 0), (8..12, 9), (12..16, 14), (16..20, 19), (20..32, 24)] {
        text[at..at + from.len()].copy_from_slice(&digits[from]);
    }
    f.write_str(std::str::from_utf8(&text).unwrap_or_default())
}

fn read_uuid(text: &str) -> Option<[u8; 16]> {
    let b = text.as_bytes();
    if b.len() != 36 || [8, 13, 18, 23].iter().any(|&i| b[i] != b'-') {
        return None;
    }
    let digits: Vec<u8> = b.iter().copied().filter(|&c| c != b'-').collect();
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

struct Raw16;

impl<'de> de::Visitor<'de> for Raw16 {
    type Value = [u8; 16];
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("16 bytes")
    }
    fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<[u8; 16], E> {
        v.try_into().map_err(|_| E::invalid_length(v.len(), &self))
    }
}

/// A code of the service: `[A-Z0-9_-]{1,16}`, held in place.
///
/// Providers, schools, catchments, people (their opaque ids) and reasons from lookup tables are codes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; 16]);

impl Code {
    /// Returns the code's text.
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(16);
        // Only `from_str` and `from_padded` make codes, and both admit ASCII alone.
        std::str::from_utf8(&self.0[..len]).unwrap_or_default()
    }

    /// Returns the 16 bytes, padded with zeros.
    pub fn padded(&self) -> [u8; 16] {
        self.0
    }

    /// Reads the padded form back; `None` where the bytes are not a code.
    pub fn from_padded(bytes: [u8; 16]) -> Option<Code> {
        let len = bytes.iter().position(|&b| b == 0).unwrap_or(16);
        let text = std::str::from_utf8(&bytes[..len]).ok()?;
        (bytes[len..].iter().all(|&b| b == 0)).then(|| text.parse().ok()).flatten()
    }
}

impl FromStr for Code {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let ok = (1..=16).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-'));
        if !ok {
            return Err(BadId { kind: "code", form: "1 to 16 of A-Z, 0-9, _ and -" });
        }
        let mut bytes = [0; 16];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Code(bytes))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct CodeText;
        impl de::Visitor<'_> for CodeText {
            type Value = Code;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code: 1 to 16 of A-Z, 0-9, _ and -")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Code, E> {
                v.parse().map_err(E::custom)
            }
        }
        d.deserialize_str(CodeText)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[A-Z0-9_-]{1,16}$"})
    }
}

/// The SHA-256 of a document that lies outside the ledger: 64 lower-case hex digits, in the log 32 raw bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId { kind: "SHA-256", form: "64 lower-case hex digits" };
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| bad)?;
        Ok(Sha256(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Stored;
        impl de::Visitor<'_> for Stored {
            type Value = Sha256;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lower-case hex digits")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Sha256, E> {
                v.parse().map_err(E::custom)
            }
            fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Sha256, E> {
                v.try_into().map(Sha256).map_err(|_| E::invalid_length(v.len(), &self))
            }
        }
        if d.is_human_readable() { d.deserialize_str(Stored) } else { d.deserialize_bytes(Stored) }
    }
}

impl JsonSchema for Sha256 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sha256".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

/// Where an event stands in the ledger: one global, gapless number from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(transparent)]
pub struct Position(pub u64);

/// Where an event stands in its stream: gapless from 1; 0 before the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(transparent)]
pub struct Version(pub u32);

/// How often history was shortened by a restore; a position means nothing without it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(transparent)]
pub struct Epoch(pub u32);

macro_rules! numbers {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($name), self.0) }
        }
        impl $name {
            /// Returns the one that follows.
            pub fn next(self) -> Self { $name(self.0 + 1) }
        }
    )*};
}
numbers!(Position, Version, Epoch);

/// A stream: everything with one history. Prints as `case/<id>`, `provider/<code>`, `system/<code>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamId {
    /// One case.
    Case(CaseId),
    /// One provider: quarterly reports, narratives, invoices.
    Provider(Code),
    /// Reference data, roles, policy, disclosures, acts on keys and the ledger itself.
    System(Code),
}

impl StreamId {
    /// The stored form: one letter and 16 bytes.
    pub fn to_bytes(self) -> [u8; 17] {
        let (kind, body) = match self {
            StreamId::Case(id) => (b'c', id.0),
            StreamId::Provider(code) => (b'p', code.0),
            StreamId::System(code) => (b's', code.0),
        };
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(&body);
        bytes
    }

    /// Reads the stored form; `None` where it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<StreamId> {
        let bytes: &[u8; 17] = bytes.try_into().ok()?;
        let mut body = [0; 16];
        body.copy_from_slice(&bytes[1..]);
        match bytes[0] {
            b'c' => Some(StreamId::Case(CaseId(body))),
            b'p' => Code::from_padded(body).map(StreamId::Provider),
            b's' => Code::from_padded(body).map(StreamId::System),
            _ => None,
        }
    }

    /// Returns a stream of the ledger itself, such as `system/REFERENCE`.
    ///
    /// # Panics
    /// Where the name is no code; names are constants of this crate, so a test finds it.
    pub fn system(name: &'static str) -> StreamId {
        StreamId::System(name.parse().expect("system streams are named by constants that are codes"))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamId::Case(id) => write!(f, "case/{id}"),
            StreamId::Provider(code) => write!(f, "provider/{code}"),
            StreamId::System(code) => write!(f, "system/{code}"),
        }
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for StreamId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId { kind: "stream", form: "case/<id>, provider/<code> or system/<code>" };
        let (kind, rest) = text.split_once('/').ok_or_else(|| bad.clone())?;
        match kind {
            "case" => rest.parse().map(StreamId::Case),
            "provider" => rest.parse().map(StreamId::Provider),
            "system" => rest.parse().map(StreamId::System),
            _ => Err(bad),
        }
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_bytes(&self.to_bytes()) }
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Stored;
        impl de::Visitor<'_> for Stored {
            type Value = StreamId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a stream id")
            }
            fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<StreamId, E> {
                StreamId::from_bytes(v).ok_or_else(|| E::custom("these bytes are no stream id"))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<StreamId, E> {
                v.parse().map_err(E::custom)
            }
        }
        if d.is_human_readable() { d.deserialize_str(Stored) } else { d.deserialize_bytes(Stored) }
    }
}

impl JsonSchema for StreamId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StreamId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(case|provider|system)/[A-Za-z0-9_-]+$"})
    }
}

/// An idempotency tag K: a keyed hash of actor, command name and the client's key (design: "Idempotency").
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub [u8; 16]);

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", hex::encode(self.0))
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(&hex::encode(self.0)) } else { s.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_bytes(Raw16).map(Tag)
    }
}
