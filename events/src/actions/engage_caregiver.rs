//! E9: direct, two-way contact with a caregiver (M12, M13); an engagement is not a meeting.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaregiverEngaged, CaseEvent, Mode};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records direct, two-way contact with a caregiver.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngageCaregiver {
    /// How.
    pub mode: Mode,
}

impl Action for EngageCaregiver {
    const NAME: &'static str = "engage-caregiver";
    const SUMMARY: &'static str = "Records direct, two-way contact with a caregiver.";
    const RULES: &'static str = "E9, M12, M13, Q11, Q16";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![CaregiverEngaged { mode: self.mode }.into()])
    }
}
