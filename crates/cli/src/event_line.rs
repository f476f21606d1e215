//! An event as one line of a replay or an export, and as one row for people.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::Recorded;
use caseledger_events::public::RESTRICTED;
use caseledger_events::readable::{LeftOut, ReadableEvent, ShownEvent};
use caseledger_log::REQUEST_PART;
use caseledger_proof::Hash;
use chrono_tz::Pacific::Auckland;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::journal::undecodable;

/// An event as it stands in a replay or an export: the form GET /v1/events has. Of its personal parts it says what they
/// are; what they say is sealed in the log and shown by the service alone, to whom it may.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub struct EventLine {
    /// The event, or where it stands.
    pub event: ShownEvent,
}

impl EventLine {
    /// Reads a recorded event; a restricted one whole, or where it stands alone.
    pub fn of(event: &Recorded<'_>, chain: Hash, restricted: bool) -> Result<EventLine, Failure> {
        let shown = ShownEvent::of(event, chain.0, restricted);
        let event = shown.map_err(|error| undecodable(event.position, &error.reason))?;
        Ok(EventLine { event })
    }

    /// Reads a line back.
    pub fn parse(text: &str) -> serde_json::Result<EventLine> {
        let event = match serde_json::from_str::<LeftOut>(text) {
            Ok(left) if left.kind == RESTRICTED => ShownEvent::LeftOut(left),
            _ => ShownEvent::Whole(serde_json::from_str(text)?),
        };
        Ok(EventLine { event })
    }
}

/// The columns of [`EventLine::row`].
pub const COLUMNS: [&str; 6] = ["position", "recorded (NZ)", "happened (NZ)", "what", "who", "facts"];

impl EventLine {
    /// Returns the event as a row for people, its times in New Zealand's.
    pub fn row(&self) -> [String; 6] {
        match &self.event {
            ShownEvent::Whole(event) => row(event),
            ShownEvent::LeftOut(left) => {
                let nothing = String::new;
                [left.position.to_string(), nothing(), nothing(), left.kind.clone(), nothing(), nothing()]
            }
        }
    }
}

fn row(event: &ReadableEvent) -> [String; 6] {
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
    for label in event.personal.iter().filter(|label| label.name != REQUEST_PART) {
        facts.push_str(&format!("\n{}: (personal)", label.name));
    }
    let recorded = in_auckland(event.recorded_at, "%Y-%m-%d %H:%M:%S");
    [event.position.to_string(), recorded, happened, event.kind.replace('_', " "), who, facts]
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
