//! How a case is opened: a school's support request (E1), a notification from ENROL (E2), a report of a student outside
//! any school (E3), or the predecessor system (E40).
//!
//! A student has one active case (R27): a referral for a student who has one is attached to it (Q4), unless
//! the sender asks for a separate case and says why.

use chrono::{Months, NaiveDate};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::action::At;
use crate::case::{Case, Status};
use crate::envelope::Role;
use crate::event::*;
use crate::ids::{CaseId, Code, StudentId};
use crate::input::{self, BadInput};
use crate::number::CaseNumber;
use crate::parts::{PersonalParts, ReferralParts, Student};
use crate::personal::{Part, Personal};
use crate::policy::AfterClosure;
use crate::refusal::Refusal;
use crate::routing;

/// E1: a school asks for support for a chronically absent student.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitSupportRequest {
    /// The referring school.
    pub school: Code,
    /// The school's primary contact; the submitter where nobody is named.
    #[serde(default)]
    pub primary_contact: Option<Code>,
    /// Half-days absent in the term (two to a day).
    pub absent_half_days: u16,
    /// Half-days the school was open in that term so far.
    pub open_half_days: u16,
    /// Why an earlier referral is made, below the threshold (R3).
    #[serde(default)]
    pub earlier_because: Option<EarlierReason>,
    /// How far the school could engage student and parents (R5).
    pub engagement: SchoolEngagement,
    /// Whether the school's own steps were taken and did not work (R1).
    pub school_steps_taken: bool,
    /// Whether the school asks for particular urgency (R6).
    #[serde(default)]
    pub urgent: bool,
    /// Whether an unmet basic need is a barrier (R35).
    #[serde(default)]
    pub unmet_need: bool,
    /// Whether the school's own in-school provision is to take it (R41).
    #[serde(default)]
    pub to_in_school_provider: bool,
    /// Why a separate case is wanted though the student has an active one (Q4).
    #[serde(default)]
    pub separate_because: Option<Code>,
}

/// E2: ENROL notifies that a student is not enrolled anywhere.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyNonEnrolment {
    /// The most recently attended school.
    pub last_school: Code,
    /// The last day present, not the day of withdrawal (R14).
    #[serde(deserialize_with = "crate::dates::day")]
    pub last_day_attended: NaiveDate,
    /// The day of withdrawal, where it is known.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub withdrawn_on: Option<NaiveDate>,
    /// The day the task reached the school (R13).
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub task_received_on: Option<NaiveDate>,
    /// Why the student left.
    pub leave_reason: LeaveReason,
    /// Whether a return date is known (R10).
    #[serde(default)]
    pub return_date_known: bool,
    /// Why a separate case is wanted though the student has an active one (Q4).
    #[serde(default)]
    pub separate_because: Option<Code>,
}

/// The ways a case is opened by people and feeds.
#[derive(Clone, Debug)]
pub enum Opening {
    /// E1.
    SupportRequest(SubmitSupportRequest),
    /// E2.
    NonEnrolment(NotifyNonEnrolment),
    /// E3.
    Report(ReportUnenrolledStudent),
    /// E40.
    Migration(MigrateCase),
}

/// What is known of a way to open a case without doing it.
#[derive(Clone, Copy)]
pub struct OpeningInfo {
    /// Its name in the `action` field.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The ids of the rules and events it carries out.
    pub rules: &'static str,
    /// JSON Schema of its facts.
    pub facts: fn(&mut SchemaGenerator) -> Schema,
}

/// Every way to open a case; all take [`ReferralParts`].
pub const OPENINGS: &[OpeningInfo] = &[
    OpeningInfo {
        name: "submit-support-request",
        summary: "A school asks for support for a chronically absent student.",
        rules: "E1, R1–R6, R41, R27, Q4",
        facts: |generator| generator.subschema_for::<SubmitSupportRequest>(),
    },
    OpeningInfo {
        name: "notify-non-enrolment",
        summary: "ENROL notifies that a student is not enrolled anywhere.",
        rules: "E2, R10–R14, R27, Q4",
        facts: |generator| generator.subschema_for::<NotifyNonEnrolment>(),
    },
    OpeningInfo {
        name: "report-unenrolled-student",
        summary: "Somebody else than the register or the last school reports a student outside any school.",
        rules: "E3, K5, R27, Q4",
        facts: |generator| generator.subschema_for::<ReportUnenrolledStudent>(),
    },
    OpeningInfo {
        name: "migrate-case",
        summary: "A case is carried over from the predecessor system.",
        rules: "E40, K3, K4, R41",
        facts: |generator| generator.subschema_for::<MigrateCase>(),
    },
];

