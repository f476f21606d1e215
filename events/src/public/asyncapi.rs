//! The contract of the broadcast: an AsyncAPI 3 document with a JSON Schema for every type, made from the code.
//!
//! `events/asyncapi.json` holds it for people and generators; a test keeps it equal to what the code says
//! (`UPDATE_GOLDEN=1 cargo test -p caseledger-events asyncapi` writes it anew).

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{
    BODY_LIMIT, HASH_HEADER, POSITION_HEADER, PREVIOUS_HASH_HEADER, PublicEvent, RESTRICTED, RestrictedEvent,
    SOURCE_HEADER, SUBJECTS,
};
use crate::event::{Broadcast, EVENT_TYPES};
use crate::measured::MeasureEvent;
use crate::policy::{POLICY_SET, PolicySet};
use crate::provider::PROVIDER_EVENTS;
use crate::reference::{Entry, REFERENCE_RECORDED};
use crate::system::LedgerEvent;

/// A type that goes out with its facts.
struct PublicType {
    name: &'static str,
    version: u16,
    facts: fn(&mut SchemaGenerator) -> Schema,
}

/// Returns the document.
pub fn asyncapi() -> Value {
    let settings = SchemaSettings::draft07().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let types = public_types();
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for public in &types {
        channels.insert(public.name.to_owned(), channel(public.name));
        operations.insert(format!("publish_{}", public.name), operation(public.name));
        let facts = (public.facts)(&mut generator).to_value();
        let payload = also("Event", json!({ "type": { "const": public.name }, "facts": facts }));
        messages.insert(public.name.to_owned(), message(public.name, public.version, "EventHeaders", payload));
    }
    channels.insert(RESTRICTED.to_owned(), restricted_channel());
    operations.insert(format!("publish_{RESTRICTED}"), operation(RESTRICTED));
    let payload = <RestrictedEvent as JsonSchema>::json_schema(&mut generator).to_value();
    messages.insert(RESTRICTED.to_owned(), message(RESTRICTED, 1, "Headers", payload));
    let mut event = <PublicEvent<Value> as JsonSchema>::json_schema(&mut generator).to_value();
    event["properties"]["facts"] = json!({ "description": "What happened; each type has its own." });
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Event".to_owned(), event);
    schemas.insert("Headers".to_owned(), common_headers());
    schemas.insert("EventHeaders".to_owned(), event_headers());
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "parameters": parameters(),
            "schemas": schemas,
        },
    })
}

/// Returns every type that goes out with its facts: of cases, providers, reference data, policy, the ledger itself.
fn public_types() -> Vec<PublicType> {
    let of_cases = EVENT_TYPES.iter().filter(|row| row.broadcast == Broadcast::Facts);
    let mut types: Vec<_> =
        of_cases.map(|row| PublicType { name: row.name, version: row.version, facts: row.schema }).collect();
    let reference = |generator: &mut SchemaGenerator| <Entry as JsonSchema>::json_schema(generator);
    types.push(PublicType { name: REFERENCE_RECORDED, version: 1, facts: reference });
    let ledger = |generator: &mut SchemaGenerator| <LedgerEvent as JsonSchema>::json_schema(generator);
    let of_providers = PROVIDER_EVENTS.iter();
    types.extend(of_providers.map(|row| PublicType { name: row.name, version: 1, facts: row.schema }));
    let policy = |generator: &mut SchemaGenerator| <PolicySet as JsonSchema>::json_schema(generator);
    types.push(PublicType { name: POLICY_SET, version: 1, facts: policy });
    let measures = |generator: &mut SchemaGenerator| <MeasureEvent as JsonSchema>::json_schema(generator);
    types.extend(MeasureEvent::KINDS.map(|name| PublicType { name, version: 1, facts: measures }));
    types.extend(LedgerEvent::KINDS.map(|name| PublicType { name, version: 1, facts: ledger }));
    types
}

fn info() -> Value {
    json!({
        "title": "Case ledger: the broadcast",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0" },
        "description": format!(
            "Every recorded event, in order, in the JetStream stream LEDGER. The stream's sequence equals the \
             ledger's position: a reader that sees each sequence once has seen everything. Bodies hold public facts \
             alone, at most {BODY_LIMIT} bytes; nothing about a person. A position means nothing without ledger and \
             epoch, which `{SOURCE_HEADER}` names: keep position, hash and source in your own store, and drop what you \
             have seen already when they agree."
        ),
        "x-jetstream": {
            "stream": "LEDGER",
            "subjects": [SUBJECTS],
            "sequence": "equals the position in the ledger",
            "delivery": "at least once; pull consumers alone",
        },
    })
}

fn channel(name: &str) -> Value {
    let parameter = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    json!({
        "address": format!("ledger.ev.{name}.{{provider}}.{{catchment}}.{{school}}"),
        "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
        "parameters": {
            "provider": parameter("provider"),
            "catchment": parameter("catchment"),
            "school": parameter("school"),
        },
    })
}

