//! What came of a step, and whether that is what the story says.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use super::client::Answer;
use super::step::{Expect, Step};

/// What came of a step.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It was recorded, now or earlier under the same key.
    Recorded {
        /// The case's id.
        case: String,
        /// Whether it was recorded before.
        repeated: bool,
        /// The receipt as it came.
        receipt: Value,
    },
    /// There was nothing to do.
    Nothing {
        /// The case's id.
        case: String,
    },
    /// A rule says no.
    Refused {
        /// The id of the rule.
        rule: String,
        /// The stable code.
        code: String,
        /// The sentence for people.
        detail: String,
    },
    /// Any other problem document.
    Problem {
        /// The status code.
        status: u16,
        /// The stable code.
        code: String,
        /// JSON pointer to the field, where one is named.
        pointer: Option<String>,
        /// The sentence for people.
        detail: String,
    },
}

impl Outcome {
    /// Reads an answer to a command.
    pub fn of(answer: &Answer) -> Outcome {
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        if answer.status.is_success() {
            let receipt = answer.body["receipt"].clone();
            return match receipt.is_object() {
                true => Outcome::Recorded {
                    case: text("case"),
                    repeated: answer.body["repeated"].as_bool().unwrap_or(false),
                    receipt,
                },
                false => Outcome::Nothing { case: text("case") },
            };
        }
        // A case that the actor may not know of is answered like one that there is not: `refused 404 unknown-case`; whose
        // role no grant names is turned away at the door: `refused E47 no-grant`.
        const REFUSES: [StatusCode; 3] =
            [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
        let refuses = REFUSES.contains(&answer.status);
        if refuses && answer.body["rule"].is_string() {
            return Outcome::Refused { rule: text("rule"), code: text("code"), detail: text("detail") };
        }
        Outcome::Problem {
            status: answer.status.as_u16(),
            code: text("code"),
            pointer: answer.body["pointer"].as_str().map(str::to_owned),
            detail: text("detail"),
        }
    }

    /// Returns the id of the case it speaks of, where it does.
    pub fn case(&self) -> Option<&str> {
        match self {
            Outcome::Recorded { case, .. } | Outcome::Nothing { case } if !case.is_empty() => Some(case),
            _ => None,
        }
    }

    /// Returns whether this is what was expected.
    pub fn is(&self, expect: &Expect) -> bool {
        match (expect, self) {
            (Expect::Accepted, Outcome::Recorded { .. }) | (Expect::Nothing, Outcome::Nothing { .. }) => true,
            (Expect::Repeated, Outcome::Recorded { repeated, .. }) => *repeated,
            (Expect::Refused { rule, code }, Outcome::Refused { rule: got, code: got_code, .. }) => {
                (rule, code) == (got, got_code)
            }
            (Expect::Stale, Outcome::Problem { status, .. }) => *status == 412,
            (Expect::Conflict, Outcome::Problem { status, .. }) => *status == 409,
            (Expect::BadInput { pointer }, Outcome::Problem { status, pointer: got, .. }) => {
                matches!(status, 400 | 422) && got.as_ref() == Some(pointer)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Recorded { repeated: false, .. } => f.write_str("accepted"),
            Outcome::Recorded { repeated: true, .. } => f.write_str("repeated"),
            Outcome::Nothing { .. } => f.write_str("nothing"),
            Outcome::Refused { rule, code, detail } => write!(f, "refused {rule} {code} ({detail})"),
            Outcome::Problem { status, code, pointer, detail } => {
                write!(f, "{status} {code}")?;
                if let Some(pointer) = pointer {
                    write!(f, " at {pointer}")?;
                }
                write!(f, " ({detail})")
            }
        }
    }
}

/// A step that did not go as the story says.
#[derive(Clone, PartialEq, Debug)]
pub struct Surprise {
    /// Where it stands: the story, or a situation's file and step.
    pub place: String,
    /// Who did what.
    pub deed: String,
    /// What should have come of it.
    pub expected: String,
    /// What came of it.
    pub got: String,
}

impl Surprise {
    /// Describes a step's outcome that was not expected.
    pub fn new(place: String, step: &Step, got: impl fmt::Display) -> Surprise {
        let deed = format!("{} by {}", step.action, step.actor);
        Surprise { place, deed, expected: step.expect.to_string(), got: got.to_string() }
    }
}

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: expected {}, got {}", self.place, self.deed, self.expected, self.got)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: Value) -> Outcome {
        Outcome::of(&Answer { status: StatusCode::from_u16(status).unwrap(), body })
    }

    #[test]
    fn answers_are_told_apart() {
        let table = [
            (answer(201, json!({"case": "c", "receipt": {"position": 5}, "repeated": false})), "accepted"),
            (answer(200, json!({"case": "c", "receipt": {"position": 5}, "repeated": true})), "repeated"),
            (answer(200, json!({"case": "c", "receipt": null, "nothing_to_do": true})), "nothing"),
            (
                answer(422, json!({"rule": "R20", "code": "pinned-by-request", "detail": "…"})),
                "refused R20 pinned-by-request",
            ),
            (answer(404, json!({"rule": "404", "code": "unknown-case"})), "refused 404 unknown-case"),
            (answer(412, json!({"code": "stale"})), "stale"),
            (answer(409, json!({"code": "idempotency-key-reused"})), "conflict"),
            (answer(422, json!({"code": "bad-input", "pointer": "/facts/school"})), "bad-input /facts/school"),
        ];
        for (outcome, text) in table {
            let expected: Expect = text.parse().unwrap();
            assert!(outcome.is(&expected), "{outcome} is {text}");
        }
        let refused = answer(422, json!({"rule": "R20", "code": "pinned-by-request", "detail": "…"}));
        assert!(!refused.is(&Expect::Accepted) && !refused.is(&Expect::refused("R22", "pinned-by-request")));
    }
}