/// From this age on a date of birth is a slip: schools enrol students until the year they turn 19, some until 21.
const YEARS_MAX: u32 = 25;

/// An opening as read, with what the blind index needs to find the student; [`ReadOpening::on`] holds it against a day.
pub struct ReadOpening {
    /// What is asked.
    pub opening: Opening,
    /// Its personal parts.
    pub parts: Vec<Part>,
    /// The NSN, where one was given: it goes to the blind index and nowhere else.
    pub nsn: Option<Personal<String>>,
    birth_date: Personal<NaiveDate>,
}

impl ReadOpening {
    /// Checks what the calendar says on the New Zealand day of sending: no student is born after it, or too long before.
    pub fn on(self, today: NaiveDate) -> Result<ReadOpening, BadInput> {
        let born = *self.birth_date.reveal();
        let what = if born > today {
            "nobody is born after today (the day in New Zealand); send the date of birth on record"
        } else if today.years_since(born).is_some_and(|years| years >= YEARS_MAX) {
            "no student at a school is that old; send the date of birth on record, its year first"
        } else {
            return Ok(self);
        };
        Err(BadInput::new("/personal/student/birth_date", what))
    }
}

impl Opening {
    /// Reads an opening by name; `None` for an unknown name.
    pub fn parse(name: &str, facts: &str, personal: &str) -> Option<Result<ReadOpening, BadInput>> {
        let opening = match name {
            "submit-support-request" => input::read(facts, "/facts").map(Opening::SupportRequest),
            "notify-non-enrolment" => input::read(facts, "/facts").map(Opening::NonEnrolment),
            "report-unenrolled-student" => input::read(facts, "/facts").map(Opening::Report),
            "migrate-case" => input::read(facts, "/facts").map(Opening::Migration),
            _ => return None,
        };
        Some(opening.and_then(|opening| {
            let parts: ReferralParts = input::read(personal, "/personal")?;
            let (nsn, birth_date) = (parts.student.nsn.clone(), parts.student.birth_date.clone());
            nsn_is_well_formed(&parts.student)?;
            opening.reasons_are_told(&parts)?;
            opening.agrees_with_itself(*birth_date.reveal())?;
            Ok(ReadOpening { opening, parts: parts.into_parts(), nsn, birth_date })
        }))
    }

    /// A reason *other* is told in a note.
    fn reasons_are_told(&self, parts: &ReferralParts) -> Result<(), BadInput> {
        let other = matches!(self, Opening::SupportRequest(r) if r.earlier_because == Some(EarlierReason::Other));
        if other && parts.note.is_none() {
            return Err(BadInput::new("/personal/note", "a note is needed when the reason is `other`"));
        }
        Ok(())
    }

    /// Returns why a separate case is wanted, where it is.
    pub fn separate_because(&self) -> Option<Code> {
        match self {
            Opening::SupportRequest(request) => request.separate_because,
            Opening::NonEnrolment(notice) => notice.separate_because,
            Opening::Report(report) => report.separate_because,
            Opening::Migration(_) => None,
        }
    }

    /// Returns the id of the case in the predecessor system, where it is carried over.
    pub fn former(&self) -> Option<Code> {
        match self {
            Opening::Migration(migration) => Some(migration.former),
            _ => None,
        }
    }

    /// Decides the opening: on the student's active case where it is attached, else for a new one.
    pub fn decide(&self, onto: Onto<'_>, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match self {
            Opening::SupportRequest(request) => request.may(at)?,
            Opening::NonEnrolment(notice) => notice.may(at)?,
            Opening::Report(report) => report.may(at)?,
            Opening::Migration(migration) => migration.may(at)?,
        }
        at.has_happened()?;
        match self {
            Opening::SupportRequest(request) => request.decide(onto, at),
            Opening::NonEnrolment(notice) => notice.decide(onto, at),
            Opening::Report(report) => report.decide(onto, at),
            Opening::Migration(migration) => migration.decide(onto, at),
        }
    }
}

