//! Service levels: how long each referral waited for what a provider is asked to do (W1, W2, R7, R8, M9–M13).
//!
//! The unit is a *stint*: one referral with whoever has it. A case that moves on, or that a later referral joins (Q39),
//! begins another, so that each provider is measured by what it was given and from when. Days follow Q6: a referral and
//! an allocation count from the New Zealand day they were *recorded*, everything a provider does from the day it
//! *happened*. Public facts alone: a reporting job outside folds the same rows from the broadcast.

use caseledger_events::event::{CaseEvent, CaseKind, CheckOutcome, SchoolRole};
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::number::CaseNumber;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case_view::CaseStatus;
use crate::moment::Moment;

mod steps;

pub use steps::{Step, StepLimit};

/// How a stint ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// The case was closed (E30).
    Closed,
    /// The case was passed on (E23, E24, E25).
    Moved,
    /// A later referral joined the case and has clocks of its own (Q4, Q39).
    ReferredAgain,
    /// The case went into another (E32).
    Merged,
    /// The Ministry ended the notification (E4).
    NotReferred,
}

impl Left {
    /// Returns its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Left::Closed => "closed",
            Left::Moved => "moved",
            Left::ReferredAgain => "referred_again",
            Left::Merged => "merged",
            Left::NotReferred => "not_referred",
        }
    }
}

/// One referral with whoever has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stint {
    /// Who has it; absent while the Ministry or CIT does.
    pub provider: Option<Code>,
    /// The case manager.
    pub manager: Option<Code>,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The day the referral came, or the case came to CIT.
    pub came_on: NaiveDate,
    /// The day it was given to the provider.
    pub allocated_on: Option<NaiveDate>,
    /// The day it got a case manager.
    pub assigned_on: Option<NaiveDate>,
    /// The earliest day of active work: a review, a meeting, an engagement, an attempt at contact (R7).
    pub begun_on: Option<NaiveDate>,
    /// The earliest meeting with the school (M10, M11).
    pub school_met_on: Option<NaiveDate>,
    /// The earliest direct engagement of the student.
    pub student_engaged_on: Option<NaiveDate>,
    /// The earliest direct engagement of a caregiver.
    pub caregiver_engaged_on: Option<NaiveDate>,
    /// The earliest student plan.
    pub planned_on: Option<NaiveDate>,
    /// The day it ended.
    pub left_on: Option<NaiveDate>,
    /// How it ended.
    pub left: Option<Left>,
}

/// What the service levels know of one case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceRow {
    /// The case.
    pub case: CaseId,
    /// Its readable number.
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: CaseStatus,
    /// The referring school, or the most recently attended one.
    pub school: Code,
    /// Whether it was carried over from the system before, whose cases other measures judge (Q39).
    pub migrated: bool,
    /// Whether the school asked for particular urgency (R6).
    pub urgent: bool,
    /// Whether it waits for capacity (R8).
    pub waitlisted: bool,
    /// Whether up-to-date contact details are held and the student can be located (M12, M13, Q20).
    pub reachable: bool,
    /// Half-days absent at referral (E1).
    pub absent_half_days: Option<u16>,
    /// Half-days the school was open in that term (E1).
    pub open_half_days: Option<u16>,
    /// Its stints, oldest first; never empty.
    pub stints: Vec<Stint>,
    details: bool,
    not_located: bool,
    before_merge: Option<CaseStatus>,
    /// The latest event that counted.
    pub position: Position,
}

/// The stored names of the events that count; others change nothing, and their facts are not decoded.
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
    "contact_attempted",
    "contact_details_recorded",
    "contact_details_marked_out_of_date",
    "not_located_flag_set",
    "not_located_flag_cleared",
    "student_plan_recorded",
    "reallocated_to_cit",
    "reallocation_declined_by_cit",
    "case_closed",
    "case_reopened",
    "case_paused",
    "case_resumed",
    "waitlisted",
    "removed_from_waitlist",
    "case_merged_into",
    "case_unmerged",
];

impl ServiceRow {
    /// Folds one event into the row of its case; `None` stays `None` until an event that begins a case.
    pub fn evolve(row: Option<ServiceRow>, case: CaseId, now: Moment, read: &CaseEvent) -> Option<ServiceRow> {
        let Some(mut row) = row else {
            let mut row = begin(case, now, read)?;
            row.take(now, read);
            return Some(row);
        };
        row.apply(now, read);
        Some(row)
    }

