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
