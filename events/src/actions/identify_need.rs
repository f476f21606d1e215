//! E34: a basic need that is not met keeps the student from school (R35).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, UnmetNeedIdentified};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::policy::in_table;
use crate::refusal::Refusal;

/// Records an unmet basic need.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyNeed {
    /// Which, by code of the lookup table (Q38).
    pub need: Code,
}

impl Action for IdentifyNeed {
    const NAME: &'static str = "identify-need";
    const SUMMARY: &'static str = "Records a basic need that is not met and keeps the student from school.";
    const RULES: &'static str = "E34, R35, Q38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        in_table(&at.policy.tables.needs, "needs", self.need, at.today())?;
        if case.needs.contains(&self.need) {
            return Ok(vec![]);
        }
        Ok(vec![UnmetNeedIdentified { need: self.need }.into()])
    }
}
