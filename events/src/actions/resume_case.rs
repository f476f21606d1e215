//! E38: work on a paused case goes on.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::event::{CaseEvent, CaseResumed};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Resumes a paused case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeCase {}

impl Action for ResumeCase {
    const NAME: &'static str = "resume";
    const SUMMARY: &'static str = "Lets work on a paused case go on.";
    const RULES: &'static str = "E38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match case.status {
            Status::Paused => Ok(vec![CaseResumed {}.into()]),
            Status::Active => Ok(vec![]),
            _ => Err(Refusal::NotAtWork),
        }
    }
}
