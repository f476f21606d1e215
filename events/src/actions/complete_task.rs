//! E39: a task was done, or is not needed any more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, TaskCompleted, TaskNumber};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Ends a task.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// Which task of the case.
    pub task: TaskNumber,
    /// Whether it was done; else it is not needed any more.
    #[serde(default = "yes")]
    pub done: bool,
}

fn yes() -> bool {
    true
}

impl Action for CompleteTask {
    const NAME: &'static str = "complete-task";
    const SUMMARY: &'static str = "Ends a task: it was done, or is not needed any more.";
    const RULES: &'static str = "E39, R40";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !case.open_tasks.contains(&self.task) {
            return Err(Refusal::NoSuchOpenTask);
        }
        let reads_answer = case.answers_to_read.contains(&self.task);
        Ok(vec![TaskCompleted { task: self.task, done: self.done, reads_answer }.into()])
    }
}
