//! What the measures need of an event: a few bytes of its public facts, with its place and its two times.

use chrono::NaiveDate;

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::number::CaseNumber;

use super::fold::CodeRef;

/// What the measures know of one case.
#[derive(Clone, Debug)]
pub struct CaseFacts {
    /// The case.
    pub id: CaseId,
    /// Its readable number.
    pub number: CaseNumber,
    /// The student.
    pub student: StudentId,
    /// What happened to it, in the order of recording.
    pub facts: Vec<Fact>,
}

/// What happened, when, and when it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Where the event stands in the ledger.
    pub position: Position,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened, as far as a measure asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// E1, E2, E3: the student was referred; of a non-enrolled one, from when.
    Referred {
        /// As what.
        kind: CaseKind,
        /// Whether the referral was attached to a case that was active (Q4).
        attached: bool,
        /// The day the student left the roll, where it is known.
        gone_from: Option<NaiveDate>,
    },
    /// E40: the case was carried over.
    Migrated {
        /// As what.
        kind: CaseKind,
        /// When it was first referred (Q9).
        referred_on: NaiveDate,
    },
    /// E4: the Ministry referred a notification, or ended it.
    Checked {
        /// Whether it goes to a provider.
        refer: bool,
    },
    /// Q4: the kind of the case changed.
    KindChanged(CaseKind),
    /// E5: a provider got the case.
    Allocated {
        /// Which.
        provider: CodeRef,
        /// For which catchment.
        catchment: Option<CodeRef>,
        /// Whether it is in-school provision (Q22).
        in_school: bool,
    },
    /// E6: a case manager got it.
    Assigned,
    /// E7: it was reviewed.
    Reviewed,
    /// E8: a school was met.
    SchoolMet(SchoolRole, Mode),
    /// E9: caregivers were met.
    CaregiverMet {
        /// How.
        mode: Mode,
        /// Whether the student took part.
        with_student: bool,
    },
    /// E9: the student was engaged.
    StudentEngaged(Mode),
    /// E9: a caregiver was engaged.
    CaregiverEngaged(Mode),
    /// E10: contact details were recorded.
    DetailsRecorded,
    /// E10: they are out of date.
    DetailsOutOfDate,
    /// E46: an attempt showed that they are wrong (Q15).
    DetailsWrong,
    /// E11: a student plan was recorded.
    PlanRecorded,
    /// E22: the student cannot be located, or was.
    NotLocated(bool),
    /// E23: the case went to CIT.
    ToCit,
    /// E24: CIT sent it back.
    BackFromCit,
    /// E27: the register says the student is enrolled, or no longer, from a day on.
    Enrolment {
        /// Whether at a school.
        enrolled: bool,
        /// From when.
        effective_on: NaiveDate,
    },
    /// E28: the student is on a pathway.
    OnPathway(Pathway, NaiveDate),
    /// E29: an exemption is valid from a day on.
    Exempt(NaiveDate),
    /// E29: and no longer.
    ExemptionRevoked(NaiveDate),
    /// E30: the case was closed.
    Closed(ClosureReason),
    /// E31: and reopened.
    Reopened,
    /// E37, E38: work rests, or goes on (Q20).
    Resting(bool),
}

