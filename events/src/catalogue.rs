//! The catalogue for people and the JSON Schemas for programs, made from the tables and compared with what is kept.
//!
//! `UPDATE_GOLDEN=1 cargo test -p caseledger-events catalogue` writes them anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::access::AccessEvent;
use crate::action::{ACTIONS, ActionInfo, OnClosed, Who};
use crate::event::{Broadcast, EVENT_TYPES, EventType};
use crate::keys::KeyEvent;
use crate::measured::MeasureEvent;
use crate::opening::OPENINGS;
use crate::policy::{POLICY_SET, Policy, PolicySet, QUESTIONS, explain};
use crate::provider::{PROVIDER_ACTS, PROVIDER_EVENTS};
use crate::reference::{Entry, REFERENCE_RECORDED};
use crate::refusal::{Refusal, source_of};
use crate::system::LedgerEvent;
use crate::viewed::AccessHeadEvent;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[track_caller]
pub(crate) fn compare(path: &Path, today: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, today).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == today, "{} is not what the tables say: UPDATE_GOLDEN=1 writes it", path.display());
}

mod compatible;

#[test]
fn the_catalogue_is_what_the_tables_say() {
    compare(&root().join("docs/catalogue.md"), &catalogue());
}

#[test]
fn the_page_of_policy_is_what_the_list_of_questions_says() {
    compare(&root().join("docs/policy.md"), &policy());
}

fn policy() -> String {
    let mut page = String::from(
        "# Policy\n\nWhat the founding documents leave open, as settings with a default; `caseledger policy show` prints \
         them as they are in force, `caseledger policy check` reads a file, `caseledger policy explain` says under which \
         an event was decided. A policy is a TOML file; what it leaves out is as below. It is set with `POST /v1/policy` \
         (`caseledger policy set`), takes effect today or later, and is an event of `system/POLICY`: what was decided \
         before stays decided under the policy of its day, which every event names by its version. Version 1 is in force \
         without any event.\n\n\
         Where no event is named, the setting is read by the measures, which print it with their results; or carried \
         out by the table of access, which takes no other value (Q28, Q29, Q31, Q36); or by what a provider reports about \
         itself (Q14). Attendance itself lies outside the ledger: which terms of it are looked at (Q34) is said by \
         `caseledger policy show`, with what the settings that count days mean on that day. The size of the service (Q35) \
         is what `caseledger simulate --year` plays where no number is given. `cargo xtask ids` fails where no code reads \
         a setting.\n\n\
         | Question | What is open | Setting | Default | Read when this is decided |\n|---|---|---|---|---|\n",
    );
    for (question, key, value) in explain(&Policy::default(), None) {
        let decides = question.decides.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let value = shortened(&value);
        writeln!(page, "| {} | {} | `{key}` | {value} | {decides} |", question.id, question.asks).unwrap();
    }
    assert_eq!(QUESTIONS.len(), 39);
    page
}

/// A table's rows are told by their values.
fn shortened(value: &Value) -> String {
    let Some(rows) = value.as_array() else { return format!("`{}`", value.to_string().trim_matches('"')) };
    let of_row = |row: &Value| match (&row["value"], &row["value"]["code"]) {
        (_, Value::String(code)) => code.clone(),
        (Value::String(value), _) => value.clone(),
        _ => row.as_str().unwrap_or_default().to_owned(),
    };
    if rows.is_empty() { "every one".to_owned() } else { rows.iter().map(of_row).collect::<Vec<_>>().join(", ") }
}

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

type Facts = fn(&mut SchemaGenerator) -> Schema;

