//! One thing somebody does, as a term or a situation tells it: who, when, what, and what should come of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// What a step is done to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum On {
    /// It opens a case, which the story calls by this name from then on.
    New(String),
    /// It is done to the case of this name.
    Case(String),
}

/// The idempotency key a step is sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// One of its own.
    Own,
    /// The key of an earlier step of the same story, by number.
    Of(u16),
}

/// One command, with what should come of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Which story it belongs to; steps of one story are done one after the other.
    pub story: u32,
    /// Its number in the story, from 0.
    pub number: u16,
    /// When it is recorded: the simulated clock is moved there first.
    pub at: DateTime<Utc>,
    /// Who does it, as the development header says it: `person/role/organisation`.
    pub actor: String,
    /// What it is done to.
    pub on: On,
    /// The action's name.
    pub action: String,
    /// The body, as it is sent: one text a step keeps a term of a whole country small in memory.
    pub body: Box<str>,
    /// The key it is sent with.
    pub key: Key,
    /// The version the actor saw (`If-Match`), where they say so.
    pub saw: Option<u32>,
    /// What should come of it.
    pub expect: Expect,
    /// The event types it should record, where the story says so.
    pub records: Option<Vec<String>>,
}

/// Puts a command's body together; one that opens a case names its action there, others in the URL.
pub fn body(on: &On, action: &str, occurred_at: Option<&str>, facts: &Value, personal: &Value) -> Box<str> {
    let mut body = match on {
        On::New(_) => json!({"action": action}),
        On::Case(_) => json!({}),
    };
    if let Some(occurred_at) = occurred_at {
        body["occurred_at"] = json!(occurred_at);
    }
    for (name, part) in [("facts", facts), ("personal", personal)] {
        if part.as_object().is_some_and(|fields| !fields.is_empty()) {
            body[name] = part.clone();
        }
    }
    body.to_string().into()
}

impl Step {
    /// Returns the body with the ids of the cases it speaks of in the place of their names, `case:<name>`.
    ///
    /// A name nobody opened stays, and is refused as no id.
    pub fn body_in(&self, cast: &HashMap<String, String>) -> Cow<'_, str> {
        if !self.body.contains("\"case:") {
            return Cow::Borrowed(&self.body);
        }
        let named = |body: String, (name, id): (&String, &String)| {
            body.replace(&format!("\"case:{name}\""), &format!("\"{id}\""))
        };
        Cow::Owned(cast.iter().fold(self.body.to_string(), named))
    }
}

/// What should come of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expect {
    /// It is recorded: `accepted`.
    Accepted,
    /// It was recorded before, under the same key, and the first receipt comes again: `repeated`.
    Repeated,
    /// There is nothing to do, and nothing is recorded: `nothing`.
    Nothing,
    /// A rule says no: `refused R20 pinned-by-request`.
    Refused {
        /// The id of the rule.
        rule: String,
        /// The stable code.
        code: String,
    },
    /// Somebody was faster: `stale`.
    Stale,
    /// The key belongs to another command: `conflict`.
    Conflict,
    /// The body is of the wrong form: `bad-input /facts/school`.
    BadInput {
        /// JSON pointer to the field.
        pointer: String,
    },
}

impl Expect {
    /// Expects a refusal.
    pub fn refused(rule: &str, code: &str) -> Expect {
        Expect::Refused { rule: rule.to_owned(), code: code.to_owned() }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Accepted => f.write_str("accepted"),
            Expect::Repeated => f.write_str("repeated"),
            Expect::Nothing => f.write_str("nothing"),
            Expect::Refused { rule, code } => write!(f, "refused {rule} {code}"),
            Expect::Stale => f.write_str("stale"),
            Expect::Conflict => f.write_str("conflict"),
            Expect::BadInput { pointer } => write!(f, "bad-input {pointer}"),
        }
    }
}

/// A text that names no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no outcome; one of: accepted, repeated, nothing, refused <rule> <code>, stale, conflict, bad-input <pointer>"
)]
pub struct BadExpect {
    /// What stood there.
    pub text: String,
}

impl FromStr for Expect {
    type Err = BadExpect;
    fn from_str(text: &str) -> Result<Expect, BadExpect> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["accepted"] => Expect::Accepted,
            ["repeated"] => Expect::Repeated,
            ["nothing"] => Expect::Nothing,
            ["refused", rule, code] => Expect::refused(rule, code),
            ["stale"] => Expect::Stale,
            ["conflict"] => Expect::Conflict,
            ["bad-input", pointer] => Expect::BadInput { pointer: (*pointer).to_owned() },
            _ => return Err(BadExpect { text: text.to_owned() }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_reads_back_as_it_is_written() {
        for text in [
            "accepted",
            "repeated",
            "nothing",
            "refused R20 pinned-by-request",
            "stale",
            "conflict",
            "bad-input /facts/school",
        ] {
            assert_eq!(text.parse::<Expect>().unwrap().to_string(), text);
        }
        for text in ["", "refused", "refused R20", "Accepted", "accepted now"] {
            assert!(text.parse::<Expect>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_body_holds_what_is_said_and_no_more() {
        let case = On::Case("case".into());
        assert_eq!(&*body(&case, "review", None, &json!({}), &Value::Null), "{}");
        let full = body(&case, "review", Some("2026-05-04"), &json!({"mode": "phone"}), &json!({}));
        assert_eq!(&*full, r#"{"facts":{"mode":"phone"},"occurred_at":"2026-05-04"}"#);
        assert_eq!(&*body(&On::New("case".into()), "x", None, &json!({}), &json!({})), r#"{"action":"x"}"#);
    }
}
