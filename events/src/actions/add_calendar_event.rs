//! E39: something is to take place.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::dates::OccurredAt;
use crate::event::{CalendarEventAdded, CaseEvent, TaskKind};
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Adds an entry to the calendar of the case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCalendarEvent {
    /// What is to take place; `other` needs a note.
    pub kind: TaskKind,
    /// When it begins: a day, or a time with its offset; today or later.
    pub starts_at: OccurredAt,
}

impl Action for AddCalendarEvent {
    const NAME: &'static str = "add-calendar-event";
    const SUMMARY: &'static str = "Adds an entry to the calendar of the case.";
    const RULES: &'static str = "E39";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn complete(self, personal: &MaybeNote) -> Result<Self, BadInput> {
        personal.needed_if(self.kind == TaskKind::Other)?;
        Ok(self)
    }

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        at.not_in_the_past("/facts/starts_at", self.starts_at.auckland())?;
        Ok(vec![CalendarEventAdded { kind: self.kind, starts_at: self.starts_at }.into()])
    }
}
