//! Student identity: which random [`StudentId`] an NSN stands for.
//!
//! The ledger never holds an NSN outside sealed fields. A keyed hash of it (HMAC-SHA-256, the *blind index*)
//! leads to the student's random id; it lives here alone, is durable **before** the command that uses it enters
//! the sequencer, and will be destroyed with the student's keys. Keys and sealing follow in this crate.
//!
//! [`StudentId`]: caseledger_events::ids::StudentId

mod index_file;
mod students;

pub use index_file::IndexError;
pub use students::Students;
