//! What an access ledger can be told when it is opened.

use std::sync::Arc;

use crate::io::Io;
use crate::ledger::{SpaceProbe, free_space};
use crate::options::StoreOptions;

/// Settings of an access ledger; the defaults are those of the service.
#[derive(Clone)]
pub struct AccessLogOptions {
    /// The size of a segment, in bytes. One is prepared ahead, in full: it is the reserve that views are written to
    /// when the disk fills up.
    pub segment_bytes: u64,
    /// How many views may wait; one more is refused.
    pub queue_max: usize,
    /// The most views one group takes.
    pub group_views_max: usize,
    /// The bytes of disk space below which views are refused; far below the main ledger's, so that views are still
    /// answered when commands are not.
    pub space_floor_bytes: u64,
    /// Tells how much space is free.
    pub space_probe: SpaceProbe,
    /// The road of every write and sync to the disk; tests make the N-th of them fail.
    pub io: Io,
}

impl Default for AccessLogOptions {
    fn default() -> Self {
        AccessLogOptions {
            segment_bytes: 16 << 20,
            queue_max: 16_384,
            group_views_max: 2_048,
            space_floor_bytes: 64 << 20,
            space_probe: Arc::new(free_space),
            io: Io::default(),
        }
    }
}

impl AccessLogOptions {
    /// Returns what the journal's writer is told.
    pub(super) fn journal(&self) -> StoreOptions {
        StoreOptions { segment_bytes: self.segment_bytes, io: self.io.clone(), ..StoreOptions::default() }
    }
}
