//! What comments and files have in common: who puts them on a case, and who shares them with schools (V1, V2, V4, Q30).

use crate::action::At;
use crate::case::{Case, CommentState};
use crate::envelope::Role;
use crate::refusal::Refusal;

/// V4: the case owner is the case manager, or the workflow lead of the provider that holds the case.
fn owns(case: &Case, at: &At<'_>) -> bool {
    let actor = at.context.actor;
    case.provider() == Some(actor.organisation)
        && (actor.role == Role::WorkflowLead || (actor.role == Role::CaseManager && case.manager == Some(actor.person)))
}

/// V4: the owner alone shares, and takes sharing back.
pub(super) fn owner_alone(case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    if owns(case, at) { Ok(()) } else { Err(Refusal::NotTheCaseOwner) }
}

/// V4: of a provider the owner alone puts an item on the case that is shared from the start; a school's own needs none.
pub(super) fn shared_at_once(share: bool, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    if share && !at.context.actor.role.is_school() { owner_alone(case, at) } else { Ok(()) }
}

/// Returns whether a school puts the item on the case; V1: schools see active cases, a late record is the provider's.
pub(super) fn by_school(case: &Case, at: &At<'_>) -> Result<bool, Refusal> {
    let by_school = at.context.actor.role.is_school();
    match case.ending {
        Some(ending) if by_school => Err(Refusal::CaseIsClosed { closed_on: ending.on, reason: ending.reason }),
        _ => Ok(by_school),
    }
}

/// Returns whether sharing an item, or not any more, changes anything; what a school put there is its own (V2).
pub(super) fn changes(item: CommentState, share: bool, schools_own: Refusal, at: &At<'_>) -> Result<bool, Refusal> {
    if item.by_school {
        return Err(schools_own);
    }
    if item.shared && !share && !at.policy.sharing.may_unshare {
        return Err(Refusal::SharingStays);
    }
    Ok(item.shared != share)
}
