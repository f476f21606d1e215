//! The words of closed values, as they stand inside a sentence.

use caseledger_events::event::*;
use chrono::NaiveDate;

/// A day as people in New Zealand write it.
pub(super) fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// A count with its noun: `1 goal`, `3 goals`.
pub(super) fn count(number: impl Into<u32>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{number} {}", if number == 1 { one } else { many })
}

pub(super) fn agency(agency: Agency) -> &'static str {
    match agency {
        Agency::Inz => "Immigration NZ",
        Agency::Msd => "MSD",
    }
}

pub(super) fn kind(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::ChronicAbsence => "chronic absence",
        CaseKind::NonEnrolment => "non-enrolment",
    }
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::InPerson => "in person",
        Mode::Video => "by video",
        Mode::Phone => "by telephone",
        Mode::Text => "by text message",
        Mode::Email => "by email",
        Mode::HomeVisit => "at home",
    }
}

pub(super) fn basis(basis: AllocationBasis) -> &'static str {
    match basis {
        AllocationBasis::InSchoolProvider => "as the school's own provision",
        AllocationBasis::SchoolCatchment => "by the catchment of the school",
        AllocationBasis::ConfirmedAddress => "by the catchment of the confirmed address",
        AllocationBasis::LastSchoolCatchment => "by the catchment of the last school",
        AllocationBasis::Cit => "by decision of CIT",
    }
}

pub(super) fn earlier(reason: EarlierReason) -> &'static str {
    match reason {
        EarlierReason::HistoryAtThisSchool => "a history of absence at this school",
        EarlierReason::HistoryAtEarlierSchool => "a history of absence at an earlier school",
        EarlierReason::PatternOfAbsence => "a pattern of absences",
        EarlierReason::Other => "a reason told in the narrative",
    }
}

pub(super) fn leaving(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::ContinuousAbsence => "withdrawn for continuous absence",
        LeaveReason::GoneOverseas => "gone overseas",
        LeaveReason::WithdrawnByParent => "withdrawn by the parents",
        LeaveReason::Other => "another leave reason",
    }
}

pub(super) fn role(role: SchoolRole) -> &'static str {
    match role {
        SchoolRole::Referring => "the referring school",
        SchoolRole::MostRecentlyAttended => "the most recently attended school",
        SchoolRole::Other => "another school,",
    }
}

pub(super) fn with(with: ContactWith) -> &'static str {
    match with {
        ContactWith::Student => "the student",
        ContactWith::Caregiver => "a caregiver",
        ContactWith::School => "a school",
        ContactWith::Other => "somebody else",
    }
}

pub(super) fn outcome(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::NotReached => "nobody was reached",
        AttemptOutcome::WrongDetails => "the details were wrong",
        AttemptOutcome::Refused => "contact was refused",
    }
}

pub(super) fn source(source: DetailsSource) -> &'static str {
    match source {
        DetailsSource::Family => "the family",
        DetailsSource::School => "a school",
        DetailsSource::Enrol => "ENROL",
        DetailsSource::Agency => "an agency",
        DetailsSource::Other => "somebody else",
    }
}

pub(super) fn evidence(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::TravelDocument => "a travel document",
        EvidenceKind::DateLeft => "the date of leaving",
        EvidenceKind::NameTravelledUnder => "the name travelled under",
        EvidenceKind::PassportNumber => "a passport number",
        EvidenceKind::CoTravellers => "who travelled along",
    }
}

pub(super) fn withdrawal(reason: WithdrawalReason) -> &'static str {
    match reason {
        WithdrawalReason::NotNeeded => "no longer needed",
        WithdrawalReason::SentInError => "sent by mistake",
        WithdrawalReason::NoAnswer => "no answer came",
        WithdrawalReason::CaseClosed => "the case was closed",
    }
}

pub(super) fn movement(basis: MoveBasis) -> &'static str {
    match basis {
        MoveBasis::ConfirmedAddress => "a new address outside the catchment is confirmed",
        MoveBasis::ReasonableGrounds => "there are reasonable grounds and the other provider agrees",
        MoveBasis::EnrolledElsewhere => "the enrolled student lives outside the catchment and both providers agree",
    }
}

pub(super) fn channel(channel: AgreementChannel) -> &'static str {
    match channel {
        AgreementChannel::InSystem => "in this system",
        AgreementChannel::Phone => "by telephone",
        AgreementChannel::Email => "by email",
        AgreementChannel::InPerson => "in person",
    }
}

pub(super) fn closure(reason: ClosureReason) -> &'static str {
    match reason {
        ClosureReason::ReturnedToAttendance => "the student attends regularly again",
        ClosureReason::Enrolled => "the student is enrolled",
        ClosureReason::AlternativeEducation => "the student is in alternative education",
        ClosureReason::HomeEducation => "a home-education exemption was granted",
        ClosureReason::FifteenExemption => "an exemption at fifteen was granted",
        ClosureReason::OutOfCountry => "Immigration NZ says the student is out of the country",
        ClosureReason::TurnedSixteen => "the student turned sixteen",
        ClosureReason::TransferredToOtherProvider => "another provider has the case",
        ClosureReason::ReferredInError => "it was referred in error or twice",
        ClosureReason::Deceased => "the student died",
        ClosureReason::ProsecutionOutcome => "a prosecution ended it",
        ClosureReason::Other => "another reason, told in the narrative",
    }
}

