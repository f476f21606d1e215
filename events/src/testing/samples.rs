//! One sample of every way to open a case, of every action, and of every event: for tables over all of them.

use serde_json::{Value, json};

use super::*;
use crate::action::CaseAction;
use crate::event::*;
use crate::ids::{CaseId, Position, StudentId};
use crate::number::CaseNumber;
use crate::opening::{Opening, ReadOpening};

/// Returns facts and personal parts a client could send for an action.
///
/// # Panics
/// For a name that has no sample: a new action gets one here.
pub fn sample(name: &str) -> (Value, Value) {
    let note = || json!({"note": {"text": "Spoke with the whānau."}});
    let nothing = || json!({});
    match name {
        "complete-ministry-check" => {
            (json!({"in_new_zealand": true, "enrolled": false, "outcome": "refer"}), nothing())
        }
        "allocate" => (json!({"provider": "ASP-2"}), note()),
        "assign-case-manager" => (json!({"manager": "M-2"}), nothing()),
        "hold-school-meeting" => (json!({"mode": "in_person"}), note()),
        "hold-caregiver-meeting" => (json!({"mode": "home_visit", "student_present": true}), note()),
        "engage-student" | "engage-caregiver" => (json!({"mode": "phone"}), nothing()),
        "attempt-contact" => (json!({"with": "caregiver", "mode": "phone", "outcome": "not_reached"}), nothing()),
        "record-contact-details" => (
            json!({"source": "family", "current_on": "2026-02-20", "confirmed": true, "catchment": "C-2"}),
            json!({"contacts": {"address": ["12 Tāwhai Street", "Ōtaki"], "phones": ["021 555 0100"]}}),
        ),
        "record-plan" => (
            json!({"barriers": ["TRANSPORT"], "review_on": "2026-07-01"}),
            json!({"plan": {"goals": ["At school four days a week"], "actions": ["Bus card"]}}),
        ),
        "add-comment" | "reopen" => match name {
            "reopen" => (json!({"reason": "absent_again"}), note()),
            _ => (json!({"share_with_schools": false}), note()),
        },
        "change-comment-sharing" => (json!({"comment": 1, "share_with_schools": true}), nothing()),
        "change-primary-contact" => (json!({"contact": "S-7"}), nothing()),
        "change-enrolment" => {
            (json!({"school": "SCH-2", "student_type": "RE", "effective_on": "2026-02-23"}), nothing())
        }
        "open-information-request" => (json!({"agency": "msd"}), note()),
        "answer-information-request" => (json!({"request": 1}), json!({"answer": {"code": "IN"}})),
        "withdraw-information-request" => (json!({"request": 1, "reason": "not_needed"}), nothing()),
        "record-overseas-evidence" => (json!({"kinds": ["date_left"]}), json!({"travel": {"date_left": "2026-01-29"}})),
        "record-agreement" => (json!({"target": "ASP-2", "agreement": given_by_phone("ASP-2")}), nothing()),
        "reallocate-to-cit" => (
            json!({"basis": "enrolled_elsewhere", "target": "ASP-2",
                "agreements": [given_by_phone("ASP-2"), given_by_phone("ASP-1")]}),
            json!({"agreement": {"agreed_by": "Ana Māhina"}}),
        ),
        "reallocate-by-cit" => (json!({"to": "ASP-2"}), nothing()),
        "decline-reallocation" => (json!({"reason": "NO-ADDRESS"}), note()),
        "close" => (json!({"reason": "returned_to_attendance"}), note()),
        "update-risk" => (json!({"level": "HIGH"}), note()),
        "upload-file" => (
            json!({"kind": "attendance_plan", "bytes": 48_211, "sha256": "5a".repeat(32)}),
            json!({"file": {"name": "Mahere.pdf"}}),
        ),
        "change-file-sharing" => (json!({"file": 1, "share_with_schools": true}), nothing()),
        "add-task" => (json!({"kind": "contact", "due_on": "2030-03-01"}), nothing()),
        "complete-task" => (json!({"task": 1}), nothing()),
        "add-calendar-event" => (json!({"kind": "meeting", "starts_at": "2030-03-01T10:00:00+13:00"}), nothing()),
        "pause" => (json!({"reason": "family_event", "until": "2030-03-01"}), nothing()),
        "waitlist" => (json!({"expected_on": "2030-03-01"}), note()),
        "record-pathway" => (json!({"outcome": "alternative_education", "from": "2026-02-20"}), nothing()),
        "note-home-education-application" => (json!({"applied_on": "2026-02-18"}), nothing()),
        "grant-exemption" | "revoke-exemption" => {
            (json!({"exemption": "home_education", "from": "2026-03-01"}), nothing())
        }
        "decline-exemption" => (json!({"exemption": "home_education"}), nothing()),
        "identify-need" => (json!({"need": "TRANSPORT"}), nothing()),
        "fund-need" => {
            (json!({"need": "TRANSPORT", "amount_cents": 12_000, "school_support_exhausted": true}), nothing())
        }
        "refer-to-oranga-tamariki" => (nothing(), json!({"concern": {"text": "Seen alone at home, twice."}})),
        "report-concern" => (json!({"police_told": true}), json!({"concern": {"text": "A bruise; told the police."}})),
        "notify-prosecution" => (
            json!({"supports_exhausted": true, "evidence": ["letters", "meetings"]}),
            json!({"prosecution": {"text": "Nine letters, four meetings, no change."}}),
        ),
        "record-prosecution-outcome" => {
            (json!({"outcome": "not_taken_on"}), json!({"prosecution": {"text": "Try the family group again."}}))
        }
        "merge" | "unmerge" => (json!({"merged": OTHER_CASE}), note()),
        "report-dual-active" | "dismiss-dual-active" => (json!({"other": OTHER_CASE}), nothing()),
        "record-notification" => (json!({"to": "primary_contact", "about": "plan_recorded"}), nothing()),
        "decline-move" => (json!({"reason": "NO-CAPACITY"}), nothing()),
        "attach-statement-of-correction" => (json!({"about": "facts", "asked_by": "student"}), note()),
        "give-privacy-notice" => (json!({"to": "caregiver", "channel": "letter", "notice": "PN-2026-1"}), nothing()),
        "review"
        | "resume"
        | "remove-from-waitlist"
        | "mark-contact-details-out-of-date"
        | "request-detailed-check"
        | "set-not-located"
        | "clear-not-located"
        | "reallocate-to-catchment-provider" => (nothing(), nothing()),
        other => panic!("{other} has no sample: write one"),
    }
}

