//! The event log: sled store and journal, the sequencer, group commit.
//!
//! The storage half, bottom up: a [`Group`] is one commit's frames; [`Store`] writes it to the journal and to sled
//! and repairs one from the other; [`Reader`] reads what is durable; [`JournalReader`] reads a directory that
//! another process may own. The bytes are described in `docs/format.md`.

mod entry;
mod error;
mod frame_group;
mod identity;
mod io;
mod journal_reader;
mod options;
mod reader;
mod record;
mod report;
mod scan;
mod scan_parallel;
mod store;

pub use entry::Entry;
pub use error::{CommitError, OpenError, ReadError};
pub use frame_group::{Chained, FRAME_BYTES_MAX, Frames, GROUP_BYTES_MAX, Group, GroupView};
pub use identity::LedgerIdentity;
pub use io::{Fault, Io};
pub use journal_reader::JournalReader;
pub use options::StoreOptions;
pub use reader::Reader;
pub use report::{Finding, OpenReport};
pub use scan::{Entries, Scan};
pub use scan_parallel::Block;
pub use store::Store;
