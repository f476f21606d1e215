//! What is personal, kept apart from what is fact from the first byte.
//!
//! *Facts* are closed types: enums, dates, numbers, our ids, codes. Everything else (names, NSN, addresses,
//! free text, file names, codes as received) is *personal*: it travels in [`Part`]s, which `decide` moves into
//! events unread, and which never reach NATS, logs, URLs or metrics.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::ids::{CorrelationId, KeyId};

pub use value::{LINE_CHARS_MAX, TEXT_CHARS_MAX, Value};

pub(crate) mod reading;
mod value;

/// A value about a person: it does not print, and reading it takes a word that can be searched for.
///
/// Read from JSON it is tidied and checked ([`Value`]); read from storage it is taken as it stands.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Default)]
#[serde(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks a value as personal.
    pub fn new(value: T) -> Self {
        Personal(value)
    }

    /// Gives the value to code that is entitled to it: sealing, and views served through the API alone.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Value + Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let sent = d.is_human_readable();
        let value = T::deserialize(d)?;
        if sent { value.tidy().map(Personal).map_err(de::Error::custom) } else { Ok(Personal(value)) }
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

/// A field group: what a key seals and what a role may see (domain §2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Names, NSN, birth date.
    #[serde(rename = "identity")]
    Identity,
    /// Addresses, telephone numbers, caregivers and how to reach them.
    #[serde(rename = "contact")]
    Contact,
    /// Anything about health.
    #[serde(rename = "health")]
    Health,
    /// What Immigration NZ answered, and travel documents.
    #[serde(rename = "immigration")]
    Immigration,
    /// Comments, reasons and notes in prose; file names.
    #[serde(rename = "narrative")]
    Narrative,
    /// Prosecution, Oranga Tamariki, care status: never shared by default.
    #[serde(rename = "restricted")]
    Restricted,
}

impl Group {
    /// Returns the pinned name.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Identity => "identity",
            Group::Contact => "contact",
            Group::Health => "health",
            Group::Immigration => "immigration",
            Group::Narrative => "narrative",
            Group::Restricted => "restricted",
        }
    }

    /// Returns the group of a name; one that is not known is kept from everybody who may not see what is restricted.
    pub fn of_name(name: &str) -> Group {
        match name {
            "identity" => Group::Identity,
            "contact" => Group::Contact,
            "health" => Group::Health,
            "immigration" => Group::Immigration,
            "narrative" => Group::Narrative,
            _ => Group::Restricted,
        }
    }
}

/// One personal part of an event: its group, its name and version, and its bytes.
///
/// In a command and in a view the bytes are the MessagePack of the part; in the log they are sealed, and `key` says
/// under which key. Nothing here is read by `decide` or `evolve`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The field group.
    #[serde(rename = "g")]
    pub group: Group,
    /// The part's stored name, such as `student` or `text`.
    #[serde(rename = "n")]
    pub name: String,
    /// The version of the part's shape.
    #[serde(rename = "v")]
    pub version: u16,
    /// The key the bytes are sealed under; `None` for what is not personal, the log's own fingerprint of a request.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The part's bytes.
    #[serde(rename = "b", with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Opens sealed parts: whoever holds the keys.
pub trait Opener: Send + Sync {
    /// Puts the plain bytes in the place of the sealed ones; parts that open no more are left out.
    fn open(&self, correlation: CorrelationId, parts: &mut Vec<Part>);
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?} {} v{}, {} bytes)", self.group, self.name, self.version, self.body.len())
    }
}

/// A kind of personal part: its pinned name, group and version.
pub trait PartKind: Serialize + for<'de> Deserialize<'de> {
    /// The stored name; never changed once written.
    const NAME: &'static str;
    /// The field group that seals it.
    const GROUP: Group;
    /// The version of the shape.
    const VERSION: u16 = 1;

    /// Returns the part as stored.
    fn to_part(&self) -> Part {
        // MessagePack in memory fails only for maps of unknown length, which no part has.
        let body = rmp_serde::to_vec_named(self).expect("a part is plain data of known length");
        Part { group: Self::GROUP, name: Self::NAME.to_owned(), version: Self::VERSION, key: None, body }
    }

    /// Finds and reads this kind among the parts of an event; `None` where it is absent or unreadable.
    fn find(parts: &[Part]) -> Option<Self> {
        let part = parts.iter().find(|part| part.name == Self::NAME)?;
        rmp_serde::from_slice(&part.body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_values_do_not_print() {
        assert_eq!(format!("{:?}", Personal::new("Hēmi")), "(personal)");
        let part =
            Part { group: Group::Identity, name: "student".into(), version: 1, key: None, body: b"Hemi".to_vec() };
        assert!(!format!("{part:?}").contains("Hemi"));
    }
}
