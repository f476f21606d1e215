//! Who works the case: provider, case manager, the school's primary contact, and enrolment.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Code;

/// E5: the case was given to a provider; starts the clocks of M9 and, by default, M10–M13 (Q6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AllocatedToProvider {
    /// The provider.
    pub provider: Code,
    /// The catchment it is given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// What it was routed by (R41).
    pub basis: AllocationBasis,
    /// Whether the provider is in-school provision (A6, R21), which measures report apart (Q22).
    pub in_school: bool,
}

/// R41: what decided which provider a case goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllocationBasis {
    /// The school's own in-school provision.
    InSchoolProvider,
    /// The catchment of the referring school.
    SchoolCatchment,
    /// The catchment of the confirmed address.
    ConfirmedAddress,
    /// The catchment of the last school.
    LastSchoolCatchment,
    /// CIT decided or corrected it.
    Cit,
}

/// E6: the case manager; Q5: may change while an information request is open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AssignedToCaseManager {
    /// The person.
    pub manager: Code,
    /// The one before, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Code>,
}

/// E7: M5 asks for reviewed *and* allocated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReviewed {
    /// Who reviewed it.
    pub reviewer: Code,
}

/// E16: who at the school is asked about this case; a school may change it (T6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrimaryContactChanged {
    /// The one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Code>,
    /// The one now.
    pub contact: Code,
}

/// E27: what ENROL reports; moves what a school may see (V1, Q28) and decides M4 and M9.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentStatusChanged {
    /// The school of enrolment; absent when the student is enrolled nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<Code>,
    /// The student type, such as `RE` or `NA`.
    pub student_type: Code,
    /// The date the register says it takes effect (Q25).
    pub effective_on: NaiveDate,
}
