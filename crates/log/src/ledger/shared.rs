//! What requests, sequencer and committer have in common.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use caseledger_events::ids::{Position, StreamId};
use caseledger_events::machine::Machine;
use parking_lot::Mutex;

use crate::frame_group::Group;
use crate::ledger::clock::Timekeeper;
use crate::ledger::desk::Desk;
use crate::ledger::fatal::{FatalError, FatalHook};
use crate::ledger::heads::{Head, Heads};
use crate::ledger::snapshot::Shot;
use crate::ledger::space::Space;
use crate::ledger::work::{Message, Waiting};
use crate::reader::Reader;

/// A group on its way to both copies, with the heads that become visible when it is there.
pub(crate) struct Flight {
    pub group: Group,
    pub heads: Vec<(StreamId, Head)>,
}

pub(crate) struct Shared<M: Machine> {
    pub desk: Desk<Message<M>, Flight>,
    pub waiting: Waiting<M>,
    /// Durable heads; the sequencer alone knows the newer ones.
    pub heads: Heads,
    pub reader: Reader,
    pub timekeeper: Mutex<Timekeeper>,
    pub space: Space,
    /// Up to this position, heads are visible and answers may be given.
    pub settled: AtomicU64,
    pub last_group: AtomicUsize,
    pub last_snapshot: AtomicU64,
    /// Milliseconds after `started` at which the commit under way began, plus one; 0 while there is none.
    pub commit_began: AtomicU64,
    pub started: Instant,
    pub snapshots: Mutex<Option<SyncSender<Shot>>>,
    /// Whether a snapshot was taken that is not written yet: the next waits for it.
    pub snapshot_under_way: AtomicBool,
    /// Whether all shards are written at the end.
    pub snapshot_at_end: AtomicBool,
    pub fatal: FatalHook,
    /// Set before the hook is called.
    pub died: OnceLock<String>,
}

impl<M: Machine> Shared<M> {
    /// Ends it: everyone who waits learns that the outcome is unknown, then the hook is called, once.
    pub fn die(&self, reason: &FatalError) {
        let Some(queue) = self.desk.kill() else { return };
        let _ = self.died.set(reason.to_string());
        self.waiting.lose();
        drop(queue);
        (self.fatal)(reason);
    }

    /// Leaves out the snapshots at the end.
    pub fn leave_snapshots(&self) {
        self.snapshot_at_end.store(false, Ordering::Release);
    }

    /// Returns the position up to which everything is durable and visible.
    pub fn settled(&self) -> Position {
        Position(self.settled.load(Ordering::Acquire))
    }

    /// Gives a snapshot to the thread that writes them.
    pub fn write_snapshot(&self, shot: Shot) {
        if let Some(writer) = &*self.snapshots.lock() {
            // One snapshot is under way at most, so a refusal means that the writer has stopped with the ledger.
            drop(writer.try_send(shot));
        }
    }
}
