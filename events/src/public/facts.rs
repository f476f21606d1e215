//! Facts from their stored MessagePack to JSON, whatever the event type.
//!
//! Facts are closed types, so only a few shapes occur: maps with names as keys, lists, numbers, booleans, ids as raw
//! bytes, and short texts (codes, names of enum values, dates). A text that is none of these does not go out: that is
//! the last fence between prose and the bus.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::codec::BadFrame;
use crate::ids::{CaseId, StreamId};

/// The longest text a fact may hold.
const TEXT_MAX: usize = 64;

/// One fact, ready to be written as JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fact {
    Nothing,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(String),
    List(Vec<Fact>),
    Map(Vec<(String, Fact)>),
}

/// Reads the facts of an event.
pub(super) fn read(facts: &[u8]) -> Result<Fact, BadFrame> {
    Ok(rmp_serde::from_slice(facts)?)
}

/// Returns whether a text can be a code, the name of an enum value, a date or a time.
fn is_closed(text: &str) -> bool {
    text.len() <= TEXT_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b':' | b'.' | b'/'))
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Fact::Nothing => serializer.serialize_unit(),
            Fact::Bool(value) => serializer.serialize_bool(*value),
            Fact::Signed(value) => serializer.serialize_i64(*value),
            Fact::Unsigned(value) => serializer.serialize_u64(*value),
            Fact::Text(value) => serializer.serialize_str(value),
            Fact::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Fact::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactVisitor)
    }
}

struct FactVisitor;

impl<'de> Visitor<'de> for FactVisitor {
    type Value = Fact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fact: a closed value, never prose")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Fact, E> {
        Ok(Fact::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Fact, E> {
        Ok(Fact::Nothing)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Fact, E> {
        Ok(Fact::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Fact, E> {
        Ok(Fact::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Fact, E> {
        Ok(Fact::Unsigned(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Fact, E> {
        if is_closed(value) { Ok(Fact::Text(value.to_owned())) } else { Err(E::custom("a text that is no fact")) }
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Fact, E> {
        let id = <[u8; 16]>::try_from(value).ok().map(|id| CaseId(id).to_string());
        let text = id.or_else(|| StreamId::from_bytes(value).map(|stream| stream.to_string()));
        text.map(Fact::Text).ok_or_else(|| E::custom("bytes that are no id"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fact, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(256));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Fact::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0).min(256));
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Fact::Map(entries))
    }
}
