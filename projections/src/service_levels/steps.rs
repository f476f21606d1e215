//! The steps of a stint, what they are counted from, and where the documents draw a line.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stint;

/// Something a referral waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A provider gets it, counted from the referral.
    Allocated,
    /// It gets a case manager, counted from the referral.
    Assigned,
    /// Active work begins, counted from the referral (R7).
    Begun,
    /// The school is met, counted from the allocation (M10, M11, Q6).
    SchoolMet,
    /// Student and caregiver are engaged, counted from the allocation (M12, M13, Q6).
    Engaged,
    /// The student plan is recorded, counted from the allocation.
    Planned,
}

/// A line in business days, and what draws it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StepLimit {
    /// So many business days.
    pub days: u32,
    /// The rule or measure.
    pub rule: &'static str,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Step; 6] =
        [Step::Allocated, Step::Assigned, Step::Begun, Step::SchoolMet, Step::Engaged, Step::Planned];

    /// Returns its name, as it is stored and asked for.
    pub fn name(self) -> &'static str {
        match self {
            Step::Allocated => "allocated",
            Step::Assigned => "assigned",
            Step::Begun => "begun",
            Step::SchoolMet => "school_met",
            Step::Engaged => "engaged",
            Step::Planned => "planned",
        }
    }

    /// Returns the lines drawn for it, the nearer first; none where no document draws one.
    pub fn limits(self) -> &'static [StepLimit] {
        match self {
            Step::Allocated | Step::Assigned | Step::Planned => &[],
            Step::Begun => &[StepLimit { days: 10, rule: "R7" }],
            Step::SchoolMet => &[StepLimit { days: 5, rule: "M10" }, StepLimit { days: 10, rule: "M11" }],
            Step::Engaged => &[StepLimit { days: 10, rule: "M12" }, StepLimit { days: 15, rule: "M13" }],
        }
    }

    /// Returns the day it is counted from, of the day a stint came and the day it was allocated; `None` while that has
    /// not come.
    pub fn from(self, came_on: NaiveDate, allocated_on: Option<NaiveDate>) -> Option<NaiveDate> {
        match self {
            Step::Allocated | Step::Assigned | Step::Begun => Some(came_on),
            Step::SchoolMet | Step::Engaged | Step::Planned => allocated_on,
        }
    }

    /// Returns the day it was done; `None` while it is not.
    pub fn done(self, stint: &Stint) -> Option<NaiveDate> {
        match self {
            Step::Allocated => stint.allocated_on,
            Step::Assigned => stint.assigned_on,
            Step::Begun => stint.begun_on,
            Step::SchoolMet => stint.school_met_on,
            // Both, directly: the later of the two days completes it (E9).
            Step::Engaged => Some(stint.student_engaged_on?.max(stint.caregiver_engaged_on?)),
            Step::Planned => stint.planned_on,
        }
    }

    /// Returns whether the step is asked at all of a case that can be reached or not (M12, M13).
    pub fn is_asked(self, reachable: bool) -> bool {
        self != Step::Engaged || reachable
    }
}