fn of_other_streams() -> Vec<(&'static str, Facts)> {
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

/// What the ledger records about itself, about who may act, and about students' keys: stream, types, facts.
fn of_the_ledger() -> [(&'static str, &'static [&'static str], Facts); 4] {
    [
        ("system/LEDGER", &LedgerEvent::KINDS, |generator| <LedgerEvent as JsonSchema>::json_schema(generator)),
        ("system/ACCESS", &AccessEvent::KINDS, |generator| <AccessEvent as JsonSchema>::json_schema(generator)),
        ("system/KEYS", &KeyEvent::KINDS, |generator| <KeyEvent as JsonSchema>::json_schema(generator)),
        ("system/ACCESS-HEAD", &AccessHeadEvent::KINDS, |g| <AccessHeadEvent as JsonSchema>::json_schema(g)),
    ]
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
    let of_cases = crate::testing::sample_events();
    let public = of_cases.iter().filter(|event| !crate::public::is_restricted(event.kind()));
    let mut examples: Map<String, Value> =
        public.map(|event| (format!("{}.v{}", event.kind(), event.schema()), event.facts_json())).collect();
    for event in crate::testing::sample_provider_events() {
        examples.insert(format!("{}.v1", event.kind()), event.facts_json());
    }
    assert!(examples.values().all(crate::public::holds_facts_alone));
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

fn schema(row: &EventType) -> Value {
    schema_of(row.name, row.version, row.schema)
}

fn schema_of(name: &str, version: u16, facts: Facts) -> Value {
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

fn catalogue() -> String {
    let mut page = String::from(
        "# Catalogue\n\nEvery event type, action and refusal of the ledger. Made from the tables in `events/src`; \
         `UPDATE_GOLDEN=1 cargo test -p caseledger-events catalogue` writes it anew. Ids such as E1, R20 or Q4 are \
         those of the domain's list.\n",
    );
    events(&mut page);
    events_of_providers(&mut page);
    events_of_the_ledger(&mut page);
    openings(&mut page);
    actions(&mut page);
    acts_of_providers(&mut page);
    refusals(&mut page);
    page
}

fn events(page: &mut String) {
    page.push_str("\n## Events of a case\n\nStream `case/<id>`. The facts of each are described by a JSON Schema in `events/schemas/`, with an example in `docs/examples/events.json` of those that go out with their facts; `events/asyncapi.json` describes the broadcast.\n\n");
    page.push_str("| Type | Version | Source | Broadcast | What has happened | Facts |\n|---|---|---|---|---|---|\n");
    for row in EVENT_TYPES {
        let broadcast = match row.broadcast {
            Broadcast::Facts => "facts",
            Broadcast::Restricted => "position and hash alone",
        };
        let EventType { name, version, source, summary, .. } = row;
        let facts = names(&schema(row));
        writeln!(page, "| `{name}` | {version} | {source} | {broadcast} | {summary} | {facts} |").unwrap();
    }
}

/// The names of an object's fields; those that may be absent with a question mark.
fn names(schema: &Value) -> String {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(fields) = schema["properties"].as_object() else { return String::new() };
    let name = |name: &String| format!("`{name}`{}", if required.contains(&name.as_str()) { "" } else { "?" });
    fields.keys().map(name).collect::<Vec<_>>().join(", ")
}

fn events_of_providers(page: &mut String) {
    page.push_str("\n## Events of a provider, and of policy\n\nStreams `provider/<code>` and `system/POLICY`; all go out with their facts, in schema version 1.\n\n");
    page.push_str("| Type | Source | What has happened | Facts |\n|---|---|---|---|\n");
    for row in PROVIDER_EVENTS {
        let facts = names(&schema_of(row.name, 1, row.schema));
        writeln!(page, "| `{}` | {} | {} | {facts} |", row.name, row.source, row.summary).unwrap();
    }
    let policy = "Another policy was set; docs/policy.md lists what it decides.";
    writeln!(page, "| `{POLICY_SET}` | Q1–Q39 | {policy} | `version`, `effective_on`, `policy` |").unwrap();
}

/// E43, E47, and what the ledger says about itself (R41's reference data come in rows).
fn events_of_the_ledger(page: &mut String) {
    page.push_str(
        "\n## Events of the ledger itself\n\nRoles (E47), legal holds and disposal (E43), keys, clock, history; in schema \
         version 1. `system/LEDGER` and reference data go out with their facts, the others with position and hash alone. \
         Who viewed what (E42) stands in the access ledger, a journal of its own.\n\n",
    );
    page.push_str("| Type | Stream | Broadcast | What has happened | Facts |\n|---|---|---|---|---|\n");
    for (stream, kinds, facts) in of_the_ledger() {
        let schema = object(facts);
        for (kind, variant) in kinds.iter().zip(schema["oneOf"].as_array().expect("one variant a type")) {
            let broadcast = match crate::public::is_restricted(kind) {
                true => "position and hash alone",
                false => "facts",
            };
            let facts = names(&variant["properties"][*kind]);
            let said = variant["description"].as_str().expect("every variant is described").replace('\n', " ");
            writeln!(page, "| `{kind}` | `{stream}` | {broadcast} | {said} | {facts} |").unwrap();
        }
    }
    let said = "A row of reference data: a school's catchment, a catchment's provider, in-school provision.";
    let stream = "`system/REFERENCE`";
    writeln!(page, "| `{REFERENCE_RECORDED}` | {stream} | facts | {said} | `what`, `from` and those of its kind |")
        .unwrap();
}

fn acts_of_providers(page: &mut String) {
    page.push_str("\n## Acts of a provider\n\n`POST /v1/providers/{provider}/actions/{action}`, by its workflow lead; work with a group by any of its staff. Documents lie outside the ledger: their SHA-256 and length are recorded.\n\n");
    page.push_str("| Action | Rules | What it does | Facts |\n|---|---|---|---|\n");
    for info in PROVIDER_ACTS {
        let facts = names(&object(info.facts));
        writeln!(page, "| `{}` | {} | {} | {facts} |", info.name, info.rules, info.summary).unwrap();
    }
}

fn openings(page: &mut String) {
    page.push_str("\n## Opening a case\n\n`POST /v1/cases`; a student with an active case gets the referral attached to it (Q4).\n\n");
    page.push_str("| Action | Rules | What it does | Facts |\n|---|---|---|---|\n");
    for info in OPENINGS {
        let facts = names(&object(info.facts));
        writeln!(page, "| `{}` | {} | {} | {facts} |", info.name, info.rules, info.summary).unwrap();
    }
}

fn object(of: fn(&mut schemars::SchemaGenerator) -> schemars::Schema) -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true).into_generator();
    serde_json::to_value(of(&mut generator)).unwrap()
}

fn actions(page: &mut String) {
    page.push_str("\n## Actions on a case\n\n`POST /v1/cases/{case}/actions/{action}`. A closed case takes *late records* when they occurred before it was closed (R40).\n\n");
    page.push_str("| Action | Who | Rules | On a closed case | What it does | Facts | Personal |\n|---|---|---|---|---|---|---|\n");
    for info in ACTIONS {
        let ActionInfo { name, rules, summary, .. } = info;
        let who = info.who.iter().map(who).collect::<Vec<_>>().join(", ");
        let on_closed = match info.on_closed {
            OnClosed::Refused => "refused",
            OnClosed::IfItOccurredBefore => "late records",
            OnClosed::Accepted => "taken",
        };
        let (facts, personal) = (names(&object(info.facts)), names(&object(info.personal)));
        writeln!(page, "| `{name}` | {who} | {rules} | {on_closed} | {summary} | {facts} | {personal} |").unwrap();
    }
}

fn who(who: &Who) -> &'static str {
    match who {
        Who::CurrentProvider => "the provider that holds the case",
        Who::CurrentWorkflowLead => "its workflow lead",
        Who::AnyProvider => "any provider",
        Who::CaseSchool => "the school of enrolment",
        Who::Cit => "CIT",
        Who::Enrol => "ENROL",
        Who::Agency => "INZ, MSD",
        Who::ServiceDesk => "the Service Desk",
        Who::Prosecutions => "the Prosecutions Unit",
    }
}

fn refusals(page: &mut String) {
    page.push_str("\n## Refusals\n\nWhat a rule answers when it says no. When several apply, the first wins: the actor, the time, the case that ended (closed, not referred, merged), the open request, then the action's own rules in the order they stand in its file. In a problem document `rule` is the rule's id, `detail` what was true, `facts` the facts behind it, `way_out` what would make it possible, `source` what says so.\n\n");
    page.push_str("| Code | Rule | What was true | What would make it possible | Source |\n|---|---|---|---|---|\n");
    for (&(rule, code, way_out), sentence) in Refusal::ALL.iter().zip(Refusal::SENTENCES) {
        let source = source_of(rule).join("; ");
        writeln!(page, "| `{code}` | {rule} | {sentence} | {way_out} | {source} |").unwrap();
    }
}
