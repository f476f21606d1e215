//! The row of a case.

use caseledger_events::event::{CaseKind, ClosureReason, DetailsSource, RequestNumber};
use caseledger_events::ids::{CaseId, Code, Position, StudentId, Version};
use caseledger_events::number::CaseNumber;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::Beside;
use crate::moment::Moment;

/// Where a case stands in its life (domain §1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStatus {
    /// A notification waits for the Ministry's check.
    Notified,
    /// The Ministry ended the notification: no closure, in no measure (E4).
    NotReferred,
    /// A provider has it, no case manager yet.
    Allocated,
    /// A case manager works on it.
    Active,
    /// Its work rests for a while (E38).
    Paused,
    /// It went into another case (R28).
    Merged,
    /// It ended.
    Closed,
}

impl CaseStatus {
    /// Returns its name, as it is stored and asked for.
    pub fn name(self) -> &'static str {
        match self {
            CaseStatus::Notified => "notified",
            CaseStatus::NotReferred => "not_referred",
            CaseStatus::Allocated => "allocated",
            CaseStatus::Active => "active",
            CaseStatus::Paused => "paused",
            CaseStatus::Merged => "merged",
            CaseStatus::Closed => "closed",
        }
    }
}

/// Who holds a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    /// The Ministry, before a notification is referred.
    Ministry,
    /// A provider.
    Provider,
    /// CIT.
    Cit,
}

/// What calls for attention on a case, whatever its status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Flags {
    /// The student could not be located (R19).
    pub not_located: bool,
    /// At least one information request waits for its answer.
    pub info_request_open: bool,
    /// A notification waits for the Ministry's check (E4).
    pub check_pending: bool,
    /// Somebody says the student is overseas, and Immigration NZ has not answered OUT (R22, R23).
    pub out_of_country_unconfirmed: bool,
    /// A second active case of the same student was found (R27).
    pub dual_active_suspected: bool,
    /// The school asked for particular urgency (R6).
    pub urgent: bool,
    /// An unmet basic need is a barrier (R35).
    pub unmet_need: bool,
    /// It waits for capacity (R8).
    pub waitlisted: bool,
    /// It was carried over from the predecessor system (K4).
    pub migrated: bool,
}

/// Where the student is enrolled from a day on, as ENROL reported or a referral said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentRow {
    /// From when.
    pub from: NaiveDate,
    /// The school; absent when enrolled nowhere.
    pub school: Option<Code>,
    /// The student type ENROL gave, such as `RE`; absent where a referral said it.
    pub student_type: Option<Code>,
    /// When it was recorded.
    pub recorded: Moment,
}

/// Who at the school is asked about the case, and where the student was enrolled when that was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NamedContact {
    /// The person.
    pub person: Code,
    /// The school of enrolment, as known then; absent when enrolled nowhere.
    pub school: Option<Code>,
    /// The New Zealand day that was recorded.
    pub since: NaiveDate,
}

/// How many of what a case holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Comments, shared or not.
    pub comments: u16,
    /// Comments that schools may read now: *n of m shared* (V5).
    pub comments_shared: u16,
    /// Attempts at contact that did not become contact (E46).
    pub attempts: u16,
    /// Information requests ever made.
    pub requests: u16,
    /// Plans and their revisions.
    pub plans: u16,
    /// Reopenings (R26).
    pub reopened: u16,
}

/// The contact details held, as facts; the details themselves are personal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Details {
    /// Who gave them.
    pub source: DetailsSource,
    /// The date they were known to be right.
    pub current_on: NaiveDate,
    /// Whether the address was confirmed with them (R15).
    pub confirmed: bool,
    /// The catchment of the address, as the recorder stated it.
    pub catchment: Option<Code>,
    /// Whether they were found to be out of date since.
    pub out_of_date: bool,
    /// When they were recorded.
    pub recorded: Moment,
}

