//! How many tokens were taken and refused, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::TokenError;

/// Counters since the start.
#[derive(Debug)]
pub struct Counts {
    remembered: AtomicU64,
    checked: AtomicU64,
    unknown_roles: AtomicU64,
    refused: [AtomicU64; TokenError::ALL.len()],
}

impl Default for Counts {
    fn default() -> Counts {
        let zero = || AtomicU64::new(0);
        let refused = std::array::from_fn(|_| zero());
        Counts { remembered: zero(), checked: zero(), unknown_roles: zero(), refused }
    }
}

impl Counts {
    /// Returns how many tokens were taken because they had been checked before.
    pub fn remembered(&self) -> u64 {
        self.remembered.load(Ordering::Relaxed)
    }

    /// Returns how many tokens were checked in full and taken.
    pub fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// Returns how many names of roles stood in tokens taken that are none of ours.
    pub fn unknown_roles(&self) -> u64 {
        self.unknown_roles.load(Ordering::Relaxed)
    }

    /// Returns how many tokens were refused for a reason.
    pub fn refused(&self, reason: TokenError) -> u64 {
        self.refused[reason as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn note_remembered(&self) {
        self.remembered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_checked(&self, unknown_roles: usize) {
        self.checked.fetch_add(1, Ordering::Relaxed);
        self.unknown_roles.fetch_add(unknown_roles as u64, Ordering::Relaxed);
    }

    pub(crate) fn note_refused(&self, reason: TokenError) {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
    }
}
