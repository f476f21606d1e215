//! Small histories to begin a specification with.

use super::{code, day, time};
use crate::case::Times;
use crate::dates::{OccurredAt, Timestamp, start_of_day};
use crate::event::*;
use crate::ids::{Sha256, StudentId};
use crate::number::CaseNumber;

/// The student of the tests.
pub const STUDENT: StudentId = StudentId([1; 16]);

/// The day the cases of the tests are opened.
pub const OPENED: &str = "2026-02-16";

/// Something that has happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// What.
    pub event: CaseEvent,
    /// When it happened, and when it was recorded.
    pub times: Times,
}

/// Something that happened at a time and was recorded then; of a day, at noon.
#[track_caller]
pub fn on(occurred_at: &str, event: impl Into<CaseEvent>) -> Past {
    let occurred_at = time(occurred_at);
    let recorded_at = match occurred_at {
        OccurredAt::Instant(time) => time,
        OccurredAt::Day(day) => noon(day),
    };
    Past { event: event.into(), times: Times { occurred_at, recorded_at } }
}

/// Something that happened on one day and was recorded at noon of another.
#[track_caller]
pub fn late(occurred_at: &str, recorded_on: &str, event: impl Into<CaseEvent>) -> Past {
    let times = Times { occurred_at: time(occurred_at), recorded_at: noon(day(recorded_on)) };
    Past { event: event.into(), times }
}

/// Returns noon of a day in Auckland.
pub fn noon(day: chrono::NaiveDate) -> Timestamp {
    // Twelve hours after midnight but on the two days a year that clocks change, which is near enough for a test.
    Timestamp(start_of_day(day).0 + 12 * 3_600_000_000)
}

/// The support request of `SCH-1`.
pub fn request() -> SupportRequestSubmitted {
    SupportRequestSubmitted {
        number: CaseNumber(1),
        student: STUDENT,
        school: code("SCH-1"),
        primary_contact: code("S-1"),
        absent_half_days: 34,
        open_half_days: 90,
        reaches_threshold: true,
        earlier_because: None,
        engagement: SchoolEngagement::Partly,
        school_steps_taken: true,
        urgent: false,
        unmet_need: false,
        to_in_school_provider: false,
        attached: false,
    }
}

/// The notification that the student left `SCH-1`.
pub fn notice() -> NonEnrolmentNotified {
    NonEnrolmentNotified {
        number: CaseNumber(1),
        student: STUDENT,
        last_school: code("SCH-1"),
        last_day_attended: day("2026-02-02"),
        withdrawn_on: Some(day("2026-02-12")),
        task_received_on: None,
        leave_reason: LeaveReason::ContinuousAbsence,
        return_date_known: false,
        form_due_on: None,
        task_expected_on: Some(day("2026-02-13")),
        attached: false,
    }
}

/// The report that the student is outside any school.
pub fn reported() -> UnenrolledStudentReported {
    UnenrolledStudentReported {
        number: CaseNumber(1),
        student: STUDENT,
        reporter: Reporter::School,
        school: code("SCH-1"),
        attended: false,
        last_day_attended: None,
        attached: false,
    }
}

/// The case as it was carried over from the predecessor system.
pub fn migrated() -> CaseMigrated {
    CaseMigrated {
        number: CaseNumber(1),
        student: STUDENT,
        kind: CaseKind::ChronicAbsence,
        former: code("ASA-4711"),
        school: code("SCH-1"),
        referred_on: day("2025-10-20"),
        last_day_attended: None,
    }
}

/// A migrated case, allocated to `ASP-1`.
pub fn migrated_case() -> Vec<Past> {
    vec![on(OPENED, migrated()), on(OPENED, allocation(AllocationBasis::SchoolCatchment))]
}

/// A file of the provider, not shared.
pub fn file_uploaded(file: u16) -> FileUploaded {
    FileUploaded {
        file: FileNumber(file),
        kind: FileKind::AttendancePlan,
        bytes: 48_211,
        sha256: Sha256([0x5a; 32]),
        by_school: false,
        shared_with_schools: false,
    }
}

/// A task of the provider.
pub fn task(task: u16) -> TaskAdded {
    TaskAdded { task: TaskNumber(task), kind: TaskKind::Contact, due_on: day("2026-07-01"), assigned_to: None }
}

/// That work rests.
pub fn paused() -> CasePaused {
    CasePaused { reason: PauseReason::FamilyEvent, until: None }
}

/// The allocation to `ASP-1`.
pub fn allocation(basis: AllocationBasis) -> AllocatedToProvider {
    AllocatedToProvider { provider: code("ASP-1"), catchment: Some(code("C-1")), basis, in_school: false }
}