/// An NSN is up to ten digits; a value that is none is a slip, and would split the student in two.
fn nsn_is_well_formed(student: &Student) -> Result<(), BadInput> {
    let Some(nsn) = &student.nsn else { return Ok(()) };
    let digits = nsn.reveal();
    if (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(BadInput { pointer: "/personal/student/nsn".into(), what: "an NSN is one to ten digits".into() })
}

/// What an opening lands on.
pub struct Onto<'a> {
    /// The number of the case.
    pub number: CaseNumber,
    /// The student, as the blind index knows them.
    pub student: StudentId,
    /// The student's active case, where the referral is attached to it (Q4).
    pub attach: Option<&'a Case>,
    /// The student's active case, where a separate one is opened; why, where that is on purpose.
    pub beside: Option<(CaseId, Option<Code>)>,
    /// The student's active case, whatever becomes of the referral.
    pub active: Option<CaseId>,
    /// The student's case that was closed last, where that is not long ago.
    pub closed: Option<RecentClosure>,
    /// The case here that the same case of the predecessor system was carried over as (K3).
    pub carried_over: Option<CaseId>,
}

/// A case that was closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecentClosure {
    /// The case.
    pub case: CaseId,
    /// Its student.
    pub student: StudentId,
    /// The day it was closed on.
    pub on: NaiveDate,
    /// The provider that had it.
    pub provider: Option<Code>,
}

impl RecentClosure {
    /// Returns the closure of a case that was just closed.
    pub fn of(id: CaseId, case: &Case, on: NaiveDate) -> RecentClosure {
        RecentClosure { case: id, student: case.student, on, provider: case.provider() }
    }
}

impl SubmitSupportRequest {
    fn may(&self, at: &At<'_>) -> Result<(), Refusal> {
        let actor = at.context.actor;
        if actor.role.is_school() && actor.organisation == self.school {
            return Ok(());
        }
        Err(Refusal::NotThisRole { needed: "staff of the referring school" })
    }

    fn decide(&self, onto: Onto<'_>, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let (absent_half_days, open_half_days) = (self.absent_half_days, self.open_half_days);
        if absent_half_days > open_half_days {
            return Err(Refusal::MoreAbsentThanOpen { absent_half_days, open_half_days });
        }
        let reaches_threshold = at.policy.absence.is_reached_by(self.absent_half_days);
        if !self.school_steps_taken {
            return Err(Refusal::SchoolStepsFirst);
        }
        if !reaches_threshold && self.earlier_because.is_none() {
            return Err(Refusal::BelowThreshold {
                absent_half_days: self.absent_half_days,
                threshold_half_days: at.policy.absence.threshold_half_days,
            });
        }
        let linked = self.soon_after_closure(&onto, at)?;
        let allocated = routing::of_school(at.reference, self.school, self.to_in_school_provider, at.today())?;
        let submitted = SupportRequestSubmitted {
            number: onto.number,
            student: onto.student,
            school: self.school,
            primary_contact: self.primary_contact.unwrap_or(at.context.actor.person),
            absent_half_days: self.absent_half_days,
            open_half_days: self.open_half_days,
            reaches_threshold,
            earlier_because: self.earlier_because,
            engagement: self.engagement,
            school_steps_taken: self.school_steps_taken,
            urgent: self.urgent,
            unmet_need: self.unmet_need,
            to_in_school_provider: self.to_in_school_provider,
            attached: onto.attach.is_some(),
        };
        let mut events = vec![submitted.into()];
        match onto.attach {
            // A CA request for a student who is enrolled again: the case turns, its provider stays (Q4); one that is
            // still with the Ministry gets its provider now, for a school that has the student needs no check.
            Some(case) => {
                events.extend(kind_change(case, CaseKind::ChronicAbsence));
                if case.status == Status::Notified {
                    events.push(allocated.into());
                }
            }
            None => {
                events.extend(beside(&onto));
                events.push(allocated.into());
                events.extend(linked);
            }
        }
        Ok(events)
    }

