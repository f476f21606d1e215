//! Further ways a case begins, and what a new one has to do with one closed not long ago.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CaseKind;
use crate::ids::{CaseId, Code, StudentId};
use crate::number::CaseNumber;

/// E3, K5: a student outside any school was reported by somebody else than the register or the last school.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnenrolledStudentReported {
    /// The readable number of the case (K6).
    pub number: CaseNumber,
    /// The student; of one whose number nobody knows, an id of their own.
    pub student: StudentId,
    /// Who reported.
    pub reporter: Reporter,
    /// The last school where it is known; else the school near which the student lives.
    pub school: Code,
    /// Whether the student is known to have attended that school.
    pub attended: bool,
    /// The last day present there, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day_attended: Option<NaiveDate>,
    /// Whether it was attached to a case that was active already (Q4).
    pub attached: bool,
}

/// K5: who reports a student that is enrolled nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reporter {
    /// A school that never enrolled the student.
    School,
    /// A provider.
    Provider,
    /// An office of the Ministry.
    Ministry,
    /// Somebody from the public, through one of these.
    Public,
}

/// E40, K3: the case was carried over from the predecessor system; an attribute, not a kind (K4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseMigrated {
    /// The readable number of the case here (K6).
    pub number: CaseNumber,
    /// The student, as the blind index knows them.
    pub student: StudentId,
    /// What kind of case it is.
    pub kind: CaseKind,
    /// Its id in the predecessor system.
    pub former: Code,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// The day it was first referred there (Q9).
    pub referred_on: NaiveDate,
    /// The last day of attendance, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day_attended: Option<NaiveDate>,
}

/// R29, Q3: the student's last case was closed not long ago; the provider's workflow lead finds both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecentClosureLinked {
    /// The case that was closed.
    pub earlier: CaseId,
    /// The day it was closed on.
    pub closed_on: NaiveDate,
    /// The provider that had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Code>,
    /// The months within which a closure counts as recent.
    pub window_months: u8,
}
