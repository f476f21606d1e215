//! E20: evidence that the student is overseas (R23 step 2, R24).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, EvidenceKind, OverseasEvidenceReceived};
use crate::input::{self, BadInput};
use crate::parts::TravelParts;
use crate::refusal::Refusal;

/// Puts evidence on the case that the student is overseas; what it says is personal.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordOverseasEvidence {
    /// What was received; at least one kind (R24).
    pub kinds: Vec<EvidenceKind>,
}

impl Action for RecordOverseasEvidence {
    const NAME: &'static str = "record-overseas-evidence";
    const SUMMARY: &'static str = "Puts evidence on the case that the student is overseas.";
    const RULES: &'static str = "E20, R23, R24";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = TravelParts;

    fn complete(mut self, _: &TravelParts) -> Result<Self, BadInput> {
        input::at_most(&self.kinds, "/facts/kinds")?;
        if self.kinds.is_empty() {
            return Err(BadInput::new("/facts/kinds", "name at least one kind of evidence"));
        }
        self.kinds.sort_unstable();
        self.kinds.dedup();
        Ok(self)
    }

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![OverseasEvidenceReceived { kinds: self.kinds.clone() }.into()])
    }
}
