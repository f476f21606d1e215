//! E31: a person reopens a closed case, with a reason; no feed may (R26, T1).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::envelope::{Role, Source};
use crate::event::{CaseEvent, CaseReopened, ReopenReason};
use crate::parts::NoteNeeded;
use crate::refusal::Refusal;

/// Reopens a closed case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenCase {
    /// Why; told further in the note.
    pub reason: ReopenReason,
}

impl Action for ReopenCase {
    const NAME: &'static str = "reopen";
    const SUMMARY: &'static str = "Reopens a closed case, with a reason; people only.";
    const RULES: &'static str = "E31, R26, R27";
    const WHO: &'static [Who] = &[Who::CurrentWorkflowLead, Who::Cit, Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = NoteNeeded;

    fn told(role: Role) -> Option<Refusal> {
        role.is_feed().then_some(Refusal::OnlyPeopleReopen)
    }

    fn may(&self, _: &Case, at: &At<'_>) -> Result<(), Refusal> {
        // Whatever role it claims, what comes from a feed, a migration or the ledger itself is no person's act.
        if at.context.source == Source::Person { Ok(()) } else { Err(Refusal::OnlyPeopleReopen) }
    }

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(into) = case.merged_into {
            return Err(Refusal::CaseIsMerged { into });
        }
        match case.status {
            Status::Closed => Ok(vec![CaseReopened { reason: self.reason }.into()]),
            Status::NotReferred => Err(Refusal::NotReferred),
            Status::Notified | Status::Allocated | Status::Active | Status::Paused | Status::Merged => {
                Err(Refusal::NotClosed)
            }
        }
    }
}
