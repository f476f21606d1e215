//! E39: something is to be done on the case.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, TaskAdded, TaskKind};
use crate::ids::Code;
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Adds a task with a due date; what is to be done is told in the note.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTask {
    /// What kind of task; `other` needs a note.
    pub kind: TaskKind,
    /// The day it is due; today or later.
    #[serde(deserialize_with = "crate::dates::day")]
    pub due_on: NaiveDate,
    /// Who is to do it; the case manager where nobody is named.
    #[serde(default)]
    pub assigned_to: Option<Code>,
}

impl Action for AddTask {
    const NAME: &'static str = "add-task";
    const SUMMARY: &'static str = "Adds a task with a due date.";
    const RULES: &'static str = "E39";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn complete(self, personal: &MaybeNote) -> Result<Self, BadInput> {
        personal.needed_if(self.kind == TaskKind::Other)?;
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        at.not_in_the_past("/facts/due_on", self.due_on)?;
        let task = case.next_task()?;
        Ok(vec![TaskAdded { task, kind: self.kind, due_on: self.due_on, assigned_to: self.assigned_to }.into()])
    }
}
