//! E29, R30: the family has applied to educate at home. Nobody asks why: there is no field for it.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, HomeEducationApplicationNoted};
use crate::parts::Nothing;
use crate::refusal::Refusal;

/// Notes that the family has applied; how far it got is asked of the regional office, never of the family (R32).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteHomeEducationApplication {
    /// The day it was made, where it is known; not after today.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub applied_on: Option<NaiveDate>,
}

impl Action for NoteHomeEducationApplication {
    const NAME: &'static str = "note-home-education-application";
    const SUMMARY: &'static str = "Notes that the family has applied to educate at home; it takes no reason.";
    const RULES: &'static str = "E29, R30, R31, R32";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    type Personal = Nothing;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(day) = self.applied_on {
            at.not_in_the_future("/facts/applied_on", day)?;
        }
        if case.home_education_applied {
            return Ok(vec![]);
        }
        Ok(vec![HomeEducationApplicationNoted { applied_on: self.applied_on }.into()])
    }
}
