//! Brings journal and sled store to the same last position, or says where they part.

use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use super::copies::Copies;
use super::load::FETCH_EVENTS;
use crate::error::{OpenError, ReadError};
use crate::frame_group::Group;
use crate::journal::live_index::tags_of;
use crate::journal::rebuild::OtherCopy;
use crate::journal::writer::{JournalWriter, WriteFailed};

/// Bytes of frames handed to sled at once while it is caught up.
const REPLAY_BYTES: usize = 1 << 20;

/// Both copies, and the one that writes the journal.
pub(crate) struct Agreement<'a> {
    pub copies: &'a Arc<Copies>,
    pub writer: &'a mut JournalWriter,
}

impl Agreement<'_> {
    /// Compares position and chain hash of both ends and refuses two histories, before anything is written.
    pub fn check(&self, sled: (Position, Hash)) -> Result<(), OpenError> {
        let journal = *self.copies.head.lock();
        let common = journal.0.min(sled.0);
        let (ours, theirs) = (self.journal_chain(common)?, self.sled_chain(common)?);
        if ours == theirs { Ok(()) } else { Err(self.fork(common)?) }
    }

    /// Finds the first position at which the chain hashes differ; they differ at `differ` and everywhere after it.
    fn fork(&self, differ: Position) -> Result<OpenError, OpenError> {
        let (mut same, mut differ) = (Position(0), differ);
        while differ.0 - same.0 > 1 {
            let middle = Position(same.0 + (differ.0 - same.0) / 2);
            if self.journal_chain(middle)? == self.sled_chain(middle)? {
                same = middle;
            } else {
                differ = middle;
            }
        }
        let (journal, sled) = (self.journal_chain(differ)?, self.sled_chain(differ)?);
        Ok(OpenError::Forked { position: differ, journal, sled })
    }

    fn journal_chain(&self, position: Position) -> Result<Hash, OpenError> {
        let (head, chain) = *self.copies.head.lock();
        match position {
            Position(0) => Ok(Hash::ZERO),
            position if position == head => Ok(chain),
            position => self.copies.journal_chain_at(position).map_err(|error| lost(position, error)),
        }
    }

    fn sled_chain(&self, position: Position) -> Result<Hash, OpenError> {
        self.copies.sled.chain_at(position).map_err(|fault| OpenError::Lost {
            first: position,
            last: position,
            why: fault.to_string(),
        })
    }

    /// Gives sled every event after the ones it has; returns how many.
    pub fn catch_up_sled(&self, had: Position) -> Result<u64, OpenError> {
        let (head, _) = *self.copies.head.lock();
        let mut scan = self.copies.scan(had.next(), head);
        let mut batch = Group::new(had.next(), self.journal_chain(had)?);
        while let Some(view) = scan.next_group().map_err(|error| lost(batch.next(), error))? {
            for (_, frame) in view.frames() {
                if batch.bytes() + frame.len() > REPLAY_BYTES && !batch.is_empty() {
                    self.give_sled(&batch)?;
                    batch.restart(batch.next(), batch.after());
                }
                batch.push(frame);
            }
        }
        if !batch.is_empty() {
            self.give_sled(&batch)?;
        }
        let (end, chain) = *self.copies.head.lock();
        if (batch.last(), batch.after()) != (end, chain) {
            let why = "the journal's frames do not add up to its last chain hash".to_owned();
            return Err(OpenError::Lost { first: had.next(), last: end, why });
        }
        Ok(end.0 - had.0)
    }

    fn give_sled(&self, batch: &Group) -> Result<(), OpenError> {
        let path = self.copies.sled.dir().to_owned();
        let applied = self.copies.sled.apply(&batch.shared_body());
        applied.map_err(|fault| OpenError::Sled { path, reason: fault.to_string() })
    }

    /// Appends to the journal every event that sled has beyond it, checked link by link; returns how many.
    pub fn catch_up_journal(&mut self, sled: (Position, Hash)) -> Result<u64, OpenError> {
        let (had, mut chain) = *self.copies.head.lock();
        let mut next = had.next();
        while next <= sled.0 {
            let last = Position(sled.0.0.min(next.0 + FETCH_EVENTS - 1));
            let missing = |why| OpenError::Lost { first: next, last: sled.0, why };
            let group = self.copies.sled.fetch(next, last).map_err(missing)?;
            if group.before() != chain || (last == sled.0 && group.after() != sled.1) {
                return Err(missing("sled's chain hashes do not continue the journal's".into()));
            }
            self.writer.append(&group).and_then(|()| self.writer.sync()).map_err(write_failed)?;
            self.writer.publish(&group, &tags_of(&group.view()));
            (next, chain) = (group.next(), group.after());
            *self.copies.head.lock() = (group.last(), chain);
        }
        Ok(sled.0.0 - had.0)
    }
}

pub(crate) fn write_failed(failed: WriteFailed) -> OpenError {
    OpenError::Io { action: failed.action, path: failed.path, source: failed.source }
}

fn lost(position: Position, error: ReadError) -> OpenError {
    match error {
        ReadError::Open(error) => error,
        other => OpenError::Lost { first: position, last: position, why: other.to_string() },
    }
}
