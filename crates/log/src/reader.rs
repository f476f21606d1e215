//! Reads from an open store, by any number of threads.

use std::sync::Arc;

use caseledger_events::ids::{Position, Tag};
use caseledger_proof::Hash;
use tokio::sync::watch;

use crate::entry::Entry;
use crate::error::ReadError;
use crate::identity::LedgerIdentity;
use crate::scan::Scan;

/// Reads durable events of an open store; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

struct Shared {
    identity: LedgerIdentity,
    durable: watch::Sender<Position>,
}

impl Reader {
    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.shared.identity
    }

    /// Returns the last durable position; 0 while the ledger is empty.
    pub fn durable(&self) -> Position {
        *self.shared.durable.borrow()
    }

    /// Returns a watch that changes whenever the durable position does.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.shared.durable.subscribe()
    }

    /// Reads one event through sled; what sled cannot give intact is served from the journal, repaired and reported.
    pub fn get(&self, position: Position) -> Result<Entry, ReadError> {
        unimplemented!("{position}")
    }

    /// Reads one event from the journal; what it cannot give intact is served from sled, repaired and reported.
    pub fn journal_get(&self, position: Position) -> Result<Entry, ReadError> {
        unimplemented!("{position}")
    }

    /// Reads a whole stream, oldest event first, by following the links back from its newest event.
    pub fn history(&self, head: Position) -> Result<Vec<Entry>, ReadError> {
        unimplemented!("{head}")
    }

    /// Returns the chain hash at a position; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        unimplemented!("{position}")
    }

    /// Reads on from a position to the position that is durable now, group by group.
    pub fn scan(&self, from: Position) -> Scan {
        unimplemented!("{from}")
    }

    /// Returns the first position whose event carries an idempotency tag.
    pub fn find_tag(&self, tag: Tag) -> Result<Option<Position>, ReadError> {
        unimplemented!("{tag:?}")
    }

    /// Returns the position up to which [`Reader::find_tag`] finds every tag; the sequencer remembers later ones.
    pub fn tags_searchable(&self) -> Position {
        unimplemented!()
    }
}
