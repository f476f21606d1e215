//! Sealing the personal parts of a command, and opening those of an event.

use caseledger_events::ids::{CorrelationId, KeyId, StudentId};
use caseledger_events::personal::{Group, Opener, Part};

use crate::cipher::GroupKeys;
use crate::error::SealError;
use crate::keys::{Current, Keys};

impl Keys {
    /// Seals the parts of a command under the current key of the student it is about; returns that key.
    ///
    /// What is sealed is bound to ledger, student, key, group, name and version of the part, and to the request: moved
    /// anywhere else it does not open.
    pub fn seal(
        &self,
        student: StudentId,
        correlation: CorrelationId,
        parts: &mut [Part],
    ) -> Result<Current, SealError> {
        let current = self.current(student)?;
        if parts.is_empty() {
            return Ok(current);
        }
        let (_, secret) = self.secret(current.key).ok_or(SealError::NoKey)?;
        let keys = GroupKeys::of(&secret, self.ledger);
        for part in parts {
            let aad = self.bound_to(student, current.key, correlation, part);
            part.body = keys.cipher(part.group)?.seal(&part.body, &aad)?;
            part.key = Some(current.key);
        }
        Ok(current)
    }

    fn unwrapped(&self, key: KeyId) -> Option<Unwrapped> {
        let (student, secret) = self.secret(key)?;
        Some(Unwrapped { key, student, groups: GroupKeys::of(&secret, self.ledger) })
    }

    fn bound_to(&self, student: StudentId, key: KeyId, correlation: CorrelationId, part: &Part) -> Vec<u8> {
        let Part { group, name, version, .. } = part;
        let mut aad = Vec::with_capacity(160);
        aad.extend(b"caseledger part 1");
        for id in [self.ledger.0, student.0, key.0, correlation.0] {
            aad.extend(id);
        }
        for text in [Group::name(*group), name] {
            aad.extend((text.len() as u32).to_le_bytes());
            aad.extend(text.as_bytes());
        }
        aad.extend(version.to_le_bytes());
        aad
    }
}

/// The keys of a student under one key id.
struct Unwrapped {
    key: KeyId,
    student: StudentId,
    groups: GroupKeys,
}

impl Opener for Keys {
    fn open(&self, correlation: CorrelationId, parts: &mut Vec<Part>) {
        // The parts of an event are sealed under one key, which is unwrapped once.
        let mut last: Option<Unwrapped> = None;
        parts.retain_mut(|part| {
            let Some(key) = part.key else { return true };
            if last.as_ref().is_none_or(|last| last.key != key) {
                last = self.unwrapped(key);
            }
            // Its key is gone, or it was altered or moved: nobody reads it any more.
            let opened = last.as_ref().and_then(|keys| {
                let aad = self.bound_to(keys.student, key, correlation, part);
                keys.groups.cipher(part.group).ok()?.open(&part.body, &aad)
            });
            opened.map(|body| part.body = body).is_some()
        });
    }
}
