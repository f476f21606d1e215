//! How single fields of personal parts are read where clients send them: lines, lists, and codes as they came.

use serde::{Deserialize, Deserializer, de};

use super::{LINE_CHARS_MAX, Personal, value};
use crate::input::ENTRIES_MAX;

/// A line: a name, a telephone number.
pub(crate) fn line<'de, D: Deserializer<'de>>(d: D) -> Result<Personal<String>, D::Error> {
    Line::deserialize(d).map(|line| Personal(line.0))
}

/// A line that may be absent.
pub(crate) fn maybe_line<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Personal<String>>, D::Error> {
    Ok(Option::<Line>::deserialize(d)?.map(|line| Personal(line.0)))
}

/// A list of lines.
pub(crate) fn lines<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Personal<String>>, D::Error> {
    Ok(entries::<Line, D>(d)?.into_iter().map(|line| Personal(line.0)).collect())
}

/// A list that is not longer than people would write it.
pub(crate) fn entries<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    let sent = d.is_human_readable();
    let list = Vec::<T>::deserialize(d)?;
    if sent && list.len() > ENTRIES_MAX {
        return Err(de::Error::custom(format!("at most {ENTRIES_MAX} entries are taken")));
    }
    Ok(list)
}

/// A code as it came from another system: kept to the letter (§1.8), of a length that is none of a text.
pub(crate) fn verbatim<'de, D: Deserializer<'de>>(d: D) -> Result<Personal<String>, D::Error> {
    let sent = d.is_human_readable();
    let code = String::deserialize(d)?;
    if sent && (code.trim().is_empty() || code.chars().count() > LINE_CHARS_MAX) {
        return Err(de::Error::custom(format!("a code has 1 to {LINE_CHARS_MAX} characters")));
    }
    Ok(Personal(code))
}

/// A text of one line.
struct Line(String);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let sent = d.is_human_readable();
        let text = String::deserialize(d)?;
        if sent { value::line(text).map(Line).map_err(de::Error::custom) } else { Ok(Line(text)) }
    }
}
