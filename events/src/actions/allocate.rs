//! R41: CIT corrects which provider a case is allocated to.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Owner};
use crate::event::CaseEvent;
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;
use crate::routing;

/// Corrects the allocation of a case; an open information request pins it (R20).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateCase {
    /// The provider that is to have it.
    pub provider: Code,
    /// The catchment it is given for; needed where the provider serves several.
    #[serde(default)]
    pub catchment: Option<Code>,
}

impl Action for AllocateCase {
    const NAME: &'static str = "allocate";
    const SUMMARY: &'static str = "Corrects which provider has the case.";
    const RULES: &'static str = "E5, R41, R20";
    const WHO: &'static [Who] = &[Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    const MOVES: bool = true;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match case.owner {
            Owner::Ministry => return Err(Refusal::CheckIsPending),
            Owner::Cit { .. } => return Err(Refusal::IsWithCit),
            Owner::Provider(holder) if holder == self.provider => return Ok(vec![]),
            Owner::Provider(_) => {}
        }
        Ok(vec![routing::by_cit(at.reference, case, self.provider, self.catchment, at.today())?.into()])
    }
}
