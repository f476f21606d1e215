//! E9: direct, two-way contact with the student (M12, M13).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, Mode, StudentEngaged};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records direct, two-way contact with the student.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngageStudent {
    /// How.
    pub mode: Mode,
}

impl Action for EngageStudent {
    const NAME: &'static str = "engage-student";
    const SUMMARY: &'static str = "Records direct, two-way contact with the student.";
    const RULES: &'static str = "E9, M12, M13, Q11, Q16";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![StudentEngaged { mode: self.mode }.into()])
    }
}
