//! E4: the Ministry's check of a notification; *refer* allocates it in the same commit (K2, R41).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Status};
use crate::event::{CaseEvent, CaseKindChanged, CheckOutcome, MinistryCheckCompleted, WithdrawalReason};
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;
use crate::routing;

/// Completes the Ministry's check of a non-enrolment notification.
///
/// A notification that was attached to a case at work (Q4) changes nothing about who has the case: the check only
/// ends the waiting, and turns the case back to what it was where the notification is not referred.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteMinistryCheck {
    /// Whether the student is still in New Zealand, where that could be found.
    #[serde(default)]
    pub in_new_zealand: Option<bool>,
    /// Whether the student turned out to be enrolled.
    pub enrolled: bool,
    /// What follows; `do_not_refer_other` needs a note.
    pub outcome: CheckOutcome,
}

impl Action for CompleteMinistryCheck {
    const NAME: &'static str = "complete-ministry-check";
    const SUMMARY: &'static str =
        "Completes the Ministry's check of a notification; refer allocates it, anything else ends it.";
    const RULES: &'static str = "E4, K2, R14, R41, Q4";
    const WHO: &'static [Who] = &[Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn complete(self, personal: &MaybeNote) -> Result<Self, BadInput> {
        personal.needed_if(self.outcome == CheckOutcome::DoNotReferOther)?;
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !case.check_pending {
            return Err(Refusal::NoCheckPending);
        }
        let mut events = vec![
            MinistryCheckCompleted {
                in_new_zealand: self.in_new_zealand,
                enrolled: self.enrolled,
                outcome: self.outcome,
            }
            .into(),
        ];
        match (case.status, self.outcome) {
            (Status::Notified, CheckOutcome::Refer) => {
                if case.open_requests.iter().any(|open| open.automatic) {
                    return Err(Refusal::AutomaticCheckOpen);
                }
                events.push(routing::of_notification(at.reference, case, at.today())?.into());
            }
            (Status::Notified, _) => events.extend(withdrawn(case)),
            (_, CheckOutcome::Refer) => {}
            (_, _) => events.extend(
                case.kind_before_notice
                    .filter(|&before| before != case.kind)
                    .map(|to| CaseEvent::from(CaseKindChanged { from: case.kind, to })),
            ),
        }
        Ok(events)
    }
}

/// A notification that ended asks nobody anything any more.
fn withdrawn(case: &Case) -> impl Iterator<Item = CaseEvent> {
    case.open_requests.iter().map(|open| open.withdrawn(WithdrawalReason::NotNeeded).into())
}
