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
            CaseEvent::UnenrolledStudentReported(e) => Case::new(e.number, CaseKind::NonEnrolment, e.student, e.school),
            CaseEvent::CaseMigrated(e) => Case::new(e.number, e.kind, e.student, e.school),
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
            statements: 0,
            ending: None,
            migrated: false,
            waitlisted: false,
            risk: None,
            files: Vec::new(),
            tasks: 0,
            open_tasks: Vec::new(),
            answers_to_read: Vec::new(),
            needs: Vec::new(),
            pathway: None,
            home_education_applied: false,
            exemption: None,
            prosecution: false,
            suspected: Vec::new(),
            merged_into: None,
            before_merge: None,
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
                if self.status != Status::Paused {
                    self.status = Status::Active;
                }
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
            CaseEvent::UnenrolledStudentReported(e) => self.reported(e, times),
            CaseEvent::CaseMigrated(e) => self.carried_over(e, times),
            CaseEvent::RiskUpdated(e) => self.risk = Some(e.level),
            CaseEvent::FileUploaded(e) => {
                self.files.push(CommentState { by_school: e.by_school, shared: e.shared_with_schools });
            }
            CaseEvent::FileSharingChanged(e) => {
                if let Some(file) = usize::from(e.file.0).checked_sub(1).and_then(|i| self.files.get_mut(i)) {
                    file.shared = e.shared_with_schools;
                }
            }
            CaseEvent::TaskAdded(e) => {
                self.tasks = e.task.0;
                self.open_tasks.push(e.task);
                if e.kind == TaskKind::ReadAnswer {
                    self.answers_to_read.push(e.task);
                }
            }
            CaseEvent::TaskCompleted(e) => {
                self.open_tasks.retain(|&task| task != e.task);
                self.answers_to_read.retain(|&task| task != e.task);
            }
            CaseEvent::CasePaused(_) => self.status = Status::Paused,
            CaseEvent::CaseResumed(_) => self.status = Status::Active,
            CaseEvent::Waitlisted(_) => self.waitlisted = true,
            CaseEvent::RemovedFromWaitlist(_) => self.waitlisted = false,
            CaseEvent::PathwayOutcomeRecorded(e) => self.pathway = Some((e.outcome, e.from)),
            CaseEvent::HomeEducationApplicationNoted(_) => self.home_education_applied = true,
            CaseEvent::ExemptionGranted(e) => {
                self.exemption = Some((e.exemption, e.from));
                self.answered_application(e.exemption);
            }
            CaseEvent::ExemptionDeclined(e) => self.answered_application(e.exemption),
            CaseEvent::ExemptionRevoked(_) => self.exemption = None,
            CaseEvent::UnmetNeedIdentified(e) => self.needs.push(e.need),
            CaseEvent::ProsecutionNotified(_) => self.prosecution = true,
            CaseEvent::CasesMerged(e) => self.suspected.retain(|&other| other != e.merged),
            CaseEvent::CaseMergedInto(e) => self.merged_into(e),
            CaseEvent::CaseUnmerged(e) => self.unmerged(e),
            CaseEvent::DualActiveDetected(e) => {
                if e.on_purpose.is_none() && !self.suspected.contains(&e.other) {
                    self.suspected.push(e.other);
                }
            }
            CaseEvent::ProposedMoveDeclined(e) => self.agreements.retain(|(target, _)| *target != e.provider),
            CaseEvent::StatementOfCorrectionAttached(e) => self.statements = e.statement.0,
            CaseEvent::DualActiveDismissed(e) => self.suspected.retain(|&other| other != e.other),
            CaseEvent::CaseReviewed(_)
            | CaseEvent::SchoolMeetingHeld(_)
            | CaseEvent::CaregiverMeetingHeld(_)
            | CaseEvent::StudentEngaged(_)
            | CaseEvent::CaregiverEngaged(_)
            | CaseEvent::ReallocatedByCit(_)
            | CaseEvent::IspReallocatedToCatchmentProvider(_)
            | CaseEvent::RecentClosureLinked(_)
            | CaseEvent::CalendarEventAdded(_)
            | CaseEvent::UnmetNeedFunded(_)
            | CaseEvent::OrangaTamarikiReferralMade(_)
            | CaseEvent::ReportOfConcernMade(_)
            | CaseEvent::ProsecutionOutcomeRecorded(_)
            | CaseEvent::NotificationSent(_)
            | CaseEvent::PrivacyNoticeGiven(_) => {}
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
        self.waitlisted = false;
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

    /// K5: reported as enrolled nowhere; the Ministry checks it like a notification.
    fn reported(&mut self, report: &UnenrolledStudentReported, times: Times) {
        self.school = report.school;
        self.contact = None;
        let from = report.last_day_attended.unwrap_or(times.occurred_at.auckland());
        learn_enrolment(&mut self.enrolments, Enrolment { from, school: None, student_type: None });
        if report.attached && !self.check_pending {
            self.kind_before_notice = Some(self.kind);
        }
        self.check_pending = true;
    }

    /// K3: of a NEN student nobody knows a school; of a CA student the referring school has them.
    fn carried_over(&mut self, migrated: &CaseMigrated, times: Times) {
        self.migrated = true;
        let (school, from) = match migrated.kind {
            CaseKind::ChronicAbsence => (Some(migrated.school), migrated.referred_on),
            CaseKind::NonEnrolment => (None, migrated.last_day_attended.unwrap_or(times.occurred_at.auckland())),
        };
        learn_enrolment(&mut self.enrolments, Enrolment { from, school, student_type: None });
    }

    fn answered_application(&mut self, exemption: ExemptionKind) {
        if exemption == ExemptionKind::HomeEducation {
            self.home_education_applied = false;
        }
    }

    /// R28: the case goes on as part of another; one that had ended stays as it ended.
    fn merged_into(&mut self, merge: &CaseMergedInto) {
        self.suspected.retain(|&other| other != merge.survivor);
        self.merged_into = Some(merge.survivor);
        self.before_merge = Some(self.status);
        if self.status.is_active() {
            self.status = Status::Merged;
        }
    }

    /// Told in both streams; only the case that had gone into the other one changes.
    fn unmerged(&mut self, unmerge: &CaseUnmerged) {
        if self.merged_into == Some(unmerge.survivor) {
            self.merged_into = None;
            self.status = self.before_merge.take().unwrap_or(self.status);
        }
    }

    fn comment_mut(&mut self, number: CommentNumber) -> Option<&mut CommentState> {
        self.comments.get_mut(usize::from(number.0).checked_sub(1)?)
    }
}
