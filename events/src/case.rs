//! A case as the rules see it: what the next decision needs, no more. Views are projections.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dates::{OccurredAt, Timestamp, start_of_day};
use crate::envelope::Recorded;
use crate::event::*;
use crate::ids::{Code, StudentId};
use crate::number::CaseNumber;
use crate::refusal::Refusal;

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
    /// The moment from which nothing is a late record any more.
    pub at: Timestamp,
}

impl Ending {
    /// A closing known by its day alone ended the case when that day was over, or when it was recorded.
    fn new(reason: ClosureReason, times: Times) -> Ending {
        let on = times.occurred_at.auckland();
        let at = match times.occurred_at {
            OccurredAt::Instant(time) => time,
            OccurredAt::Day(day) => start_of_day(day.succ_opt().unwrap_or(day)).min(times.recorded_at),
        };
        Ending { reason, on, at }
    }

    /// Returns whether something occurred before the case ended; of a day alone, on the closing day or before it.
    pub fn follows(&self, occurred_at: OccurredAt) -> bool {
        match occurred_at {
            OccurredAt::Day(day) => day <= self.on,
            OccurredAt::Instant(time) => time < self.at,
        }
    }
}

/// The two times of an event: state keeps what later rules ask of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
}

impl Times {
    /// Returns the times of a recorded event.
    pub fn of(event: &Recorded<'_>) -> Times {
        Times { occurred_at: event.occurred_at, recorded_at: event.recorded_at }
    }
}

/// Where the student is enrolled from a day on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// From when.
    pub from: NaiveDate,
    /// The school; `None` when enrolled nowhere.
    pub school: Option<Code>,
    /// The student type ENROL gave; `None` where a referral said it.
    pub student_type: Option<Code>,
}

/// Who at the school is asked about the case, and where the student was enrolled when that was said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PrimaryContact {
    /// The person.
    pub person: Code,
    /// The school of enrolment, as known then.
    pub school: Option<Code>,
    /// The day that was recorded.
    pub since: NaiveDate,
}

/// What the rules need of the contact details held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ContactState {
    /// Whether they are not known to be out of date.
    pub current: bool,
    /// The latest date details were known to be right.
    pub on: NaiveDate,
    /// The catchment of the confirmed address (R15).
    pub confirmed: Option<Code>,
}

impl ContactState {
    /// Takes details in: older ones recorded late change nothing, and what says nothing of an address leaves a
    /// confirmed one standing.
    fn learn(self, details: &ContactDetailsRecorded) -> ContactState {
        if details.current_on < self.on {
            return ContactState { current: self.current, ..self };
        }
        let confirmed = match (details.confirmed, details.catchment) {
            (true, catchment) => catchment,
            (false, None) => self.confirmed,
            (false, Some(catchment)) => self.confirmed.filter(|&held| held == catchment),
        };
        ContactState { current: true, on: details.current_on, confirmed }
    }
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
    /// Where the student is enrolled from when, as ENROL reported and referrals said, by date.
    pub enrolments: Vec<Enrolment>,
    /// Who holds it.
    pub owner: Owner,
    /// Whether the holder is an in-school provider (R21).
    pub in_school: bool,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The case manager.
    pub manager: Option<Code>,
    /// The school's primary contact; read it with [`Case::primary_contact`].
    pub contact: Option<PrimaryContact>,
    /// Whether a notification waits for the Ministry's check, also one attached to a case at work.
    pub check_pending: bool,
    /// What kind of case it was when a notification was attached that still waits for its check (Q4).
    pub kind_before_notice: Option<CaseKind>,
    /// The open information requests.
    pub open_requests: Vec<OpenRequest>,
    /// Requests that were withdrawn unanswered; an agency may answer them all the same (R40).
    pub withdrawn_requests: Vec<OpenRequest>,
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
    /// What the rules need of the contact details, once some were recorded.
    pub details: Option<ContactState>,
    /// Agreements recorded on the case, with who would take it; of each provider the latest.
    pub agreements: Vec<(Code, Agreement)>,
    /// How many plans and revisions were recorded.
    pub plans: u16,
    /// The comments, the first at index 0.
    pub comments: Vec<CommentState>,
    /// How it ended, while it is closed.
    pub ending: Option<Ending>,
}

