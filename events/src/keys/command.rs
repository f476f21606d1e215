//! What may be asked about keys, and the rules: an authority, no hold, no active case, two different people.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{KeyEvent, KeyState};
use crate::ids::{CaseId, Code, KeyId, StudentId};
use crate::refusal::Refusal;

/// Something to be done about a student's keys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeyCommand {
    /// Seal new events under another key, which the key store holds already.
    ReplaceKey {
        /// The student.
        student: StudentId,
        /// The key of before.
        old: KeyId,
        /// The key of from now on.
        new: KeyId,
    },
    /// Forbid that anything about the student is destroyed.
    PlaceHold {
        /// The student.
        student: StudentId,
        /// What the hold is called.
        hold: Code,
    },
    /// Lift a hold.
    LiftHold {
        /// The student.
        student: StudentId,
        /// Which hold.
        hold: Code,
    },
    /// Propose to destroy what is personal about the student.
    ProposeDisposal {
        /// The student.
        student: StudentId,
        /// The disposal authority it rests on.
        authority: Code,
    },
    /// Take a proposal back.
    WithdrawDisposal {
        /// The student.
        student: StudentId,
    },
    /// Approve what somebody else proposed: the keys are destroyed.
    ApproveDisposal {
        /// The student.
        student: StudentId,
    },
}

impl KeyCommand {
    /// Returns its name in URLs.
    pub fn name(&self) -> &'static str {
        match self {
            KeyCommand::ReplaceKey { .. } => "replace-key",
            KeyCommand::PlaceHold { .. } => "place-hold",
            KeyCommand::LiftHold { .. } => "lift-hold",
            KeyCommand::ProposeDisposal { .. } => "propose-disposal",
            KeyCommand::WithdrawDisposal { .. } => "withdraw-disposal",
            KeyCommand::ApproveDisposal { .. } => "approve-disposal",
        }
    }

    /// Returns the student it is about.
    pub fn student(&self) -> StudentId {
        match *self {
            KeyCommand::ReplaceKey { student, .. }
            | KeyCommand::PlaceHold { student, .. }
            | KeyCommand::LiftHold { student, .. }
            | KeyCommand::ProposeDisposal { student, .. }
            | KeyCommand::WithdrawDisposal { student }
            | KeyCommand::ApproveDisposal { student } => student,
        }
    }

    /// Decides it; `None` means there is nothing to do. `active` is an active case of the student, `by` who asks.
    pub fn decide(&self, keys: &KeyState, active: Option<CaseId>, by: Code) -> Result<Option<KeyEvent>, Refusal> {
        let student = self.student();
        if keys.is_disposed(student) {
            return Err(Refusal::StudentDisposed);
        }
        Ok(match *self {
            KeyCommand::ReplaceKey { old, new, .. } => {
                let is_known = keys.is_replaced(old);
                (!is_known).then_some(KeyEvent::StudentKeyReplaced { student, old, new })
            }
            KeyCommand::PlaceHold { hold, .. } => {
                let is_held = keys.is_held_by(student, hold);
                (!is_held).then_some(KeyEvent::LegalHoldPlaced { student, hold })
            }
            KeyCommand::LiftHold { hold, .. } => {
                keys.is_held_by(student, hold).then_some(KeyEvent::LegalHoldLifted { student, hold })
            }
            KeyCommand::ProposeDisposal { authority, .. } => {
                may_be_disposed_of(keys, student, active)?;
                let is_proposed = keys.proposal(student).is_some();
                (!is_proposed).then_some(KeyEvent::DisposalProposed { student, authority })
            }
            KeyCommand::WithdrawDisposal { .. } => {
                keys.proposal(student).map(|_| KeyEvent::DisposalWithdrawn { student })
            }
            KeyCommand::ApproveDisposal { .. } => {
                may_be_disposed_of(keys, student, active)?;
                let proposal = keys.proposal(student).ok_or(Refusal::NoDisposalProposed)?;
                if proposal.by == by {
                    return Err(Refusal::SecondPersonNeeded);
                }
                let (authority, proposed_by) = (proposal.authority, proposal.by);
                Some(KeyEvent::StudentDisposed { student, authority, proposed_by })
            }
        })
    }
}

fn may_be_disposed_of(keys: &KeyState, student: StudentId, active: Option<CaseId>) -> Result<(), Refusal> {
    if let Some(hold) = keys.hold(student) {
        return Err(Refusal::LegalHold { hold });
    }
    match active {
        Some(case) => Err(Refusal::CaseStillActive { case }),
        None => Ok(()),
    }
}
