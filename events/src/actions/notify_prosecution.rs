//! E36, R36: the Attendance Prosecutions Unit is notified, as the last resort; restricted.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, ProsecutionNotified, ProsecutionOutcome, ProsecutionOutcomeRecorded, SupportEvidence};
use crate::input::{self, BadInput};
use crate::parts::ProsecutionParts;
use crate::refusal::Refusal;

/// Notifies the unit, with what is shown to have been tried.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyProsecution {
    /// Whether all reasonable supports are exhausted (R36).
    pub supports_exhausted: bool,
    /// What is shown to have been tried; at least one.
    pub evidence: Vec<SupportEvidence>,
}

/// Records what came of the notification.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordProsecutionOutcome {
    /// What.
    pub outcome: ProsecutionOutcome,
}

impl Action for NotifyProsecution {
    const NAME: &'static str = "notify-prosecution";
    const SUMMARY: &'static str =
        "Notifies the Attendance Prosecutions Unit, when all reasonable supports are exhausted.";
    const RULES: &'static str = "E36, R36, V7";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = ProsecutionParts;

    fn complete(mut self, _: &ProsecutionParts) -> Result<Self, BadInput> {
        input::at_most(&self.evidence, "/facts/evidence")?;
        if self.evidence.is_empty() {
            return Err(BadInput::new("/facts/evidence", "name at least one kind of evidence"));
        }
        self.evidence.sort_unstable();
        self.evidence.dedup();
        Ok(self)
    }

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.prosecution {
            return Ok(vec![]);
        }
        if !self.supports_exhausted {
            return Err(Refusal::SupportsFirst);
        }
        Ok(vec![ProsecutionNotified { evidence: self.evidence.clone() }.into()])
    }
}

impl Action for RecordProsecutionOutcome {
    const NAME: &'static str = "record-prosecution-outcome";
    const SUMMARY: &'static str = "Records what came of a notification to the Attendance Prosecutions Unit.";
    const RULES: &'static str = "E36, R36, V7, R40";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Prosecutions];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = ProsecutionParts;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !case.prosecution {
            return Err(Refusal::NoProsecution);
        }
        Ok(vec![ProsecutionOutcomeRecorded { outcome: self.outcome }.into()])
    }
}
