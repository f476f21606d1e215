//! Every action and every event type has a sample, so that tables over all of them are complete.

use crate::action::{ACTIONS, CaseAction};
use crate::event::{CaseEvent, EVENT_TYPES};
use crate::testing::*;

#[test]
fn every_action_has_a_sample_that_reads() {
    for info in ACTIONS {
        assert_eq!(sample_action(info.name).info().name, info.name);
    }
}

#[test]
fn every_event_type_has_a_sample_in_the_order_of_the_table() {
    let names: Vec<_> = sample_events().iter().map(CaseEvent::kind).collect();
    let table: Vec<_> = EVENT_TYPES.iter().map(|row| row.name).collect();
    assert_eq!(names, table);
}

#[test]
fn names_of_actions_events_and_refusals_are_single_and_of_their_form() {
    let of_form = |name: &str, joint: char| name.chars().all(|c| c.is_ascii_lowercase() || c == joint);
    let mut actions: Vec<_> = ACTIONS.iter().map(|info| info.name).collect();
    let mut events: Vec<_> = EVENT_TYPES.iter().map(|row| row.name).collect();
    let mut codes: Vec<_> = crate::refusal::Refusal::ALL.iter().map(|&(_, code, _)| code).collect();
    for (names, joint) in [(&mut actions, '-'), (&mut events, '_'), (&mut codes, '-')] {
        assert!(names.iter().all(|name| of_form(name, joint)), "{names:?}");
        let before = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), before, "a name stands twice");
    }
}

#[test]
fn an_unknown_name_is_no_action() {
    assert!(CaseAction::parse("reopen-all", "{}", "{}").is_none());
}

/// Every action whose sample cannot be repeated within its facts says so with an error that names the field.
#[test]
fn lists_that_are_too_long_are_refused_where_they_stand() {
    let many = |value: serde_json::Value| serde_json::Value::from(vec![value; crate::input::ENTRIES_MAX + 1]);
    let (_, plan) = sample("record-plan");
    let (_, travel) = sample("record-overseas-evidence");
    for (name, facts, personal, pointer) in [
        ("record-plan", serde_json::json!({"barriers": many("HEALTH".into())}), plan, "/facts/barriers"),
        ("record-overseas-evidence", serde_json::json!({"kinds": many("date_left".into())}), travel, "/facts/kinds"),
        (
            "record-contact-details",
            sample("record-contact-details").0,
            serde_json::json!({"contacts": {"phones": many("021".into())}}),
            "/personal/contacts/phones",
        ),
        (
            "record-plan",
            serde_json::json!({}),
            serde_json::json!({"plan": {"goals": many("x".into()), "actions": []}}),
            "/personal/plan/goals",
        ),
    ] {
        let error = CaseAction::parse(name, &facts.to_string(), &personal.to_string()).unwrap().unwrap_err();
        assert_eq!((error.pointer.as_str(), error.what.as_str()), (pointer, "at most 50 entries are taken"), "{name}");
    }
}
