//! Safety and prosecution (R36, R37): restricted, whatever they say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// E35, R37: Oranga Tamariki was asked under section 19.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrangaTamarikiReferralMade {}

/// E35, R37: a risk of harm was reported to Oranga Tamariki.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReportOfConcernMade {
    /// Whether the police were told as well.
    pub police_told: bool,
}

/// R36: what is shown to have been tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupportEvidence {
    /// The record of attendance.
    AttendanceRecord,
    /// Letters to the family.
    Letters,
    /// Meetings held or offered.
    Meetings,
    /// Plans agreed or offered.
    Plans,
    /// Referrals to other services.
    OtherServices,
    /// Visits to the home.
    HomeVisits,
}

/// E36: the Attendance Prosecutions Unit was notified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProsecutionNotified {
    /// What is shown to have been tried.
    pub evidence: Vec<SupportEvidence>,
}

/// E36: what came of the notification.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProsecutionOutcomeRecorded {
    /// What.
    pub outcome: ProsecutionOutcome,
}

/// E36: what may come of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProsecutionOutcome {
    /// The unit does not take it on.
    NotTakenOn,
    /// It was settled without a court.
    Settled,
    /// It was withdrawn.
    Withdrawn,
    /// A court convicted.
    Convicted,
    /// A court discharged or acquitted.
    NotConvicted,
}
