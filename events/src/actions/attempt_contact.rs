//! E46: an attempt that did not become contact; R19 rests on it, M10–M13 never count it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{AttemptOutcome, CaseEvent, ContactAttempted, ContactWith, Mode};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records an attempt at contact that did not become contact.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttemptContact {
    /// Whom.
    pub with: ContactWith,
    /// How.
    pub mode: Mode,
    /// What came of it.
    pub outcome: AttemptOutcome,
}

impl Action for AttemptContact {
    const NAME: &'static str = "attempt-contact";
    const SUMMARY: &'static str = "Records an attempt at contact that did not become contact.";
    const RULES: &'static str = "E46, R19";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![ContactAttempted { with: self.with, mode: self.mode, outcome: self.outcome }.into()])
    }
}
