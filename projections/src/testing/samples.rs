//! One event of every type, and parts that say what they are.

use caseledger_events::event::*;
use caseledger_events::ids::CaseId;
use caseledger_events::parts::{
    AgencyAnswer, AgreementNote, Caregiver, Concern, Contacts, FileName, HealthNote, Note, PlanText, Prosecution,
    Student, TravelEvidence,
};
use caseledger_events::personal::{Part, PartKind, Personal};
use caseledger_events::testing::*;

/// One event of every type, in the order of the catalogue.
pub fn every_event() -> Vec<CaseEvent> {
    let mut events = Vec::with_capacity(EVENT_TYPES.len());
    events.extend(opening_events());
    events.extend(work_events());
    events.extend(information_events());
    events.extend(moving_events());
    events.extend(service_events());
    events
}

fn opening_events() -> Vec<CaseEvent> {
    vec![
        request().into(),
        notice().into(),
        MinistryCheckCompleted { in_new_zealand: Some(true), enrolled: false, outcome: CheckOutcome::Refer }.into(),
        CaseKindChanged { from: CaseKind::ChronicAbsence, to: CaseKind::NonEnrolment }.into(),
        DualActiveDetected { other: CaseId([9; 16]), on_purpose: None }.into(),
        allocation(AllocationBasis::SchoolCatchment).into(),
        AssignedToCaseManager { manager: code("M-1"), before: None }.into(),
        CaseReviewed { reviewer: code("L-1") }.into(),
        PrimaryContactChanged { before: Some(code("S-1")), contact: code("S-3") }.into(),
        enrolled(Some("SCH-2"), "2026-03-02").into(),
        CaseClosed { reason: ClosureReason::ReturnedToAttendance }.into(),
        CaseReopened { reason: ReopenReason::AbsentAgain }.into(),
    ]
}

fn work_events() -> Vec<CaseEvent> {
    vec![
        SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson }.into(),
        CaregiverMeetingHeld { mode: Mode::HomeVisit, student_present: true }.into(),
        StudentEngaged { mode: Mode::Phone }.into(),
        CaregiverEngaged { mode: Mode::Text }.into(),
        attempt().into(),
        confirmed_in("C-1", "2026-02-20").into(),
        ContactDetailsMarkedOutOfDate {}.into(),
        StudentPlanRecorded {
            revision: 1,
            goals: 2,
            barriers: vec![code("TRANSPORT")],
            review_on: Some(day("2026-04-01")),
        }
        .into(),
        CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false }.into(),
        CommentSharingChanged { comment: CommentNumber(1), shared_with_schools: true }.into(),
    ]
}

fn information_events() -> Vec<CaseEvent> {
    vec![
        asked(1, Agency::Inz).into(),
        inz_answered(1, Whereabouts::NotOut).into(),
        InformationRequestWithdrawn {
            request: RequestNumber(1),
            agency: Agency::Inz,
            reason: WithdrawalReason::NotNeeded,
            detailed: false,
        }
        .into(),
        evidence().into(),
        DetailedImmigrationCheckRequested { request: RequestNumber(2) }.into(),
        NotLocatedFlagSet { answered_checks: 1, no_check_because: None, attempts: 3 }.into(),
        NotLocatedFlagCleared {}.into(),
    ]
}

fn moving_events() -> Vec<CaseEvent> {
    vec![
        ProviderAgreementRecorded { target: code("ASP-2"), agreement: agreement("ASP-2", "2026-03-03") }.into(),
        passed_to_cit().into(),
        ReallocatedByCit { from: code("ASP-1"), to: code("ASP-2"), catchment: Some(code("C-2")) }.into(),
        ReallocationDeclinedByCit { back_to: code("ASP-1"), reason: code("INCOMPLETE") }.into(),
        IspReallocatedToCatchmentProvider { from: code("ISP-1"), to: code("ASP-1"), catchment: code("C-1") }.into(),
    ]
}

/// The samples of the core that belong to the service beside the core of a case, in their order there.
fn service_events() -> Vec<CaseEvent> {
    let first = EVENT_TYPES.iter().position(|row| row.name == "unenrolled_student_reported");
    sample_events().split_off(first.expect("a row of the table"))
}

/// A word that stands in every personal text of [`personal_parts`], and nowhere else.
pub const CANARY: &str = "kotukutuku";

/// One part of every kind, with [`CANARY`] in every text.
pub fn personal_parts() -> Vec<Part> {
    let word = || Personal::new(CANARY.to_owned());
    vec![
        student(CANARY, CANARY),
        Contacts {
            address: vec![word()],
            phones: vec![word()],
            emails: vec![word()],
            caregivers: vec![Caregiver { name: word(), relation: Some(word()), phone: Some(word()) }],
        }
        .to_part(),
        note(CANARY),
        PlanText { goals: vec![word()], actions: vec![word()] }.to_part(),
        HealthNote { text: word() }.to_part(),
        AgencyAnswer { code: word(), detail: Some(word()) }.to_part(),
        TravelEvidence {
            document: Some(word()),
            date_left: None,
            travelled_as: Some(word()),
            passport: Some(word()),
            companions: vec![word()],
        }
        .to_part(),
        AgreementNote { agreed_by: Some(word()), text: Some(word()) }.to_part(),
        FileName { name: word() }.to_part(),
        Concern { text: word() }.to_part(),
        Prosecution { text: word() }.to_part(),
    ]
}

/// Who the student is.
pub fn student(given: &str, family: &str) -> Part {
    let text = |text: &str| Personal::new(text.to_owned());
    Student {
        nsn: None,
        family_name: text(family),
        given_names: text(given),
        preferred_name: None,
        birth_date: Personal::new(day("2012-05-17")),
    }
    .to_part()
}

/// What somebody wrote.
pub fn note(text: &str) -> Part {
    Note { text: Personal::new(text.to_owned()) }.to_part()
}
