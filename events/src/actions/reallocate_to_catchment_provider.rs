//! E25: an in-school provider passes the case to the provider of the school's catchment (R21, R20, T8).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{AllocationBasis, CaseEvent, IspReallocatedToCatchmentProvider};
use crate::parts::MaybeNote;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::routing;

/// Passes the case to the provider of the school's catchment: one step, no agreement needed (T8).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReallocateToCatchmentProvider {}

impl Action for ReallocateToCatchmentProvider {
    const NAME: &'static str = "reallocate-to-catchment-provider";
    const SUMMARY: &'static str = "Passes a case from in-school provision to the catchment's provider.";
    const RULES: &'static str = "E25, E5, R20, R21, T8";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    const MOVES: bool = true;
    type Personal = MaybeNote;

    fn is_pinned(&self, policy: &Policy) -> bool {
        policy.moves.request_pins_in_school
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !case.in_school {
            return Err(Refusal::NotInSchool);
        }
        let day = at.today();
        let school = case.enrolled_at(day).unwrap_or(case.school);
        let catchment = at.reference.catchment_of(school, day).ok_or(Refusal::UnknownSchool { school })?;
        let allocated = routing::of_catchment(at.reference, catchment, AllocationBasis::SchoolCatchment, day)?;
        let from = at.context.actor.organisation;
        let moved = IspReallocatedToCatchmentProvider { from, to: allocated.provider, catchment };
        Ok(vec![moved.into(), allocated.into()])
    }
}