fn given_by_phone(provider: &str) -> Value {
    json!({"provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": "2026-02-20", "channel": "phone"})
}

/// Returns an action as read from its sample.
pub fn sample_action(name: &str) -> CaseAction {
    let (facts, personal) = sample(name);
    action_sent(name, &facts, &personal)
}

/// Reads an action that a client could send.
#[track_caller]
pub fn action_sent(name: &str, facts: &Value, personal: &Value) -> CaseAction {
    let read = CaseAction::parse(name, &facts.to_string(), &personal.to_string());
    read.expect("a test names an action").expect("a test sends what can be read").0
}

/// Returns the personal parts a client could send with an opening.
pub fn referral_parts() -> Value {
    json!({"student": {
        "nsn": "123456789",
        "family_name": "Tāmihana",
        "given_names": "Hēmi Rāwiri",
        "birth_date": "2013-07-09"
    }})
}

/// Returns the facts of a support request of `SCH-1`.
pub fn request_facts() -> Value {
    json!({"school": "SCH-1", "absent_half_days": 34, "open_half_days": 90, "engagement": "partly",
        "school_steps_taken": true})
}

/// Returns the facts of a notification about a student of `SCH-1`.
pub fn notice_facts() -> Value {
    json!({"last_school": "SCH-1", "last_day_attended": "2026-02-02", "withdrawn_on": "2026-02-12",
        "leave_reason": "continuous_absence"})
}

/// Reads a support request, with these facts in the place of the sample's.
#[track_caller]
pub fn requested(changes: Value) -> Opening {
    opening_sent("submit-support-request", &changed(request_facts(), changes)).opening
}

/// Reads a notification, with these facts in the place of the sample's.
#[track_caller]
pub fn notice_sent(changes: Value) -> Opening {
    opening_sent("notify-non-enrolment", &changed(notice_facts(), changes)).opening
}

#[track_caller]
fn opening_sent(name: &str, facts: &Value) -> ReadOpening {
    let mut personal = referral_parts();
    personal["note"] = json!({"text": "Away most Mondays."});
    let read = Opening::parse(name, &facts.to_string(), &personal.to_string());
    read.expect("a test names an opening").unwrap_or_else(|error| panic!("{}: {error}", error.pointer))
}

