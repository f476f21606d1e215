//! What `backup` and `restore` share: copying a log frame by frame, checked on the way, into a new directory.

pub mod files;
pub mod manifest;

use std::ops::ControlFlow;
use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_log::{CommitError, JournalReader, LedgerIdentity, Store, StoreOptions};

use crate::exit::{Exit, Failure};
use crate::journal;
use crate::verifying::walk::{Damage, Walk, look};

/// Bytes of frames that are appended at once.
const BATCH_BYTES: usize = 8 << 20;

/// Frames on their way into the new store.
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    fn push(&mut self, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
        self.ends.push(self.bytes.len());
    }

    fn append_to(&mut self, store: &mut Store) -> Result<(), CommitError> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        store.append_frames(starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end]))?;
        self.bytes.clear();
        self.ends.clear();
        Ok(())
    }
}

/// Copies the events up to a position into a new ledger directory, every one held against the one before it, then
/// those that `more` makes of the walk. Returns the walk up to the position.
pub fn copy_log(
    journal: &JournalReader,
    what: &'static str,
    to: Position,
    dir: &Path,
    identity: LedgerIdentity,
    more: impl FnOnce(&Walk) -> Vec<Vec<u8>>,
) -> Result<Walk, Failure> {
    let mut store = Store::create(dir, identity, &StoreOptions::default())?;
    let mut walk = Walk::new(Vec::new());
    let mut batch = Batch { bytes: Vec::with_capacity(BATCH_BYTES), ends: Vec::new() };
    journal::read(journal, what, Position(1), to, |position, frame, _| {
        walk.step(look(position, frame)).map_err(|damage| damaged(&damage))?;
        batch.push(frame);
        if batch.bytes.len() >= BATCH_BYTES {
            batch.append_to(&mut store)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for frame in more(&walk) {
        batch.push(&frame);
    }
    batch.append_to(&mut store)?;
    store.close()?;
    Ok(walk)
}

fn damaged(damage: &Damage) -> Failure {
    Failure::new(
        Exit::FoundWrong,
        format_args!("the log to copy is damaged at position {}: {}", damage.position, damage.what),
    )
    .next("`caseledger verify` says more; a damaged log is not copied")
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Failure {
        Failure::new(Exit::LogFailed, error)
    }
}
