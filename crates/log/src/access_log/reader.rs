//! Reads recorded views while others are written.

use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::error::ReadError;
use crate::identity::LedgerIdentity;
use crate::journal::Scan;
use crate::journal::files::Files;
use crate::journal::scan::{Damage, Opened, Source};
use crate::journal::table::SegmentTable;

/// Bytes read at once for the chain hash of a single position.
const SINGLE_GROUP: usize = 16 << 10;

/// Reads views that are on disk; cheap to clone.
#[derive(Clone)]
pub struct AccessReader {
    pub(super) shelf: Arc<Shelf>,
}

/// The segments of an open access ledger, as readers and committer share them.
pub(super) struct Shelf {
    pub identity: LedgerIdentity,
    pub files: Files,
    pub table: Arc<SegmentTable>,
    /// The last position on disk with the chain hash there.
    pub head: Mutex<(Position, Hash)>,
    pub durable: watch::Sender<Position>,
}

impl AccessReader {
    /// Returns which ledger's views these are, and the epoch of the access ledger itself.
    pub fn identity(&self) -> LedgerIdentity {
        self.shelf.identity
    }

    /// Returns the last position on disk and the chain hash there.
    pub fn head(&self) -> (Position, Hash) {
        *self.shelf.head.lock()
    }

    /// Returns a watch that changes whenever more is on disk.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.shelf.durable.subscribe()
    }

    /// Reads on from a position to what is on disk now, group by group.
    pub fn scan(&self, from: Position) -> Scan {
        self.up_to(from, self.head().0)
    }

    /// Returns the chain hash at a position; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        let (durable, chain) = self.head();
        match position {
            Position(0) => Ok(Hash::ZERO),
            position if position == durable => Ok(chain),
            position if position > durable => Err(ReadError::Beyond { position, durable }),
            position => {
                let mut scan = self.up_to(position, position).at_once(SINGLE_GROUP);
                let chain = scan.next_group()?.and_then(|view| view.chained().next());
                chain.map(|(_, _, chain)| chain).ok_or(ReadError::Beyond { position, durable })
            }
        }
    }

    fn up_to(&self, from: Position, stop: Position) -> Scan {
        Scan::new(Arc::clone(&self.shelf) as _, from, stop)
    }
}

impl Source for Shelf {
    fn identity(&self) -> LedgerIdentity {
        self.identity
    }

    fn open_at(&self, position: Position) -> Result<Opened, ReadError> {
        let durable = self.head.lock().0;
        let segment = self.table.find(position).ok_or(ReadError::Beyond { position, durable })?;
        segment.open_at(&self.files, position)
    }

    /// There is no other copy.
    fn repair(&self, damage: Damage) -> Result<(), ReadError> {
        Err(damage.into())
    }
}
