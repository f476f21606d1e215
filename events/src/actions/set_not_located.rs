//! E22: all efforts to locate the student have failed (R18, R19).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, NotLocatedFlagSet};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Flags the case as Not Located: a flag beside the status, never a reason to close.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetNotLocated {
    /// Why no check with an agency was answered, where none was.
    #[serde(default)]
    pub no_check_because: Option<Code>,
}

impl Action for SetNotLocated {
    const NAME: &'static str = "set-not-located";
    const SUMMARY: &'static str = "Flags the case as Not Located after all efforts failed.";
    const RULES: &'static str = "E22, R18, R19, Q38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.not_located {
            return Ok(vec![]);
        }
        if !case.open_requests.is_empty() {
            return Err(Refusal::ChecksStillOpen);
        }
        let least = &at.policy.location;
        let unanswered = case.requests_answered < least.answered_checks_min;
        if unanswered && self.no_check_because.is_none() {
            return Err(Refusal::NoAnsweredCheck);
        }
        if case.attempts < least.attempts_min {
            return Err(Refusal::NoAttempt);
        }
        Ok(vec![
            NotLocatedFlagSet {
                answered_checks: case.requests_answered,
                no_check_because: self.no_check_because.filter(|_| unanswered),
                attempts: case.attempts,
            }
            .into(),
        ])
    }
}
