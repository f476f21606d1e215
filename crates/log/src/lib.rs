//! The event log: sled store and journal, the sequencer, group commit.
//!
//! The storage half, bottom up: a [`Group`] is one commit's frames; [`Store`] writes it to the journal and to sled
//! and repairs one from the other; [`Reader`] reads what is durable; [`JournalReader`] reads a directory that
//! another process may own. The bytes are described in `docs/format.md`.

mod access_log;
mod compare;
mod entry;
mod envelope_peek;
mod error;
mod frame_group;
mod identity;
mod io;
mod journal;
mod options;
mod priority;
mod reader;
mod report;
mod sled_store;
mod store;

pub use access_log::{
    ACCESS_DIR, AccessLog, AccessLogError, AccessLogOptions, AccessOpenError, AccessReader, Pending, ViewReceipt,
};
pub use compare::{Compared, compare_copies};
pub use entry::Entry;
pub use error::{CommitError, OpenError, ReadError};
pub use frame_group::{Chained, FRAME_BYTES_MAX, Frames, GROUP_BYTES_MAX, Group, GroupView};
pub use identity::LedgerIdentity;
pub use io::{Fault, Io};
pub use journal::{Block, Entries, JournalReader, Scan};
pub use options::StoreOptions;
pub use priority::step_back;
pub use reader::Reader;
pub use report::{Finding, OpenReport};
pub use store::{DirLock, LOCK_FILE, Store};

mod ledger;

pub use ledger::{
    BALLAST_FILE, CLOCK_TOLERANCE, Clock, ClockStatus, ClockTrouble, Decided, Due, FATAL_EXIT, FatalError, FatalHook,
    HistoryError, Ledger, LedgerOptions, LedgerSecret, LedgerStatus, Outcome, REQUEST_PART, SECRET_FILE, SNAPSHOT_DIR,
    SecretError, Series, SimulationError, SpaceProbe, StartError, StartReport, SystemClock, end_process, free_space,
    state_hash,
};
