//! E24: CIT sends a case back to the provider that passed it on (Q37).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Owner};
use crate::event::{CaseEvent, ReallocationDeclinedByCit};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Declines a reallocation; the sender has the case again, and its clocks were never stopped.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineReallocation {
    /// Why, by code.
    pub reason: Code,
}

impl Action for DeclineReallocation {
    const NAME: &'static str = "decline-reallocation";
    const SUMMARY: &'static str = "Sends a case back to the provider that passed it to CIT.";
    const RULES: &'static str = "E24, Q37";
    const WHO: &'static [Who] = &[Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let Owner::Cit { sender } = case.owner else { return Err(Refusal::NotWithCit) };
        if !at.policy.moves.cit_may_decline {
            return Err(Refusal::CitDoesNotDecline);
        }
        Ok(vec![ReallocationDeclinedByCit { back_to: sender, reason: self.reason }.into()])
    }
}
