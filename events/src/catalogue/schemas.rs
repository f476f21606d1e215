//! The JSON Schema of every event type, compared with the one kept: one that would break what was stored is refused.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{compare, compatible, of_the_ledger, root};
use crate::event::{EVENT_TYPES, EventType};
use crate::golden::frames::samples;
use crate::measured::MeasureEvent;
use crate::policy::{POLICY_SET, PolicySet};
use crate::provider::PROVIDER_EVENTS;
use crate::reference::{Entry, REFERENCE_RECORDED};
use crate::viewed::VIEWED;
use crate::{codec, public, readable};

/// Makes the schema of facts.
pub(super) type Facts = fn(&mut SchemaGenerator) -> Schema;

#[test]
fn the_schema_of_every_event_type_is_what_the_types_say() {
    for row in EVENT_TYPES {
        let text = serde_json::to_string_pretty(&schema(row)).unwrap() + "\n";
        keep_compatible(&format!("{}.v{}.json", row.name, row.version), &text);
    }
}

#[test]
fn the_schema_of_every_event_type_of_other_streams_is_what_the_types_say() {
    for (name, facts) in of_other_streams() {
        let text = serde_json::to_string_pretty(&schema_of(name, 1, facts)).unwrap() + "\n";
        keep_compatible(&format!("{name}.v1.json"), &text);
    }
}

pub(super) fn of_other_streams() -> Vec<(&'static str, Facts)> {
    let mut all: Vec<(&'static str, Facts)> = PROVIDER_EVENTS.iter().map(|row| (row.name, row.schema)).collect();
    for name in MeasureEvent::KINDS {
        all.push((name, |generator| <MeasureEvent as JsonSchema>::json_schema(generator)));
    }
    all.push((POLICY_SET, |generator| <PolicySet as JsonSchema>::json_schema(generator)));
    all.push((REFERENCE_RECORDED, |generator| <Entry as JsonSchema>::json_schema(generator)));
    for (_, kinds, facts) in of_the_ledger() {
        all.extend(kinds.iter().map(|&name| (name, facts)));
    }
    all
}

/// Compares a schema with the one kept; one that would break what was stored or subscribed to is never written over.
#[track_caller]
fn keep_compatible(name: &str, today: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    if let Ok(kept) = std::fs::read_to_string(&path) {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        if let Some(why) = compatible::breaks(&read(&kept), &read(today), "") {
            panic!("{name}: {why}: what was stored and subscribed to would break; raise the schema version instead");
        }
    }
    compare(&path, today);
}

/// One example of the facts of every type that goes out with them, for people who write subscribers.
#[test]
fn the_examples_are_what_goes_out() {
    let mut examples = Map::new();
    for sample in samples() {
        let event = codec::decode(&sample.frame).unwrap();
        if event.kind != VIEWED && !public::restricts(&event).unwrap() {
            let name = format!("{}.v{}", event.kind, event.schema);
            examples.entry(name).or_insert_with(|| readable::facts(&event).unwrap());
        }
    }
    assert!(examples.values().all(public::holds_facts_alone));
    let text = serde_json::to_string_pretty(&Value::Object(examples)).unwrap() + "\n";
    compare(&root().join("docs/examples/events.json"), &text);
}

#[test]
fn facts_as_they_go_out_fit_their_schema_in_names_and_presence() {
    for (row, event) in EVENT_TYPES.iter().zip(crate::testing::sample_events()) {
        let facts: Value = rmp_serde::from_slice(&event.facts()).map(|facts: FactNames| facts.0).unwrap();
        let schema = schema(row);
        let known = schema["properties"].as_object().cloned().unwrap_or_default();
        let present: Vec<&String> = facts.as_object().unwrap().keys().collect();
        assert!(present.iter().all(|name| known.contains_key(*name)), "{}: {present:?}", row.name);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        assert!(required.iter().all(|name| facts.get(name.as_str().unwrap()).is_some()), "{}", row.name);
    }
}

/// The names of a fact map, whatever the values.
struct FactNames(Value);

impl<'de> serde::Deserialize<'de> for FactNames {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let names = std::collections::BTreeMap::<String, serde::de::IgnoredAny>::deserialize(d)?;
        Ok(FactNames(names.into_keys().map(|name| (name, Value::Bool(true))).collect::<serde_json::Map<_, _>>().into()))
    }
}

pub(super) fn schema(row: &EventType) -> Value {
    schema_of(row.name, row.version, row.schema)
}

pub(super) fn schema_of(name: &str, version: u16, facts: Facts) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = serde_json::to_value(facts(&mut generator)).unwrap();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("urn:caseledger:schema:{name}:v{version}"));
    schema["title"] = json!(name);
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema["$defs"] = Value::Object(definitions);
    }
    schema
}