/// A CA case of `SCH-1`, allocated to `ASP-1`.
pub fn ca_case() -> Vec<Past> {
    vec![on(OPENED, request()), on(OPENED, allocation(AllocationBasis::SchoolCatchment))]
}

/// A CA case of `SCH-1`, allocated to its in-school provision `ISP-1`.
pub fn in_school_case() -> Vec<Past> {
    let to_in_school = SupportRequestSubmitted { to_in_school_provider: true, ..request() };
    let allocated = AllocatedToProvider {
        provider: code("ISP-1"),
        catchment: Some(code("C-1")),
        basis: AllocationBasis::InSchoolProvider,
        in_school: true,
    };
    vec![on(OPENED, to_in_school), on(OPENED, allocated)]
}

/// A notification that waits for the Ministry's check.
pub fn notified() -> Vec<Past> {
    vec![on(OPENED, notice())]
}

/// A NEN case whose last school is `SCH-1`, checked and allocated to `ASP-1`.
pub fn nen_case() -> Vec<Past> {
    let checked = MinistryCheckCompleted { in_new_zealand: Some(true), enrolled: false, outcome: CheckOutcome::Refer };
    let mut history = notified();
    history.extend([on(OPENED, checked), on(OPENED, allocation(AllocationBasis::LastSchoolCatchment))]);
    history
}

/// The case with the case manager of [`super::manager`].
pub fn at_work(mut history: Vec<Past>) -> Vec<Past> {
    history.push(on(OPENED, AssignedToCaseManager { manager: code("M-1"), before: None }));
    history
}

/// The case, closed on a day.
#[track_caller]
pub fn closed(mut history: Vec<Past>, on_day: &str) -> Vec<Past> {
    history.push(on(on_day, CaseClosed { reason: ClosureReason::ReturnedToAttendance }));
    history
}

/// An open request.
pub fn asked(request: u16, agency: Agency) -> InformationRequestOpened {
    InformationRequestOpened { request: RequestNumber(request), agency, automatic: false, overdue_on: None }
}

/// The same, made on 1 June 2026, the day of these tests: overdue twenty days later (Q32).
pub fn asked_today(request: u16, agency: Agency) -> InformationRequestOpened {
    InformationRequestOpened { overdue_on: Some(day("2026-06-21")), ..asked(request, agency) }
}

/// The request that *Gone Overseas* triggers.
pub fn asked_automatically(request: u16) -> InformationRequestOpened {
    InformationRequestOpened { automatic: true, ..asked(request, Agency::Inz) }
}

/// An answer of Immigration NZ.
pub fn inz_answered(request: u16, whereabouts: Whereabouts) -> InformationRequestAnswered {
    InformationRequestAnswered {
        request: RequestNumber(request),
        agency: Agency::Inz,
        whereabouts,
        detailed: false,
        known_code: whereabouts != Whereabouts::Unknown,
    }
}

/// Evidence that the student is overseas.
pub fn evidence() -> OverseasEvidenceReceived {
    OverseasEvidenceReceived { kinds: vec![EvidenceKind::TravelDocument] }
}

/// A telephone call that reached nobody.
pub fn attempt() -> ContactAttempted {
    ContactAttempted { with: ContactWith::Caregiver, mode: Mode::Phone, outcome: AttemptOutcome::NotReached }
}

/// A confirmed address in a catchment.
pub fn confirmed_in(catchment: &str, current_on: &str) -> ContactDetailsRecorded {
    ContactDetailsRecorded {
        source: DetailsSource::Family,
        current_on: day(current_on),
        confirmed: true,
        catchment: Some(code(catchment)),
    }
}

/// What the register reports; no school, no enrolment.
pub fn enrolled(school: Option<&str>, effective_on: &str) -> EnrolmentStatusChanged {
    EnrolmentStatusChanged { school: school.map(code), student_type: code("RE"), effective_on: day(effective_on) }
}

/// The agreement of a provider, by telephone.
pub fn agreement(provider: &str, agreed_on: &str) -> Agreement {
    Agreement {
        provider: code(provider),
        agreed_by: code("WORKFLOW-LEAD"),
        agreed_on: day(agreed_on),
        channel: AgreementChannel::Phone,
    }
}

/// That the case was passed to CIT by `ASP-1`.
pub fn passed_to_cit() -> ReallocatedToCit {
    ReallocatedToCit {
        from: code("ASP-1"),
        basis: MoveBasis::ConfirmedAddress,
        target: None,
        grounds: None,
        agreements: vec![],
    }
}
