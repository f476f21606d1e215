//! The work on a case: meetings, engagement, attempts, contact details, the student plan.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Code;

/// Q11: how people met; always stored, counted by mode.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In the same room.
    InPerson,
    /// By video.
    Video,
    /// By telephone.
    Phone,
    /// By text message or chat, both ways.
    Text,
    /// By email, both ways.
    Email,
    /// At the home.
    HomeVisit,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 6] = [Mode::InPerson, Mode::Video, Mode::Phone, Mode::Text, Mode::Email, Mode::HomeVisit];
}

/// E8: which school was met (M10, M11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchoolRole {
    /// The school that referred the student (CA).
    Referring,
    /// The school most recently attended (NEN, K10).
    MostRecentlyAttended,
    /// Another school.
    Other,
}

/// E8: a meeting with a school to gather information (M6, M10, M11).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SchoolMeetingHeld {
    /// The school met.
    pub school: Code,
    /// Which school that is to the case.
    pub school_role: SchoolRole,
    /// How.
    pub mode: Mode,
}

/// E9: a meeting with caregivers (M7); also an engagement with a caregiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaregiverMeetingHeld {
    /// How.
    pub mode: Mode,
    /// Whether the student took part: then the student was engaged too.
    pub student_present: bool,
}

/// E9: direct, two-way contact with the student (M12, M13).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StudentEngaged {
    /// How.
    pub mode: Mode,
}

/// E9: direct, two-way contact with a caregiver (M12, M13).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaregiverEngaged {
    /// How.
    pub mode: Mode,
}

/// E46: an attempt that did not become contact; never counts for M10–M13, R19 rests on it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactAttempted {
    /// Whom.
    pub with: ContactWith,
    /// How.
    pub mode: Mode,
    /// What came of it.
    pub outcome: AttemptOutcome,
}

/// E46: whom somebody tried to reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactWith {
    /// The student.
    Student,
    /// A caregiver.
    Caregiver,
    /// A school.
    School,
    /// Somebody else.
    Other,
}

/// E46: why it did not become contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Nobody was reached.
    NotReached,
    /// The details were wrong.
    WrongDetails,
    /// Contact was refused.
    Refused,
}

/// E10: contact details; drive the population of M9, M12 and M13 (Q15), and R15.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactDetailsRecorded {
    /// Who gave them.
    pub source: DetailsSource,
    /// The date they were known to be right.
    pub current_on: NaiveDate,
    /// Whether the address is confirmed (R15).
    pub confirmed: bool,
    /// The catchment of the address, as the recorder states it (R15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
}

/// E10: who gave contact details.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetailsSource {
    /// The student or a caregiver.
    Family,
    /// A school.
    School,
    /// The enrolment register.
    Enrol,
    /// Another agency.
    Agency,
    /// Somebody else.
    Other,
}

/// E10: the details held no longer reach anybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactDetailsMarkedOutOfDate {}

/// E11: the student plan (M8); what is in it is narrative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StudentPlanRecorded {
    /// 1 for the first plan, counting revisions.
    pub revision: u16,
    /// How many goals it sets.
    pub goals: u8,
    /// The barriers it addresses, by code of the lookup table (Q38).
    pub barriers: Vec<Code>,
    /// When it is to be reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
}
