//! A page for every event type and version: what it says, field by field, with an example that is read from stored bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use super::schemas::{self, Facts};
use super::{compare, names, object, of_the_ledger, root};
use crate::codec;
use crate::event::EVENT_TYPES;
use crate::golden::frames::samples;
use crate::measured::MeasureEvent;
use crate::policy::POLICY_SET;
use crate::provider::PROVIDER_EVENTS;
use crate::public::is_restricted;
use crate::readable::ReadableEvent;
use crate::reference::REFERENCE_RECORDED;

/// What the tables say of a type.
struct Type {
    name: &'static str,
    version: u16,
    /// Where it comes from: ids of the domain's list.
    source: &'static str,
    stream: &'static str,
    facts: Facts,
}

fn types() -> Vec<Type> {
    let of_cases = EVENT_TYPES.iter().map(|row| Type {
        name: row.name,
        version: row.version,
        source: row.source,
        stream: "case/<id>",
        facts: row.schema,
    });
    let other = |stream, source| move |(name, facts)| Type { name, version: 1, source, stream, facts };
    let mut all: Vec<Type> = of_cases.collect();
    for row in PROVIDER_EVENTS {
        all.push(Type { source: row.source, ..other("provider/<code>", "")((row.name, row.schema)) });
    }
    for (stream, kinds, facts) in of_the_ledger() {
        let source = match stream {
            "system/ACCESS" => "E47",
            "system/KEYS" => "E43",
            "system/ACCESS-HEAD" => "E42",
            _ => "the ledger itself",
        };
        all.extend(kinds.iter().map(|&name| other(stream, source)((name, facts))));
    }
    all.extend(schemas::of_other_streams().into_iter().filter_map(|(name, facts)| {
        let (stream, source) = match name {
            POLICY_SET => ("system/POLICY", "Q1–Q39"),
            REFERENCE_RECORDED => ("system/REFERENCE", "R41"),
            _ if MeasureEvent::KINDS.contains(&name) => ("system/MEASURES", "E44"),
            _ => return None,
        };
        Some(other(stream, source)((name, facts)))
    }));
    all
}

#[test]
fn every_event_type_has_its_page_and_no_page_is_left_of_another() {
    let folder = root().join("docs/events");
    let examples = examples();
    let mut pages = BTreeSet::new();
    for row in types() {
        let name = format!("{}.v{}.md", row.name, row.version);
        compare(&folder.join(&name), &page(&row, &examples[&format!("{}.v{}", row.name, row.version)]));
        assert!(pages.insert(name), "{} stands in two tables", row.name);
    }
    assert_eq!(pages.len(), std::fs::read_dir(root().join("events/schemas")).unwrap().count(), "a schema, a page");
    let kept = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = kept.filter(|name| !pages.contains(name)).collect();
    assert!(left.is_empty(), "{left:?} are pages of no type of today");
}

/// Each type's first sample, as `GET /v1/events/{position}` answers whoever may see all of it.
fn examples() -> BTreeMap<String, Value> {
    let mut examples = BTreeMap::new();
    for sample in samples() {
        let event = codec::decode(&sample.frame).unwrap();
        let readable = ReadableEvent::of(&event, [0xab; 32]).unwrap();
        let name = format!("{}.v{}", event.kind, event.schema);
        examples.entry(name).or_insert_with(|| serde_json::to_value(readable).unwrap());
    }
    examples
}

fn page(row: &Type, example: &Value) -> String {
    let Type { name, version, source, stream, .. } = row;
    let schema = object(row.facts);
    let (said, variants) = told(name, &schema);
    let broadcast = match is_restricted(name) {
        true => "with position and hash alone: it is restricted",
        false => "with its facts",
    };
    let mut page = format!(
        "# `{name}`\n\n{said}\n\n| | |\n|---|---|\n| Stream | `{stream}` |\n| Schema version | {version}, \
         [JSON Schema](../../events/schemas/{name}.v{version}.json) |\n| Source | {source} |\n| Goes out | {broadcast} \
         |\n"
    );
    if let Some(parts) = example["personal"].as_array() {
        let label = |part: &Value| format!("`{}`", part["name"].as_str().unwrap_or_default());
        let parts = parts.iter().map(label).collect::<Vec<_>>().join(", ");
        writeln!(page, "| Personal parts, sealed | {parts} |").unwrap();
    }
    page.push_str("\n## Facts\n");
    for (title, fields) in variants {
        if !title.is_empty() {
            write!(page, "\n### {title}\n").unwrap();
        }
        page.push_str(&table(&fields));
        page.push_str(&values(&fields));
    }
    if example["facts"].get(name).is_some() {
        write!(page, "\nThey stand under the name of the type.\n").unwrap();
    }
    let example = serde_json::to_string_pretty(example).unwrap();
    write!(page, "\n## Example\n\nAs `GET /v1/events/{{position}}` answers whoever may see all of it.\n\n```json\n{example}\n```\n").unwrap();
    page
}

