//! E11: the student plan, recorded or revised (M8).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, StudentPlanRecorded};
use crate::ids::Code;
use crate::input::{self, BadInput};
use crate::parts::PlanParts;
use crate::policy::in_table;
use crate::refusal::Refusal;

/// Records the student plan, or a revision of it; the words are personal.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPlan {
    /// The barriers it addresses, by code of the lookup table (Q38).
    #[serde(default)]
    pub barriers: Vec<Code>,
    /// When it is to be reviewed: the day the plan was made, or later.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub review_on: Option<NaiveDate>,
    /// How many goals it sets: counted where the words are read.
    #[serde(skip)]
    goals: u8,
}

impl Action for RecordPlan {
    const NAME: &'static str = "record-plan";
    const SUMMARY: &'static str = "Records the student plan, or a revision of it.";
    const RULES: &'static str = "E11, M8, Q38";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = PlanParts;

    fn complete(mut self, personal: &PlanParts) -> Result<Self, BadInput> {
        input::at_most(&self.barriers, "/facts/barriers")?;
        self.goals = u8::try_from(personal.plan.goals.len()).unwrap_or(u8::MAX);
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        for &barrier in &self.barriers {
            in_table(&at.policy.tables.barriers, "barriers", barrier, at.today())?;
        }
        // A plan that is recorded late may be due for its review by then.
        if let Some(day) = self.review_on.filter(|day| *day < at.occurred_at.auckland()) {
            at.not_in_the_past("/facts/review_on", day)?;
        }
        let revision = case.plans.checked_add(1).ok_or(Refusal::TooMany { limit: u16::MAX })?;
        Ok(vec![
            StudentPlanRecorded {
                revision,
                goals: self.goals,
                barriers: self.barriers.clone(),
                review_on: self.review_on,
            }
            .into(),
        ])
    }
}
