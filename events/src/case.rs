//! A case as the rules see it: what the next decision needs, no more. Views are projections.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dates::OccurredAt;
use crate::event::*;
use crate::ids::{Code, StudentId};
use crate::number::CaseNumber;

/// Where a case stands in its life (domain §1.3); flags beside it are orthogonal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Status {
    /// A notification waits for the Ministry's check.
    Notified,
    /// The Ministry ended the notification: no closure, in no measure (E4).
    NotReferred,
    /// A provider has it, no case manager yet.
    Allocated,
    /// A case manager works on it.
    Active,
    /// It ended; terminal but for a person's reasoned reopening (R26).
    Closed,
}

impl Status {
    /// Returns whether the case counts as active for R27.
    pub fn is_active(self) -> bool {
        matches!(self, Status::Notified | Status::Allocated | Status::Active)
    }
}

/// Who holds a case; *with CIT* is an owner, not a status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Owner {
    /// The Ministry, before a notification is referred.
    Ministry,
    /// A provider.
    Provider(Code),
    /// CIT, which got it from this provider.
    Cit {
        /// The sender, who has it again if CIT declines (E24).
        sender: Code,
    },
}

/// An information request that is not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Its number on the case.
    pub number: RequestNumber,
    /// Whom it went to.
    pub agency: Agency,
    /// Whether it is a detailed check (E21).
    pub detailed: bool,
    /// Whether *Gone Overseas* triggered it: then it never pins (E4).
    pub automatic: bool,
}

/// What the rules need of a comment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CommentState {
    /// Whether a school wrote it.
    pub by_school: bool,
    /// Whether schools may read it.
    pub shared: bool,
}

/// How and when a case ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ending {
    /// Why.
    pub reason: ClosureReason,
    /// The Auckland day it occurred on.
    pub on: NaiveDate,
}

/// The decision state of one case.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The readable number (K6).
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: Status,
    /// The student.
    pub student: StudentId,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// Where ENROL says the student is enrolled.
    pub enrolled_at: Option<Code>,
    /// The student type ENROL gave, with its effective date; tells a repeated report from a new one.
    pub enrolment: Option<(Code, NaiveDate)>,
    /// Who holds it.
    pub owner: Owner,
    /// Whether the holder is an in-school provider (R21).
    pub in_school: bool,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The case manager.
    pub manager: Option<Code>,
    /// The school's primary contact; exactly one on a CA case, none on a NEN case.
    pub primary_contact: Option<Code>,
    /// Whether a notification waits for the Ministry's check, also one attached to a case at work.
    pub check_pending: bool,
    /// The open information requests.
    pub open_requests: Vec<OpenRequest>,
    /// How many requests were ever opened; numbers the next.
    pub requests_made: u16,
    /// How many were answered (R19).
    pub requests_answered: u16,
    /// What Immigration NZ last answered (R22).
    pub latest_inz: Option<Whereabouts>,
    /// Whether evidence that the student is overseas is on the case (R23).
    pub overseas_evidence: bool,
    /// How many attempts at contact were recorded (R19).
    pub attempts: u16,
    /// Whether the student could not be located.
    pub not_located: bool,
    /// The confirmed address' catchment, where one is confirmed (R15).
    pub confirmed_catchment: Option<Code>,
    /// Whether contact details are held and not out of date.
    pub details_current: bool,
    /// Agreements recorded on the case: (who would take it, who agreed).
    pub agreements: Vec<(Code, Code)>,
    /// How many plans and revisions were recorded.
    pub plans: u16,
    /// The comments, the first at index 0.
    pub comments: Vec<CommentState>,
    /// How it ended, while it is closed.
    pub ending: Option<Ending>,
}

impl Case {
    /// Begins a case from its first event; `None` for an event that begins none.
    pub fn open(event: &CaseEvent) -> Option<Case> {
        let mut case = match event {
            CaseEvent::SupportRequestSubmitted(e) => Case::new(e.number, CaseKind::ChronicAbsence, e.student, e.school),
            CaseEvent::NonEnrolmentNotified(e) => Case::new(e.number, CaseKind::NonEnrolment, e.student, e.last_school),
            _ => return None,
        };
        case.evolve(event, OccurredAt::Day(NaiveDate::MIN));
        Some(case)
    }

    fn new(number: CaseNumber, kind: CaseKind, student: StudentId, school: Code) -> Case {
        Case {
            number,
            kind,
            status: Status::Notified,
            student,
            school,
            enrolled_at: None,
            enrolment: None,
            owner: Owner::Ministry,
            in_school: false,
            catchment: None,
            manager: None,
            primary_contact: None,
            check_pending: false,
            open_requests: Vec::new(),
            requests_made: 0,
            requests_answered: 0,
            latest_inz: None,
            overseas_evidence: false,
            attempts: 0,
            not_located: false,
            confirmed_catchment: None,
            details_current: false,
            agreements: Vec::new(),
            plans: 0,
            comments: Vec::new(),
            ending: None,
        }
    }