/// What a type says in one sentence, and its facts: one table, or a titled one for each kind of row.
fn told(name: &str, schema: &Value) -> (String, Vec<(String, Value)>) {
    let variants = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let case_event = EVENT_TYPES.iter().find(|row| row.name == name).map(|row| row.summary);
    let said = case_event.or(PROVIDER_EVENTS.iter().find(|row| row.name == name).map(|row| row.summary));
    let of_variant = variants.iter().find(|variant| variant["properties"].get(name).is_some());
    match (of_variant, said) {
        (Some(variant), _) => (text(variant), vec![(String::new(), variant["properties"][name].clone())]),
        (None, Some(said)) => (said.to_owned(), vec![(String::new(), schema.clone())]),
        (None, None) if variants.is_empty() => (text(schema), vec![(String::new(), schema.clone())]),
        (None, None) => {
            let titled = |row: &Value| (format!("{} (`what`)", value(&row["properties"]["what"])), row.clone());
            (text(schema), variants.iter().map(titled).collect())
        }
    }
}

fn table(fields: &Value) -> String {
    let Some(known) = fields["properties"].as_object().filter(|known| !known.is_empty()) else {
        return "\nNone.\n".to_owned();
    };
    let required: Vec<&str> = fields["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut table = "\n| Name | Value | Always there | Meaning |\n|---|---|---|---|\n".to_owned();
    for (name, field) in known {
        let always = if required.contains(&name.as_str()) { "yes" } else { "" };
        writeln!(table, "| `{name}` | {} | {always} | {} |", value(field), text(field)).unwrap();
    }
    table
}

/// What each value of the closed lists among the fields means.
fn values(fields: &Value) -> String {
    let mut told = String::new();
    for (name, field) in fields["properties"].as_object().into_iter().flatten() {
        let listed = if field["type"] == "array" { &field["items"] } else { field };
        let nested = listed["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["oneOf"].is_array()));
        let rows = nested.unwrap_or(listed)["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let said = rows.iter().filter(|row| row["const"].is_string() && row["description"].is_string());
        let lines: String = said.map(|row| format!("- {}: {}\n", value(row), text(row))).collect();
        if !lines.is_empty() {
            write!(told, "\n`{name}`:\n\n{lines}").unwrap();
        }
    }
    told
}

/// A schema's description on one line of a table.
fn text(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// What values a schema lets through, in words.
fn value(schema: &Value) -> String {
    let several = |of: &Value| -> Vec<String> {
        let not_null = of.as_array().into_iter().flatten().filter(|one| one["type"] != "null");
        not_null.map(value).collect()
    };
    if let Some(one) = schema["const"].as_str() {
        return format!("`{one}`");
    }
    for key in ["oneOf", "anyOf"] {
        if schema[key].is_array() {
            return several(&schema[key]).join(", ");
        }
    }
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().filter_map(Value::as_str).map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    match (kind, schema["format"].as_str()) {
        ("array", _) => format!("list of: {}", value(&schema["items"])),
        ("object", _) => format!("object: {}", names(schema)),
        ("integer", _) => match schema["maximum"].as_u64() {
            Some(most) => format!("whole number up to {most}"),
            None => "whole number".to_owned(),
        },
        ("boolean", _) => "`true`, `false`".to_owned(),
        ("string", Some(format)) => format.to_owned(),
        ("string", None) => match schema["pattern"].as_str() {
            Some(pattern) => format!("text `{}`", pattern.replace('|', "\\|")),
            None => "text".to_owned(),
        },
        _ => "anything".to_owned(),
    }
}
