//! Where a bundle about one person tells of others: by the names of the fields, for prose by a person's own eyes.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// JSON pointers into what was marked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Marks {
    /// Fields about somebody else: caregivers, fellow travellers, people who agreed to a move.
    pub about_others: Vec<String>,
    /// Prose, which may name anybody: to be read before it is handed out.
    pub to_be_read: Vec<String>,
}

/// Fields of the personal parts that are about other people than the student.
const OTHERS: &[&str] = &["caregivers", "companions", "agreed_by"];

/// Fields of the personal parts that hold prose.
const PROSE: &[&str] = &["text", "detail", "goals", "actions"];

/// What the personal parts stand under: facts hold no prose, and codes where these hold names.
const PERSONAL: &[&str] = &["contacts", "body", "note", "answer", "words", "comments", "statements"];

/// Marks what tells of others.
pub fn marks(bundle: &Value) -> Marks {
    let mut marks = Marks::default();
    walk(bundle, "", false, &mut marks);
    marks.about_others.sort();
    marks.to_be_read.sort();
    marks
}

fn walk(value: &Value, pointer: &str, is_personal: bool, marks: &mut Marks) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let pointer = format!("{pointer}/{name}");
                if is_personal && says_something(field) {
                    if OTHERS.contains(&name.as_str()) {
                        marks.about_others.push(pointer);
                        continue;
                    }
                    if PROSE.contains(&name.as_str()) {
                        marks.to_be_read.push(pointer);
                        continue;
                    }
                }
                walk(field, &pointer, is_personal || PERSONAL.contains(&name.as_str()), marks);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{i}"), is_personal, marks);
            }
        }
        _ => {}
    }
}

/// Numbers and empty lists name nobody.
fn says_something(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn caregivers_and_names_are_marked_and_prose_is_to_be_read() {
        let bundle = json!([{
            "case": {
                "contacts": {"address": ["12 Tāwhai Street"], "caregivers": [{"name": "Mere"}]},
                "plans": [{"goals": 2, "words": {"goals": ["Four days"], "actions": ["Bus card"]}}],
                "agreements": [{"agreement": {"agreed_by": "LEAD"}, "note": {"agreed_by": "Ana", "text": null}}],
                "comments": [{"number": 1, "text": "Spoke with his aunt."}],
            },
            "timeline": [{"facts": {"actions": ["A"]}, "personal": [{"body": {"companions": [], "text": "x"}}]}],
        }]);
        let Marks { about_others, to_be_read } = marks(&bundle);
        assert_eq!(about_others, ["/0/case/agreements/0/note/agreed_by", "/0/case/contacts/caregivers"]);
        assert_eq!(
            to_be_read,
            [
                "/0/case/comments/0/text",
                "/0/case/plans/0/words/actions",
                "/0/case/plans/0/words/goals",
                "/0/timeline/0/personal/0/body/text",
            ]
        );
    }

    #[test]
    fn every_kind_of_personal_part_is_the_students_own_or_marked() {
        // A field added to a part must be sorted here: into the lists above, or among what is the student's own.
        const OWN: &[&str] = &[
            "nsn",
            "family_name",
            "given_names",
            "preferred_name",
            "birth_date",
            "address",
            "phones",
            "emails",
            "code",
            "document",
            "date_left",
            "travelled_as",
            "passport",
            "name",
            "sought",
        ];
        let mut generator = schemars::SchemaGenerator::default();
        let parts = [
            generator.root_schema_for::<caseledger_events::parts::ReferralParts>(),
            generator.root_schema_for::<caseledger_events::parts::PlanParts>(),
            generator.root_schema_for::<caseledger_events::parts::AnswerParts>(),
            generator.root_schema_for::<caseledger_events::parts::TravelParts>(),
            generator.root_schema_for::<caseledger_events::parts::AgreementParts>(),
        ];
        for part in parts {
            for (kind, schema) in part.as_value()["$defs"].as_object().unwrap() {
                for field in schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
                    let field = field.as_str();
                    let is_sorted = OTHERS.contains(&field) || PROSE.contains(&field) || OWN.contains(&field);
                    assert!(is_sorted || kind == "Caregiver", "{kind}.{field}");
                }
            }
        }
    }
}
