//! E37: a case waits no longer; giving it to a case manager ends the waiting by itself.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, RemovedFromWaitlist};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Takes a case off the wait-list.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFromWaitlist {}

impl Action for RemoveFromWaitlist {
    const NAME: &'static str = "remove-from-waitlist";
    const SUMMARY: &'static str = "Takes a case off the wait-list.";
    const RULES: &'static str = "E37, R8";
    const WHO: &'static [Who] = &[Who::CurrentWorkflowLead];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.waitlisted { Ok(vec![RemovedFromWaitlist {}.into()]) } else { Ok(vec![]) }
    }
}
