//! Read-only access to the journal of a directory that a server may own at the same time.

use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::error::ReadError;
use crate::identity::LedgerIdentity;
use crate::scan::Scan;

/// Reads the journal up to its last complete group; never opens sled, never writes, needs no lock.
pub struct JournalReader {
    identity: LedgerIdentity,
    last: Position,
}

impl JournalReader {
    /// Opens the journal of a ledger directory.
    pub fn open(dir: &Path) -> Result<JournalReader, ReadError> {
        unimplemented!("{dir:?}")
    }

    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.identity
    }

    /// Returns the last position of the last complete group when the journal was opened; 0 while it is empty.
    pub fn last(&self) -> Position {
        self.last
    }

    /// Returns the chain hash at a position; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        unimplemented!("{position}")
    }

    /// Reads from a position to [`JournalReader::last`], group by group.
    pub fn scan(&self, from: Position) -> Scan {
        unimplemented!("{from}")
    }
}
