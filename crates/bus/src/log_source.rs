//! The log as the relay reads it: of the running service, or the journal of a directory.

use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_log::{JournalReader, LedgerIdentity, ReadError, Reader, Scan};
use caseledger_proof::Hash;
use tokio::sync::watch;

/// Where durable events are read from; cheap to clone. Reads block.
#[derive(Clone)]
pub enum LogSource {
    /// The open store of this process; it grows.
    Live(Reader),
    /// The journal of a directory that another process may own; it ends where it ended when it was opened.
    Journal(Arc<JournalReader>),
}

impl From<Reader> for LogSource {
    fn from(reader: Reader) -> Self {
        LogSource::Live(reader)
    }
}

impl From<JournalReader> for LogSource {
    fn from(reader: JournalReader) -> Self {
        LogSource::Journal(Arc::new(reader))
    }
}

impl LogSource {
    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        match self {
            LogSource::Live(reader) => reader.identity(),
            LogSource::Journal(journal) => journal.identity(),
        }
    }

    /// Returns the last durable position; 0 while the ledger is empty.
    pub fn last(&self) -> Position {
        match self {
            LogSource::Live(reader) => reader.durable(),
            LogSource::Journal(journal) => journal.last(),
        }
    }

    pub(crate) fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        match self {
            LogSource::Live(reader) => reader.chain_at(position),
            LogSource::Journal(journal) => journal.chain_at(position),
        }
    }

    pub(crate) fn scan(&self, from: Position) -> Scan {
        match self {
            LogSource::Live(reader) => reader.scan(from),
            LogSource::Journal(journal) => journal.scan(from),
        }
    }

    /// Returns a watch of the last position; `None` where the log does not grow.
    pub(crate) fn watch(&self) -> Option<watch::Receiver<Position>> {
        match self {
            LogSource::Live(reader) => Some(reader.watch()),
            LogSource::Journal(_) => None,
        }
    }
}
