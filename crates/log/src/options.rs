//! What a store can be told when it is opened.

use crate::io::Io;

/// Settings of a store; the defaults are those of the service.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// sled's cache, in bytes.
    pub cache_bytes: u64,
    /// The size a journal segment is preallocated to, in bytes; at most 1 GiB.
    pub segment_bytes: u64,
    /// Whether files are synced to the device; only the control run of the power-cut test turns it off.
    pub fdatasync: bool,
    /// The road of every write and sync to the disk; tests make the N-th of them fail.
    pub io: Io,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions { cache_bytes: 64 << 20, segment_bytes: 64 << 20, fdatasync: true, io: Io::default() }
    }
}

impl StoreOptions {
    /// Returns the options with the choice of `fdatasync` entered in `io`.
    pub(crate) fn effective(&self) -> StoreOptions {
        StoreOptions { io: self.io.with_fdatasync(self.fdatasync), ..self.clone() }
    }
}
