//! How a case follows from its events: no rules, no refusal; what is told here has already happened.

use super::{
    Case, CommentState, ContactState, Ending, Enrolment, OpenRequest, Owner, PrimaryContact, Status, Times,
    learn_enrolment,
};
use crate::event::*;
use crate::ids::{Code, StudentId};
use crate::number::CaseNumber;

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
            CaseEvent::SupportRequestSubmitted(e) => self.requested(e, times),
            CaseEvent::NonEnrolmentNotified(e) => self.notified(e),
            CaseEvent::MinistryCheckCompleted(e) => self.checked(e.outcome),
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::AllocatedToProvider(e) => self.allocated(e),
            CaseEvent::AssignedToCaseManager(e) => {
                self.manager = Some(e.manager);
                self.status = Status::Active;
            }
            CaseEvent::ContactDetailsRecorded(e) => self.details = Some(ContactState::learn(self.details, e)),
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
            CaseEvent::InformationRequestOpened(e) => self.asked(e.request, e.agency, false, e.automatic),
            CaseEvent::DetailedImmigrationCheckRequested(e) => self.asked(e.request, Agency::Inz, true, false),
            CaseEvent::InformationRequestAnswered(e) => self.answered(e),
            CaseEvent::InformationRequestWithdrawn(e) => self.withdrawn(e.request),
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
                learn_enrolment(
                    &mut self.enrolments,
                    Enrolment { from: e.effective_on, school: e.school, student_type },
                );
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

    fn requested(&mut self, request: &SupportRequestSubmitted, times: Times) {
        self.school = request.school;
        let (school, from) = (Some(request.school), times.occurred_at.auckland());
        learn_enrolment(&mut self.enrolments, Enrolment { from, school, student_type: None });
        let since = times.recorded_at.auckland();
        self.contact = Some(PrimaryContact { person: request.primary_contact, school, since });
    }

    fn notified(&mut self, notice: &NonEnrolmentNotified) {
        self.school = notice.last_school;
        self.contact = None;
        let from = notice.withdrawn_on.unwrap_or(notice.last_day_attended);
        learn_enrolment(&mut self.enrolments, Enrolment { from, school: None, student_type: None });
        if notice.attached && !self.check_pending {
            self.kind_before_notice = Some(self.kind);
        }
        self.check_pending = true;
    }

    fn checked(&mut self, outcome: CheckOutcome) {
        self.check_pending = false;
        self.kind_before_notice = None;
        if outcome != CheckOutcome::Refer && self.status == Status::Notified {
            self.status = Status::NotReferred;
        }
    }

    fn allocated(&mut self, allocated: &AllocatedToProvider) {
        self.owner = Owner::Provider(allocated.provider);
        self.in_school = allocated.in_school;
        self.catchment = allocated.catchment.or(self.catchment);
        self.manager = None;
        self.agreements.clear();
        self.status = Status::Allocated;
    }

    fn asked(&mut self, number: RequestNumber, agency: Agency, detailed: bool, automatic: bool) {
        self.requests_made = number.0;
        self.open_requests.push(OpenRequest { number, agency, detailed, automatic });
    }

    fn answered(&mut self, answer: &InformationRequestAnswered) {
        self.open_requests.retain(|open| open.number != answer.request);
        self.withdrawn_requests.retain(|withdrawn| withdrawn.number != answer.request);
        self.requests_answered = self.requests_answered.saturating_add(1);
        if answer.agency == Agency::Inz {
            self.latest_inz = Some(answer.whereabouts);
        }
    }

    fn withdrawn(&mut self, request: RequestNumber) {
        self.withdrawn_requests.extend(self.open_request(request));
        self.open_requests.retain(|open| open.number != request);
    }

    fn comment_mut(&mut self, number: CommentNumber) -> Option<&mut CommentState> {
        self.comments.get_mut(usize::from(number.0).checked_sub(1)?)
    }
}
