//! Bulk reads of the journal, group by group.

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::entry::Entry;
use crate::error::ReadError;
use crate::frame_group::GroupView;

/// Reads groups in order, in large sequential reads, up to the position that was durable when it began.
pub struct Scan {
    next: Position,
}

impl Scan {
    /// Returns the next group, borrowed until the next call; `None` at the end.
    ///
    /// The first group may begin before the position asked for; its iterators skip what was not asked for.
    pub fn next_group(&mut self) -> Result<Option<GroupView<'_>>, ReadError> {
        unimplemented!("{}", self.next)
    }

    /// Returns the position of the next event.
    pub fn position(&self) -> Position {
        self.next
    }

    /// Turns the scan into an iterator over single events with their chain hashes.
    pub fn entries(self) -> Entries {
        Entries { scan: self }
    }
}

/// Single events of a [`Scan`], each with the chain hash at its position.
pub struct Entries {
    scan: Scan,
}

impl Iterator for Entries {
    type Item = Result<(Entry, Hash), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        unimplemented!("{}", self.scan.next)
    }
}
