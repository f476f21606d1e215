//! When the sequencer takes a snapshot of which shard, and the taking.

use std::sync::atomic::Ordering;

use caseledger_events::ids::Position;
use caseledger_events::machine::Machine;

use crate::identity::LedgerIdentity;
use crate::ledger::sequencer::Sequencer;
use crate::ledger::snapshot::{Shot, ShotHead};

/// Spreads the 256 shards' snapshots over the events recorded; the shard with the oldest one comes next.
pub(crate) struct Pace {
    taken: [Position; 256],
    every: u64,
    since: u64,
    /// How many shards to write as soon as there is time: after a start that had much to replay.
    arrears: u16,
}

impl Pace {
    /// Continues after a start that found these snapshots and replayed so many events.
    pub fn new(taken: [Position; 256], every: u64, replayed: u64) -> Pace {
        let every = every.max(1);
        // A whole round of snapshots lies at most 256 paces back; a start that replayed much more had lost some.
        let arrears = if replayed > every.saturating_mul(300) { 256 } else { 0 };
        Pace { taken, every, since: 0, arrears }
    }

    pub fn recorded(&mut self, events: u64) {
        self.since += events;
    }

    pub fn is_due(&self) -> bool {
        self.since >= self.every
    }

    pub fn in_arrears(&self) -> bool {
        self.arrears > 0
    }

    fn take(&mut self, position: Position) -> u8 {
        self.since = 0;
        self.arrears = self.arrears.saturating_sub(1);
        let oldest = (0..=255).min_by_key(|&shard: &u8| self.taken[usize::from(shard)]).unwrap_or(0);
        self.taken[usize::from(oldest)] = position;
        oldest
    }
}

impl<M: Machine> Sequencer<M> {
    /// Takes the next shard's snapshot between two groups; it is written once all it holds is durable.
    pub(crate) fn snapshot_one(&mut self) {
        if !self.open.group.is_empty() || self.shared.snapshot_under_way.swap(true, Ordering::AcqRel) {
            return;
        }
        let shard = self.pace.take(self.open.group.last());
        let shot = self.shot(shard);
        if let Some(shot) = self.shared.waiting.attach_shot(shot) {
            self.shared.write_snapshot(shot);
        }
    }

    /// Writes all shards at a clean stop, when everything is durable.
    pub(crate) fn snapshot_all(&self) {
        let began = std::time::Instant::now();
        match self.files.write_all((0..=255).map(|shard| self.shot(shard))) {
            Ok(()) => {
                let position = self.open.group.last();
                self.shared.last_snapshot.store(position.0, Ordering::Relaxed);
                tracing::info!(%position, took = ?began.elapsed(), "state snapshots of all shards written");
            }
            Err(error) => tracing::warn!(%error, "state snapshots could not be written; the next start replays more"),
        }
    }

    fn shot(&self, shard: u8) -> Shot {
        let head = ShotHead {
            identity: self.identity(),
            state: M::STATE,
            shard,
            position: self.open.group.last(),
            chain: self.open.group.after(),
        };
        let heads = self.shared.heads.save(shard, self.ahead.iter().map(|(stream, head)| (*stream, *head)));
        Shot::take(head, &heads, |out| self.machine.save(shard, out))
    }

    fn identity(&self) -> LedgerIdentity {
        self.shared.reader.identity()
    }
}
