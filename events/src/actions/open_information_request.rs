//! E17: Immigration NZ or MSD is asked; the open request pins the case to its provider (R20).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::envelope::Role;
use crate::event::{Agency, CaseEvent, InformationRequestOpened};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Asks an agency; CIT does so only while it checks a notification.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenInformationRequest {
    /// Whom.
    pub agency: Agency,
}

impl Action for OpenInformationRequest {
    const NAME: &'static str = "open-information-request";
    const SUMMARY: &'static str = "Asks Immigration NZ or MSD; the case stays with its provider until the answer.";
    const RULES: &'static str = "E17, R18, R20, Q32";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        if at.context.actor.role == Role::Cit && case.status != Status::Notified {
            return Err(Refusal::NotThisRole { needed: "staff of the provider that holds the case" });
        }
        Ok(())
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.is_asking(self.agency) {
            return Err(Refusal::AlreadyAsked);
        }
        let request = case.next_request()?;
        let overdue_on = at.policy.moves.overdue_on(at.today());
        Ok(vec![InformationRequestOpened { request, agency: self.agency, automatic: false, overdue_on }.into()])
    }
}
