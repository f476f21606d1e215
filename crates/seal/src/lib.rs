//! Keys and sealing: which random [`StudentId`] an NSN stands for, and the keys that personal fields are sealed under.
//!
//! The ledger never holds an NSN outside sealed fields. A keyed hash of it (HMAC-SHA-256, the *blind index*) leads to
//! the student's random id; one secret a student, from which a key per field group is derived (HKDF), seals what is
//! personal (AES-256-GCM). Both are durable **before** the command that uses them enters the sequencer. Secrets are
//! wrapped by a key-encryption key that is kept apart ([`KekKeeper`]). Destroying a student's secrets makes every
//! copy of what they sealed unreadable, in the log, its backups and the journal, while every hash still holds.
//!
//! [`StudentId`]: caseledger_events::ids::StudentId

mod cipher;
mod error;
mod kek;
mod key_file;
mod keys;
mod parts;
mod table;

pub use cipher::{Secret, Wrapped};
pub use error::SealError;
pub use kek::{KekFile, KekId, KekKeeper};
pub use keys::{Current, Keys};