/// Returns an object with other values in some places; null takes a field away.
pub fn changed(mut object: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { return object };
    for (key, value) in changes {
        match (&mut object, value) {
            (Value::Object(fields), Value::Null) => drop(fields.remove(&key)),
            (fields, value) => fields[key] = value,
        }
    }
    object
}

/// Returns one event of every type, in the order of the table.
pub fn sample_events() -> Vec<CaseEvent> {
    let agreed = agreement("ASP-2", "2026-02-20");
    let engaged = Mode::Phone;
    vec![
        SupportRequestSubmitted {
            earlier_because: Some(EarlierReason::PatternOfAbsence),
            absent_half_days: 24,
            reaches_threshold: false,
            ..request()
        }
        .into(),
        NonEnrolmentNotified {
            number: CaseNumber(2),
            task_received_on: Some(day("2026-02-13")),
            task_expected_on: None,
            leave_reason: LeaveReason::GoneOverseas,
            ..notice()
        }
        .into(),
        MinistryCheckCompleted { in_new_zealand: Some(true), enrolled: false, outcome: CheckOutcome::Refer }.into(),
        allocation(AllocationBasis::SchoolCatchment).into(),
        AssignedToCaseManager { manager: code("M-2"), before: Some(code("M-1")) }.into(),
        CaseReviewed { reviewer: code("L-1") }.into(),
        SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson }.into(),
        CaregiverMeetingHeld { mode: Mode::HomeVisit, student_present: true }.into(),
        StudentEngaged { mode: engaged }.into(),
        CaregiverEngaged { mode: engaged }.into(),
        confirmed_in("C-2", "2026-02-20").into(),
        ContactDetailsMarkedOutOfDate {}.into(),
        StudentPlanRecorded {
            revision: 2,
            goals: 3,
            barriers: vec![code("TRANSPORT"), code("HEALTH")],
            review_on: Some(day("2026-04-01")),
        }
        .into(),
        CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false }.into(),
        CommentSharingChanged { comment: CommentNumber(1), shared_with_schools: true }.into(),
        PrimaryContactChanged { before: Some(code("S-1")), contact: code("S-7") }.into(),
        asked_automatically(1).into(),
        InformationRequestAnswered { detailed: true, ..inz_answered(1, Whereabouts::Out) }.into(),
        InformationRequestWithdrawn {
            request: RequestNumber(2),
            agency: Agency::Msd,
            reason: WithdrawalReason::NoAnswer,
            detailed: false,
        }
        .into(),
        OverseasEvidenceReceived { kinds: vec![EvidenceKind::TravelDocument, EvidenceKind::CoTravellers] }.into(),
        DetailedImmigrationCheckRequested { request: RequestNumber(3) }.into(),
        NotLocatedFlagSet { answered_checks: 0, no_check_because: Some(code("NO-CONSENT")), attempts: 4 }.into(),
        NotLocatedFlagCleared {}.into(),
        ReallocatedToCit {
            from: code("ASP-1"),
            basis: MoveBasis::ReasonableGrounds,
            target: Some(code("ASP-2")),
            grounds: Some(code("SEEN-THERE")),
            agreements: vec![agreed],
        }
        .into(),
        ReallocatedByCit { from: code("ASP-1"), to: code("ASP-2"), catchment: Some(code("C-2")) }.into(),
        ReallocationDeclinedByCit { back_to: code("ASP-1"), reason: code("NO-ADDRESS") }.into(),
        IspReallocatedToCatchmentProvider { from: code("ISP-1"), to: code("ASP-1"), catchment: code("C-1") }.into(),
        ProviderAgreementRecorded { target: code("ASP-2"), agreement: agreed }.into(),
        enrolled(Some("SCH-2"), "2026-02-23").into(),
        CaseClosed { reason: ClosureReason::OutOfCountry }.into(),
        CaseReopened { reason: ReopenReason::ClosedInError }.into(),
        DualActiveDetected { other: CaseId([9; 16]), on_purpose: Some(code("TWINS-MIXED-UP")) }.into(),
        CaseKindChanged { from: CaseKind::ChronicAbsence, to: CaseKind::NonEnrolment }.into(),
        attempt().into(),
    ]
    .into_iter()
    .chain(sample_events_of_service())
    .collect()
}

