//! How each event changes the row of a case.

use caseledger_events::envelope::Recorded;
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Code, StreamId, StudentId, Version};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{Contacts, Student};
use caseledger_events::personal::PartKind;
use chrono::NaiveDate;

use super::{Beside, CaseRow, CaseStatus, Counts, Details, EnrolmentRow, Flags, NamedContact, OwnerKind};
use crate::moment::{Moment, keep_earliest};

impl CaseRow {
    /// Folds one event into the row of its case; `None` stays `None` until an event that begins a case.
    ///
    /// No clock, no rules, no refusal: the fact has already happened.
    pub fn evolve(row: Option<CaseRow>, event: &Recorded<'_>, read: &CaseEvent) -> Option<CaseRow> {
        let mut row = match row {
            Some(row) => row,
            None => CaseRow::begin(event, read)?,
        };
        row.apply(event, read);
        Some(row)
    }

    /// Begins a row that the event is yet to be folded into; `None` for an event that begins no case.
    pub fn begin(event: &Recorded<'_>, read: &CaseEvent) -> Option<CaseRow> {
        let StreamId::Case(case) = event.stream else { return None };
        let row = CaseRow::begin_facts(case, Moment::of(event), read)?;
        Some(CaseRow { version: event.version, ..row })
    }

    /// Begins a row from facts alone, of an event whose version and parts are not told.
    pub(crate) fn begin_facts(case: CaseId, now: Moment, read: &CaseEvent) -> Option<CaseRow> {
        match read {
            CaseEvent::SupportRequestSubmitted(e) => {
                Some(new((case, now), e.number, CaseKind::ChronicAbsence, e.student, e.school))
            }
            CaseEvent::NonEnrolmentNotified(e) => {
                Some(new((case, now), e.number, CaseKind::NonEnrolment, e.student, e.last_school))
            }
            CaseEvent::UnenrolledStudentReported(e) => {
                Some(new((case, now), e.number, CaseKind::NonEnrolment, e.student, e.school))
            }
            CaseEvent::CaseMigrated(e) => Some(new((case, now), e.number, e.kind, e.student, e.school)),
            _ => None,
        }
    }

    /// Folds one event into the row.
    pub fn apply(&mut self, event: &Recorded<'_>, read: &CaseEvent) {
        self.version = event.version;
        if carries::<Student>(event) {
            self.student_at = Some(event.position);
        }
        if carries::<Contacts>(event) && !self.knows_better(read) {
            self.contacts_at = Some(event.position);
        }
        self.apply_facts(Moment::of(event), read);
    }

    /// Folds the facts of one event into the row.
    pub(crate) fn apply_facts(&mut self, now: Moment, read: &CaseEvent) {
        self.last_activity = now;
        self.take(now, read);
        self.beside.take(now, read);
        self.speak_of(now.recorded_at.auckland());
    }

    /// Says of another New Zealand day where the student is enrolled and who is the school's primary contact.
    ///
    /// Enrolments are told with the date they take effect, which may lie ahead (Q25): what is so *today* changes
    /// without an event.
    pub fn speak_of(&mut self, day: NaiveDate) {
        self.on = day;
        self.enrolled_at = self.enrolment_on(day).and_then(|enrolment| enrolment.school);
        self.primary_contact = self.contact_named.filter(|contact| self.still_asked(contact)).map(|named| named.person);
    }

    /// Returns the enrolment in force on a day, as known now.
    pub fn enrolment_on(&self, day: NaiveDate) -> Option<&EnrolmentRow> {
        self.enrolments.iter().rev().find(|enrolment| enrolment.from <= day)
    }

    /// A contact is asked while enrolment is what it was when they were named, and never was another since (§2.1).
    fn still_asked(&self, contact: &NamedContact) -> bool {
        let since = |enrolment: &&EnrolmentRow| enrolment.from > contact.since && enrolment.from <= self.on;
        self.enrolled_at == contact.school
            && self.enrolments.iter().filter(since).all(|enrolment| enrolment.school == contact.school)
    }

