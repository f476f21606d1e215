//! Pausing, and waiting for capacity: no clock stops for either (Q20).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// E38: work on the case rests for a while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CasePaused {
    /// Why.
    pub reason: PauseReason,
    /// When work is to go on, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// E38: why work rests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The student is ill, or in care of a hospital or health school.
    Health,
    /// Bereavement or another event in the family.
    FamilyEvent,
    /// Away for a known time.
    TemporaryAbsence,
    /// Another service works with the family first.
    OtherService,
    /// Attendance is back and watched for a while.
    Monitoring,
    /// Another reason, told in the narrative.
    Other,
}

/// E38: work on the case goes on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseResumed {}

/// E37, R8: the case waits for capacity, in an exceptional surge alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Waitlisted {
    /// The day work is expected to begin.
    pub expected_on: NaiveDate,
}

/// E37: the case waits no longer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RemovedFromWaitlist {}
