//! E37, R8: a case waits for capacity, in an exceptional surge alone and for the shortest possible time.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::event::{CaseEvent, Waitlisted};
use crate::parts::NoteNeeded;
use crate::refusal::Refusal;

/// Puts a case that nobody works on yet on the wait-list; the note says what the surge is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waitlist {
    /// The day work is expected to begin; after today.
    #[serde(deserialize_with = "crate::dates::day")]
    pub expected_on: NaiveDate,
}

impl Action for Waitlist {
    const NAME: &'static str = "waitlist";
    const SUMMARY: &'static str = "Puts a case that nobody works on yet on the wait-list, in an exceptional surge.";
    const RULES: &'static str = "E37, R7, R8, Q20";
    const WHO: &'static [Who] = &[Who::CurrentWorkflowLead];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = NoteNeeded;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.status != Status::Allocated {
            return Err(Refusal::AtWorkAlready);
        }
        at.not_in_the_past("/facts/expected_on", self.expected_on)?;
        if case.waitlisted { Ok(vec![]) } else { Ok(vec![Waitlisted { expected_on: self.expected_on }.into()]) }
    }
}
