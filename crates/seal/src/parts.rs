//! Sealing the personal parts of a command, and opening those of an event.

use caseledger_events::ids::{CorrelationId, KeyId, StudentId};
use caseledger_events::personal::{Group, Opener, Part};

use crate::cipher::Cipher;
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
        for part in parts {
            let aad = self.bound_to(student, current.key, correlation, part);
            let cipher = Cipher::of_group(&secret, self.ledger, part.group)?;
            part.body = cipher.seal(&part.body, &aad)?;
            part.key = Some(current.key);
        }
        Ok(current)
    }

    /// Opens one part; `None` when its key is gone or it was altered or moved.
    fn open_part(&self, part: &Part, key: KeyId, correlation: CorrelationId) -> Option<Vec<u8>> {
        let (student, secret) = self.secret(key)?;
        let cipher = Cipher::of_group(&secret, self.ledger, part.group).ok()?;
        cipher.open(&part.body, &self.bound_to(student, key, correlation, part))
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

impl Opener for Keys {
    fn open(&self, correlation: CorrelationId, parts: &mut Vec<Part>) {
        parts.retain_mut(|part| {
            let Some(key) = part.key else { return true };
            let opened = self.open_part(part, key, correlation);
            opened.map(|body| part.body = body).is_some()
        });
    }
}