impl Case {
    /// Begins a case from its first event; `None` for an event that begins none.
    pub fn open(event: &CaseEvent, times: Times) -> Option<Case> {
        let mut case = match event {
            CaseEvent::SupportRequestSubmitted(e) => Case::new(e.number, CaseKind::ChronicAbsence, e.student, e.school),
            CaseEvent::NonEnrolmentNotified(e) => Case::new(e.number, CaseKind::NonEnrolment, e.student, e.last_school),
            _ => return None,
        };
        case.evolve(event, times);
        Some(case)
    }

    fn new(number: CaseNumber, kind: CaseKind, student: StudentId, school: Code) -> Case {
        Case {
            number,
            kind,
            status: Status::Notified,
            student,
            school,
            enrolments: Vec::new(),
            owner: Owner::Ministry,
            in_school: false,
            catchment: None,
            manager: None,
            contact: None,
            check_pending: false,
            kind_before_notice: None,
            open_requests: Vec::new(),
            withdrawn_requests: Vec::new(),
            requests_made: 0,
            requests_answered: 0,
            latest_inz: None,
            overseas_evidence: false,
            attempts: 0,
            not_located: false,
            details: None,
            agreements: Vec::new(),
            plans: 0,
            comments: Vec::new(),
            ending: None,
        }
    }