    /// Returns whether newer contact details are held than an event tells of: a late record takes their place nowhere.
    fn knows_better(&self, read: &CaseEvent) -> bool {
        match read {
            CaseEvent::ContactDetailsRecorded(e) => self.details.is_some_and(|held| e.current_on < held.current_on),
            _ => false,
        }
    }
}

fn carries<K: PartKind>(event: &Recorded<'_>) -> bool {
    event.parts.iter().any(|part| part.name == K::NAME)
}

fn new((case, now): (CaseId, Moment), number: CaseNumber, kind: CaseKind, student: StudentId, school: Code) -> CaseRow {
    CaseRow {
        case,
        number,
        kind,
        status: CaseStatus::Notified,
        student,
        owner: OwnerKind::Ministry,
        provider: None,
        passed_on_by: None,
        in_school: false,
        catchment: None,
        school,
        enrolled_at: None,
        enrolments: Vec::new(),
        on: now.recorded_at.auckland(),
        manager: None,
        primary_contact: None,
        contact_named: None,
        flags: Flags::default(),
        other_cases: Vec::new(),
        absent_half_days: None,
        open_half_days: None,
        last_day_attended: None,
        opened: now,
        referred: now,
        allocated: None,
        assigned: None,
        reviewed: None,
        first_school_meeting: None,
        first_caregiver_meeting: None,
        first_student_engagement: None,
        first_caregiver_engagement: None,
        first_plan: None,
        closed: None,
        closed_because: None,
        details: None,
        confirmed_catchment: None,
        open_requests: Vec::new(),
        counts: Counts::default(),
        beside: Beside::default(),
        before_merge: None,
        last_activity: now,
        version: Version(0),
        student_at: None,
        contacts_at: None,
    }
}

