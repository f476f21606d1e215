//! How the standing of a case follows from its events; no rules, what is told here has already happened.

use super::{HandOver, Inquiry, OwnRequest, Proposal, SharedComment, Standing};
use crate::case::{Enrolment, Owner, PrimaryContact, learn_enrolment};
use crate::codec::BadFrame;
use crate::envelope::Recorded;
use crate::event::*;
use crate::ids::{CaseId, Code, Position, StreamId};
use crate::number::CaseNumber;

impl Standing {
    /// Folds a history, oldest event first; `None` where it begins no case.
    pub fn fold<'a>(history: impl IntoIterator<Item = &'a Recorded<'a>>) -> Result<Option<Standing>, BadFrame> {
        let mut standing = None;
        for event in history {
            if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? {
                standing = Standing::evolve(standing, event, &read);
            }
        }
        Ok(standing)
    }

    /// Folds one event in; `None` stays `None` until an event that begins a case.
    pub fn evolve(standing: Option<Standing>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Standing> {
        let mut standing = match standing {
            Some(standing) => standing,
            None => Standing::begin(event, read)?,
        };
        standing.apply(event, read);
        Some(standing)
    }

    fn begin(event: &Recorded<'_>, read: &CaseEvent) -> Option<Standing> {
        let StreamId::Case(case) = event.stream else { return None };
        match read {
            CaseEvent::SupportRequestSubmitted(e) => {
                Some(Standing::new(case, e.number, CaseKind::ChronicAbsence, e.school))
            }
            CaseEvent::NonEnrolmentNotified(e) => {
                Some(Standing::new(case, e.number, CaseKind::NonEnrolment, e.last_school))
            }
            CaseEvent::UnenrolledStudentReported(e) => {
                Some(Standing::new(case, e.number, CaseKind::NonEnrolment, e.school))
            }
            CaseEvent::CaseMigrated(e) => Some(Standing::new(case, e.number, e.kind, e.school)),
            _ => None,
        }
    }

    fn new(case: CaseId, number: CaseNumber, kind: CaseKind, school: Code) -> Standing {
        Standing {
            case,
            number,
            kind,
            is_active: true,
            owner: Owner::Ministry,
            manager: None,
            catchment: None,
            school,
            enrolments: Vec::new(),
            contact: None,
            check_pending: false,
            requests: Vec::new(),
            proposals: Vec::new(),
            hand_overs: Vec::new(),
            inquiries: Vec::new(),
            shared: Vec::new(),
            sharable: 0,
            merged: false,
            active_before_merge: false,
            prosecution: false,
            shared_files: Vec::new(),
        }
    }

    fn apply(&mut self, event: &Recorded<'_>, read: &CaseEvent) {
        match read {
            CaseEvent::SupportRequestSubmitted(e) => self.requested(event, e),
            CaseEvent::NonEnrolmentNotified(e) => self.notified(event, e),
            CaseEvent::MinistryCheckCompleted(e) => {
                self.check_pending = false;
                self.is_active &= e.outcome == CheckOutcome::Refer || self.owner != Owner::Ministry;
            }
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::AllocatedToProvider(e) => self.allocated(event, e),
            CaseEvent::AssignedToCaseManager(e) => self.manager = Some(e.manager),
            CaseEvent::PrimaryContactChanged(e) => {
                let since = event.recorded_at.auckland();
                self.contact = Some(PrimaryContact { person: e.contact, school: self.enrolled_at(since), since });
            }
            CaseEvent::EnrolmentStatusChanged(e) => {
                let student_type = Some(e.student_type);
                learn_enrolment(
                    &mut self.enrolments,
                    Enrolment { from: e.effective_on, school: e.school, student_type },
                );
            }
            CaseEvent::CommentAdded(e) if !e.by_school => {
                self.sharable = self.sharable.saturating_add(1);
                self.share(event, e.comment, e.shared_with_schools);
            }
            CaseEvent::CommentSharingChanged(e) => self.share(event, e.comment, e.shared_with_schools),
            // What a school put there is its own and the provider's, whatever the event says of sharing (V2).
            CaseEvent::FileUploaded(e) if !e.by_school => self.share_file(e.file, e.shared_with_schools),
            CaseEvent::FileSharingChanged(e) => self.share_file(e.file, e.shared_with_schools),
            CaseEvent::InformationRequestOpened(e) => self.asked(e.request, e.agency, false),
            CaseEvent::DetailedImmigrationCheckRequested(e) => self.asked(e.request, Agency::Inz, true),
            CaseEvent::InformationRequestAnswered(e) => self.inquiries.retain(|asked| asked.request != e.request),
            CaseEvent::InformationRequestWithdrawn(e) => {
                self.inquiries
                    .iter_mut()
                    .filter(|asked| asked.request == e.request)
                    .for_each(|asked| asked.open = false);
            }
            CaseEvent::ProviderAgreementRecorded(e) => {
                if self.proposals.iter().all(|proposal| proposal.target != e.target) {
                    self.propose(Proposal { target: e.target, basis: None, grounds: None });
                }
            }
            CaseEvent::ReallocatedToCit(e) => {
                self.hand_over(e.from, event.position);
                self.owner = Owner::Cit { sender: e.from };
                self.manager = None;
                if let Some(target) = e.target {
                    self.propose(Proposal { target, basis: Some(e.basis), grounds: e.grounds });
                }
            }
            CaseEvent::ReallocationDeclinedByCit(e) => {
                self.owner = Owner::Provider(e.back_to);
                self.proposals.clear();
            }
            CaseEvent::CaseClosed(_) => self.is_active = false,
            CaseEvent::CaseReopened(_) => self.is_active = true,
            CaseEvent::UnenrolledStudentReported(e) => self.reported(event, e),
            CaseEvent::CaseMigrated(e) => self.carried_over(event, e),
            CaseEvent::CaseMergedInto(_) => {
                self.active_before_merge = self.is_active;
                self.is_active = false;
                self.merged = true;
            }
            CaseEvent::CaseUnmerged(_) => {
                if std::mem::take(&mut self.merged) {
                    self.is_active = self.active_before_merge;
                }
            }
            CaseEvent::ProsecutionNotified(_) => self.prosecution = true,
            CaseEvent::ProposedMoveDeclined(e) => self.proposals.retain(|proposal| proposal.target != e.provider),
            CaseEvent::RecentClosureLinked(_)
            | CaseEvent::RiskUpdated(_)
            | CaseEvent::FileUploaded(_)
            | CaseEvent::TaskAdded(_)
            | CaseEvent::TaskCompleted(_)
            | CaseEvent::CalendarEventAdded(_)
            | CaseEvent::CasePaused(_)
            | CaseEvent::CaseResumed(_)
            | CaseEvent::Waitlisted(_)
            | CaseEvent::RemovedFromWaitlist(_)
            | CaseEvent::PathwayOutcomeRecorded(_)
            | CaseEvent::HomeEducationApplicationNoted(_)
            | CaseEvent::ExemptionGranted(_)
            | CaseEvent::ExemptionDeclined(_)
            | CaseEvent::ExemptionRevoked(_)
            | CaseEvent::UnmetNeedIdentified(_)
            | CaseEvent::UnmetNeedFunded(_)
            | CaseEvent::OrangaTamarikiReferralMade(_)
            | CaseEvent::ReportOfConcernMade(_)
            | CaseEvent::ProsecutionOutcomeRecorded(_)
            | CaseEvent::CasesMerged(_)
            | CaseEvent::DualActiveDismissed(_)
            | CaseEvent::NotificationSent(_)
            | CaseEvent::StatementOfCorrectionAttached(_)
            | CaseEvent::PrivacyNoticeGiven(_)
            | CaseEvent::CommentAdded(_)
            | CaseEvent::CaseReviewed(_)
            | CaseEvent::SchoolMeetingHeld(_)
            | CaseEvent::CaregiverMeetingHeld(_)
            | CaseEvent::StudentEngaged(_)
            | CaseEvent::CaregiverEngaged(_)
            | CaseEvent::ContactDetailsRecorded(_)
            | CaseEvent::ContactDetailsMarkedOutOfDate(_)
            | CaseEvent::StudentPlanRecorded(_)
            | CaseEvent::OverseasEvidenceReceived(_)
            | CaseEvent::NotLocatedFlagSet(_)
            | CaseEvent::NotLocatedFlagCleared(_)
            | CaseEvent::ReallocatedByCit(_)
            | CaseEvent::IspReallocatedToCatchmentProvider(_)
            | CaseEvent::DualActiveDetected(_)
            | CaseEvent::ContactAttempted(_) => {}
        }
    }

    fn requested(&mut self, event: &Recorded<'_>, e: &SupportRequestSubmitted) {
        self.school = e.school;
        let (school, from) = (Some(e.school), event.occurred_at.auckland());
        learn_enrolment(&mut self.enrolments, Enrolment { from, school, student_type: None });
        let since = event.recorded_at.auckland();
        self.contact = Some(PrimaryContact { person: e.primary_contact, school, since });
        let (by, contact) = (event.actor.person, Some(e.primary_contact));
        self.requests.push(OwnRequest { school: e.school, by, contact, at: event.position });
    }

    fn notified(&mut self, event: &Recorded<'_>, e: &NonEnrolmentNotified) {
        self.school = e.last_school;
        self.contact = None;
        self.check_pending = true;
        let from = e.withdrawn_on.unwrap_or(e.last_day_attended);
        learn_enrolment(&mut self.enrolments, Enrolment { from, school: None, student_type: None });
        // The register notifies on its own: then no school asked.
        if event.actor.role.is_school() {
            let by = event.actor.person;
            self.requests.push(OwnRequest { school: e.last_school, by, contact: None, at: event.position });
        }
    }

    /// K5: as a notification; a school that reports sees what became of its report.
    fn reported(&mut self, event: &Recorded<'_>, e: &UnenrolledStudentReported) {
        self.school = e.school;
        self.contact = None;
        self.check_pending = true;
        let from = e.last_day_attended.unwrap_or(event.occurred_at.auckland());
        learn_enrolment(&mut self.enrolments, Enrolment { from, school: None, student_type: None });
        if event.actor.role.is_school() {
            let (school, by) = (event.actor.organisation, event.actor.person);
            self.requests.push(OwnRequest { school, by, contact: None, at: event.position });
        }
    }

    fn carried_over(&mut self, event: &Recorded<'_>, e: &CaseMigrated) {
        let (school, from) = match e.kind {
            CaseKind::ChronicAbsence => (Some(e.school), e.referred_on),
            CaseKind::NonEnrolment => (None, e.last_day_attended.unwrap_or(event.occurred_at.auckland())),
        };
        learn_enrolment(&mut self.enrolments, Enrolment { from, school, student_type: None });
    }

    fn allocated(&mut self, event: &Recorded<'_>, e: &AllocatedToProvider) {
        if let Some(holder) = self.provider().filter(|&holder| holder != e.provider) {
            // CIT corrects an allocation without the holder's doing: what it saw ends with the event before.
            self.hand_over(holder, event.previous);
        }
        self.owner = Owner::Provider(e.provider);
        self.catchment = e.catchment.or(self.catchment);
        self.manager = None;
        self.proposals.clear();
    }

    fn hand_over(&mut self, provider: Code, at: Position) {
        self.hand_overs.retain(|before| before.provider != provider);
        self.hand_overs.push(HandOver { provider, at });
    }

    fn propose(&mut self, proposal: Proposal) {
        self.proposals.retain(|before| before.target != proposal.target);
        self.proposals.push(proposal);
    }

    fn asked(&mut self, request: RequestNumber, agency: Agency, detailed: bool) {
        self.inquiries.push(Inquiry { request, agency, detailed, open: true });
    }

    fn share_file(&mut self, file: FileNumber, shared: bool) {
        self.shared_files.retain(|&before| before != file);
        if shared {
            self.shared_files.push(file);
        }
    }

    fn share(&mut self, event: &Recorded<'_>, comment: CommentNumber, shared: bool) {
        self.shared.retain(|before| before.comment != comment);
        if shared {
            let day = event.recorded_at.auckland();
            let enrolled = self.enrolled_at(day);
            let school = enrolled.or(self.last_school(day)).unwrap_or(self.school);
            self.shared.push(SharedComment { comment, at: event.recorded_at, school, is_enrolled: enrolled.is_some() });
        }
    }
}