    /// Folds one event in: no rules, no refusal; the fact has already happened.
    pub fn evolve(&mut self, event: &CaseEvent, occurred_at: OccurredAt) {
        match event {
            CaseEvent::SupportRequestSubmitted(e) => {
                self.school = e.school;
                self.primary_contact = Some(e.primary_contact);
                self.enrolled_at = Some(e.school);
            }
            CaseEvent::NonEnrolmentNotified(e) => {
                self.school = e.last_school;
                self.enrolled_at = None;
                self.primary_contact = None;
                self.check_pending = true;
            }
            CaseEvent::MinistryCheckCompleted(e) => {
                self.check_pending = false;
                if e.outcome != CheckOutcome::Refer && self.status == Status::Notified {
                    self.status = Status::NotReferred;
                }
            }
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::AllocatedToProvider(e) => {
                self.owner = Owner::Provider(e.provider);
                self.in_school = e.basis == AllocationBasis::InSchoolProvider;
                self.catchment = e.catchment.or(self.catchment);
                self.manager = None;
                self.agreements.clear();
                self.status = Status::Allocated;
            }
            CaseEvent::AssignedToCaseManager(e) => {
                self.manager = Some(e.manager);
                self.status = Status::Active;
            }
            CaseEvent::ContactDetailsRecorded(e) => {
                self.details_current = true;
                self.confirmed_catchment = e.catchment.filter(|_| e.confirmed);
            }
            CaseEvent::ContactDetailsMarkedOutOfDate(_) => {
                self.details_current = false;
                self.confirmed_catchment = None;
            }
            CaseEvent::StudentPlanRecorded(e) => self.plans = e.revision,
            CaseEvent::CommentAdded(e) => {
                self.comments.push(CommentState { by_school: e.by_school, shared: e.shared_with_schools });
            }
            CaseEvent::CommentSharingChanged(e) => {
                if let Some(comment) = self.comment_mut(e.comment) {
                    comment.shared = e.shared_with_schools;
                }
            }
            CaseEvent::PrimaryContactChanged(e) => self.primary_contact = Some(e.contact),
            CaseEvent::InformationRequestOpened(e) => {
                self.request_opened(OpenRequest {
                    number: e.request,
                    agency: e.agency,
                    detailed: false,
                    automatic: e.automatic,
                });
            }
            CaseEvent::DetailedImmigrationCheckRequested(e) => {
                self.request_opened(OpenRequest {
                    number: e.request,
                    agency: Agency::Inz,
                    detailed: true,
                    automatic: false,
                });
            }
            CaseEvent::InformationRequestAnswered(e) => {
                self.open_requests.retain(|open| open.number != e.request);
                self.requests_answered += 1;
                if e.agency == Agency::Inz {
                    self.latest_inz = Some(e.whereabouts);
                }
            }
            CaseEvent::InformationRequestWithdrawn(e) => self.open_requests.retain(|open| open.number != e.request),
            CaseEvent::OverseasEvidenceReceived(_) => self.overseas_evidence = true,
            CaseEvent::ContactAttempted(_) => self.attempts = self.attempts.saturating_add(1),
            CaseEvent::NotLocatedFlagSet(_) => self.not_located = true,
            CaseEvent::NotLocatedFlagCleared(_) => self.not_located = false,
            CaseEvent::ProviderAgreementRecorded(e) => self.agreements.push((e.target, e.agreement.provider)),
            CaseEvent::ReallocatedToCit(e) => {
                self.owner = Owner::Cit { sender: e.from };
                self.manager = None;
            }
            CaseEvent::ReallocationDeclinedByCit(e) => {
                self.owner = Owner::Provider(e.back_to);
                self.status = Status::Allocated;
            }
            CaseEvent::EnrolmentStatusChanged(e) => {
                if self.enrolled_at != e.school {
                    // Asked anew when enrolment moves (domain §2.1).
                    self.primary_contact = None;
                }
                self.enrolled_at = e.school;
                self.enrolment = Some((e.student_type, e.effective_on));
            }
            CaseEvent::CaseClosed(e) => {
                self.status = Status::Closed;
                self.open_requests.clear();
                self.ending = Some(Ending { reason: e.reason, on: occurred_at.auckland() });
            }
            CaseEvent::CaseReopened(_) => {
                self.status = if self.manager.is_some() { Status::Active } else { Status::Allocated };
                self.ending = None;
            }
            CaseEvent::CaseReviewed(_)
            | CaseEvent::SchoolMeetingHeld(_)
            | CaseEvent::CaregiverMeetingHeld(_)
            | CaseEvent::StudentEngaged(_)
            | CaseEvent::CaregiverEngaged(_)
            | CaseEvent::ReallocatedByCit(_)
            | CaseEvent::IspReallocatedToCatchmentProvider(_)
            | CaseEvent::DualActiveDetected(_) => {}
        }
    }

    fn request_opened(&mut self, request: OpenRequest) {
        self.requests_made = request.number.0;
        self.open_requests.push(request);
    }

    fn comment_mut(&mut self, number: CommentNumber) -> Option<&mut CommentState> {
        self.comments.get_mut(usize::from(number.0).checked_sub(1)?)
    }

    /// Returns a comment of the case.
    pub fn comment(&self, number: CommentNumber) -> Option<CommentState> {
        self.comments.get(usize::from(number.0).checked_sub(1)?).copied()
    }

    /// Returns how many open requests pin the case to its provider (R20); an automatic one never does (E4).
    pub fn pins(&self) -> usize {
        self.open_requests.iter().filter(|open| !open.automatic).count()
    }

    /// Returns the provider that holds the case.
    pub fn provider(&self) -> Option<Code> {
        match self.owner {
            Owner::Provider(code) => Some(code),
            Owner::Ministry | Owner::Cit { .. } => None,
        }
    }
}