/// One case as it stands: facts alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseRow {
    /// The case.
    pub case: CaseId,
    /// The readable number people quote (K6).
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: CaseStatus,
    /// The student.
    pub student: StudentId,
    /// Who holds it.
    pub owner: OwnerKind,
    /// The provider that holds it; absent while the Ministry or CIT does.
    pub provider: Option<Code>,
    /// The provider that passed it to CIT, while CIT has it.
    pub passed_on_by: Option<Code>,
    /// Whether the provider is an in-school one (R21).
    pub in_school: bool,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// Where the student is enrolled on the day of `on`; a school sees its case by this one (V1, Q28).
    pub enrolled_at: Option<Code>,
    /// Where the student is enrolled from when, as known now, by date; of one date the later report stands (Q25).
    pub enrolments: Vec<EnrolmentRow>,
    /// The New Zealand day that `enrolled_at` and `primary_contact` speak of.
    pub on: NaiveDate,
    /// The case manager.
    pub manager: Option<Code>,
    /// The school's primary contact (A3) on the day of `on`: asked anew once enrolment has moved.
    pub primary_contact: Option<Code>,
    /// Who was named last, and where.
    pub contact_named: Option<NamedContact>,
    /// What calls for attention.
    pub flags: Flags,
    /// Other active cases of the same student that were found, or left beside this one on purpose (E33).
    pub other_cases: Vec<CaseId>,
    /// Half-days absent at referral (E1).
    pub absent_half_days: Option<u16>,
    /// Half-days the school was open in that term, to show the percentage beside it (Q1).
    pub open_half_days: Option<u16>,
    /// The last day attended (E2, R14).
    pub last_day_attended: Option<NaiveDate>,
    /// The first referral or notification.
    pub opened: Moment,
    /// The latest referral or notification; another than the first where one was attached (Q4).
    pub referred: Moment,
    /// The latest allocation to a provider (E5).
    pub allocated: Option<Moment>,
    /// The latest assignment to a case manager (E6).
    pub assigned: Option<Moment>,
    /// The latest review (E7).
    pub reviewed: Option<Moment>,
    /// The earliest meeting with the referring or most recently attended school (E8, M10, M11).
    pub first_school_meeting: Option<Moment>,
    /// The earliest meeting with caregivers (E9, M7).
    pub first_caregiver_meeting: Option<Moment>,
    /// The earliest direct engagement of the student (E9, M12, M13).
    pub first_student_engagement: Option<Moment>,
    /// The earliest direct engagement of a caregiver (E9, M12, M13).
    pub first_caregiver_engagement: Option<Moment>,
    /// The earliest student plan (E11, M8).
    pub first_plan: Option<Moment>,
    /// The closure, while the case is closed (E30).
    pub closed: Option<Moment>,
    /// Why it was closed, while it is.
    pub closed_because: Option<ClosureReason>,
    /// The contact details held.
    pub details: Option<Details>,
    /// The catchment of the confirmed address, where one is confirmed (R15).
    pub confirmed_catchment: Option<Code>,
    /// The information requests that wait for an answer.
    pub open_requests: Vec<RequestNumber>,
    /// How many of what.
    pub counts: Counts,
    /// What stands beside the core: risk, needs, tasks, files, pathways, and cases it has to do with.
    pub beside: Beside,
    /// What it was before it went into another case, while it is part of it.
    pub before_merge: Option<CaseStatus>,
    /// The latest event.
    pub last_activity: Moment,
    /// The version of the stream; goes into `If-Match`. Null where restricted events are left out, so that nobody counts
    /// them.
    #[serde(serialize_with = "told")]
    #[schemars(with = "Option<Version>")]
    pub version: Version,
    /// The newest event with a part that says who the student is.
    pub student_at: Option<Position>,
    /// The newest event with a part that holds contact details.
    pub contacts_at: Option<Position>,
}

/// Versions, requests, tasks and files are counted from 1: 0 is the number of one that is not told, and null to people.
///
/// It keeps its place in a stored row, which is read by position.
pub(super) fn told<N, S>(number: &N, serializer: S) -> Result<S::Ok, S::Error>
where
    N: Default + PartialEq + Serialize,
    S: Serializer,
{
    if serializer.is_human_readable() && *number == N::default() {
        return serializer.serialize_none();
    }
    number.serialize(serializer)
}