    /// Q3, R29: what a request shortly after a closure becomes, as policy says; never a reopening by itself (R26).
    fn soon_after_closure(&self, onto: &Onto<'_>, at: &At<'_>) -> Result<Option<CaseEvent>, Refusal> {
        let policy = &at.policy.duplicates;
        let window_months = policy.recent_closure_months;
        let Some(closed) = onto.closed.filter(|closed| is_recent(closed.on, window_months, at.today())) else {
            return Ok(None);
        };
        let linked = RecentClosureLinked {
            earlier: closed.case,
            closed_on: closed.on,
            provider: closed.provider,
            window_months,
        };
        match policy.after_closure {
            _ if onto.attach.is_some() => Ok(None),
            AfterClosure::Nothing => Ok(None),
            AfterClosure::AskToReopen if self.separate_because.is_none() => {
                Err(Refusal::RecentlyClosed { case: closed.case, closed_on: closed.on })
            }
            AfterClosure::AskToReopen | AfterClosure::Link => Ok(Some(linked.into())),
        }
    }
}

/// Returns whether fewer calendar months than the window have passed since a closure.
fn is_recent(closed_on: NaiveDate, window_months: u8, today: NaiveDate) -> bool {
    let end = closed_on.checked_add_months(Months::new(u32::from(window_months)));
    end.is_none_or(|end| today < end)
}

impl NotifyNonEnrolment {
    fn may(&self, at: &At<'_>) -> Result<(), Refusal> {
        let actor = at.context.actor;
        let by_school = actor.role.is_school() && actor.organisation == self.last_school;
        if by_school || actor.role == Role::Enrol {
            return Ok(());
        }
        Err(Refusal::NotThisRole { needed: "the enrolment register or the last school" })
    }

    fn decide(&self, onto: Onto<'_>, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if self.return_date_known {
            return Err(Refusal::StaysOnTheRoll);
        }
        if let Some(withdrawn_on) = self.withdrawn_on.filter(|&day| self.last_day_attended > day) {
            return Err(Refusal::LastDayAfterWithdrawal { last_day: self.last_day_attended, withdrawn_on });
        }
        at.not_in_the_future("/facts/last_day_attended", self.last_day_attended)?;
        for (field, day) in
            [("/facts/withdrawn_on", self.withdrawn_on), ("/facts/task_received_on", self.task_received_on)]
        {
            day.map_or(Ok(()), |day| at.not_in_the_future(field, day))?;
        }
        if at.reference.catchment_of(self.last_school, at.today()).is_none() {
            return Err(Refusal::UnknownSchool { school: self.last_school });
        }
        let notified = NonEnrolmentNotified {
            number: onto.number,
            student: onto.student,
            last_school: self.last_school,
            last_day_attended: self.last_day_attended,
            withdrawn_on: self.withdrawn_on,
            task_received_on: self.task_received_on,
            leave_reason: self.leave_reason,
            return_date_known: self.return_date_known,
            form_due_on: self.task_received_on.and_then(|day| at.policy.enrolment.form_due_on(day)),
            task_expected_on: self.task_expected_on(at),
            attached: onto.attach.is_some(),
        };
        let mut events = vec![notified.into()];
        match onto.attach {
            Some(case) => events.extend(kind_change(case, CaseKind::NonEnrolment)),
            None => events.extend(beside(&onto)),
        }
        let asking = onto.attach.is_some_and(|case| case.is_asking(Agency::Inz));
        if self.leave_reason == LeaveReason::GoneOverseas && !asking {
            let request = onto.attach.map_or(Ok(RequestNumber(1)), Case::next_request)?;
            let overdue_on = at.policy.moves.overdue_on(at.today());
            events.push(InformationRequestOpened { request, agency: Agency::Inz, automatic: true, overdue_on }.into());
        }
        Ok(events)
    }

    /// R11, R12, Q27: when the register would have set the task by itself.
    fn task_expected_on(&self, at: &At<'_>) -> Option<NaiveDate> {
        let withdrawn_on = self.withdrawn_on?;
        match self.leave_reason {
            LeaveReason::ContinuousAbsence => withdrawn_on.succ_opt(),
            _ => at.policy.enrolment.task_expected_on(withdrawn_on),
        }
    }
}

fn kind_change(case: &Case, to: CaseKind) -> Option<CaseEvent> {
    (case.kind != to).then(|| CaseKindChanged { from: case.kind, to }.into())
}

fn beside(onto: &Onto<'_>) -> Option<CaseEvent> {
    onto.beside.map(|(other, on_purpose)| DualActiveDetected { other, on_purpose }.into())
}

mod agrees;
mod migration;
mod report;

pub use migration::MigrateCase;
pub use report::ReportUnenrolledStudent;

#[cfg(test)]
mod more_tests;

#[cfg(test)]
mod tests;
