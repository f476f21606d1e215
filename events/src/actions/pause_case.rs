//! E38: work on the case rests for a while; no clock stops for it (Q20).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::event::{CaseEvent, CasePaused, PauseReason};
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Pauses the case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseCase {
    /// Why; `other` needs a note.
    pub reason: PauseReason,
    /// When work is to go on, where that is known.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub until: Option<NaiveDate>,
}

impl Action for PauseCase {
    const NAME: &'static str = "pause";
    const SUMMARY: &'static str = "Lets work on the case rest for a while.";
    const RULES: &'static str = "E38, Q17, Q20";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn complete(self, personal: &MaybeNote) -> Result<Self, BadInput> {
        personal.needed_if(self.reason == PauseReason::Other)?;
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match case.status {
            Status::Paused => return Ok(vec![]),
            Status::Active => {}
            _ => return Err(Refusal::NotAtWork),
        }
        if let Some(until) = self.until {
            at.not_in_the_past("/facts/until", until)?;
        }
        Ok(vec![CasePaused { reason: self.reason, until: self.until }.into()])
    }
}
