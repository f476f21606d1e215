//! Whether a schema may take the place of another of the same version: what was stored under the old one still reads,
//! and who subscribed to the old one is still told everything in the same form.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Returns what a schema breaks of the one before it; `None` where it only adds what may be absent.
pub fn breaks(old: &Value, new: &Value, at: &str) -> Option<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.keys().chain(new.keys()).find_map(|key| of_key(key, old, new, at))
        }
        _ if old == new => None,
        _ => Some(format!("{at} is {new} and was {old}")),
    }
}

fn of_key(key: &str, old: &Map<String, Value>, new: &Map<String, Value>, at: &str) -> Option<String> {
    let here = format!("{at}/{key}");
    match (key, old.get(key), new.get(key)) {
        ("description" | "title" | "$schema", _, _) => None,
        // Policies are stored whole: what a table holds where nothing is said concerns whoever sets one, and nothing stored.
        ("default", Some(Value::Array(_) | Value::Object(_)), Some(Value::Array(_) | Value::Object(_))) => None,
        ("required", before, now) => {
            let (before, now) = (names(before), names(now));
            (before != now).then(|| format!("{here} is {now:?} and was {before:?}"))
        }
        ("properties" | "$defs", before, now) => {
            let none = Map::new();
            let (before, now) = (before.and_then(Value::as_object), now.and_then(Value::as_object));
            let (before, now) = (before.unwrap_or(&none), now.unwrap_or(&none));
            before.iter().find_map(|(name, before)| match now.get(name) {
                Some(now) => breaks(before, now, &format!("{here}/{name}")),
                None => Some(format!("{here}/{name} is gone")),
            })
        }
        ("oneOf" | "anyOf" | "enum", Some(Value::Array(before)), Some(Value::Array(now))) => before
            .iter()
            .find(|before| now.iter().all(|now| breaks(before, now, "").is_some()))
            .map(|gone| format!("{here} misses {gone}")),
        (_, Some(before), Some(now)) => breaks(before, now, &here),
        (_, None, None) => None,
        (_, before, now) => Some(format!("{here} is {now:?} and was {before:?}")),
    }
}

fn names(list: Option<&Value>) -> BTreeSet<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn what_breaks_stored_bytes_or_subscribers_is_found_and_what_adds_is_not() {
    let old = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "string", "description": "One."}, "b": {"enum": ["x", "y"]}}});
    let with = |pointer: &str, value: Value| {
        let mut new = old.clone();
        *new.pointer_mut(pointer).unwrap() = value;
        new
    };
    for (new, fine) in [
        (old.clone(), true),
        (with("/properties/a/description", json!("Another.")), true),
        (with("/properties/b/enum", json!(["x", "y", "z"])), true),
        (with("/properties/b/enum", json!(["x"])), false),
        (with("/properties/a/type", json!("integer")), false),
        (with("/required", json!(["a", "b"])), false),
        (with("/required", json!([])), false),
        (with("/properties", json!({"a": {"type": "string"}})), false),
        (with("/properties", json!({"a": {"type": "string"}, "b": {"enum": ["x", "y"]}, "c": {}})), true),
    ] {
        assert_eq!(breaks(&old, &new, "").is_none(), fine, "{new}");
    }
}
