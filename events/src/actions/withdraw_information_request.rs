//! E19: an information request is taken back, which releases the pin (R20, Q32).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::envelope::Role;
use crate::event::{CaseEvent, RequestNumber, WithdrawalReason};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Takes an open request back; CIT does so for what the Ministry's check asked.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInformationRequest {
    /// Which request of the case.
    pub request: RequestNumber,
    /// Why.
    pub reason: WithdrawBecause,
}

/// E19: why people take a request back; closing a case does so by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawBecause {
    /// It is no longer needed.
    NotNeeded,
    /// It was sent by mistake.
    SentInError,
    /// The agency does not answer.
    NoAnswer,
}

impl Action for WithdrawInformationRequest {
    const NAME: &'static str = "withdraw-information-request";
    const SUMMARY: &'static str = "Takes an information request back.";
    const RULES: &'static str = "E19, R20, Q32";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let open = case.open_request(self.request).ok_or(Refusal::NoSuchOpenRequest)?;
        let of_the_check = open.automatic || case.status == Status::Notified;
        if at.context.actor.role == Role::Cit && !of_the_check {
            return Err(Refusal::NotThisRole { needed: "staff of the provider that holds the case" });
        }
        let reason = match self.reason {
            WithdrawBecause::NotNeeded => WithdrawalReason::NotNeeded,
            WithdrawBecause::SentInError => WithdrawalReason::SentInError,
            WithdrawBecause::NoAnswer => WithdrawalReason::NoAnswer,
        };
        Ok(vec![open.withdrawn(reason).into()])
    }
}
