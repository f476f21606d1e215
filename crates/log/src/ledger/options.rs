//! What a ledger can be told when it is created or opened.

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::dates::Timestamp;

use crate::ledger::clock::{Clock, SystemClock};
use crate::ledger::fatal::{FatalHook, end_process};
use crate::ledger::space::{SpaceProbe, free_space};
use crate::options::StoreOptions;

/// Settings of a ledger; the defaults are those of the service.
#[derive(Clone)]
pub struct LedgerOptions {
    /// The time a simulation starts at; `None` for a ledger on real time. A directory is one or the other for ever.
    pub simulated: Option<Timestamp>,
    /// The clock of a ledger on real time.
    pub clock: Arc<dyn Clock>,
    /// How many commands may wait; one more is refused.
    pub queue_max: usize,
    /// The most commands one group takes.
    pub group_commands_max: usize,
    /// The bytes of frames at which a group takes no further command.
    pub group_bytes_max: usize,
    /// How many of the newest idempotency tags the sequencer holds at least; older ones are searched in the log.
    pub tags_held: usize,
    /// The bytes of disk space below which commands are refused.
    pub space_floor_bytes: u64,
    /// The size of the ballast file; 0 for none.
    pub ballast_bytes: u64,
    /// Tells how much space is free.
    pub space_probe: SpaceProbe,
    /// How many events are recorded between the snapshots of two shards.
    pub snapshot_every_events: u64,
    /// How long a commit may take before the process ends.
    pub commit_limit: Duration,
    /// What is done when the ledger may not go on.
    pub fatal: FatalHook,
    /// Settings of the store underneath.
    pub store: StoreOptions,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        LedgerOptions {
            simulated: None,
            clock: Arc::new(SystemClock),
            queue_max: 4_096,
            group_commands_max: 1_024,
            group_bytes_max: 1 << 20,
            // Several times what the queue and a group hold, so that hardly a command is sent back to search again.
            tags_held: 1 << 15,
            space_floor_bytes: 256 << 20,
            ballast_bytes: 64 << 20,
            space_probe: Arc::new(free_space),
            snapshot_every_events: 4_096,
            commit_limit: Duration::from_secs(10),
            fatal: Arc::new(end_process),
            store: StoreOptions::default(),
        }
    }
}
