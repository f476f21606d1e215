//! What the service levels can be asked, and what they answer.

use caseledger_events::event::CaseKind;
use caseledger_events::ids::{Code, Position};
use caseledger_projections::service_levels::Step;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the figures are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceBy {
    /// A row a provider; one without a name for what waits for the Ministry or CIT.
    #[default]
    Provider,
    /// A row a week, named by its Monday.
    Week,
    /// A row a catchment.
    Catchment,
    /// A row a case manager.
    Manager,
    /// A row for each of the two kinds of case.
    Kind,
}

/// Which referrals, and how they are told apart. All filters must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceQuery {
    /// With this provider.
    pub provider: Option<Code>,
    /// Worked by this case manager.
    pub manager: Option<Code>,
    /// Routed by this catchment.
    pub catchment: Option<Code>,
    /// Of this kind.
    pub kind: Option<CaseKind>,
    /// That came on this New Zealand day or later; thirteen weeks before `to` when nothing is said.
    pub from: Option<NaiveDate>,
    /// That came on this New Zealand day or earlier; the day of the latest event when nothing is said.
    pub to: Option<NaiveDate>,
    /// Also those that were carried over from the system before, whose cases other measures judge (Q39).
    pub migrated: bool,
    /// What the rows are told apart by.
    pub by: ServiceBy,
}

/// How referrals were served, by rows and altogether.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ServicePage {
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub to: NaiveDate,
    /// The New Zealand day that *open* and *overdue* speak of: that of the latest event.
    pub on: NaiveDate,
    /// What the rows are told apart by.
    pub by: ServiceBy,
    /// The rows, by name.
    pub rows: Vec<ServiceFigures>,
    /// All of them together.
    pub total: ServiceFigures,
    /// The position the figures are true at.
    pub as_of: Position,
}

/// Figures of some referrals.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct ServiceFigures {
    /// Whose: a code, a kind, or the Monday of a week; absent for all together, and for those without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Referrals that came in the period.
    pub referrals: u64,
    /// Of these, those that are still open.
    pub open: u64,
    /// Of these, those that no provider has.
    pub unallocated: u64,
    /// Of these, those that wait for capacity (R8).
    pub waitlisted: u64,
    /// Of these, those whose case was closed.
    pub closed: u64,
    /// Of these, those that were passed on.
    pub moved: u64,
    /// Those that ended in the period, whenever they came.
    pub ended_in_period: u64,
    /// The day the oldest of the open ones came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_open: Option<NaiveDate>,
    /// Of the half-days schools were open, the hundredths that students were absent before they were referred (E1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent_percent_before: Option<f64>,
    /// How the steps went, in their order.
    pub steps: Vec<StepFigures>,
}

/// How one step went.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct StepFigures {
    /// The step.
    pub step: Step,
    /// Those for which it is done.
    pub done: u64,
    /// Those for which it is asked and not done yet.
    pub waiting: u64,
    /// Half of those done took so many business days at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_days: Option<u32>,
    /// Nine of ten of those done took so many business days at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_days: Option<u32>,
    /// How they stand to the lines that documents draw; none where none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitFigures>,
}

/// How a step stands to a line in business days; an aid to work, what counts towards a measure `measures` alone judges.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct LimitFigures {
    /// So many business days.
    pub days: u32,
    /// The rule or measure that draws it.
    pub rule: &'static str,
    /// Done by then.
    pub in_time: u64,
    /// Done later.
    pub late: u64,
    /// Not done, and the line is past.
    pub overdue: u64,
}
