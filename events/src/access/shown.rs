//! Which events of a case each level shows. What is not named here is not shown: a new event type reaches no school
//! until somebody decides that it does.

use super::Level;
use crate::event::{CaseEvent, ClosureReason};
use crate::ids::Code;
use crate::public::is_restricted;

/// Whether a level shows an event by what it is and whose it is; comments are decided by their sharing.
pub(super) fn shows(level: Level, event: &CaseEvent, by: Code, asker: Code, may_read: bool, follows: bool) -> bool {
    match level {
        Level::Full | Level::AsAtHandOver => true,
        Level::FactsOnly => !is_restricted(event.kind()),
        Level::School => to_a_school(event, by == asker, may_read),
        Level::SharedItems => matches!(event, CaseEvent::CommentAdded(_)) && may_read,
        Level::OwnRequest => of_own_request(event, by == asker, follows),
        Level::Question => matches!(event, CaseEvent::InformationRequestOpened(_)) && may_read,
        Level::Preview | Level::Receipt => false,
    }
}

/// Q17: the key actions schools are told of; V2: its own acts at once; V4: comments it may read.
///
/// Immigration, prosecution and Oranga Tamariki never: also not as the reason a case was closed for.
fn to_a_school(event: &CaseEvent, own: bool, may_read: bool) -> bool {
    if is_restricted(event.kind()) {
        return false;
    }
    match event {
        CaseEvent::AllocatedToProvider(_)
        | CaseEvent::AssignedToCaseManager(_)
        | CaseEvent::StudentPlanRecorded(_)
        | CaseEvent::PrimaryContactChanged(_)
        | CaseEvent::CaseReopened(_) => true,
        CaseEvent::CommentAdded(_) => may_read,
        CaseEvent::CaseClosed(e) => reason_for_schools(e.reason).is_some(),
        CaseEvent::SupportRequestSubmitted(_)
        | CaseEvent::NonEnrolmentNotified(_)
        | CaseEvent::ContactDetailsRecorded(_) => own,
        _ => false,
    }
}

/// What a school sent, and what became of it.
fn of_own_request(event: &CaseEvent, own: bool, follows: bool) -> bool {
    match event {
        CaseEvent::SupportRequestSubmitted(_) | CaseEvent::NonEnrolmentNotified(_) | CaseEvent::CommentAdded(_) => own,
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
