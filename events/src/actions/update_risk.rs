//! E12: how much is at risk for the student, by a level of the lookup table (Q14, Q38).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, RiskUpdated};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::policy::in_table;
use crate::refusal::Refusal;

/// Records how much is at risk.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRisk {
    /// The level, by code of the lookup table.
    pub level: Code,
}

impl Action for UpdateRisk {
    const NAME: &'static str = "update-risk";
    const SUMMARY: &'static str = "Records how much is at risk for the student.";
    const RULES: &'static str = "E12, Q14, Q38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        in_table(&at.policy.tables.risk_levels, "risk_levels", self.level, at.today())?;
        if case.risk == Some(self.level) {
            return Ok(vec![]);
        }
        Ok(vec![RiskUpdated { level: self.level, before: case.risk }.into()])
    }
}
