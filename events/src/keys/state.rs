//! What decisions need to know of keys: which are out of use, who is disposed of, what is held or proposed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::KeyEvent;
use crate::ids::{Code, KeyId, StudentId};

/// The state of all students' keys, as far as it is not the usual one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyState {
    replaced: BTreeSet<KeyId>,
    disposed: BTreeSet<StudentId>,
    holds: BTreeMap<StudentId, BTreeSet<Code>>,
    proposed: BTreeMap<StudentId, Proposal>,
}

/// A disposal that waits for the second person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// The disposal authority.
    pub authority: Code,
    /// Who proposed it.
    pub by: Code,
}

impl KeyState {
    /// Returns whether new events are sealed under another key by now.
    pub fn is_replaced(&self, key: KeyId) -> bool {
        self.replaced.contains(&key)
    }

    /// Returns whether what is personal about the student was destroyed.
    pub fn is_disposed(&self, student: StudentId) -> bool {
        self.disposed.contains(&student)
    }

    /// Returns the students whose keys must not exist any more.
    pub fn disposed(&self) -> impl Iterator<Item = StudentId> {
        self.disposed.iter().copied()
    }

    /// Returns every hold, with the student it is on.
    pub fn holds(&self) -> impl Iterator<Item = (StudentId, Code)> {
        self.holds.iter().flat_map(|(&student, holds)| holds.iter().map(move |&hold| (student, hold)))
    }

    /// Returns every disposal that waits for the second person.
    pub fn proposals(&self) -> impl Iterator<Item = (StudentId, Proposal)> {
        self.proposed.iter().map(|(&student, &proposal)| (student, proposal))
    }

    /// Returns how many keys are out of use.
    pub fn replaced_count(&self) -> usize {
        self.replaced.len()
    }

    /// Returns a hold on the student, where there is one.
    pub fn hold(&self, student: StudentId) -> Option<Code> {
        self.holds.get(&student)?.first().copied()
    }

    /// Returns whether this hold is on the student.
    pub fn is_held_by(&self, student: StudentId, hold: Code) -> bool {
        self.holds.get(&student).is_some_and(|holds| holds.contains(&hold))
    }

    /// Returns the disposal that waits for the second person.
    pub fn proposal(&self, student: StudentId) -> Option<Proposal> {
        self.proposed.get(&student).copied()
    }

    /// Takes an event in; `by` is the person who acted.
    pub fn apply(&mut self, event: &KeyEvent, by: Code) {
        match *event {
            KeyEvent::StudentKeyReplaced { old, .. } => drop(self.replaced.insert(old)),
            KeyEvent::LegalHoldPlaced { student, hold } => drop(self.holds.entry(student).or_default().insert(hold)),
            KeyEvent::LegalHoldLifted { student, hold } => self.lift(student, hold),
            KeyEvent::DisposalProposed { student, authority } => {
                self.proposed.insert(student, Proposal { authority, by });
            }
            KeyEvent::DisposalWithdrawn { student } => drop(self.proposed.remove(&student)),
            KeyEvent::StudentDisposed { student, .. } => {
                self.proposed.remove(&student);
                self.disposed.insert(student);
            }
        }
    }

    fn lift(&mut self, student: StudentId, hold: Code) {
        if let Some(holds) = self.holds.get_mut(&student) {
            holds.remove(&hold);
            if holds.is_empty() {
                self.holds.remove(&student);
            }
        }
    }
}
