//! How a case begins: the support request, the non-enrolment notification, the Ministry's check.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CaseKind;
use crate::ids::{CaseId, Code, StudentId};
use crate::number::CaseNumber;

/// E1: a school's CA support request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupportRequestSubmitted {
    /// The readable number of the case (K6).
    pub number: CaseNumber,
    /// The student, as the blind index knows them.
    pub student: StudentId,
    /// The referring school.
    pub school: Code,
    /// The school's primary contact (A3); another person than the submitter where that was said.
    pub primary_contact: Code,
    /// Half-days absent in the term at referral (Q2).
    pub absent_half_days: u16,
    /// Half-days the school was open in that term so far, to show the percentage beside it (Q1).
    pub open_half_days: u16,
    /// Whether the absence reached the threshold that advises (R2, Q1).
    pub reaches_threshold: bool,
    /// Why an earlier referral is made, where the threshold is not reached (R3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_because: Option<EarlierReason>,
    /// How far the school could engage student and parents (R5).
    pub engagement: SchoolEngagement,
    /// Whether the school's own steps were taken and did not work (R1).
    pub school_steps_taken: bool,
    /// Whether the school asks for particular urgency (R6).
    pub urgent: bool,
    /// Whether the school sees an unmet basic need as a barrier (R35).
    pub unmet_need: bool,
    /// Whether the school holds an ISP contract and chose it (R41).
    pub to_in_school_provider: bool,
    /// Whether it was attached to a case that was active already (Q4).
    pub attached: bool,
}

/// R3: what justifies a referral before the threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EarlierReason {
    /// A history of attendance concerns at this school.
    HistoryAtThisSchool,
    /// A history of attendance concerns at an earlier school.
    HistoryAtEarlierSchool,
    /// A pattern of absences, with the test of R1 met (R4).
    PatternOfAbsence,
    /// Another reason, told in the narrative.
    Other,
}

/// R5: how far the school could engage the child and the parents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchoolEngagement {
    /// A plan was agreed and signed.
    PlanSigned,
    /// Child and parents were engaged, no plan signed.
    Engaged,
    /// Only one side could be engaged.
    Partly,
    /// Nobody could be engaged.
    NotEngaged,
}

/// E2: a non-enrolment notification from ENROL.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NonEnrolmentNotified {
    /// The readable number of the case (K6).
    pub number: CaseNumber,
    /// The student, as the blind index knows them.
    pub student: StudentId,
    /// The most recently attended school.
    pub last_school: Code,
    /// The last day present, not the day of withdrawal (R14).
    pub last_day_attended: NaiveDate,
    /// The day the school withdrew the student, where it is known (R10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_on: Option<NaiveDate>,
    /// The day the task reached the school; the form is due five school days later (R13, Q26).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_received_on: Option<NaiveDate>,
    /// Why the student left.
    pub leave_reason: LeaveReason,
    /// Whether a return date is known: temporary absence stays on the roll (R10).
    pub return_date_known: bool,
    /// The day the form was due, counted from the task as policy says (R13, Q26); absent where no task is known, or
    /// where the terms or the holidays of the school's region are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_due_on: Option<NaiveDate>,
    /// The day from which the register sets the task by itself, a notification before it being an immediate one: the day
    /// after a withdrawal for continuous absence, else counted from the withdrawal as policy says (R11, R12, Q27).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_expected_on: Option<NaiveDate>,
    /// Whether it was attached to a case that was active already (Q4).
    pub attached: bool,
}

/// R12, R14: the leave reasons that change what happens next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// Withdrawn for continuous absence: an immediate notification is possible.
    ContinuousAbsence,
    /// Gone overseas: triggers an automatic check with Immigration NZ.
    GoneOverseas,
    /// The parents withdrew the child.
    WithdrawnByParent,
    /// Any other reason.
    Other,
}

/// E4: what the Ministry found before a notification is referred to a provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MinistryCheckCompleted {
    /// Whether the student is still in New Zealand, where that could be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_new_zealand: Option<bool>,
    /// Whether the student turned out to be enrolled.
    pub enrolled: bool,
    /// What follows.
    pub outcome: CheckOutcome,
}

/// E4: refer to a provider, or end the notification; the latter is no closure and in no measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The case goes to a provider.
    Refer,
    /// The student is enrolled after all.
    DoNotReferEnrolled,
    /// The student has left the country.
    DoNotReferOverseas,
    /// Another reason, told in the narrative.
    DoNotReferOther,
}

/// E33, R27: two active cases of one student.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DualActiveDetected {
    /// The other active case.
    pub other: CaseId,
    /// Why a separate case was opened on purpose; absent where it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_purpose: Option<Code>,
}

/// Q4: a later referral changed what kind of case it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseKindChanged {
    /// What it was.
    pub from: CaseKind,
    /// What it is now.
    pub to: CaseKind,
}
