//! What operators want to know about a running ledger.

use caseledger_events::ids::Position;

use crate::ledger::clock::ClockStatus;

/// A ledger's state at one moment, for `/readyz`, `/metrics` and people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerStatus {
    /// Commands waiting to be decided.
    pub queued: usize,
    /// The last position that is durable and visible.
    pub durable: Position,
    /// How many events the last group had.
    pub last_group_events: usize,
    /// How many streams there are.
    pub streams: usize,
    /// Bytes free in the data directory's file system.
    pub free_bytes: u64,
    /// Bytes below which commands are refused.
    pub floor_bytes: u64,
    /// What the ledger thinks of its clock.
    pub clock: ClockStatus,
    /// The position of the newest state snapshot written in this run; 0 before the first.
    pub last_snapshot: Position,
    /// Whether commands are queued at all.
    pub takes_commands: bool,
    /// Why the ledger may not go on, once that is so.
    pub died_of: Option<String>,
}

impl LedgerStatus {
    /// Returns whether a command would be decided now.
    pub fn is_ready(&self) -> bool {
        self.takes_commands && self.free_bytes >= self.floor_bytes && !matches!(self.clock, ClockStatus::Stopped(_))
    }
}
