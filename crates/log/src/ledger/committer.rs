//! The committer: the thread that owns the store and waits for its syncs, and the watchdog beside it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use caseledger_events::machine::Machine;

use crate::ledger::fatal::FatalError;
use crate::ledger::shared::{Flight, Shared};
use crate::ledger::snapshot::{Shot, SnapshotFiles};
use crate::ledger::work::Answer;
use crate::store::Store;

/// Commits groups until there are no more, then closes the store; drops it unclosed when the ledger may not go on.
pub(crate) fn commit_groups<M: Machine>(mut store: Store, shared: &Arc<Shared<M>>) -> Result<(), FatalError> {
    while let Some(flight) = shared.desk.take_flight() {
        let began = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        shared.commit_began.store(began.saturating_add(1), Ordering::Release);
        store.commit(&flight.group)?;
        shared.commit_began.store(0, Ordering::Release);
        land(flight, shared);
    }
    if shared.died.get().is_none()
        && let Err(error) = store.close()
    {
        tracing::warn!(%error, "the ledger was not closed cleanly; nothing acknowledged is lost, the next start checks more");
    }
    Ok(())
}

/// A group is durable: shows its heads, empties the tray for the next, then gives the answers that waited for it.
fn land<M: Machine>(flight: Flight, shared: &Shared<M>) {
    for (stream, head) in flight.heads {
        shared.heads.set(stream, head);
    }
    shared.settled.store(flight.group.last().0, Ordering::Release);
    shared.last_group.store(flight.group.len(), Ordering::Relaxed);
    let aboard = shared.waiting.arrive();
    shared.desk.landed(flight.group);
    if let Some(aboard) = aboard {
        aboard.answers.into_iter().for_each(Answer::give);
        if let Some(shot) = aboard.shot {
            shared.write_snapshot(shot);
        }
    }
}

/// Ends the process when a commit takes longer than its limit; returns when the ledger closes.
pub(crate) fn watch_commits<M: Machine>(shared: &Shared<M>, limit: Duration, closed: &Receiver<()>) {
    let look = (limit / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
    while closed.recv_timeout(look) == Err(RecvTimeoutError::Timeout) {
        let began = shared.commit_began.load(Ordering::Acquire);
        let now = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if began > 0 && Duration::from_millis(now.saturating_sub(began)) > limit {
            shared.die(&FatalError::Stalled { limit });
            return;
        }
    }
}

/// Writes snapshots as they come; a failure costs replay time at the next start and nothing else.
pub(crate) fn write_snapshots<M: Machine>(shots: &Receiver<Shot>, files: &SnapshotFiles, shared: &Shared<M>) {
    while let Ok(shot) = shots.recv() {
        match files.write_one(&shot) {
            Ok(()) => shared.last_snapshot.store(shot.position.0, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, shard = shot.shard, "a state snapshot could not be written"),
        }
        shared.snapshot_under_way.store(false, Ordering::Release);
    }
}
