//! How the process ends when it may not go on: nothing is written after a failed write or sync.

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::codec::BadFrame;

use crate::error::CommitError;

/// The exit code of a process that ended itself because the log could not be written: `EX_IOERR`.
pub const FATAL_EXIT: i32 = 74;

/// What makes going on impossible.
#[derive(Debug, thiserror::Error)]
pub enum FatalError {
    /// A write or sync failed: what the disk holds is known only after opening it again.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A commit did not come back.
    #[error(
        "a commit did not finish within {limit:?}; the disk or sled is stuck. Start the service again when the disk answers"
    )]
    Stalled {
        /// How long it was given.
        limit: Duration,
    },
    /// An event just decided could not be folded into the state it was decided on.
    #[error(
        "an event of type {kind} as decided cannot be folded into the state: {source}. This is a defect; nothing of it was written"
    )]
    Unfoldable {
        /// The stored name of its type.
        kind: &'static str,
        /// What the fold met.
        source: BadFrame,
    },
    /// One of the ledger's own threads panicked.
    #[error("the thread {thread} panicked; what it was doing is known only after opening the ledger again")]
    Panicked {
        /// Its name.
        thread: &'static str,
    },
}

/// What is done, once, when the ledger may not go on; all waiting commands have been answered by then.
pub type FatalHook = Arc<dyn Fn(&FatalError) + Send + Sync>;

/// Logs the reason, lets answers already given leave, and ends the process with [`FATAL_EXIT`].
pub fn end_process(reason: &FatalError) {
    tracing::error!(reason = %reason, "the ledger cannot go on; the process ends");
    std::thread::sleep(Duration::from_millis(200));
    std::process::exit(FATAL_EXIT);
}
