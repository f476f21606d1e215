//! The last fence between prose and the bus: what is no closed value does not go out.

use serde_json::Value;

use crate::codec::BadFrame;
use crate::envelope::Recorded;
use crate::readable;

/// The longest text a fact may hold; the longest there is names a stream.
const TEXT_MAX: usize = 64;

/// Returns the facts of an event as JSON; fails where one of them is no closed value.
pub(super) fn of(event: &Recorded<'_>) -> Result<Value, BadFrame> {
    let facts = readable::facts(event)?;
    if is_fact(&facts) {
        Ok(facts)
    } else {
        Err(BadFrame { reason: "one of them is no code, name, date, id or number".into() })
    }
}

/// Returns whether a value is built of numbers, booleans, codes, names of enum values, ids and dates alone.
pub(crate) fn is_fact(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => !number.is_f64(),
        Value::String(text) => is_closed(text),
        Value::Array(items) => items.iter().all(is_fact),
        Value::Object(entries) => entries.values().all(is_fact),
    }
}

/// Returns whether a text can be a code, the name of an enum value, an id, a date or a time.
fn is_closed(text: &str) -> bool {
    text.len() <= TEXT_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b':' | b'.' | b'/'))
}
