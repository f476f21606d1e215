//! The store: one writer of sled and journal.

use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::error::{CommitError, OpenError};
use crate::frame_group::Group;
use crate::identity::LedgerIdentity;
use crate::options::StoreOptions;
use crate::reader::Reader;
use crate::report::OpenReport;

/// A ledger directory, opened for writing by its one owner.
pub struct Store {
    reader: Reader,
}

impl Store {
    /// Creates an empty ledger; the directory may exist but holds no ledger.
    pub fn create(dir: &Path, identity: LedgerIdentity, options: &StoreOptions) -> Result<Store, OpenError> {
        unimplemented!("{dir:?} {identity} {options:?}")
    }

    /// Opens a ledger and brings its two copies to the same state.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<(Store, OpenReport), OpenError> {
        unimplemented!("{dir:?} {options:?}")
    }

    /// Makes a group durable in sled and journal, then shows it to readers.
    ///
    /// Any error is final: the outcome is known only when the ledger is opened again.
    pub fn commit(&mut self, group: &Group) -> Result<(), CommitError> {
        unimplemented!("{group:?}")
    }

    /// Appends ready frames in large groups (restore, replica) and returns the new head.
    pub fn append_frames<'a>(&mut self, frames: impl IntoIterator<Item = &'a [u8]>) -> Result<Position, CommitError> {
        unimplemented!("{}", frames.into_iter().count())
    }

    /// Returns the last position and the chain hash there; position 0 and [`Hash::ZERO`] when empty.
    pub fn head(&self) -> (Position, Hash) {
        unimplemented!()
    }

    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.reader.identity()
    }

    /// Returns a reader; readers stay valid after the store is closed but see nothing new.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Closes both copies and marks the stop as clean.
    pub fn close(self) -> Result<(), OpenError> {
        unimplemented!()
    }
}
