//! E6: the case goes to a case manager of its provider, the first or another (M5, Q5).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{AssignedToCaseManager, CaseEvent, RemovedFromWaitlist};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::policy::Policy;
use crate::refusal::Refusal;

/// Gives the case to a case manager; an open information request does not stand in the way (Q5).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignCaseManager {
    /// Our opaque id of the person.
    pub manager: Code,
}

impl Action for AssignCaseManager {
    const NAME: &'static str = "assign-case-manager";
    const SUMMARY: &'static str = "Gives the case to a case manager of its provider.";
    const RULES: &'static str = "E6, Q5, E37";
    const WHO: &'static [Who] = &[Who::CurrentWorkflowLead];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn is_pinned(&self, policy: &Policy) -> bool {
        policy.moves.request_pins_case_manager
    }

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.manager == Some(self.manager) {
            return Ok(vec![]);
        }
        let mut events = vec![AssignedToCaseManager { manager: self.manager, before: case.manager }.into()];
        if case.waitlisted {
            events.push(RemovedFromWaitlist {}.into());
        }
        Ok(events)
    }
}
