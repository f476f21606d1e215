//! Tasks and calendar entries of a case (E39); what is to be done is narrative.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dates::OccurredAt;
use crate::ids::Code;

/// A task of one case, counted from 1 in the order of recording.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TaskNumber(pub u16);

/// E39: something is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskAdded {
    /// Which task of the case it is.
    pub task: TaskNumber,
    /// What kind of task.
    pub kind: TaskKind,
    /// The day it is due.
    pub due_on: NaiveDate,
    /// Who is to do it; the case manager where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Code>,
}

/// E39: what kind of task it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Reach somebody.
    Contact,
    /// Arrange or hold a meeting.
    Meeting,
    /// Write or review the plan.
    Plan,
    /// Read an agency's answer and act on it (Q33).
    ReadAnswer,
    /// Anything else, told in the narrative.
    Other,
}

/// E39: a task was done, or is not needed any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskCompleted {
    /// Which task of the case.
    pub task: TaskNumber,
    /// Whether it was done.
    pub done: bool,
    /// Whether it was to read an agency's answer (Q33), which restricted events alone tell of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_answer: bool,
}

/// E39: something is to take place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CalendarEventAdded {
    /// What is to take place.
    pub kind: TaskKind,
    /// When it begins: a day, or a time.
    pub starts_at: OccurredAt,
}