impl CaseRow {
    /// Every event type is named, so that a new one stops the build until somebody has thought about it.
    fn take(&mut self, now: Moment, read: &CaseEvent) {
        match read {
            CaseEvent::SupportRequestSubmitted(e) => self.support_requested(now, e),
            CaseEvent::NonEnrolmentNotified(e) => self.notified(now, e),
            CaseEvent::MinistryCheckCompleted(e) => self.checked(e),
            CaseEvent::CaseKindChanged(e) => self.kind = e.to,
            CaseEvent::DualActiveDetected(e) => self.other_case(e),
            CaseEvent::AllocatedToProvider(e) => self.allocated_to(now, e),
            CaseEvent::AssignedToCaseManager(e) => {
                self.manager = Some(e.manager);
                if self.status != CaseStatus::Paused {
                    self.status = CaseStatus::Active;
                }
                self.assigned = Some(now);
            }
            CaseEvent::CaseReviewed(_) => self.reviewed = Some(now),
            CaseEvent::PrimaryContactChanged(e) => self.contact_changed(now, e),
            CaseEvent::EnrolmentStatusChanged(e) => self.enrolled(EnrolmentRow {
                from: e.effective_on,
                school: e.school,
                student_type: Some(e.student_type),
                recorded: now,
            }),
            CaseEvent::SchoolMeetingHeld(e) => {
                if e.school_role != SchoolRole::Other {
                    keep_earliest(&mut self.first_school_meeting, now);
                }
            }
            CaseEvent::CaregiverMeetingHeld(e) => self.caregivers_met(now, e),
            CaseEvent::StudentEngaged(_) => keep_earliest(&mut self.first_student_engagement, now),
            CaseEvent::CaregiverEngaged(_) => keep_earliest(&mut self.first_caregiver_engagement, now),
            CaseEvent::ContactAttempted(_) => self.counts.attempts = self.counts.attempts.saturating_add(1),
            CaseEvent::ContactDetailsRecorded(e) => self.details_recorded(now, e),
            CaseEvent::ContactDetailsMarkedOutOfDate(_) => {
                self.confirmed_catchment = None;
                if let Some(details) = &mut self.details {
                    details.out_of_date = true;
                }
            }
            CaseEvent::StudentPlanRecorded(e) => {
                self.counts.plans = e.revision;
                keep_earliest(&mut self.first_plan, now);
            }
            CaseEvent::CommentAdded(e) => {
                self.counts.comments = e.comment.0;
                self.counts.comments_shared += u16::from(e.shared_with_schools);
            }
            CaseEvent::CommentSharingChanged(e) => self.sharing_changed(e),
            CaseEvent::InformationRequestOpened(e) => self.request_opened(e.request),
            CaseEvent::DetailedImmigrationCheckRequested(e) => {
                self.request_opened(e.request);
                self.flags.out_of_country_unconfirmed = true;
            }
            CaseEvent::InformationRequestAnswered(e) => {
                self.request_ended(e.request);
                if e.agency == Agency::Inz && e.whereabouts == Whereabouts::Out {
                    self.flags.out_of_country_unconfirmed = false;
                }
            }
            CaseEvent::InformationRequestWithdrawn(e) => self.request_ended(e.request),
            CaseEvent::OverseasEvidenceReceived(_) => self.flags.out_of_country_unconfirmed = true,
            CaseEvent::NotLocatedFlagSet(_) => self.flags.not_located = true,
            CaseEvent::NotLocatedFlagCleared(_) => self.flags.not_located = false,
            CaseEvent::ReallocatedToCit(e) => {
                self.owner = OwnerKind::Cit;
                self.provider = None;
                self.passed_on_by = Some(e.from);
                self.manager = None;
                self.status = CaseStatus::Allocated;
            }
            CaseEvent::ReallocationDeclinedByCit(e) => {
                self.held_by(e.back_to);
                self.status = CaseStatus::Allocated;
            }
            CaseEvent::CaseClosed(e) => {
                self.status = CaseStatus::Closed;
                self.closed = Some(now);
                self.closed_because = Some(e.reason);
            }
            CaseEvent::CaseReopened(_) => self.reopened(),
            CaseEvent::UnenrolledStudentReported(e) => self.reported(now, e),
            CaseEvent::CaseMigrated(e) => self.carried_over(now, e),
            CaseEvent::CasePaused(_) => self.status = CaseStatus::Paused,
            CaseEvent::CaseResumed(_) => self.status = CaseStatus::Active,
            CaseEvent::Waitlisted(_) => self.flags.waitlisted = true,
            CaseEvent::RemovedFromWaitlist(_) => self.flags.waitlisted = false,
            CaseEvent::UnmetNeedIdentified(_) => self.flags.unmet_need = true,
            CaseEvent::CasesMerged(e) => self.suspects_no_more(e.merged),
            CaseEvent::CaseMergedInto(e) => self.merged_into(e),
            CaseEvent::CaseUnmerged(e) => {
                if self.beside.merged_into == Some(e.survivor) {
                    self.status = self.before_merge.take().unwrap_or(self.status);
                }
            }
            CaseEvent::DualActiveDismissed(e) => self.suspects_no_more(e.other),
            // Kept beside the core.
            CaseEvent::RecentClosureLinked(_)
            | CaseEvent::RiskUpdated(_)
            | CaseEvent::FileUploaded(_)
            | CaseEvent::FileSharingChanged(_)
            | CaseEvent::TaskAdded(_)
            | CaseEvent::TaskCompleted(_)
            | CaseEvent::CalendarEventAdded(_)
            | CaseEvent::PathwayOutcomeRecorded(_)
            | CaseEvent::HomeEducationApplicationNoted(_)
            | CaseEvent::ExemptionGranted(_)
            | CaseEvent::ExemptionDeclined(_)
            | CaseEvent::ExemptionRevoked(_)
            | CaseEvent::UnmetNeedFunded(_)
            | CaseEvent::NotificationSent(_)
            | CaseEvent::StatementOfCorrectionAttached(_)
            | CaseEvent::PrivacyNoticeGiven(_)
            // Told by the timeline; the agreement it takes back stays as it was given.
            | CaseEvent::ProposedMoveDeclined(_)
            // Restricted: the timeline tells of them, to those who may know.
            | CaseEvent::OrangaTamarikiReferralMade(_)
            | CaseEvent::ReportOfConcernMade(_)
            | CaseEvent::ProsecutionNotified(_)
            | CaseEvent::ProsecutionOutcomeRecorded(_) => {}
            // Told by the timeline and by the allocation that follows in the same commit.
            CaseEvent::ReallocatedByCit(_)
            | CaseEvent::IspReallocatedToCatchmentProvider(_)
            // A row of its own; the case itself stands as before.
            | CaseEvent::ProviderAgreementRecorded(_) => {}
        }
    }

