//! What the rules need of requests, comments, enrolment, the school's contact and the contact details.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::event::{Agency, ContactDetailsRecorded, InformationRequestWithdrawn, RequestNumber, WithdrawalReason};
use crate::ids::Code;

/// An information request that is not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Its number on the case.
    pub number: RequestNumber,
    /// Whom it went to.
    pub agency: Agency,
    /// Whether it is a detailed check (E21).
    pub detailed: bool,
    /// Whether *Gone Overseas* triggered it: then it never pins (E4).
    pub automatic: bool,
}

impl OpenRequest {
    /// Returns the event that takes it back (E19).
    pub(crate) fn withdrawn(&self, reason: WithdrawalReason) -> InformationRequestWithdrawn {
        let OpenRequest { number: request, agency, detailed, .. } = *self;
        InformationRequestWithdrawn { request, agency, reason, detailed }
    }
}

/// What the rules need of a comment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CommentState {
    /// Whether a school wrote it.
    pub by_school: bool,
    /// Whether schools may read it.
    pub shared: bool,
}

/// Where the student is enrolled from a day on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// From when.
    pub from: NaiveDate,
    /// The school; `None` when enrolled nowhere.
    pub school: Option<Code>,
    /// The student type ENROL gave; `None` where a referral said it.
    pub student_type: Option<Code>,
}

/// Returns where the student is enrolled on a day, as known now; `None` where nowhere (V1, Q28, T4).
pub(crate) fn enrolled_at(enrolments: &[Enrolment], day: NaiveDate) -> Option<Code> {
    enrolments.iter().rev().find(|enrolment| enrolment.from <= day)?.school
}

/// Takes an enrolment in, by date; of two of the same date the later report stands.
///
/// What a referral or notification said of enrolment gives way to what is learned later of the same time (T4).
pub(crate) fn learn_enrolment(enrolments: &mut Vec<Enrolment>, enrolment: Enrolment) {
    enrolments.retain(|held| held.student_type.is_some() || held.from < enrolment.from);
    let place = enrolments.partition_point(|held| held.from <= enrolment.from);
    enrolments.insert(place, enrolment);
}

/// Who at the school is asked about the case, and where the student was enrolled when that was said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PrimaryContact {
    /// The person.
    pub person: Code,
    /// The school of enrolment, as known then.
    pub school: Option<Code>,
    /// The day that was recorded.
    pub since: NaiveDate,
}

impl PrimaryContact {
    /// Returns the person, while enrolment is what it was when they were named: else another is asked anew (§2.1).
    pub(crate) fn still_asked(&self, enrolments: &[Enrolment], day: NaiveDate) -> Option<Code> {
        let moved = |e: &Enrolment| e.from > self.since && e.from <= day && e.school != self.school;
        let as_then = enrolled_at(enrolments, day) == self.school;
        (as_then && !enrolments.iter().any(moved)).then_some(self.person)
    }
}

/// What the rules need of the contact details held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ContactState {
    /// Whether they are not known to be out of date.
    pub current: bool,
    /// The latest date details were known to be right.
    pub on: NaiveDate,
    /// The catchment of the confirmed address (R15).
    pub confirmed: Option<Code>,
}

impl ContactState {
    /// Takes details in: older ones recorded late change nothing, and what says nothing of an address leaves a
    /// confirmed one standing.
    pub(super) fn learn(held: Option<ContactState>, details: &ContactDetailsRecorded) -> ContactState {
        if let Some(held) = held.filter(|held| details.current_on < held.on) {
            return held;
        }
        let confirmed_before = held.and_then(|held| held.confirmed);
        let confirmed = match (details.confirmed, details.catchment) {
            (true, catchment) => catchment,
            (false, None) => confirmed_before,
            (false, Some(catchment)) => confirmed_before.filter(|&held| held == catchment),
        };
        ContactState { current: true, on: details.current_on, confirmed }
    }
}
