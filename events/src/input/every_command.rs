//! Bad input of every command there is: each fact of the wrong kind, each text too long or with what cannot be seen.

use serde_json::{Value, json};

use super::BadInput;
use crate::action::{ACTIONS, CaseAction};
use crate::opening::{OPENINGS, Opening};
use crate::personal::TEXT_CHARS_MAX;
use crate::provider::{PROVIDER_ACTS, ProviderAct};
use crate::testing::*;

/// Reads a command of any kind as it would come in; `Ok` where it reads.
fn read(name: &str, facts: &Value, personal: &Value) -> Result<(), BadInput> {
    let (facts, personal) = (facts.to_string(), personal.to_string());
    if let Some(read) = CaseAction::parse(name, &facts, &personal) {
        return read.map(drop);
    }
    if let Some(read) = Opening::parse(name, &facts, &personal) {
        return read.map(drop);
    }
    ProviderAct::parse(name, &facts).expect("a name of one of the tables").map(drop)
}

/// Every command with facts and personal parts that read.
fn every_command() -> Vec<(&'static str, Value, Value)> {
    let of_case = ACTIONS.iter().map(|info| {
        let (facts, personal) = sample(info.name);
        (info.name, facts, personal)
    });
    let openings = OPENINGS.iter().map(|info| {
        let facts = match info.name {
            "submit-support-request" => request_facts(),
            "notify-non-enrolment" => notice_facts(),
            "report-unenrolled-student" => report_facts(),
            "migrate-case" => migration_facts(),
            other => panic!("{other} has no sample: write one"),
        };
        (info.name, facts, referral_parts())
    });
    let of_providers = PROVIDER_ACTS.iter().map(|info| (info.name, provider_facts(info.name), json!({})));
    of_case.chain(openings).chain(of_providers).collect()
}

/// The pointers to every text in a value.
fn texts(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, item)| texts(item, &format!("{at}/{i}"))).collect()
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, field)| texts(field, &format!("{at}/{name}"))).collect()
        }
        _ => vec![],
    }
}

fn with(value: &Value, pointer: &str, text: &str) -> Value {
    let mut value = value.clone();
    *value.pointer_mut(pointer).expect("a pointer into the value") = json!(text);
    value
}

#[test]
fn every_sample_reads() {
    for (name, facts, personal) in every_command() {
        assert_eq!(read(name, &facts, &personal), Ok(()), "{name}");
    }
}

#[test]
fn a_fact_of_the_wrong_kind_is_told_by_its_field_in_every_command() {
    for (name, facts, personal) in every_command() {
        for field in facts.as_object().unwrap().keys() {
            let wrong = changed(facts.clone(), json!({ field: {"not": "so"} }));
            let error = read(name, &wrong, &personal).unwrap_err();
            assert!(error.pointer.starts_with(&format!("/facts/{field}")), "{name}: {error:?}");
        }
        let unknown = changed(facts, json!({"no_such_fact": 1}));
        assert_eq!(read(name, &unknown, &personal).unwrap_err().pointer, "/facts", "{name}");
    }
}

#[test]
fn a_missing_fact_is_told_or_was_not_needed_in_every_command() {
    for (name, facts, personal) in every_command() {
        for field in facts.as_object().unwrap().keys() {
            let without = changed(facts.clone(), json!({ field: null }));
            if let Err(error) = read(name, &without, &personal) {
                assert!(error.pointer.starts_with("/facts"), "{name} without {field}: {error:?}");
            }
        }
    }
}

#[test]
fn a_text_that_is_too_long_or_hides_something_is_told_by_its_field_in_every_command() {
    let huge = "ā".repeat(TEXT_CHARS_MAX + 1);
    for (name, facts, personal) in every_command() {
        for pointer in texts(&personal, "") {
            let hidden = ["Re\u{202E}imēH", "Hē\u{200B}mi", "a\u{0}b", "\u{FEFF}Hēmi", "Hē\u{61C}mi"];
            for wrong in [huge.as_str(), "", " \n"].into_iter().chain(hidden) {
                // A code as answered is kept to the letter, whatever it holds (§1.8).
                if pointer == "/answer/code" && wrong.chars().any(char::is_alphabetic) && wrong.len() < 100 {
                    continue;
                }
                let error = read(name, &facts, &with(&personal, &pointer, wrong));
                let error = error.expect_err(&format!("{name} {pointer}"));
                assert!(error.pointer.starts_with("/personal"), "{name}: {error:?}");
                assert!(!error.what.contains("Hē") && !error.what.contains("imē"), "{name}: {error:?}");
            }
        }
        for pointer in texts(&facts, "") {
            for wrong in [huge.as_str(), "", "Hē\u{200B}mi", "a b", "lower"] {
                let error = read(name, &with(&facts, &pointer, wrong), &personal);
                let error = error.expect_err(&format!("{name} {pointer} {}", wrong.len()));
                assert!(error.pointer.starts_with("/facts"), "{name}: {error:?}");
                assert!(!error.what.contains("Hē"), "{name}: {error:?}");
            }
        }
    }
}

/// Decomposed macrons are the same names: they are taken, and stored composed.
#[test]
fn a_decomposed_macron_is_taken_in_every_text_of_every_command() {
    for (name, facts, personal) in every_command() {
        let is_date = |pointer: &String| pointer.ends_with("date") || pointer.ends_with("date_left");
        for pointer in texts(&personal, "").into_iter().filter(|p| !is_date(p) && !p.ends_with("nsn")) {
            assert_eq!(read(name, &facts, &with(&personal, &pointer, "Ha\u{304}mi")), Ok(()), "{name} {pointer}");
        }
    }
}
