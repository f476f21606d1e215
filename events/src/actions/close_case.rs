//! E30: the current provider closes the case (R22, R25, R34).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::envelope::Role;
use crate::event::{CaseClosed, CaseEvent, CaseKind, ClosureReason, Whereabouts, WithdrawalReason};
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::policy::takes;
use crate::refusal::Refusal;

/// Closes the case with a reason; requests still open are withdrawn with it, but for *out of country* (R22).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseCase {
    /// Why; `other` needs a note.
    pub reason: ClosureReason,
}

impl Action for CloseCase {
    const NAME: &'static str = "close";
    const SUMMARY: &'static str = "Closes the case with a reason.";
    const RULES: &'static str = "E30, R22, R23, R25, R34, Q38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn complete(self, personal: &MaybeNote) -> Result<Self, BadInput> {
        personal.needed_if(self.reason == ClosureReason::Other)?;
        Ok(self)
    }

    fn told(role: Role) -> Option<Refusal> {
        (role == Role::Cit).then_some(Refusal::CitDoesNotClose)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if self.reason == ClosureReason::Enrolled && case.kind == CaseKind::ChronicAbsence {
            return Err(Refusal::ReasonDoesNotFit { kind: case.kind });
        }
        if !takes(&at.policy.tables.closure_reasons, &self.reason, at.today()) {
            return Err(Refusal::NotInTable { table: "closure_reasons" });
        }
        if self.reason == ClosureReason::OutOfCountry {
            confirmed_out(case)?;
        }
        let withdrawn = case.open_requests.iter().map(|open| open.withdrawn(WithdrawalReason::CaseClosed).into());
        // The act itself comes first: it carries what was written.
        Ok(std::iter::once(CaseClosed { reason: self.reason }.into()).chain(withdrawn).collect())
    }
}

/// R22: the latest answer of Immigration NZ is OUT, and nothing is being asked.
fn confirmed_out(case: &Case) -> Result<(), Refusal> {
    if !case.open_requests.is_empty() {
        return Err(Refusal::RequestStillOpen);
    }
    match case.latest_inz {
        Some(Whereabouts::Out) => Ok(()),
        Some(Whereabouts::NotOut | Whereabouts::Unknown) | None => Err(Refusal::NotConfirmedOut),
    }
}