/// Reads what a measure needs of an event of a case; nothing of most.
///
/// `code` holds providers and catchments as numbers.
pub(super) fn read(event: &CaseEvent, mut code: impl FnMut(caseledger_events::ids::Code) -> CodeRef) -> Option<What> {
    Some(match event {
        CaseEvent::SupportRequestSubmitted(e) => {
            What::Referred { kind: CaseKind::ChronicAbsence, attached: e.attached, gone_from: None }
        }
        CaseEvent::NonEnrolmentNotified(e) => {
            let gone_from = Some(e.withdrawn_on.unwrap_or(e.last_day_attended));
            What::Referred { kind: CaseKind::NonEnrolment, attached: e.attached, gone_from }
        }
        CaseEvent::UnenrolledStudentReported(e) => {
            What::Referred { kind: CaseKind::NonEnrolment, attached: e.attached, gone_from: e.last_day_attended }
        }
        CaseEvent::CaseMigrated(e) => What::Migrated { kind: e.kind, referred_on: e.referred_on },
        CaseEvent::MinistryCheckCompleted(e) => What::Checked { refer: e.outcome == CheckOutcome::Refer },
        CaseEvent::CaseKindChanged(e) => What::KindChanged(e.to),
        CaseEvent::AllocatedToProvider(e) => {
            let catchment = e.catchment.map(&mut code);
            What::Allocated { provider: code(e.provider), catchment, in_school: e.in_school }
        }
        CaseEvent::AssignedToCaseManager(_) => What::Assigned,
        CaseEvent::CaseReviewed(_) => What::Reviewed,
        CaseEvent::SchoolMeetingHeld(e) => What::SchoolMet(e.school_role, e.mode),
        CaseEvent::CaregiverMeetingHeld(e) => What::CaregiverMet { mode: e.mode, with_student: e.student_present },
        CaseEvent::StudentEngaged(e) => What::StudentEngaged(e.mode),
        CaseEvent::CaregiverEngaged(e) => What::CaregiverEngaged(e.mode),
        CaseEvent::ContactDetailsRecorded(_) => What::DetailsRecorded,
        CaseEvent::ContactDetailsMarkedOutOfDate(_) => What::DetailsOutOfDate,
        CaseEvent::ContactAttempted(e) if shows_wrong(e) => What::DetailsWrong,
        CaseEvent::StudentPlanRecorded(_) => What::PlanRecorded,
        CaseEvent::NotLocatedFlagSet(_) => What::NotLocated(true),
        CaseEvent::NotLocatedFlagCleared(_) => What::NotLocated(false),
        CaseEvent::ReallocatedToCit(_) => What::ToCit,
        CaseEvent::ReallocationDeclinedByCit(_) => What::BackFromCit,
        CaseEvent::EnrolmentStatusChanged(e) => {
            What::Enrolment { enrolled: e.school.is_some(), effective_on: e.effective_on }
        }
        CaseEvent::PathwayOutcomeRecorded(e) => What::OnPathway(e.outcome, e.from),
        CaseEvent::ExemptionGranted(e) => What::Exempt(e.from),
        CaseEvent::ExemptionRevoked(e) => What::ExemptionRevoked(e.from),
        CaseEvent::CaseClosed(e) => What::Closed(e.reason),
        CaseEvent::CaseReopened(_) => What::Reopened,
        CaseEvent::CasePaused(_) | CaseEvent::Waitlisted(_) => What::Resting(true),
        CaseEvent::CaseResumed(_) | CaseEvent::RemovedFromWaitlist(_) => What::Resting(false),
        _ => return None,
    })
}

/// An attempt on the family that met wrong details; a school's telephone number says nothing of theirs.
fn shows_wrong(attempt: &ContactAttempted) -> bool {
    let of_the_family = matches!(attempt.with, ContactWith::Student | ContactWith::Caregiver);
    of_the_family && attempt.outcome == AttemptOutcome::WrongDetails
}

/// The stored names of the events that `read` takes; the facts of others are not decoded.
pub const READ: &[&str] = &[
    "support_request_submitted",
    "non_enrolment_notified",
    "unenrolled_student_reported",
    "case_migrated",
    "ministry_check_completed",
    "case_kind_changed",
    "allocated_to_provider",
    "assigned_to_case_manager",
    "case_reviewed",
    "school_meeting_held",
    "caregiver_meeting_held",
    "student_engaged",
    "caregiver_engaged",
    "contact_details_recorded",
    "contact_details_marked_out_of_date",
    "contact_attempted",
    "student_plan_recorded",
    "not_located_flag_set",
    "not_located_flag_cleared",
    "reallocated_to_cit",
    "reallocation_declined_by_cit",
    "enrolment_status_changed",
    "pathway_outcome_recorded",
    "exemption_granted",
    "exemption_revoked",
    "case_closed",
    "case_reopened",
    "case_paused",
    "case_resumed",
    "waitlisted",
    "removed_from_waitlist",
    "cases_merged",
    "case_unmerged",
];
