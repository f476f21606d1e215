//! E22: the student was located after all.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, NotLocatedFlagCleared};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Takes the flag Not Located off the case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearNotLocated {}

impl Action for ClearNotLocated {
    const NAME: &'static str = "clear-not-located";
    const SUMMARY: &'static str = "Takes the flag Not Located off the case.";
    const RULES: &'static str = "E22";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(if case.not_located { vec![NotLocatedFlagCleared {}.into()] } else { vec![] })
    }
}
