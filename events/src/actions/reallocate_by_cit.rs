//! E24: CIT passes a case on to a provider (R20).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Owner};
use crate::event::{CaseEvent, ReallocatedByCit};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;
use crate::routing;

/// Gives a case that was passed to CIT to a provider, whose clocks start then (Q19).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReallocateByCit {
    /// Who is to have it.
    pub to: Code,
    /// The catchment it is given for; needed where the provider serves several.
    #[serde(default)]
    pub catchment: Option<Code>,
}

impl Action for ReallocateByCit {
    const NAME: &'static str = "reallocate-by-cit";
    const SUMMARY: &'static str = "Gives a case that was passed to CIT to a provider.";
    const RULES: &'static str = "E24, E5, R20, Q19";
    const WHO: &'static [Who] = &[Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    const MOVES: bool = true;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let Owner::Cit { sender } = case.owner else { return Err(Refusal::NotWithCit) };
        if self.to == sender {
            return Err(Refusal::BackToSender { sender });
        }
        let allocated = routing::by_cit(at.reference, case, self.to, self.catchment, at.today())?;
        let moved = ReallocatedByCit { from: sender, to: self.to, catchment: allocated.catchment };
        Ok(vec![moved.into(), allocated.into()])
    }
}
