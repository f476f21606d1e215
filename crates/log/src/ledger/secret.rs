//! The ledger secret: 32 random bytes that make idempotency tags and case ids unguessable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, Tag};

/// The file's name in the data directory. A backup keeps it: without it a retried command is a new command.
pub const SECRET_FILE: &str = "ledger.secret";

const SECRET_BYTES: usize = 32;

/// A ledger secret that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is not there though the ledger is.
    #[error(
        "{SECRET_FILE} is missing: without it a retried command would be recorded twice; restore it from the backup"
    )]
    Missing,
    /// The file has the wrong length.
    #[error("{SECRET_FILE} has {found} bytes, {SECRET_BYTES} are expected; restore it from the backup")]
    Damaged {
        /// The length found.
        found: usize,
    },
    /// The file system said no.
    #[error("{SECRET_FILE} cannot be read or written")]
    Io(#[from] io::Error),
}

/// The key behind idempotency tags; it does not print.
#[derive(Clone)]
pub struct LedgerSecret {
    key: hmac::Key,
}

impl std::fmt::Debug for LedgerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerSecret")
    }
}

impl LedgerSecret {
    /// Makes a secret in a new 0600 file, durable when this returns; keeps one that is there already.
    pub fn create(dir: &Path) -> Result<LedgerSecret, SecretError> {
        match LedgerSecret::open(dir) {
            Err(SecretError::Missing) => {}
            found => return found,
        }
        let mut bytes = [0; SECRET_BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gave no random bytes"))?;
        let part = dir.join(format!("{SECRET_FILE}.part"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&part, dir.join(SECRET_FILE))?;
        File::open(dir)?.sync_all()?;
        Ok(LedgerSecret::from_bytes(&bytes))
    }

    /// Reads the secret of a ledger.
    pub fn open(dir: &Path) -> Result<LedgerSecret, SecretError> {
        let mut bytes = Vec::with_capacity(SECRET_BYTES);
        match File::open(dir.join(SECRET_FILE)) {
            Ok(file) => file.take(1 + SECRET_BYTES as u64).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SecretError::Missing),
            Err(error) => return Err(error.into()),
        };
        match <&[u8; SECRET_BYTES]>::try_from(bytes.as_slice()) {
            Ok(bytes) => Ok(LedgerSecret::from_bytes(bytes)),
            Err(_) => Err(SecretError::Damaged { found: bytes.len() }),
        }
    }

    fn from_bytes(bytes: &[u8; SECRET_BYTES]) -> LedgerSecret {
        LedgerSecret { key: hmac::Key::new(HMAC_SHA256, bytes) }
    }

    /// Returns the idempotency tag K of a command: HMAC-SHA-256 over actor, command name and the client's key,
    /// cut to 16 bytes.
    pub fn tag(&self, actor: &Actor, command: &str, key: &str) -> Tag {
        let role = serde_role(actor);
        let organisation = actor.organisation.padded();
        Tag(cut(self.keyed("tag", &[&actor.person.padded(), &organisation, &role, command.as_bytes(), key.as_bytes()])))
    }

    /// Returns the id of the case that the command with this tag opens, the same at every retry.
    pub fn case_of(&self, tag: Tag) -> CaseId {
        CaseId(as_uuid(cut(self.keyed("case", &[&tag.0]))))
    }

    /// Returns what is stored of a command's body, to tell a repeat from another body under the same key.
    ///
    /// Keyed, so that it says nothing about the body to whoever reads the log alone.
    pub fn fingerprint(&self, body_hash: &[u8; 32]) -> [u8; 32] {
        self.keyed("body", &[body_hash])
    }

    /// Fields go in with their lengths, so that no two lists of fields give the same bytes.
    fn keyed(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256);
        for field in std::iter::once(&purpose.as_bytes()).chain(fields) {
            bytes.extend((field.len() as u64).to_le_bytes());
            bytes.extend(*field);
        }
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.key, &bytes).as_ref());
        out
    }
}

/// Returns a random case id, for a command that comes without a tag.
pub(crate) fn random_case() -> CaseId {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system's random source works once it has started");
    CaseId(as_uuid(bytes))
}

/// The stored name of the role: pinned in the events crate, so tags stay the same for ever.
fn serde_role(actor: &Actor) -> Vec<u8> {
    rmp_serde::to_vec(&actor.role).expect("a role is a plain word")
}

fn cut(hash: [u8; 32]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    first
}

/// Sets the bits that mark a UUID of a form of one's own (RFC 9562, version 8).
fn as_uuid(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::envelope::Role;
    use std::os::unix::fs::PermissionsExt;

    fn actor(person: &str, role: Role) -> Actor {
        Actor { person: person.parse().unwrap(), role, organisation: "ASP-01".parse().unwrap() }
    }

    #[test]
    fn the_secret_is_private_and_lasts() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(LedgerSecret::open(dir.path()), Err(SecretError::Missing)));
        let made = LedgerSecret::create(dir.path()).unwrap();
        let again = LedgerSecret::create(dir.path()).unwrap();
        let read = LedgerSecret::open(dir.path()).unwrap();
        let tags = [&made, &again, &read].map(|s| s.tag(&actor("P-1", Role::CaseManager), "close", "k"));
        assert!(tags.iter().all(|tag| *tag == tags[0]));
        let mode = fs::metadata(dir.path().join(SECRET_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_cut_secret_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SECRET_FILE), b"short").unwrap();
        assert!(matches!(LedgerSecret::open(dir.path()), Err(SecretError::Damaged { found: 5 })));
    }

    #[test]
    fn the_tag_depends_on_actor_command_and_key_alone() {
        let secret = LedgerSecret::from_bytes(&[7; 32]);
        let one = secret.tag(&actor("P-1", Role::CaseManager), "close", "k");
        assert_eq!(one, secret.tag(&actor("P-1", Role::CaseManager), "close", "k"));
        for other in [
            secret.tag(&actor("P-2", Role::CaseManager), "close", "k"),
            secret.tag(&actor("P-1", Role::WorkflowLead), "close", "k"),
            secret.tag(&actor("P-1", Role::CaseManager), "comment", "k"),
            secret.tag(&actor("P-1", Role::CaseManager), "close", "l"),
            secret.tag(&actor("P-1", Role::CaseManager), "closek", ""),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn tags_and_case_ids_are_those_of_every_earlier_build() {
        // Worked out with another implementation of HMAC.
        let secret = LedgerSecret::from_bytes(&[7; 32]);
        let tag = secret.tag(&actor("P-1", Role::CaseManager), "close", "k");
        assert_eq!(format!("{tag:?}"), "Tag(05b370c264d4b6964a79bec4809f7bc9)");
        assert_eq!(secret.case_of(tag).to_string(), "e0784013-35f7-873a-8114-4ffb17f88135");
    }
}
