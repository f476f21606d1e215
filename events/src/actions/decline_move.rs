//! E26: the provider that a proposed move names declines it (R16, R17).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Owner};
use crate::envelope::Role;
use crate::event::{CaseEvent, ProposedMoveDeclined};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Declines a move that is proposed to one's own provider; what it agreed to before counts no more.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineMove {
    /// Why, by code.
    pub reason: Code,
}

impl Action for DeclineMove {
    const NAME: &'static str = "decline-move";
    const SUMMARY: &'static str = "Declines a move that is proposed to the asker's provider.";
    const RULES: &'static str = "E26, R16, R17";
    const WHO: &'static [Who] = &[Who::AnyProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        let actor = at.context.actor;
        if actor.role != Role::WorkflowLead || case.provider() == Some(actor.organisation) {
            return Err(Refusal::NotThisRole { needed: "the workflow lead of the provider that the move names" });
        }
        Ok(())
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let provider = at.context.actor.organisation;
        // Whether the case was passed to CIT for this provider is asked where the actor's reach is decided.
        let is_named = case.agreements.iter().any(|(target, _)| *target == provider);
        if !is_named && !matches!(case.owner, Owner::Cit { .. }) {
            return Err(Refusal::NoMoveProposed);
        }
        Ok(vec![ProposedMoveDeclined { provider, reason: self.reason }.into()])
    }
}
