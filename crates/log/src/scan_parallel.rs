//! A scan decoded by several threads, delivered in order.

use std::ops::ControlFlow;

use caseledger_events::ids::Position;

use crate::error::ReadError;
use crate::scan::Scan;

/// A run of consecutive stored groups, about a megabyte.
pub struct Block {
    first: Position,
}

impl Block {
    /// Returns the position of the block's first event.
    pub fn first(&self) -> Position {
        self.first
    }

    /// Returns the events of the block with their positions.
    pub fn frames(&self) -> impl Iterator<Item = (Position, &[u8])> {
        std::iter::empty()
    }
}

impl Scan {
    /// Reads blocks, has `threads` threads turn each into a `T`, and hands these to `each` in log order.
    ///
    /// Checking and mapping run in parallel; `each` runs on the calling thread and may stop the scan.
    pub fn parallel<T: Send>(
        self,
        threads: usize,
        map: impl Fn(&Block) -> T + Sync,
        each: impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let _ = (map, each);
        unimplemented!("{threads}")
    }
}