    fn support_requested(&mut self, now: Moment, e: &SupportRequestSubmitted) {
        self.referred = now;
        self.school = e.school;
        let from = now.occurred_at.auckland();
        self.enrolled(EnrolmentRow { from, school: Some(e.school), student_type: None, recorded: now });
        let since = now.recorded_at.auckland();
        self.contact_named = Some(NamedContact { person: e.primary_contact, school: Some(e.school), since });
        self.absent_half_days = Some(e.absent_half_days);
        self.open_half_days = Some(e.open_half_days);
        // A later referral adds to what is known of the need; it does not take an earlier one's urgency away.
        self.flags.urgent |= e.urgent;
        self.flags.unmet_need |= e.unmet_need;
    }

    fn notified(&mut self, now: Moment, e: &NonEnrolmentNotified) {
        self.referred = now;
        self.school = e.last_school;
        self.contact_named = None;
        let from = e.withdrawn_on.unwrap_or(e.last_day_attended);
        self.enrolled(EnrolmentRow { from, school: None, student_type: None, recorded: now });
        self.last_day_attended = Some(e.last_day_attended);
        self.flags.check_pending = true;
        if e.leave_reason == LeaveReason::GoneOverseas {
            self.flags.out_of_country_unconfirmed = true;
        }
    }

    fn reported(&mut self, now: Moment, e: &UnenrolledStudentReported) {
        self.referred = now;
        self.school = e.school;
        self.contact_named = None;
        let from = e.last_day_attended.unwrap_or(now.occurred_at.auckland());
        self.enrolled(EnrolmentRow { from, school: None, student_type: None, recorded: now });
        self.last_day_attended = e.last_day_attended.or(self.last_day_attended);
        self.flags.check_pending = true;
    }

    fn carried_over(&mut self, now: Moment, e: &CaseMigrated) {
        self.flags.migrated = true;
        let (school, from) = match e.kind {
            CaseKind::ChronicAbsence => (Some(e.school), e.referred_on),
            CaseKind::NonEnrolment => (None, e.last_day_attended.unwrap_or(now.occurred_at.auckland())),
        };
        self.enrolled(EnrolmentRow { from, school, student_type: None, recorded: now });
        self.last_day_attended = e.last_day_attended;
    }

    /// R28: one that had ended stays as it ended.
    fn merged_into(&mut self, e: &CaseMergedInto) {
        self.suspects_no_more(e.survivor);
        self.before_merge = Some(self.status);
        if !matches!(self.status, CaseStatus::Closed | CaseStatus::NotReferred | CaseStatus::Merged) {
            self.status = CaseStatus::Merged;
        }
    }

    fn suspects_no_more(&mut self, other: CaseId) {
        self.other_cases.retain(|&held| held != other);
        self.flags.dual_active_suspected &= !self.other_cases.is_empty();
    }