    /// Folds one more event into the row.
    pub fn apply(&mut self, now: Moment, read: &CaseEvent) {
        self.refer_again(now, read);
        self.take(now, read);
        self.position = now.position;
    }

    /// Returns the stint under way, or the last one.
    pub fn current(&self) -> &Stint {
        self.stints.last().expect("a row begins with a stint")
    }

    fn stint(&mut self) -> &mut Stint {
        self.stints.last_mut().expect("a row begins with a stint")
    }

    /// A later referral has clocks of its own, from the day it was recorded on (Q39).
    fn refer_again(&mut self, now: Moment, read: &CaseEvent) {
        let school = match read {
            CaseEvent::SupportRequestSubmitted(e) => e.school,
            CaseEvent::NonEnrolmentNotified(e) => e.last_school,
            CaseEvent::UnenrolledStudentReported(e) => e.school,
            _ => return,
        };
        self.school = school;
        let today = now.recorded_at.auckland();
        let Stint { provider, manager, catchment, left, .. } = *self.current();
        if left.is_none() {
            self.leave(today, Left::ReferredAgain);
        }
        let held = provider.is_some().then_some(today);
        let assigned_on = manager.is_some().then_some(today);
        self.stints.push(Stint { provider, manager, catchment, allocated_on: held, assigned_on, ..stint(today) });
    }

    /// Events of other types change nothing; [`READ`] names these.
    fn take(&mut self, now: Moment, read: &CaseEvent) {
        let (today, happened) = (now.recorded_at.auckland(), now.occurred_at.auckland());
        match read {
            CaseEvent::SupportRequestSubmitted(e) => {
                self.urgent |= e.urgent;
                (self.absent_half_days, self.open_half_days) = (Some(e.absent_half_days), Some(e.open_half_days));
            }
            CaseEvent::CaseMigrated(_) => self.migrated = true,
            CaseEvent::MinistryCheckCompleted(e)
                if e.outcome != CheckOutcome::Refer && self.status == CaseStatus::Notified =>
            {
                self.status = CaseStatus::NotReferred;
                self.leave(today, Left::NotReferred);
            }
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::AllocatedToProvider(e) => {
                let catchment = e.catchment.or(self.current().catchment);
                self.hand_to(e.provider, today);
                self.stint().catchment = catchment;
                self.waitlisted = false;
            }
            CaseEvent::ReallocationDeclinedByCit(e) => self.hand_to(e.back_to, today),
            CaseEvent::ReallocatedToCit(_) => {
                let catchment = self.current().catchment;
                self.leave(today, Left::Moved);
                self.stints.push(Stint { catchment, ..stint(today) });
                self.status = CaseStatus::Allocated;
            }
            CaseEvent::AssignedToCaseManager(e) => {
                if self.status != CaseStatus::Paused {
                    self.status = CaseStatus::Active;
                }
                let stint = self.stint();
                stint.manager = Some(e.manager);
                keep(&mut stint.assigned_on, today);
            }
            CaseEvent::CaseReviewed(_) | CaseEvent::ContactAttempted(_) => self.begun(happened),
            CaseEvent::SchoolMeetingHeld(e) => {
                self.begun(happened);
                if e.school_role != SchoolRole::Other {
                    keep(&mut self.stint().school_met_on, happened);
                }
            }
            CaseEvent::CaregiverMeetingHeld(e) => self.engaged(happened, e.student_present, true),
            CaseEvent::StudentEngaged(_) => self.engaged(happened, true, false),
            CaseEvent::CaregiverEngaged(_) => self.engaged(happened, false, true),
            CaseEvent::StudentPlanRecorded(_) => keep(&mut self.stint().planned_on, happened),
            CaseEvent::ContactDetailsRecorded(_) => self.can_reach(true, self.not_located),
            CaseEvent::ContactDetailsMarkedOutOfDate(_) => self.can_reach(false, self.not_located),
            CaseEvent::NotLocatedFlagSet(_) => self.can_reach(self.details, true),
            CaseEvent::NotLocatedFlagCleared(_) => self.can_reach(self.details, false),
            CaseEvent::CaseClosed(_) => {
                self.status = CaseStatus::Closed;
                self.leave(happened, Left::Closed);
            }
            CaseEvent::CaseReopened(_) => self.reopened(),
            CaseEvent::CasePaused(_) => self.status = CaseStatus::Paused,
            CaseEvent::CaseResumed(_) => self.status = CaseStatus::Active,
            CaseEvent::Waitlisted(_) => self.waitlisted = true,
            CaseEvent::RemovedFromWaitlist(_) => self.waitlisted = false,
            CaseEvent::CaseMergedInto(_) => self.merged(today),
            CaseEvent::CaseUnmerged(e) if e.merged == self.case => self.unmerged(),
            _ => {}
        }
    }

