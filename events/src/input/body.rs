//! The outer form of a command, as HTTP takes it and an import brings it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{BadInput, read};
use crate::dates::OccurredAt;

/// The body of a command: its facts, its personal parts, and when it happened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandBody<'a> {
    /// Which way to open a case; absent for actions, whose name is in the URL.
    #[serde(default)]
    pub action: Option<String>,
    /// When it happened; now where it is absent.
    #[serde(default)]
    pub occurred_at: Option<OccurredAt>,
    #[serde(default, borrow)]
    facts: Option<&'a RawValue>,
    #[serde(default, borrow)]
    personal: Option<&'a RawValue>,
}

impl<'a> CommandBody<'a> {
    /// Reads the outer form.
    pub fn read(body: &'a str) -> Result<CommandBody<'a>, BadInput> {
        read(body, "")
    }

    /// Returns the facts' JSON; none is an empty object.
    pub fn facts(&self) -> &'a str {
        self.facts.map_or("{}", RawValue::get)
    }

    /// Returns the personal parts' JSON; none is an empty object.
    pub fn personal(&self) -> &'a str {
        self.personal.map_or("{}", RawValue::get)
    }
}