fn restricted_channel() -> Value {
    let names: Vec<_> =
        EVENT_TYPES.iter().filter(|row| row.broadcast == Broadcast::Restricted).map(|row| row.name).collect();
    json!({
        "address": format!("ledger.ev.{RESTRICTED}._._._"),
        "description": format!("Stands for events of the types {}: position and hash alone.", names.join(", ")),
        "messages": { RESTRICTED: { "$ref": format!("#/components/messages/{RESTRICTED}") } },
    })
}

fn operation(name: &str) -> Value {
    json!({ "action": "send", "channel": { "$ref": format!("#/channels/{name}") } })
}

fn message(name: &str, version: u16, headers: &str, payload: Value) -> Value {
    let kind = format!("nz.caseledger.{name}.v{version}");
    let schema = format!("urn:caseledger:schema:{name}:v{version}");
    json!({
        "name": kind,
        "contentType": "application/json",
        "headers": also(headers, json!({ "ce-type": { "const": kind }, "ce-dataschema": { "const": schema } })),
        "payload": payload,
    })
}

/// Returns the schema that is another one and says more of some of its properties.
fn also(schema: &str, properties: Value) -> Value {
    json!({
        "allOf": [
            { "$ref": format!("#/components/schemas/{schema}") },
            { "type": "object", "properties": properties },
        ],
    })
}

fn parameters() -> Value {
    let code = |what: &str| json!({ "description": format!("{what} at that time, in lower case; `_` where unset.") });
    json!({
        "provider": code("The provider's code"),
        "catchment": code("The catchment's code"),
        "school": code("The school's code"),
    })
}

/// Returns the headers every message has: CloudEvents 1.0, binary mode.
fn common_headers() -> Value {
    all_of(json!({
        "ce-specversion": { "const": "1.0" },
        "ce-type": { "type": "string" },
        "ce-dataschema": { "type": "string" },
        "ce-datacontenttype": { "const": "application/json" },
        "ce-id": number("The position: unique with `ce-source`."),
        SOURCE_HEADER: pattern("^urn:caseledger:[0-9a-f-]{36}:[0-9]+$", "Ledger and epoch."),
        POSITION_HEADER: number("The position; equal to the stream's sequence."),
        HASH_HEADER: hash("The chain hash at the position."),
        PREVIOUS_HASH_HEADER: hash("The chain hash before the position."),
    }))
}

/// Returns the headers of events that go out with their facts.
fn event_headers() -> Value {
    let more = all_of(json!({
        "ce-time": { "type": "string", "format": "date-time", "description": "When it was recorded." },
        "ce-subject": { "type": "string", "description": "The stream of the ledger, such as case/<id>." },
        "ce-correlationid": { "type": "string", "format": "uuid" },
    }));
    json!({ "allOf": [{ "$ref": "#/components/schemas/Headers" }, more] })
}

/// Returns the schema of an object that has all of these properties.
fn all_of(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flat_map(|names| names.keys().cloned()).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn number(description: &str) -> Value {
    pattern("^[1-9][0-9]*$", description)
}

fn hash(description: &str) -> Value {
    pattern("^[0-9a-f]{64}$", description)
}

fn pattern(pattern: &str, description: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/asyncapi.json");

    #[test]
    fn the_document_is_what_the_code_says() {
        let fresh = serde_json::to_string_pretty(&asyncapi()).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(PATH, &fresh).unwrap();
        }
        let kept = std::fs::read_to_string(PATH).unwrap_or_default();
        assert!(
            kept == fresh,
            "asyncapi.json is not what the code says; if the change of the contract is wanted: \
             UPDATE_GOLDEN=1 cargo test -p caseledger-events asyncapi"
        );
    }

    #[test]
    fn every_public_type_has_a_channel_and_no_restricted_one_has() {
        let document = asyncapi();
        let channels = document["channels"].as_object().unwrap();
        for row in EVENT_TYPES {
            assert_eq!(channels.contains_key(row.name), row.broadcast == Broadcast::Facts, "{}", row.name);
        }
        for name in LedgerEvent::KINDS.into_iter().chain([REFERENCE_RECORDED, RESTRICTED]) {
            assert!(channels.contains_key(name), "{name}");
        }
    }

    #[test]
    fn every_reference_in_it_leads_somewhere() {
        fn visit(value: &Value, document: &Value) {
            match value {
                Value::Object(entries) => {
                    if let Some(Value::String(target)) = entries.get("$ref") {
                        let pointer = target.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{target}");
                    }
                    entries.values().for_each(|value| visit(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| visit(value, document)),
                _ => {}
            }
        }
        let document = asyncapi();
        visit(&document, &document);
    }
}
