//! Events from the journal of a data directory, also while a server owns it.

use std::path::PathBuf;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_log::JournalReader;
use caseledger_proof::Hash;

use super::chunk::{Chunk, Form};
use crate::exit::Failure;
use crate::journal;

/// Up to where is read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Until {
    /// The last position.
    pub position: Option<Position>,
    /// The first recorded time that no longer counts.
    pub recorded: Option<Timestamp>,
}

/// A reader of the journal.
pub struct FromJournal {
    dir: PathBuf,
    journal: JournalReader,
    until: Until,
}

impl FromJournal {
    /// Opens the journal of a data directory.
    pub fn open(dir: PathBuf, until: Until) -> Result<FromJournal, Failure> {
        let journal = journal::open(&dir)?;
        Ok(FromJournal { dir, journal, until })
    }

    /// Returns the journal as it was read last.
    pub fn journal(&self) -> &JournalReader {
        &self.journal
    }

    /// Returns the chain hash at a position; none beyond the end.
    pub fn chain_at(&self, position: Position) -> Option<Hash> {
        self.journal.chain_at(position).ok()
    }

    /// Looks again where the journal ends.
    pub fn look(&mut self) -> Result<(), Failure> {
        self.journal = journal::open(&self.dir)?;
        Ok(())
    }

    /// Returns the last position that counts.
    pub fn end(&self) -> Result<Position, Failure> {
        let last = self.journal.last().min(self.until.position.unwrap_or(Position(u64::MAX)));
        if self.until.recorded.is_none() {
            return Ok(last);
        }
        // By halving: recorded times never go back.
        let (mut low, mut high) = (0, last.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let mut is_later = false;
            if let Some(group) = self.journal.scan(Position(middle)).next_group()? {
                let found = group.chained().find(|(position, ..)| position.0 == middle);
                is_later = found.is_some_and(|(_, frame, _)| self.is_later(frame));
            }
            if is_later { high = middle - 1 } else { low = middle }
        }
        Ok(Position(low))
    }

    /// Hands over what there is from a position on, chunk by chunk, until `take` has had enough.
    pub fn read(&self, from: Position, mut take: impl FnMut(&Chunk) -> Result<bool, Failure>) -> Result<(), Failure> {
        let mut scan = self.journal.scan(from);
        let mut chunk = Chunk::new(Form::Frames);
        let last = self.until.position.unwrap_or(Position(u64::MAX));
        'groups: while let Some(group) = scan.next_group()? {
            for (position, frame, chain) in group.chained() {
                if position > last || self.is_later(frame) {
                    break 'groups;
                }
                chunk.push(position, chain, frame);
                if chunk.is_full() && !take(&std::mem::replace(&mut chunk, Chunk::new(Form::Frames)))? {
                    return Ok(());
                }
            }
        }
        if !chunk.is_empty() {
            take(&chunk)?;
        }
        Ok(())
    }

    /// Returns whether an event was recorded after the moment that is asked for: recorded times never go back.
    fn is_later(&self, frame: &[u8]) -> bool {
        let Some(recorded) = self.until.recorded else { return false };
        codec::decode(frame).is_ok_and(|event| event.recorded_at >= recorded)
    }
}
