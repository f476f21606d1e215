//! Which ledger, in which epoch: what a position means nothing without.

use caseledger_events::ids::{Epoch, LedgerId};

/// The ledger a directory holds and how often its history was shortened by a restore.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LedgerIdentity {
    /// 16 random bytes, fixed at creation.
    pub ledger: LedgerId,
    /// Raised by every restore that shortens history.
    pub epoch: Epoch,
}

impl LedgerIdentity {
    /// Returns what every checksum of this ledger begins with, so that bytes of another one do not pass.
    pub(crate) fn seed(&self) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.ledger.0), &self.epoch.0.to_le_bytes())
    }
}

impl std::fmt::Display for LedgerIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ledger {} epoch {}", self.ledger, self.epoch)
    }
}
