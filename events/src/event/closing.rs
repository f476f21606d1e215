//! The end of a case, and its deliberate reopening (R22, R26).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a case was closed (Q38, domain §2.1); *Not Located* is a flag, not a reason.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureReason {
    /// The student attends regularly again.
    ReturnedToAttendance,
    /// The student is enrolled (NEN).
    Enrolled,
    /// The student is in alternative education.
    AlternativeEducation,
    /// A home-education exemption was granted (R34).
    HomeEducation,
    /// An exemption at fifteen was granted.
    FifteenExemption,
    /// Immigration NZ says the student is out of the country (R22).
    OutOfCountry,
    /// The student turned sixteen.
    TurnedSixteen,
    /// Another provider has the case.
    TransferredToOtherProvider,
    /// Referred in error, or a duplicate.
    ReferredInError,
    /// The student died.
    Deceased,
    /// A prosecution ended it.
    ProsecutionOutcome,
    /// Another reason, told in the narrative.
    Other,
}

impl ClosureReason {
    /// Every reason.
    pub const ALL: [ClosureReason; 12] = [
        ClosureReason::ReturnedToAttendance,
        ClosureReason::Enrolled,
        ClosureReason::AlternativeEducation,
        ClosureReason::HomeEducation,
        ClosureReason::FifteenExemption,
        ClosureReason::OutOfCountry,
        ClosureReason::TurnedSixteen,
        ClosureReason::TransferredToOtherProvider,
        ClosureReason::ReferredInError,
        ClosureReason::Deceased,
        ClosureReason::ProsecutionOutcome,
        ClosureReason::Other,
    ];
}

/// E30: the case was closed by its provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseClosed {
    /// Why.
    pub reason: ClosureReason,
}

/// E31, R26: a person reopened the case; no feed may.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReopened {
    /// Why.
    pub reason: ReopenReason,
}

/// R26: why a case is reopened; told further in the narrative.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReopenReason {
    /// It was closed by mistake.
    ClosedInError,
    /// The student stopped attending again.
    AbsentAgain,
    /// New information came up.
    NewInformation,
    /// A review or complaint asks for it.
    Review,
}
