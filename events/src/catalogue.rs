//! The catalogue for people and the JSON Schemas for programs, made from the tables and compared with what is kept.
//!
//! `UPDATE_GOLDEN=1 cargo test -p caseledger-events catalogue` writes them anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use self::schemas::{Facts, schema, schema_of};
use crate::access::AccessEvent;
use crate::action::{ACTIONS, ActionInfo, OnClosed, Who};
use crate::event::{Broadcast, EVENT_TYPES, EventType};
use crate::keys::KeyEvent;
use crate::opening::OPENINGS;
use crate::policy::{POLICY_SET, Policy, QUESTIONS, explain};
use crate::provider::{PROVIDER_ACTS, PROVIDER_EVENTS};
use crate::reference::REFERENCE_RECORDED;
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
mod pages;
mod schemas;

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

/// What the ledger records about itself, about who may act, and about students' keys: stream, types, facts.
fn of_the_ledger() -> [(&'static str, &'static [&'static str], Facts); 4] {
    [
        ("system/LEDGER", &LedgerEvent::KINDS, |generator| <LedgerEvent as JsonSchema>::json_schema(generator)),
        ("system/ACCESS", &AccessEvent::KINDS, |generator| <AccessEvent as JsonSchema>::json_schema(generator)),
        ("system/KEYS", &KeyEvent::KINDS, |generator| <KeyEvent as JsonSchema>::json_schema(generator)),
        ("system/ACCESS-HEAD", &AccessHeadEvent::KINDS, |g| <AccessHeadEvent as JsonSchema>::json_schema(g)),
    ]
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
    page.push_str("\n## Events of a case\n\nStream `case/<id>`. Each has a page with its facts and an example, and a JSON Schema in `events/schemas/`; the facts of those that go out with them are together in `docs/examples/events.json`; `events/asyncapi.json` describes the broadcast.\n\n");
    page.push_str("| Type | Version | Source | Broadcast | What has happened | Facts |\n|---|---|---|---|---|---|\n");
    for row in EVENT_TYPES {
        let broadcast = match row.broadcast {
            Broadcast::Facts => "facts",
            Broadcast::Restricted => "position and hash alone",
        };
        let EventType { name, version, source, summary, .. } = row;
        let facts = names(&schema(row));
        writeln!(
            page,
            "| [`{name}`](events/{name}.v{version}.md) | {version} | {source} | {broadcast} | {summary} | {facts} |"
        )
        .unwrap();
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
        writeln!(page, "| {} | {} | {} | {facts} |", linked(row.name), row.source, row.summary).unwrap();
    }
    let policy = "Another policy was set; docs/policy.md lists what it decides.";
    writeln!(page, "| {} | Q1–Q39 | {policy} | `version`, `effective_on`, `policy` |", linked(POLICY_SET)).unwrap();
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
            writeln!(page, "| {} | `{stream}` | {broadcast} | {said} | {facts} |", linked(kind)).unwrap();
        }
    }
    let said = "A row of reference data: a school's catchment, a catchment's provider, in-school provision.";
    let stream = "`system/REFERENCE`";
    let name = linked(REFERENCE_RECORDED);
    writeln!(page, "| {name} | {stream} | facts | {said} | `what`, `from` and those of its kind |").unwrap();
}

/// The name of a type in schema version 1, leading to its page.
fn linked(name: &str) -> String {
    format!("[`{name}`](events/{name}.v1.md)")
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
