//! E21: CIT is asked for a detailed immigration check (R23 step 3).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{Agency, CaseEvent, DetailedImmigrationCheckRequested, Whereabouts};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Asks CIT for a detailed check; it counts as an open Immigration NZ request until its answer (R20).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestDetailedCheck {}

impl Action for RequestDetailedCheck {
    const NAME: &'static str = "request-detailed-check";
    const SUMMARY: &'static str = "Asks CIT for a detailed immigration check when Immigration NZ's answer is in doubt.";
    const RULES: &'static str = "E21, R23, R20";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.is_asking(Agency::Inz) {
            return Err(Refusal::AlreadyAsked);
        }
        if case.latest_inz != Some(Whereabouts::NotOut) {
            return Err(Refusal::NothingToDoubt);
        }
        if !case.overseas_evidence {
            return Err(Refusal::NoEvidence);
        }
        Ok(vec![DetailedImmigrationCheckRequested { request: case.next_request()? }.into()])
    }
}