    fn checked(&mut self, e: &MinistryCheckCompleted) {
        self.flags.check_pending = false;
        // The Ministry found where the student is: nothing is left to confirm.
        if e.in_new_zealand.is_some() {
            self.flags.out_of_country_unconfirmed = false;
        }
        if e.outcome != CheckOutcome::Refer && self.status == CaseStatus::Notified {
            self.status = CaseStatus::NotReferred;
        }
    }

    fn other_case(&mut self, e: &DualActiveDetected) {
        if !self.other_cases.contains(&e.other) {
            self.other_cases.push(e.other);
        }
        if e.on_purpose.is_none() {
            self.flags.dual_active_suspected = true;
        }
    }

    fn allocated_to(&mut self, now: Moment, e: &AllocatedToProvider) {
        self.held_by(e.provider);
        self.in_school = e.in_school;
        self.catchment = e.catchment.or(self.catchment);
        self.manager = None;
        self.flags.waitlisted = false;
        self.status = CaseStatus::Allocated;
        self.allocated = Some(now);
    }

    fn held_by(&mut self, provider: Code) {
        self.owner = OwnerKind::Provider;
        self.provider = Some(provider);
        self.passed_on_by = None;
    }

    /// Takes an enrolment in, by date; of two of the same date the later report stands.
    ///
    /// What a referral or notification said of enrolment gives way to what is learned later of the same time (T4).
    fn enrolled(&mut self, enrolment: EnrolmentRow) {
        self.enrolments.retain(|held| held.student_type.is_some() || held.from < enrolment.from);
        let place = self.enrolments.partition_point(|held| held.from <= enrolment.from);
        self.enrolments.insert(place, enrolment);
    }

    fn contact_changed(&mut self, now: Moment, e: &PrimaryContactChanged) {
        let since = now.recorded_at.auckland();
        let school = self.enrolment_on(since).and_then(|enrolment| enrolment.school);
        self.contact_named = Some(NamedContact { person: e.contact, school, since });
    }

    /// A meeting with caregivers is also an engagement with a caregiver; of the student where they took part (E9).
    fn caregivers_met(&mut self, now: Moment, e: &CaregiverMeetingHeld) {
        keep_earliest(&mut self.first_caregiver_meeting, now);
        keep_earliest(&mut self.first_caregiver_engagement, now);
        if e.student_present {
            keep_earliest(&mut self.first_student_engagement, now);
        }
    }

    /// Older details recorded late change nothing; what says nothing of an address leaves a confirmed one standing.
    fn details_recorded(&mut self, now: Moment, e: &ContactDetailsRecorded) {
        if self.details.is_some_and(|held| e.current_on < held.current_on) {
            return;
        }
        self.confirmed_catchment = match (e.confirmed, e.catchment) {
            (true, catchment) => catchment,
            (false, None) => self.confirmed_catchment,
            (false, Some(catchment)) => self.confirmed_catchment.filter(|&held| held == catchment),
        };
        self.details = Some(Details {
            source: e.source,
            current_on: e.current_on,
            confirmed: e.confirmed,
            catchment: e.catchment,
            out_of_date: false,
            recorded: now,
        });
    }

    fn sharing_changed(&mut self, e: &CommentSharingChanged) {
        let shared = &mut self.counts.comments_shared;
        *shared = if e.shared_with_schools { shared.saturating_add(1) } else { shared.saturating_sub(1) };
    }

    fn request_opened(&mut self, number: RequestNumber) {
        self.counts.requests = number.0;
        self.open_requests.push(number);
        self.flags.info_request_open = true;
    }

    /// An agency may answer a request that was withdrawn before (R40): then nothing is left to end.
    fn request_ended(&mut self, number: RequestNumber) {
        self.open_requests.retain(|&open| open != number);
        self.flags.info_request_open = !self.open_requests.is_empty();
    }

    fn reopened(&mut self) {
        self.status = if self.manager.is_some() { CaseStatus::Active } else { CaseStatus::Allocated };
        self.closed = None;
        self.closed_because = None;
        self.counts.reopened = self.counts.reopened.saturating_add(1);
    }
}