fn sample_events_of_service() -> Vec<CaseEvent> {
    let (need, exemption, from) = (code("TRANSPORT"), ExemptionKind::HomeEducation, day("2026-03-01"));
    let same_student = Some(SameStudent { kept: STUDENT, other: StudentId([2; 16]) });
    vec![
        reported().into(),
        migrated().into(),
        RecentClosureLinked {
            earlier: OTHER_CASE,
            closed_on: day("2026-01-30"),
            provider: Some(code("ASP-1")),
            window_months: 3,
        }
        .into(),
        RiskUpdated { level: code("HIGH"), before: Some(code("LOW")) }.into(),
        file_uploaded(1).into(),
        FileSharingChanged { file: FileNumber(1), shared_with_schools: true }.into(),
        TaskAdded {
            task: TaskNumber(1),
            kind: TaskKind::Contact,
            due_on: day("2026-03-06"),
            assigned_to: Some(code("M-2")),
        }
        .into(),
        TaskCompleted { task: TaskNumber(1), done: true, reads_answer: false }.into(),
        CalendarEventAdded { kind: TaskKind::Meeting, starts_at: time("2026-03-06T10:00:00+13:00") }.into(),
        CasePaused { reason: PauseReason::FamilyEvent, until: Some(day("2026-03-09")) }.into(),
        CaseResumed {}.into(),
        Waitlisted { expected_on: day("2026-03-09") }.into(),
        RemovedFromWaitlist {}.into(),
        PathwayOutcomeRecorded { outcome: Pathway::AlternativeEducation, from }.into(),
        HomeEducationApplicationNoted { applied_on: Some(from) }.into(),
        ExemptionGranted { exemption, from }.into(),
        ExemptionDeclined { exemption }.into(),
        ExemptionRevoked { exemption, from: day("2026-04-01") }.into(),
        UnmetNeedIdentified { need }.into(),
        UnmetNeedFunded { need, amount_cents: 12_000 }.into(),
        OrangaTamarikiReferralMade {}.into(),
        ReportOfConcernMade { police_told: true }.into(),
        ProsecutionNotified { evidence: vec![SupportEvidence::Letters, SupportEvidence::HomeVisits] }.into(),
        ProsecutionOutcomeRecorded { outcome: ProsecutionOutcome::NotTakenOn }.into(),
        CasesMerged { survivor: CASE, merged: OTHER_CASE, same_student }.into(),
        CaseMergedInto { survivor: OTHER_CASE, same_student }.into(),
        CaseUnmerged { survivor: OTHER_CASE, merged: CASE }.into(),
        DualActiveDismissed { other: OTHER_CASE }.into(),
        NotificationSent { to: NoticeTo::PrimaryContact, about: KeyAction::PlanRecorded, cause: Some(Position(7)) }
            .into(),
        ProposedMoveDeclined { provider: code("ASP-2"), reason: code("NO-CAPACITY") }.into(),
        StatementOfCorrectionAttached {
            statement: StatementNumber(1),
            about: CorrectionOf::Narrative,
            comment: Some(CommentNumber(1)),
            asked_by: CorrectionAsker::Caregiver,
            asked_on: Some(from),
        }
        .into(),
        PrivacyNoticeGiven { to: NoticeReceiver::Caregiver, channel: NoticeChannel::Letter, notice: code("PN-2026-1") }
            .into(),
    ]
}

/// Returns the facts of a report about a student near `SCH-1`.
pub fn report_facts() -> Value {
    json!({"school": "SCH-1", "last_day_attended": "2026-02-02"})
}

/// Reads a report of a student outside any school, with these facts in the place of the sample's.
#[track_caller]
pub fn report_sent(changes: Value) -> Opening {
    opening_sent("report-unenrolled-student", &changed(report_facts(), changes)).opening
}

/// Returns the facts of a case of the predecessor system.
pub fn migration_facts() -> Value {
    json!({"kind": "chronic_absence", "former": "ASA-4711", "school": "SCH-1", "referred_on": "2025-10-20"})
}

/// Reads a case to be carried over, with these facts in the place of the sample's.
#[track_caller]
pub fn migration_sent(changes: Value) -> Opening {
    opening_sent("migrate-case", &changed(migration_facts(), changes)).opening
}
