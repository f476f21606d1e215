//! What can go wrong with the stored bytes, and what to do about it.

use std::io;
use std::path::PathBuf;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::identity::LedgerIdentity;

/// Why a ledger directory was not opened or created.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns the directory.
    #[error(
        "the ledger directory {dir} is in use by {holder}; one process owns a ledger: stop that one, or send it the command instead of opening the directory"
    )]
    Locked {
        /// The ledger directory.
        dir: PathBuf,
        /// What the lock file says about the holder.
        holder: String,
    },
    /// The directory holds neither a journal nor a sled store.
    #[error("there is no ledger in {dir}; create one, or name the directory that holds it")]
    NoLedger {
        /// The ledger directory.
        dir: PathBuf,
    },
    /// The directory to create a ledger in already holds one.
    #[error("there is a ledger in {dir} already; open it, or name an empty directory")]
    AlreadyThere {
        /// The ledger directory.
        dir: PathBuf,
    },
    /// The bytes are of another format.
    #[error(
        "{file} is of format {found} and this program reads format {expected}; open it with the release that wrote it, export there and import here"
    )]
    OtherFormat {
        /// The file that says so.
        file: PathBuf,
        /// The format number found.
        found: u16,
        /// The format number this program reads.
        expected: u16,
    },
    /// The hashes are of another algorithm.
    #[error(
        "{file} uses hash algorithm {found} and this program knows {expected} (SHA-256); open it with the release that wrote it"
    )]
    OtherHash {
        /// The file that says so.
        file: PathBuf,
        /// The algorithm id found.
        found: u16,
        /// The algorithm id this program knows.
        expected: u16,
    },
    /// Journal and sled store belong to different ledgers or epochs.
    #[error(
        "the journal is of {journal} and the sled store of {sled}: one of them was copied here from elsewhere; move the wrong one out of the directory (a missing sled store is rebuilt from the journal)"
    )]
    OtherLedger {
        /// What the journal says.
        journal: LedgerIdentity,
        /// What the sled store says.
        sled: LedgerIdentity,
    },
    /// Journal and sled store tell different histories.
    #[error(
        "journal and sled store differ from position {position} on: the journal has chain hash {journal}, the sled store {sled}; nothing was changed. Verify both against receipts or the broadcast, then move the wrong one out of the directory"
    )]
    Forked {
        /// The first position at which they differ.
        position: Position,
        /// The journal's chain hash there.
        journal: Hash,
        /// The sled store's chain hash there.
        sled: Hash,
    },
    /// Acknowledged events are in neither copy.
    #[error(
        "{} can be read neither from the journal nor from the sled store ({why}); restore the ledger from a backup",
        span(first, last)
    )]
    Lost {
        /// The first position that is missing.
        first: Position,
        /// The last position that is missing; 0 where the end is not known.
        last: Position,
        /// What was found in their place.
        why: String,
    },
    /// The operating system refused a read, write or sync.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// sled refused a write while it was rebuilt or caught up.
    #[error(
        "the sled store in {path} failed while it was brought up to the journal: {reason}; free space if the disk is full, then start again"
    )]
    Sled {
        /// The sled directory.
        path: PathBuf,
        /// What sled answered.
        reason: String,
    },
}

/// Names a range of positions whose end may not be known.
fn span(first: &Position, last: &Position) -> String {
    if last < first { format!("the positions from {first} on") } else { format!("positions {first} to {last}") }
}

/// Why a group is not known to be durable. The process must end: nothing may be written after a failed sync.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The group does not continue the log; nothing was written.
    #[error(
        "a group from position {first} was offered but the log stands at {head}; this is a defect of the caller, nothing was written"
    )]
    NotNext {
        /// Where the group starts.
        first: Position,
        /// The last position of the log.
        head: Position,
    },
    /// The group's chain does not continue the log's; nothing was written.
    #[error(
        "the group from position {first} does not continue the log's chain hash; this is a defect of the caller, nothing was written"
    )]
    NotChained {
        /// Where the group starts.
        first: Position,
    },
    /// The group or one of its frames is empty or too long; nothing was written.
    #[error("the group from position {first} holds {what}; nothing was written")]
    Unfit {
        /// Where the group starts.
        first: Position,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The journal could not be written or synced.
    #[error(
        "cannot {action} journal file {path}: {source}; the outcome of positions {first} to {last} is unknown until the ledger is opened again"
    )]
    Journal {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The group's first position.
        first: Position,
        /// The group's last position.
        last: Position,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The sled store could not be written or synced.
    #[error(
        "the sled store failed: {reason}; the outcome of positions {first} to {last} is unknown until the ledger is opened again"
    )]
    Sled {
        /// The group's first position.
        first: Position,
        /// The group's last position.
        last: Position,
        /// What sled or the operating system answered.
        reason: String,
    },
    /// An earlier commit failed; this store writes no more.
    #[error("an earlier commit failed, so nothing more is written; end the process and open the ledger again")]
    Stopped,
}

/// Why an event could not be read. A reader never returns bytes that were not acknowledged at that position.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The position is not, or not yet, durable.
    #[error("position {position} is not in the log, which ends at {durable}")]
    Beyond {
        /// The position asked for.
        position: Position,
        /// The last durable position.
        durable: Position,
    },
    /// Stored bytes are damaged and no intact copy was found.
    #[error(
        "damage in {file} at byte {offset}, from position {position} on: {what}; start the server, which repairs it from the other copy, or restore from a backup"
    )]
    Damaged {
        /// The damaged file.
        file: PathBuf,
        /// Where in the file.
        offset: u64,
        /// The first position concerned.
        position: Position,
        /// What does not hold.
        what: &'static str,
    },
    /// A stream's links do not hold together.
    #[error(
        "the history that ends at position {head} is broken at position {position}: {what}; run `caseledger verify`"
    )]
    Broken {
        /// The newest event of the stream.
        head: Position,
        /// Where the link breaks.
        position: Position,
        /// What does not hold.
        what: &'static str,
    },
    /// The directory cannot be read as a journal.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The operating system refused a read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
}
