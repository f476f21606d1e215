//! Reading what clients send, so that an error says exactly where it lies and repeats nothing of what was sent.
//!
//! What people send may be personal wherever it stands, the name of a field included, and errors end up in logs. So
//! an error gives the pointer to the field, what was expected there, and names of our own; never a value, and never
//! a name that is not ours.

mod body;

use serde::{Deserialize, Deserializer};

pub use self::body::CommandBody;

/// Input of the wrong form: nothing was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct BadInput {
    /// JSON pointer to the field.
    pub pointer: String,
    /// What is wrong with it; never the value itself.
    pub what: String,
}

impl BadInput {
    /// Says what is wrong with a field.
    pub fn new(pointer: impl Into<String>, what: impl Into<String>) -> BadInput {
        BadInput { pointer: pointer.into(), what: what.into() }
    }
}

/// The most entries a list may have.
pub const ENTRIES_MAX: usize = 50;

/// Checks that a list is not longer than people would write it.
pub fn at_most<T>(list: &[T], pointer: &str) -> Result<(), BadInput> {
    if list.len() <= ENTRIES_MAX {
        return Ok(());
    }
    Err(BadInput::new(pointer, format!("at most {ENTRIES_MAX} entries are taken")))
}

/// Reads JSON into `T`, refusing fields it does not know; `base` is the JSON pointer of the text within the body.
pub fn read<'a, T: Deserialize<'a>>(json: &'a str, base: &str) -> Result<T, BadInput> {
    if json.trim_start().starts_with('[') {
        // serde would take a list for an object, entry by entry in the order of the fields.
        return Err(BadInput::new(base, "invalid type, expected an object"));
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let mut unknown: Option<String> = None;
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| unknown = Some(parent(base, &path)));
    let read = read.map_err(|error| explain(json, base, &track.path(), &error))?;
    if let Some(pointer) = unknown {
        return Err(BadInput::new(pointer, "there is a field that is not known here"));
    }
    reader.end().map_err(|_| BadInput::new(base, "there is more after the end"))?;
    Ok(read)
}

/// Reads what is no JSON into `T`, a query string for one; pointers lead from the whole of it.
pub fn read_from<'a, T, D>(source: D) -> Result<T, BadInput>
where
    T: Deserialize<'a>,
    D: Deserializer<'a>,
    D::Error: std::fmt::Display,
{
    let mut track = serde_path_to_error::Track::new();
    T::deserialize(serde_path_to_error::Deserializer::new(source, &mut track))
        .map_err(|error| told("", &track.path(), &error.to_string()))
}

fn explain(json: &str, base: &str, path: &serde_path_to_error::Path, error: &serde_json::Error) -> BadInput {
    // What is not JSON at all is told by its place in the text: the way there may lead through a client's own names.
    if let Err(syntax) = serde_json::from_str::<serde::de::IgnoredAny>(json) {
        return BadInput::new(base, format!("this is not JSON: {syntax}"));
    }
    told(base, path, &error.to_string())
}

/// Says what a reader said, without what was sent.
fn told(base: &str, path: &serde_path_to_error::Path, message: &str) -> BadInput {
    let what = without_values(message);
    let mut segments: Vec<_> = path.iter().collect();
    if what.starts_with(UNKNOWN_FIELD) {
        // The last name on the way is the client's; the object that holds it is ours.
        segments.pop();
    }
    BadInput::new(pointer(base, &segments), what)
}

fn pointer(base: &str, segments: &[&serde_path_to_error::Segment]) -> String {
    use serde_path_to_error::Segment;
    segments.iter().fold(base.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{key}"),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// The pointer to the object that holds an unknown field.
fn parent(base: &str, path: &serde_ignored::Path<'_>) -> String {
    fn walk(base: &str, path: &serde_ignored::Path<'_>) -> String {
        use serde_ignored::Path;
        match path {
            Path::Root => base.to_owned(),
            Path::Seq { parent, index } => format!("{}/{index}", walk(base, parent)),
            Path::Map { parent, key } => format!("{}/{key}", walk(base, parent)),
            Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
                walk(base, parent)
            }
        }
    }
    match path {
        serde_ignored::Path::Map { parent, .. } => walk(base, parent),
        other => walk(base, other),
    }
}

const UNKNOWN_FIELD: &str = "unknown field";

/// Rebuilds what serde says from the parts of it that are ours.
///
/// serde quotes the offending value or name before `, expected`, and what follows is written in our types; what is
/// wrong with a text as a whole (a missing field, a custom reason) is ours altogether and quotes at most our names.
fn without_values(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    if message == "expected value" {
        return "invalid type, expected a text".to_owned();
    }
    for kind in ["invalid type", "invalid value", "invalid length", "unknown variant", UNKNOWN_FIELD] {
        if message.starts_with(kind) {
            return match message.rsplit_once(", expected ") {
                Some((_, expected)) if !message.ends_with(", there are no fields") => {
                    format!("{kind}, expected {}", in_words(expected))
                }
                _ => format!("{kind}; nothing is expected here"),
            };
        }
    }
    message.to_owned()
}

/// Names what our types are called in code as people would.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" => "a whole number, 0 or more",
        "i64" => "a whole number",
        of_ours if of_ours.starts_with("struct ") => "an object",
        other => other,
    }
}

#[cfg(test)]
mod every_command;

#[cfg(test)]
mod tests;
