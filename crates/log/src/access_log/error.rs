//! Why a view is not on record, and why an access ledger was not opened.

use std::path::PathBuf;

use caseledger_events::ids::{LedgerId, Position};

use crate::error::OpenError;

/// Why a view is not known to be on record: nothing may be shown then.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AccessLogError {
    /// Too little disk space is left; views wait until there is room again.
    #[error(
        "{free} bytes of disk space are free and the access ledger needs {floor}, so no view can be put on record; free space, then ask again"
    )]
    NoSpace {
        /// The bytes free.
        free: u64,
        /// The bytes that must be free.
        floor: u64,
    },
    /// More views wait than the queue takes; nothing was written.
    #[error("{waiting} views wait to be put on record; ask again in a moment")]
    Busy {
        /// How many wait.
        waiting: usize,
    },
    /// The view names too much for one event; nothing was written.
    #[error("a view of {bytes} bytes is too long for one event; write several events that share the request")]
    TooLong {
        /// The bytes of its facts.
        bytes: usize,
    },
    /// A write or sync failed, now or earlier; this opening writes no more.
    #[error(
        "the access ledger cannot be written: cannot {action} {path}: {reason}; nothing is shown until the service has been started again on a disk that works"
    )]
    Failed {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system answered.
        reason: String,
    },
    /// The access ledger was closed, or its thread ended.
    #[error("the access ledger is closed; start the service again")]
    Stopped,
}

/// Why an access ledger was not opened.
#[derive(Debug, thiserror::Error)]
pub enum AccessOpenError {
    /// Recorded views cannot be read; the files were left as they are.
    #[error(
        "views {first} to {last} of the access ledger cannot be read from {file}: {why}; nothing was changed. There is no second copy here: restore the access ledger from a backup"
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The first position concerned.
        first: Position,
        /// The last position concerned.
        last: Position,
        /// What was found.
        why: String,
    },
    /// The directory holds the views of another ledger.
    #[error("{file} belongs to ledger {found} and not to {expected}; move it back to where it came from")]
    OtherLedger {
        /// The file that says so.
        file: PathBuf,
        /// The ledger found.
        found: LedgerId,
        /// The ledger expected.
        expected: LedgerId,
    },
    /// The directory could not be locked, read or written.
    #[error(transparent)]
    Directory(#[from] OpenError),
}