pub(super) fn reopening(reason: ReopenReason) -> &'static str {
    match reason {
        ReopenReason::ClosedInError => "it was closed by mistake",
        ReopenReason::AbsentAgain => "the student stopped attending again",
        ReopenReason::NewInformation => "new information came up",
        ReopenReason::Review => "a review or complaint asks for it",
    }
}

pub(super) fn reporter(reporter: Reporter) -> &'static str {
    match reporter {
        Reporter::School => "A school",
        Reporter::Provider => "A provider",
        Reporter::Ministry => "The Ministry",
        Reporter::Public => "Somebody from the public",
    }
}

pub(super) fn file(kind: FileKind) -> &'static str {
    match kind {
        FileKind::AttendancePlan => "an attendance plan",
        FileKind::Correspondence => "a letter or email",
        FileKind::Report => "a report",
        FileKind::OverseasEvidence => "evidence that the student is overseas",
        FileKind::Other => "of another kind",
    }
}

pub(super) fn task(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Contact => "reach somebody",
        TaskKind::Meeting => "a meeting",
        TaskKind::Plan => "the plan",
        TaskKind::ReadAnswer => "read an agency's answer",
        TaskKind::Other => "told in the narrative",
    }
}

pub(super) fn pause(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::Health => "the student's health",
        PauseReason::FamilyEvent => "an event in the family",
        PauseReason::TemporaryAbsence => "away for a known time",
        PauseReason::OtherService => "another service works with the family first",
        PauseReason::Monitoring => "attendance is back and watched",
        PauseReason::Other => "another reason, told in the narrative",
    }
}

pub(super) fn pathway(pathway: Pathway) -> &'static str {
    match pathway {
        Pathway::Enrolled => "enrolled in a school",
        Pathway::AlternativeEducation => "in alternative education",
        Pathway::ValidExemption => "validly exempt",
    }
}

pub(super) fn exemption(kind: ExemptionKind) -> &'static str {
    match kind {
        ExemptionKind::HomeEducation => "for home education",
        ExemptionKind::Fifteen => "at fifteen",
    }
}

pub(super) fn support(kind: SupportEvidence) -> &'static str {
    match kind {
        SupportEvidence::AttendanceRecord => "the record of attendance",
        SupportEvidence::Letters => "letters",
        SupportEvidence::Meetings => "meetings",
        SupportEvidence::Plans => "plans",
        SupportEvidence::OtherServices => "other services",
        SupportEvidence::HomeVisits => "visits to the home",
    }
}

pub(super) fn prosecution(outcome: ProsecutionOutcome) -> &'static str {
    match outcome {
        ProsecutionOutcome::NotTakenOn => "it does not take the case on",
        ProsecutionOutcome::Settled => "it was settled without a court",
        ProsecutionOutcome::Withdrawn => "it was withdrawn",
        ProsecutionOutcome::Convicted => "a court convicted",
        ProsecutionOutcome::NotConvicted => "a court did not convict",
    }
}

pub(super) fn notice_to(to: NoticeTo) -> &'static str {
    match to {
        NoticeTo::Submitter => "the submitter",
        NoticeTo::PrimaryContact => "the school's primary contact",
        NoticeTo::WorkflowLead => "the workflow lead",
        NoticeTo::CaseManager => "the case manager",
    }
}

pub(super) fn key_action(about: KeyAction) -> &'static str {
    match about {
        KeyAction::RequestReceived => "the request was received",
        KeyAction::CommentShared => "a comment was shared",
        KeyAction::FileShared => "a file was shared",
        KeyAction::CaseManagerChanged => "another case manager has the case",
        KeyAction::PlanRecorded => "a plan was recorded",
        KeyAction::CasePaused => "work rests",
        KeyAction::CaseClosed => "the case was closed",
        KeyAction::CaseReopened => "the case was reopened",
        KeyAction::CaseReallocated => "the case moved",
        KeyAction::ReferredAgain => "the student was referred again",
        KeyAction::Other => "another matter",
    }
}

pub(super) fn correction_of(about: CorrectionOf) -> &'static str {
    match about {
        CorrectionOf::Identity => "who the student is",
        CorrectionOf::Contact => "contact details",
        CorrectionOf::Health => "health",
        CorrectionOf::Narrative => "what was written",
        CorrectionOf::Facts => "what happened",
    }
}

pub(super) fn correction_by(asker: CorrectionAsker) -> &'static str {
    match asker {
        CorrectionAsker::Student => "the student",
        CorrectionAsker::Caregiver => "a caregiver",
        CorrectionAsker::Representative => "a representative",
        CorrectionAsker::Other => "another person",
    }
}

pub(super) fn told(to: NoticeReceiver) -> &'static str {
    match to {
        NoticeReceiver::Student => "the student",
        NoticeReceiver::Caregiver => "a caregiver",
    }
}

pub(super) fn notice_channel(channel: NoticeChannel) -> &'static str {
    match channel {
        NoticeChannel::InPerson => "in person",
        NoticeChannel::Letter => "by letter",
        NoticeChannel::Email => "by email",
        NoticeChannel::Phone => "by phone",
    }
}
