//! The OpenAPI 3.1 document, made from the table of routes and the tables of the core.

use caseledger_events::action::ACTIONS;
use caseledger_events::opening::OPENINGS;
use caseledger_events::parts::ReferralParts;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::answer::CommandDocument;
use crate::routes::{Route, routes};

/// Operations with their paths.
type Operations = Vec<(String, Value)>;

/// Makes the document.
pub fn document() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        for (path, operation) in (route.describe)(&route, &mut generator) {
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[route.method.as_str().to_ascii_lowercase()] = operation;
        }
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Case Ledger",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The system of record for attendance case work.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"problem": {
                "description": "A problem document (RFC 9457) with a stable code.",
                "content": {"application/problem+json": {"schema": problem_schema()}},
            }},
            "securitySchemes": {"actor": {
                "type": "apiKey", "in": "header", "name": "Ledger-Actor",
                "description": "Development only, on loopback: <person>/<role>/<organisation>, such as P-17/case_manager/ASP-01.",
            }},
        },
        "security": [{"actor": []}],
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable; programs may switch on it."},
            "detail": {"type": "string", "description": "A sentence for people."},
            "way_out": {"type": "string", "description": "What would help."},
            "rule": {"type": "string", "description": "The id of the rule that refused."},
            "source": {"type": "array", "items": {"type": "string"}, "description": "What says so: documents, law."},
            "pointer": {"type": "string", "description": "JSON pointer to the field that is wrong."},
            "facts": {"type": "object", "description": "What was true when the rule refused."},
        },
    })
}

/// Describes a query whose answer is `T`.
pub fn get<T: JsonSchema>(route: &Route, generator: &mut SchemaGenerator, query: &[&str]) -> Operations {
    let schema = generator.subschema_for::<T>();
    vec![(route.path.to_owned(), operation(route, query_parameters(query), None, json_answer("200", schema)))]
}

/// Describes a list whose filters are the fields of `Q`.
pub fn list<Q: JsonSchema, T: JsonSchema>(route: &Route, generator: &mut SchemaGenerator) -> Operations {
    let mut parameters = query_parameters(&["min_position"]);
    let filters = generator.root_schema_for::<Q>().to_value();
    if let Some(Value::Object(fields)) = filters.get("properties") {
        let definitions = filters.get("$defs").or_else(|| filters.pointer("/components/schemas")).cloned();
        for (name, schema) in fields {
            parameters
                .push(json!({"name": name, "in": "query", "required": false, "schema": inline(schema, &definitions)}));
        }
    }
    let schema = generator.subschema_for::<T>();
    vec![(route.path.to_owned(), operation(route, parameters, None, json_answer("200", schema)))]
}

/// A filter that may be left out is described by what it is when it is there.
fn inline(schema: &Value, _: &Option<Value>) -> Value {
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(any) => any.iter().find(|one| one.get("type") != Some(&json!("null"))).cloned().unwrap_or_default(),
        None => schema.clone(),
    }
}

/// Describes a question asked in a body.
pub fn post<B: JsonSchema, T: JsonSchema>(route: &Route, generator: &mut SchemaGenerator) -> Operations {
    let body = body(generator.subschema_for::<B>().to_value());
    let answer = json_answer("200", generator.subschema_for::<T>());
    vec![(route.path.to_owned(), operation(route, Vec::new(), Some(body), answer))]
}

/// Describes a command with a body of its own.
pub fn command<B: JsonSchema, T: JsonSchema>(route: &Route, generator: &mut SchemaGenerator) -> Operations {
    let body = body(generator.subschema_for::<B>().to_value());
    let answer = json_answer("200", generator.subschema_for::<T>());
    vec![(route.path.to_owned(), operation(route, command_headers(), Some(body), answer))]
}

/// Describes the ways to open a case: one body with a variant each.
pub fn openings(route: &Route, generator: &mut SchemaGenerator) -> Operations {
    let personal = generator.subschema_for::<ReferralParts>().to_value();
    let variants: Vec<Value> = OPENINGS
        .iter()
        .map(|info| {
            let facts = (info.facts)(generator).to_value();
            let mut body = command_body(facts, personal.clone());
            body["title"] = json!(info.name);
            body["description"] = json!(format!("{} ({})", info.summary, info.rules));
            body["properties"]["action"] = json!({"const": info.name});
            body["required"] = json!(["action", "facts", "personal"]);
            body
        })
        .collect();
    let mut answers = json_answer("201", generator.subschema_for::<CommandDocument>());
    answers["200"] = answers["201"].clone();
    let operation = operation(route, command_headers(), Some(body(json!({"oneOf": variants}))), answers);
    vec![(route.path.to_owned(), operation)]
}

