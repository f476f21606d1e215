//! What becomes of the student's education: pathways (M9) and exemptions (R30–R34).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// E28: the student is on a pathway (M9).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PathwayOutcomeRecorded {
    /// Which.
    pub outcome: Pathway,
    /// From when.
    pub from: NaiveDate,
}

/// M9: what counts as a pathway.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pathway {
    /// Enrolled in a school.
    Enrolled,
    /// In alternative education.
    AlternativeEducation,
    /// A valid exemption.
    ValidExemption,
}

/// Which exemption it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExemptionKind {
    /// Home education (R31).
    HomeEducation,
    /// From the age of fifteen.
    Fifteen,
}

/// E29, R30: the family has applied to educate at home; nobody asks why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HomeEducationApplicationNoted {
    /// The day it was made, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_on: Option<NaiveDate>,
}

/// E29: an exemption was granted; the case should be closed (R34).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExemptionGranted {
    /// Which.
    pub exemption: ExemptionKind,
    /// From when it is valid; until then the student stays enrolled and attends (R31).
    pub from: NaiveDate,
}

/// E29: an exemption was declined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExemptionDeclined {
    /// Which.
    pub exemption: ExemptionKind,
}

/// E29: an exemption was revoked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExemptionRevoked {
    /// Which.
    pub exemption: ExemptionKind,
    /// From when.
    pub from: NaiveDate,
}
