//! What happens to students' keys, in `system/KEYS`: new keys, legal holds, disposal by two people (design §3).
//!
//! All of it is restricted: the bus carries position and hash alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Recorded, Scope};
use crate::ids::{Code, KeyId, StreamId, StudentId};
use crate::machine::Draft;

mod command;
mod state;

pub use command::KeyCommand;
pub use state::{KeyState, Proposal};

/// The stream these events stand in.
pub const KEYS_STREAM: &str = "KEYS";

/// Something that happened to a student's keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyEvent {
    /// New events of a student are sealed under another key from here on.
    StudentKeyReplaced {
        /// The student.
        student: StudentId,
        /// The key of before; it still opens what it sealed.
        old: KeyId,
        /// The key of from now on.
        new: KeyId,
    },
    /// Nothing about a student may be destroyed until the hold is lifted.
    LegalHoldPlaced {
        /// The student.
        student: StudentId,
        /// What the hold is called: an inquiry, a court file.
        hold: Code,
    },
    /// A hold was lifted.
    LegalHoldLifted {
        /// The student.
        student: StudentId,
        /// Which hold.
        hold: Code,
    },
    /// Somebody proposed to destroy what is personal about a student.
    DisposalProposed {
        /// The student.
        student: StudentId,
        /// The disposal authority it rests on (Public Records Act 2005).
        authority: Code,
    },
    /// A proposal was withdrawn.
    DisposalWithdrawn {
        /// The student.
        student: StudentId,
    },
    /// A second person approved: the student's keys are destroyed, and with them everything they sealed.
    StudentDisposed {
        /// The student.
        student: StudentId,
        /// The disposal authority.
        authority: Code,
        /// Who proposed it.
        proposed_by: Code,
    },
}

impl KeyEvent {
    /// Every stored name.
    pub const KINDS: [&'static str; 6] = [
        "student_key_replaced",
        "legal_hold_placed",
        "legal_hold_lifted",
        "disposal_proposed",
        "disposal_withdrawn",
        "student_disposed",
    ];

    /// Returns the stored name.
    pub fn kind(&self) -> &'static str {
        match self {
            KeyEvent::StudentKeyReplaced { .. } => "student_key_replaced",
            KeyEvent::LegalHoldPlaced { .. } => "legal_hold_placed",
            KeyEvent::LegalHoldLifted { .. } => "legal_hold_lifted",
            KeyEvent::DisposalProposed { .. } => "disposal_proposed",
            KeyEvent::DisposalWithdrawn { .. } => "disposal_withdrawn",
            KeyEvent::StudentDisposed { .. } => "student_disposed",
        }
    }

    /// Makes the event ready for the sequencer.
    pub fn draft(&self, occurred_at: OccurredAt) -> Draft {
        Draft {
            stream: StreamId::system(KEYS_STREAM),
            kind: self.kind(),
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("ids and codes are plain data"),
            occurred_at,
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<KeyEvent>, BadFrame> {
        if event.stream != StreamId::system(KEYS_STREAM) {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

#[cfg(test)]
mod tests;
