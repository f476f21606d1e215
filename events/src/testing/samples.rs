//! One sample of every way to open a case, of every action, and of every event: for tables over all of them.

use serde_json::{Value, json};

use super::*;
use crate::action::CaseAction;
use crate::event::*;
use crate::ids::CaseId;
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
            json!({"barriers": ["TRANSPORT"], "review_on": "2026-04-01"}),
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
        "review"
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
}