    /// Folds one event in: no rules, no refusal; the fact has already happened.
    pub fn evolve(&mut self, event: &CaseEvent, times: Times) {
        match event {
            CaseEvent::SupportRequestSubmitted(e) => {
                self.school = e.school;
                let from = times.occurred_at.auckland();
                self.enrolled(Enrolment { from, school: Some(e.school), student_type: None });
                let since = times.recorded_at.auckland();
                self.contact = Some(PrimaryContact { person: e.primary_contact, school: Some(e.school), since });
            }
            CaseEvent::NonEnrolmentNotified(e) => {
                self.school = e.last_school;
                self.contact = None;
                let from = e.withdrawn_on.unwrap_or(e.last_day_attended);
                self.enrolled(Enrolment { from, school: None, student_type: None });
                if e.attached && !self.check_pending {
                    self.kind_before_notice = Some(self.kind);
                }
                self.check_pending = true;
            }
            CaseEvent::MinistryCheckCompleted(e) => {
                self.check_pending = false;
                self.kind_before_notice = None;
                if e.outcome != CheckOutcome::Refer && self.status == Status::Notified {
                    self.status = Status::NotReferred;
                }
            }
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::AllocatedToProvider(e) => {
                self.owner = Owner::Provider(e.provider);
                self.in_school = e.in_school;
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
                let held = self.details.unwrap_or(ContactState { current: false, on: e.current_on, confirmed: None });
                self.details = Some(held.learn(e));
            }
            CaseEvent::ContactDetailsMarkedOutOfDate(_) => {
                self.details = self.details.map(|held| ContactState { current: false, confirmed: None, ..held });
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
            CaseEvent::PrimaryContactChanged(e) => {
                let since = times.recorded_at.auckland();
                self.contact = Some(PrimaryContact { person: e.contact, school: self.enrolled_at(since), since });
            }
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
                self.withdrawn_requests.retain(|withdrawn| withdrawn.number != e.request);
                self.requests_answered = self.requests_answered.saturating_add(1);
                if e.agency == Agency::Inz {
                    self.latest_inz = Some(e.whereabouts);
                }
            }
            CaseEvent::InformationRequestWithdrawn(e) => {
                self.withdrawn_requests.extend(self.open_request(e.request));
                self.open_requests.retain(|open| open.number != e.request);
            }
            CaseEvent::OverseasEvidenceReceived(_) => self.overseas_evidence = true,
            CaseEvent::ContactAttempted(_) => self.attempts = self.attempts.saturating_add(1),
            CaseEvent::NotLocatedFlagSet(_) => self.not_located = true,
            CaseEvent::NotLocatedFlagCleared(_) => self.not_located = false,
            CaseEvent::ProviderAgreementRecorded(e) => {
                self.agreements.retain(|(to, held)| (*to, held.provider) != (e.target, e.agreement.provider));
                self.agreements.push((e.target, e.agreement));
            }
            CaseEvent::ReallocatedToCit(e) => {
                self.owner = Owner::Cit { sender: e.from };
                self.manager = None;
                self.status = Status::Allocated;
            }
            CaseEvent::ReallocationDeclinedByCit(e) => {
                self.owner = Owner::Provider(e.back_to);
                self.status = Status::Allocated;
            }
            CaseEvent::EnrolmentStatusChanged(e) => {
                let student_type = Some(e.student_type);
                self.enrolled(Enrolment { from: e.effective_on, school: e.school, student_type });
            }
            CaseEvent::CaseClosed(e) => {
                self.status = Status::Closed;
                self.ending = Some(Ending::new(e.reason, times));
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

    /// Takes an enrolment in, by date; of two of the same date the later report stands.
    fn enrolled(&mut self, enrolment: Enrolment) {
        let place = self.enrolments.partition_point(|held| held.from <= enrolment.from);
        self.enrolments.insert(place, enrolment);
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
    pub fn pins(&self) -> u16 {
        let pinning = self.open_requests.iter().filter(|open| !open.automatic).count();
        u16::try_from(pinning).unwrap_or(u16::MAX)
    }

    /// Returns whether an agency is being asked already.
    pub fn is_asking(&self, agency: Agency) -> bool {
        self.open_requests.iter().any(|open| open.agency == agency)
    }

    /// Returns an open request.
    pub fn open_request(&self, number: RequestNumber) -> Option<OpenRequest> {
        self.open_requests.iter().find(|open| open.number == number).copied()
    }

    /// Returns a request that was not answered, open or withdrawn.
    pub fn unanswered(&self, number: RequestNumber) -> Option<OpenRequest> {
        let withdrawn = || self.withdrawn_requests.iter().find(|withdrawn| withdrawn.number == number).copied();
        self.open_request(number).or_else(withdrawn)
    }

    /// Returns the number the next request gets.
    pub fn next_request(&self) -> Result<RequestNumber, Refusal> {
        self.requests_made.checked_add(1).map(RequestNumber).ok_or(Refusal::TooMany { limit: u16::MAX })
    }

    /// Returns where the student is enrolled on a day, as known now; `None` where nowhere (V1, Q28, T4).
    pub fn enrolled_at(&self, day: NaiveDate) -> Option<Code> {
        self.enrolments.iter().rev().find(|enrolment| enrolment.from <= day)?.school
    }

    /// Returns the school's primary contact on a day: asked anew once enrolment has moved (domain §2.1).
    pub fn primary_contact(&self, day: NaiveDate) -> Option<Code> {
        let contact = self.contact?;
        let moved = |e: &Enrolment| e.from > contact.since && e.from <= day && e.school != contact.school;
        let as_then = self.enrolled_at(day) == contact.school;
        (as_then && !self.enrolments.iter().any(moved)).then_some(contact.person)
    }

    /// Returns the catchment of the confirmed address, where one is confirmed (R15).
    pub fn confirmed_catchment(&self) -> Option<Code> {
        self.details.and_then(|details| details.confirmed)
    }

    /// Returns the provider that holds the case.
    pub fn provider(&self) -> Option<Code> {
        match self.owner {
            Owner::Provider(code) => Some(code),
            Owner::Ministry | Owner::Cit { .. } => None,
        }
    }
}