    /// Gives the referral to a provider: the one that waited, or another after whoever had it.
    fn hand_to(&mut self, provider: Code, today: NaiveDate) {
        let had_it = self.current().provider.is_some();
        let Stint { catchment, left, .. } = *self.current();
        if had_it {
            if left.is_none() {
                self.leave(today, Left::Moved);
            }
            self.stints.push(Stint { catchment, ..stint(today) });
        } else {
            (self.stint().left, self.stint().left_on) = (None, None);
        }
        let stint = self.stint();
        (stint.provider, stint.allocated_on) = (Some(provider), Some(today));
        (stint.manager, stint.assigned_on) = (None, None);
        self.status = CaseStatus::Allocated;
    }

    fn leave(&mut self, on: NaiveDate, how: Left) {
        let stint = self.stint();
        (stint.left, stint.left_on) = (Some(how), Some(on));
    }

    fn begun(&mut self, on: NaiveDate) {
        keep(&mut self.stint().begun_on, on);
    }

    fn engaged(&mut self, on: NaiveDate, student: bool, caregiver: bool) {
        self.begun(on);
        let stint = self.stint();
        if student {
            keep(&mut stint.student_engaged_on, on);
        }
        if caregiver {
            keep(&mut stint.caregiver_engaged_on, on);
        }
    }

    fn can_reach(&mut self, details: bool, not_located: bool) {
        (self.details, self.not_located) = (details, not_located);
        self.reachable = details && !not_located;
    }

    fn reopened(&mut self) {
        let stint = self.stint();
        if stint.left == Some(Left::Closed) {
            (stint.left, stint.left_on) = (None, None);
        }
        self.status = if self.current().manager.is_some() { CaseStatus::Active } else { CaseStatus::Allocated };
    }

    /// R28: a case that had ended stays as it ended.
    fn merged(&mut self, today: NaiveDate) {
        self.before_merge = Some(self.status);
        if !matches!(self.status, CaseStatus::Closed | CaseStatus::NotReferred | CaseStatus::Merged) {
            self.status = CaseStatus::Merged;
            self.leave(today, Left::Merged);
        }
    }

    fn unmerged(&mut self) {
        self.status = self.before_merge.take().unwrap_or(self.status);
        let stint = self.stint();
        if stint.left == Some(Left::Merged) {
            (stint.left, stint.left_on) = (None, None);
        }
    }
}

fn stint(came_on: NaiveDate) -> Stint {
    Stint {
        provider: None,
        manager: None,
        catchment: None,
        came_on,
        allocated_on: None,
        assigned_on: None,
        begun_on: None,
        school_met_on: None,
        student_engaged_on: None,
        caregiver_engaged_on: None,
        planned_on: None,
        left_on: None,
        left: None,
    }
}

fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<ServiceRow> {
    let (number, kind, school) = match read {
        CaseEvent::SupportRequestSubmitted(e) => (e.number, CaseKind::ChronicAbsence, e.school),
        CaseEvent::NonEnrolmentNotified(e) => (e.number, CaseKind::NonEnrolment, e.last_school),
        CaseEvent::UnenrolledStudentReported(e) => (e.number, CaseKind::NonEnrolment, e.school),
        CaseEvent::CaseMigrated(e) => (e.number, e.kind, e.school),
        _ => return None,
    };
    Some(ServiceRow {
        case,
        number,
        kind,
        status: CaseStatus::Notified,
        school,
        migrated: false,
        urgent: false,
        waitlisted: false,
        reachable: false,
        absent_half_days: None,
        open_half_days: None,
        stints: vec![stint(now.recorded_at.auckland())],
        details: false,
        not_located: false,
        before_merge: None,
        position: now.position,
    })
}

/// Keeps the earlier day: a late record may tell of what came before the one that was known as the first.
fn keep(known: &mut Option<NaiveDate>, day: NaiveDate) {
    *known = Some(known.map_or(day, |first| first.min(day)));
}

#[cfg(test)]
mod tests;