/// Describes the actions: a path each.
pub fn actions(route: &Route, generator: &mut SchemaGenerator) -> Operations {
    let describe = |info: &caseledger_events::action::ActionInfo| {
        let facts = (info.facts)(generator).to_value();
        let personal = (info.personal)(generator).to_value();
        let answer = json_answer("200", generator.subschema_for::<CommandDocument>());
        let mut operation = operation(route, command_headers(), Some(body(command_body(facts, personal))), answer);
        operation["summary"] = json!(info.summary);
        operation["description"] = json!(format!("Rules: {}.", info.rules));
        operation["operationId"] = json!(info.name);
        operation["parameters"].as_array_mut().into_iter().for_each(|all| all.retain(|one| one["name"] != "action"));
        (route.path.replace("{action}", info.name), operation)
    };
    ACTIONS.iter().map(describe).collect()
}

/// Describes one act of a table whose name is in the path: a body of facts alone.
pub fn act(
    route: &Route,
    generator: &mut SchemaGenerator,
    name: &str,
    summary: &str,
    rules: &str,
    facts: Value,
) -> (String, Value) {
    let mut of_body = command_body(facts, Value::Null);
    of_body["properties"].as_object_mut().into_iter().for_each(|fields| drop(fields.remove("personal")));
    let answer = json_answer("200", generator.subschema_for::<CommandDocument>());
    let mut operation = operation(route, command_headers(), Some(body(of_body)), answer);
    operation["summary"] = json!(summary);
    operation["description"] = json!(format!("Rules: {rules}."));
    operation["operationId"] = json!(name);
    operation["parameters"].as_array_mut().into_iter().for_each(|all| all.retain(|one| one["name"] != "action"));
    (route.path.replace("{action}", name), operation)
}

fn command_body(facts: Value, personal: Value) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "occurred_at": {
                "description": "When it happened: a date in New Zealand, or a time with its offset; now where it is absent.",
                "type": "string",
                "anyOf": [{"format": "date"}, {"format": "date-time"}],
            },
            "facts": facts,
            "personal": personal,
        },
    })
}

/// Describes a stream of `T`.
pub fn stream<T: JsonSchema>(
    route: &Route,
    generator: &mut SchemaGenerator,
    content_type: &str,
    query: &[&str],
) -> Operations {
    let schema = generator.subschema_for::<T>();
    let answer = json!({"200": {"description": "A stream.", "content": {content_type: {"schema": schema}}}});
    vec![(route.path.to_owned(), operation(route, query_parameters(query), None, answer))]
}

/// Describes an answer that is no JSON.
pub fn plain(route: &Route, content_type: &str) -> Operations {
    let answer = json!({"200": {"description": "Text.", "content": {content_type: {"schema": {"type": "string"}}}}});
    vec![(route.path.to_owned(), operation(route, Vec::new(), None, answer))]
}

fn body(schema: Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn json_answer(status: &str, schema: Schema) -> Value {
    json!({status: {"description": "Done.", "content": {"application/json": {"schema": schema}}}})
}

fn operation(route: &Route, mut parameters: Vec<Value>, body: Option<Value>, mut responses: Value) -> Value {
    parameters.extend(path_parameters(route.path));
    responses["default"] = json!({"$ref": "#/components/responses/problem"});
    let mut operation = json!({"summary": route.summary, "parameters": parameters, "responses": responses});
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| match name {
            "position" => {
                json!({"name": name, "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}})
            }
            _ => json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
        })
        .collect()
}

fn query_parameters(names: &[&str]) -> Vec<Value> {
    let schema = |name: &str| match name {
        "cursor" => json!({"type": "string"}),
        _ => json!({"type": "integer", "minimum": 0}),
    };
    names.iter().map(|name| json!({"name": name, "in": "query", "required": false, "schema": schema(name)})).collect()
}

fn command_headers() -> Vec<Value> {
    vec![
        json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A key of your own: a new one for each command, the same one for a retry.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
        }),
        json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The version you saw, in double quotes as in an ETag.",
            "schema": {"type": "string", "pattern": "^(\\*|\"[0-9]{1,9}\")$"},
        }),
    ]
}
