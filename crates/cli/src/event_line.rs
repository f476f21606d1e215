//! An event as one line of a replay or an export, and as one row for people.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_events::personal::Part;
use caseledger_events::readable::{PartLabel, ReadableEvent};
use caseledger_log::REQUEST_PART;
use caseledger_proof::Hash;
use chrono_tz::Pacific::Auckland;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::exit::Failure;
use crate::journal::undecodable;

/// An event as it stands in a replay or an export: the form GET /v1/events has, and what its personal parts say only
/// where that was asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct EventLine {
    /// The event.
    pub event: ReadableEvent,
    /// What its personal parts say, in their order, those that say something to people; `None` where that is not to be
    /// shown.
    pub contents: Option<Vec<Option<Value>>>,
}

/// A personal part with what it says.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    label: &'a PartLabel,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a Value>,
}

#[derive(Serialize)]
struct WithContents<'a> {
    #[serde(flatten)]
    event: &'a ReadableEvent,
    personal: Vec<Shown<'a>>,
}

impl Serialize for EventLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(contents) = self.contents.as_ref().filter(|contents| !contents.is_empty()) else {
            return self.event.serialize(serializer);
        };
        let parts = self.event.personal.iter().zip(contents);
        let personal = parts.map(|(label, content)| Shown { label, content: content.as_ref() }).collect();
        let event = ReadableEvent { personal: Vec::new(), ..self.event.clone() };
        WithContents { event: &event, personal }.serialize(serializer)
    }
}

impl EventLine {
    /// Reads a recorded event.
    pub fn of(event: &Recorded<'_>, chain: Hash, personal: bool) -> Result<EventLine, Failure> {
        let readable = ReadableEvent::of(event, chain.0).map_err(|error| undecodable(event.position, &error.reason))?;
        let contents = event.parts.iter().map(|part| content(event.position, part));
        let contents = if personal { Some(contents.collect::<Result<_, _>>()?) } else { None };
        Ok(EventLine { event: readable, contents })
    }

    /// Reads a line of an export.
    pub fn parse(line: &str, personal: bool) -> Result<EventLine, serde_json::Error> {
        #[derive(Deserialize, Default)]
        struct Contents {
            #[serde(default)]
            personal: Vec<Value>,
        }
        let event: ReadableEvent = serde_json::from_str(line)?;
        if !personal {
            return Ok(EventLine { event, contents: None });
        }
        let parts = serde_json::from_str::<Contents>(line)?.personal;
        let contents: Vec<_> = parts.into_iter().map(|mut part| part.get_mut("content").map(Value::take)).collect();
        let contents = Some(contents);
        Ok(EventLine { event, contents })
    }
}

/// Returns what a personal part says; plain MessagePack until sealing lands. The log's own part, by which it knows a
/// repeated command again, says nothing to people.
fn content(position: Position, part: &Part) -> Result<Option<Value>, Failure> {
    if part.name == REQUEST_PART {
        return Ok(None);
    }
    // The decoder's own words may repeat what it met, so they are left out.
    rmp_serde::from_slice(&part.body).map(Some).map_err(|_| {
        undecodable(position, &format!("its personal part `{}` version {} does not decode", part.name, part.version))
    })
}

/// The columns of [`EventLine::row`].
pub const COLUMNS: [&str; 6] = ["position", "recorded (NZ)", "happened (NZ)", "what", "who", "facts"];

impl EventLine {
    /// Returns the event as a row for people, its times in New Zealand's.
    pub fn row(&self) -> [String; 6] {
        let event = &self.event;
        let happened = match event.occurred_at {
            OccurredAt::Day(day) => day.to_string(),
            OccurredAt::Instant(time) => in_auckland(time, "%Y-%m-%d %H:%M"),
        };
        let actor = event.actor;
        let role = serde_json::to_value(actor.role).ok();
        let role = role.as_ref().and_then(Value::as_str).unwrap_or_default().replace('_', " ");
        let on_behalf = event.on_behalf_of.map(|other| format!(" for {other}")).unwrap_or_default();
        let who = format!("{}{on_behalf}, {role} at {}", actor.person, actor.organisation);
        let mut facts = short(&event.facts);
        for (n, label) in event.personal.iter().enumerate().filter(|(_, label)| label.name != REQUEST_PART) {
            let content = self.contents.as_ref().and_then(|contents| contents.get(n)?.as_ref());
            facts.push_str(&format!("\n{}: {}", label.name, content.map_or("(personal)".to_owned(), short)));
        }
        let recorded = in_auckland(event.recorded_at, "%Y-%m-%d %H:%M:%S");
        [event.position.to_string(), recorded, happened, event.kind.replace('_', " "), who, facts]
    }
}

fn in_auckland(time: Timestamp, form: &str) -> String {
    time.utc().with_timezone(&Auckland).format(form).to_string()
}

/// Returns a value as `key value, key value`, without quotes and brackets.
fn short(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(" + "),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), short(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_read_as_a_list_of_words() {
        let facts = json!({"school": "S-001", "reasons": ["a", "b"], "half_days": 12, "ended_on": null});
        assert_eq!(short(&facts), "ended on none, half days 12, reasons a + b, school S-001");
    }
}
