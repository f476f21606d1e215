use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::action::{ACTIONS, CaseAction};
use crate::opening::{OPENINGS, Opening};

/// Stands in every place where something personal could stand.
const CANARY: &str = "Hemi, expected Hone at line `1`";

fn bad(name: &str, facts: &Value, personal: &Value) -> BadInput {
    CaseAction::parse(name, &facts.to_string(), &personal.to_string()).unwrap().unwrap_err()
}

#[test]
fn an_error_points_at_the_field_and_says_what_is_expected() {
    let note = json!({"note": {"text": "Called."}});
    for (name, facts, personal, pointer, what) in [
        ("close", json!({"reason": CANARY}), json!({}), "/facts/reason", "unknown variant, expected one of"),
        ("close", json!({"reason": 7}), json!({}), "/facts/reason", "invalid type, expected a text"),
        ("close", json!({}), json!({}), "/facts", "missing field `reason`"),
        ("close", json!({"reason": "enrolled", CANARY: 1}), json!({}), "/facts", "unknown field, expected `reason`"),
        ("close", json!([]), json!({}), "/facts", "invalid type, expected an object"),
        ("close", json!(["enrolled"]), json!({}), "/facts", "invalid type, expected an object"),
        ("add-comment", json!({}), json!([{"text": "x"}]), "/personal", "invalid type, expected an object"),
        ("add-comment", json!({}), json!({}), "/personal", "missing field `note`"),
        ("add-comment", json!({}), json!({"note": CANARY}), "/personal/note", "invalid type, expected an object"),
        ("add-comment", json!({"share_with_schools": CANARY}), note.clone(), "/facts/share_with_schools", "a boolean"),
        ("add-comment", json!({}), json!({"note": {"text": 123456789}}), "/personal/note/text", "invalid type"),
        ("add-comment", json!({}), json!({"note": {"text": "x", CANARY: 1}}), "/personal/note", "not known here"),
        ("add-comment", json!({}), json!({CANARY: 1}), "/personal", "unknown field, expected `note`"),
        (
            "change-comment-sharing",
            json!({"comment": 70000}),
            json!({}),
            "/facts/comment",
            "invalid value, expected a whole number from 0 to 65535",
        ),
        ("assign-case-manager", json!({"manager": CANARY}), json!({}), "/facts/manager", "not a code"),
        (
            "withdraw-information-request",
            json!({"request": 1, "reason": "case_closed"}),
            json!({}),
            "/facts/reason",
            "unknown variant, expected one of `not_needed`",
        ),
        ("record-overseas-evidence", json!({"kinds": []}), json!({"travel": {}}), "/facts/kinds", "at least one"),
        (
            "record-overseas-evidence",
            json!({"kinds": ["passport_number", CANARY]}),
            json!({}),
            "/facts/kinds/1",
            "unknown variant",
        ),
        (
            "answer-information-request",
            json!({"request": 1, "whereabouts": "out"}),
            json!({}),
            "/facts",
            "unknown field, expected `request`",
        ),
    ] {
        let error = bad(name, &facts, &personal);
        assert_eq!(error.pointer, pointer, "{name} {facts} {personal}: {error}");
        assert!(error.what.contains(what), "{name} {facts} {personal}: {error}");
        assert!(!error.what.contains("Hemi") && !error.what.contains("Hone"), "{error}");
        assert!(!error.what.contains("123456789"), "{error}");
    }
}

#[test]
fn what_is_not_json_is_told_without_repeating_it() {
    for text in
        ["", "{", "Hemi", "{\"reason\": Hemi}", "{\"reason\": \"Hemi", "{} Hemi", "\u{0}", "{\"Hemi\"}", "1e999"]
    {
        let error = CaseAction::parse("close", text, "{}").unwrap().unwrap_err();
        assert!(error.pointer.starts_with("/facts"), "{text}: {error:?}");
        assert!(!error.what.contains("Hemi") && !error.pointer.contains("Hemi"), "{text}: {error:?}");
    }
}

/// Any JSON, with canaries for texts and keys and a number that could be an NSN.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(987_654_321)),
        Just(json!(98765.4321)),
        Just(json!(CANARY)),
        prop::sample::select(vec!["enrolled", "inz", "ASP-01", "2026-03-01", "OUT", "in_person"]).prop_map(Value::from),
        "\\PC{0,12}".prop_map(|text| Value::from(format!("Hemi {text}"))),
    ];
    let key = prop_oneof![Just(CANARY.to_owned()), prop::sample::select(keys()).prop_map(str::to_owned)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn keys() -> Vec<&'static str> {
    vec![
        "reason",
        "note",
        "text",
        "student",
        "nsn",
        "family_name",
        "given_names",
        "birth_date",
        "contacts",
        "address",
        "caregivers",
        "name",
        "answer",
        "code",
        "travel",
        "plan",
        "goals",
        "actions",
        "agreement",
        "target",
        "provider",
        "agreements",
        "kinds",
        "request",
        "comment",
        "school",
        "mode",
        "with",
        "outcome",
        "effective_on",
        "barriers",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::testing::cases(200), ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_sent_comes_back_in_an_error_and_nothing_panics(facts in any_json(), personal in any_json()) {
        let (facts, personal) = (facts.to_string(), personal.to_string());
        let actions = ACTIONS.iter().map(|info| CaseAction::parse(info.name, &facts, &personal).unwrap().err());
        let openings = OPENINGS.iter().map(|info| Opening::parse(info.name, &facts, &personal).unwrap().err());
        for error in actions.chain(openings).flatten() {
            let told = format!("{} {}", error.pointer, error.what);
            for canary in ["Hemi", "Hone", "987", "4321"] {
                prop_assert!(!told.contains(canary), "{told}");
            }
        }
    }

    #[test]
    fn no_text_makes_reading_panic(facts in "\\PC{0,60}", personal in "\\PC{0,60}") {
        for info in ACTIONS {
            let _ = CaseAction::parse(info.name, &facts, &personal);
        }
        for info in OPENINGS {
            let _ = Opening::parse(info.name, &facts, &personal);
        }
    }
}
