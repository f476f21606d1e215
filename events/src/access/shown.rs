//! Which events and facts of a case each level shows. What is not named here is not shown: a new event type, a new fact
//! of the case's row, reaches no school until somebody decides that it does.

use super::Level;
use crate::event::{CaseEvent, ClosureReason};
use crate::ids::Code;
use crate::public::tells_of_restricted;

/// What a school is told of the case of a student it has (Q17): neither flags nor requests, for they tell of
/// immigration; not the latest activity, for it tells of comments it may not read.
const FOR_SCHOOLS: &[&str] = &[
    "case",
    "number",
    "kind",
    "status",
    "owner",
    "provider",
    "in_school",
    "enrolled_at",
    "on",
    "manager",
    "primary_contact",
    "opened",
    "referred",
    "allocated",
    "assigned",
    "first_plan",
    "version",
];

impl Level {
    /// Returns the facts of a case's row that are shown, by their names in JSON; `None` where all are.
    ///
    /// What stands in documents of its own (a preview, the state of an own request) is not of the row.
    pub fn row_facts(self) -> Option<&'static [&'static str]> {
        match self {
            Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => None,
            Level::School => Some(FOR_SCHOOLS),
            Level::SharedItems | Level::Question => Some(&["case", "number", "kind", "version"]),
            Level::OwnRequest | Level::Preview | Level::Receipt => Some(&[]),
        }
    }

    /// Returns whether facts are shown that restricted events alone tell: what an agency answered, evidence of travel,
    /// and the flag that follows from them.
    pub fn shows_restricted(self) -> bool {
        matches!(self, Level::Full | Level::AsAtHandOver)
    }
}

/// Whether a level shows an event by what it is and whose it is; comments and files are decided by their sharing.
pub(super) fn shows(level: Level, event: &CaseEvent, by: Code, asker: Code, may_read: bool, follows: bool) -> bool {
    match level {
        Level::Full | Level::AsAtHandOver => true,
        Level::FactsOnly => !tells_of_restricted(event),
        Level::Prosecution => !tells_of_restricted(event) || is_of_prosecution(event),
        Level::School => to_a_school(event, by == asker, may_read),
        Level::SharedItems => matches!(event, CaseEvent::CommentAdded(_)) && may_read,
        Level::OwnRequest => of_own_request(event, by == asker, follows),
        Level::Question => matches!(event, CaseEvent::InformationRequestOpened(_)) && may_read,
        Level::Preview | Level::Receipt => false,
    }
}

fn is_of_prosecution(event: &CaseEvent) -> bool {
    matches!(event, CaseEvent::ProsecutionNotified(_) | CaseEvent::ProsecutionOutcomeRecorded(_))
}

/// Q17: the key actions schools are told of; V2: its own acts at once; V4: comments and files it may read.
///
/// Immigration, prosecution and Oranga Tamariki never: also not as the reason a case was closed for.
fn to_a_school(event: &CaseEvent, own: bool, may_read: bool) -> bool {
    if tells_of_restricted(event) {
        return false;
    }
    match event {
        CaseEvent::AllocatedToProvider(_)
        | CaseEvent::AssignedToCaseManager(_)
        | CaseEvent::StudentPlanRecorded(_)
        | CaseEvent::PrimaryContactChanged(_)
        | CaseEvent::CasePaused(_)
        | CaseEvent::CaseResumed(_)
        | CaseEvent::CaseReopened(_) => true,
        CaseEvent::FileUploaded(_) | CaseEvent::CommentAdded(_) => may_read,
        CaseEvent::CaseClosed(e) => reason_for_schools(e.reason).is_some(),
        CaseEvent::SupportRequestSubmitted(_)
        | CaseEvent::NonEnrolmentNotified(_)
        | CaseEvent::UnenrolledStudentReported(_)
        | CaseEvent::PrivacyNoticeGiven(_)
        | CaseEvent::ContactDetailsRecorded(_) => own,
        _ => false,
    }
}

/// What a school sent, and what became of it.
fn of_own_request(event: &CaseEvent, own: bool, follows: bool) -> bool {
    match event {
        CaseEvent::SupportRequestSubmitted(_)
        | CaseEvent::NonEnrolmentNotified(_)
        | CaseEvent::UnenrolledStudentReported(_)
        | CaseEvent::CommentAdded(_) => own,
        CaseEvent::AllocatedToProvider(_) => follows,
        CaseEvent::CaseClosed(e) => follows && reason_for_schools(e.reason).is_some(),
        _ => false,
    }
}

/// Returns why a case was closed, as a school may know it: not where the reason is an answer of Immigration NZ or a
/// prosecution (V7, §1.8).
pub(super) fn reason_for_schools(reason: ClosureReason) -> Option<ClosureReason> {
    match reason {
        ClosureReason::OutOfCountry | ClosureReason::ProsecutionOutcome => None,
        other => Some(other),
    }
}
