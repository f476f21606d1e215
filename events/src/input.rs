//! Reading what clients send, so that an error says exactly where it lies.

use serde::Deserialize;

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

/// Reads JSON into `T`; `base` is the JSON pointer of the text within the whole body.
pub fn read<'a, T: Deserialize<'a>>(json: &'a str, base: &str) -> Result<T, BadInput> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| BadInput {
        pointer: pointer(base, error.path()),
        what: without_values(&error.inner().to_string()),
    })?;
    reader.end().map_err(|_| BadInput { pointer: base.to_owned(), what: "there is more after the end".to_owned() })?;
    Ok(read)
}

fn pointer(base: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(base.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// serde quotes the offending value in `invalid type: string "…"`; it may be personal, so it is left out.
fn without_values(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    match (message.find(['"', '`']), message.strip_prefix("invalid ")) {
        (Some(_), Some(_)) => {
            let expected = message.rsplit_once(", expected ").map_or("another value", |(_, expected)| expected);
            let kind = message.split(':').next().unwrap_or("invalid value");
            format!("{kind}, expected {expected}")
        }
        _ => message.to_owned(),
    }
}
