//! The store: one writer of sled and journal.

mod agree;
mod clean;
pub(crate) mod copies;
mod findings;
mod load;
mod lock;
mod open;
mod repair;

use std::path::PathBuf;
use std::thread::JoinHandle;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::error::{CommitError, OpenError};
use crate::frame_group::{FRAME_BYTES_MAX, GROUP_BYTES_MAX, Group};
use crate::identity::LedgerIdentity;
use crate::journal::live_index::tags_of;
use crate::journal::writer::{JournalWriter, WriteFailed};
use crate::reader::Reader;
use crate::sled_store::{SledFault, SledWriter};

pub(crate) use clean::{mark_clean, read_mark, remove_mark};
pub(crate) use load::{failed, read_head, read_whole};
pub use lock::{DirLock, LOCK_FILE};
pub(crate) use open::{create_private_dir, remove_unfinished};

/// Bytes of frames in a group of [`Store::append_frames`].
const READY_GROUP_BYTES: usize = 1 << 20;

/// A ledger directory, opened for writing by its one owner.
pub struct Store {
    dir: PathBuf,
    reader: Reader,
    journal: JournalWriter,
    sled: SledWriter,
    keeper: Option<JoinHandle<()>>,
    /// Whether a commit failed; nothing is written after that.
    stopped: bool,
    _lock: DirLock,
}

impl Store {
    /// Makes a group durable in sled and journal, then shows it to readers.
    ///
    /// Any error is final: the outcome is known only when the ledger is opened again.
    pub fn commit(&mut self, group: &Group) -> Result<(), CommitError> {
        self.check(group, self.head())?;
        self.begin(group)?;
        self.finish(group)
    }

    /// Appends ready frames in large groups (restore, replica) and returns the new head.
    ///
    /// While one group is on its way to sled the next is hashed.
    pub fn append_frames<'a>(&mut self, frames: impl IntoIterator<Item = &'a [u8]>) -> Result<Position, CommitError> {
        let (head, chain) = self.head();
        let mut filling = Group::new(head.next(), chain);
        let mut pending: Option<Group> = None;
        let mut frames = frames.into_iter().peekable();
        while frames.peek().is_some() {
            while filling.bytes() < READY_GROUP_BYTES
                && let Some(frame) = frames.next()
            {
                filling.push(frame);
            }
            self.check(&filling, (Position(filling.first().0 - 1), filling.before()))?;
            let mut emptied = match pending.take() {
                Some(group) => {
                    self.finish(&group)?;
                    group
                }
                None => Group::new(filling.next(), filling.after()),
            };
            self.begin(&filling)?;
            emptied.restart(filling.next(), filling.after());
            pending = Some(std::mem::replace(&mut filling, emptied));
        }
        pending.map_or(Ok(()), |group| self.finish(&group))?;
        Ok(self.head().0)
    }

    /// Returns the last position and the chain hash there; position 0 and [`Hash::ZERO`] when empty.
    pub fn head(&self) -> (Position, Hash) {
        *self.reader.copies.head.lock()
    }

    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.reader.identity()
    }

    /// Returns a reader; readers stay valid after the store is closed but see nothing new.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Closes both copies and marks the stop as clean; a store that failed is closed without the mark.
    pub fn close(mut self) -> Result<(), OpenError> {
        self.stop_threads();
        self.reader.copies.sled.close();
        if self.stopped {
            return Ok(());
        }
        let (head, chain) = self.head();
        let marked = clean::mark_clean(&self.dir, head, chain, &self.reader.copies.io);
        marked.map_err(|source| OpenError::Io { action: "mark a clean stop in", path: self.dir.clone(), source })
    }

    /// Refuses a group that must not be written; nothing has happened then, and the store goes on.
    fn check(&self, group: &Group, head: (Position, Hash)) -> Result<(), CommitError> {
        let first = group.first();
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        if first != head.0.next() {
            return Err(CommitError::NotNext { first, head: head.0 });
        }
        if group.before() != head.1 {
            return Err(CommitError::NotChained { first });
        }
        let unfit = |what| Err(CommitError::Unfit { first, what });
        match () {
            () if group.is_empty() => unfit("no frame"),
            () if group.longest() > FRAME_BYTES_MAX => unfit("a frame of more than 1 MiB"),
            () if group.bytes() > GROUP_BYTES_MAX + FRAME_BYTES_MAX => unfit("more than 32 MiB of frames"),
            () => Ok(()),
        }
    }

    /// Starts sled on the group and writes and syncs its journal record meanwhile.
    fn begin(&mut self, group: &Group) -> Result<(), CommitError> {
        let begun = self.sled.begin(group).map_err(|fault| sled_failed(group, fault));
        let written = self.journal.append(group).and_then(|()| self.journal.sync());
        let result = begun.and(written.map_err(|failed| journal_failed(group, failed)));
        self.stopped |= result.is_err();
        result
    }

    /// Waits for sled, then shows the group to readers.
    fn finish(&mut self, group: &Group) -> Result<(), CommitError> {
        // Done while sled syncs.
        let tags = tags_of(&group.view());
        if let Err(fault) = self.sled.finish() {
            self.stopped = true;
            return Err(sled_failed(group, fault));
        }
        self.journal.publish(group, &tags);
        *self.reader.copies.head.lock() = (group.last(), group.after());
        self.reader.copies.durable.send_replace(group.last());
        Ok(())
    }

    fn stop_threads(&mut self) {
        self.reader.copies.keeper.stop();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

impl Drop for Store {
    /// Lets go of the directory without the mark of a clean stop.
    fn drop(&mut self) {
        self.stop_threads();
        self.reader.copies.sled.close();
    }
}

fn journal_failed(group: &Group, failed: WriteFailed) -> CommitError {
    let WriteFailed { action, path, source } = failed;
    CommitError::Journal { action, path, first: group.first(), last: group.last(), source }
}

fn sled_failed(group: &Group, fault: SledFault) -> CommitError {
    CommitError::Sled { first: group.first(), last: group.last(), reason: fault.to_string() }
}
