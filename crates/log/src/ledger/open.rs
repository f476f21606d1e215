//! Opening a ledger, step by step.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use caseledger_events::machine::Machine;
use parking_lot::Mutex;

use crate::error::OpenError;
use crate::frame_group::Group;
use crate::ledger::clock::Timekeeper;
use crate::ledger::create::check_first;
use crate::ledger::desk::Desk;
use crate::ledger::options::LedgerOptions;
use crate::ledger::pace::Pace;
use crate::ledger::replay::{Replayed, replay};
use crate::ledger::running::{Parts, Running};
use crate::ledger::salts::Salts;
use crate::ledger::secret::LedgerSecret;
use crate::ledger::sequencer::{GroupLimits, OpenGroup, Sequencer};
use crate::ledger::shared::Shared;
use crate::ledger::snapshot::SnapshotFiles;
use crate::ledger::space::Space;
use crate::ledger::start::{StartError, StartReport};
use crate::ledger::work::Waiting;
use crate::report::OpenReport;
use crate::store::Store;

/// Opens the store, checks that it is for these options, restores the state and starts the threads.
pub(crate) fn open<M: Machine>(
    dir: &Path,
    options: LedgerOptions,
    machine: M,
) -> Result<(Running<M>, StartReport), StartError> {
    let began = Instant::now();
    let space = Space::new(dir, options.space_probe.clone(), options.space_floor_bytes);
    let (store, found, ballast_dropped) = open_store(dir, &options, &space)?;
    let reader = store.reader();
    check_first(&reader, &options)?;
    let secret = LedgerSecret::open(dir)?;
    let files = SnapshotFiles::of(dir);
    let state = replay(machine, &reader, &files, options.tags_held)?;
    if !ballast_dropped && let Err(error) = space.take_ballast(options.ballast_bytes) {
        tracing::warn!(%error, "the ballast file could not be made");
    }
    let report = StartReport {
        store: found,
        shards_loaded: state.shards_loaded,
        replayed: state.events,
        streams_read: state.streams_read,
        streams: state.heads.len(),
        ballast_dropped,
        took: began.elapsed(),
    };
    let simulated = options.simulated.is_some();
    let commit_limit = options.commit_limit;
    let (shared, sequencer, shots) = assemble(&store, options, space, state, &files);
    let parts = Parts { shared, sequencer, store, shots, files, secret, simulated, commit_limit };
    let running = Running::start(parts).map_err(|source| StartError::Io { action: "start a thread", source })?;
    tracing::info!(
        position = %report.store.head, streams = report.streams, shards_loaded = report.shards_loaded,
        replayed = report.replayed, took = ?report.took, simulated, "ledger open"
    );
    Ok((running, report))
}

/// Opens the store; where the disk is full, with the room that the ballast gives.
fn open_store(dir: &Path, options: &LedgerOptions, space: &Space) -> Result<(Store, OpenReport, bool), StartError> {
    let io = |source| StartError::Io { action: "delete the ballast file", source };
    let dropped = dir.exists() && space.drop_ballast_if_full().map_err(io)?;
    match Store::open(dir, &options.store) {
        Err(error) if is_full(&error) && !dropped => {
            let dropped = space.drop_ballast().map_err(io)?;
            let (store, report) = Store::open(dir, &options.store)?;
            Ok((store, report, dropped))
        }
        opened => {
            let (store, report) = opened?;
            Ok((store, report, dropped))
        }
    }
}

/// Says whether a store did not open for want of space; sled gives its reason in words.
fn is_full(error: &OpenError) -> bool {
    match error {
        OpenError::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
        OpenError::Sled { reason, .. } => reason.contains("StorageFull") || reason.contains("No space left"),
        _ => false,
    }
}

type Assembled<M> = (Arc<Shared<M>>, Sequencer<M>, std::sync::mpsc::Receiver<crate::ledger::snapshot::Shot>);

fn assemble<M: Machine>(
    store: &Store,
    options: LedgerOptions,
    space: Space,
    state: Replayed<M>,
    files: &SnapshotFiles,
) -> Assembled<M> {
    let (head, chain) = store.head();
    let timekeeper = match options.simulated {
        Some(start) => Timekeeper::simulated(start, state.last_recorded),
        None => Timekeeper::real(options.clock, state.last_recorded),
    };
    let (shots, written) = sync_channel(1);
    let shared = Arc::new(Shared {
        desk: Desk::new(options.queue_max),
        waiting: Waiting::new(),
        heads: state.heads,
        reader: store.reader(),
        timekeeper: Mutex::new(timekeeper),
        space,
        settled: AtomicU64::new(head.0),
        last_group: AtomicUsize::new(0),
        last_snapshot: AtomicU64::new(0),
        commit_began: AtomicU64::new(0),
        started: Instant::now(),
        snapshots: Mutex::new(Some(shots)),
        snapshot_under_way: AtomicBool::new(false),
        snapshot_at_end: AtomicBool::new(true),
        fatal: options.fatal,
        died: OnceLock::new(),
    });
    let sequencer = Sequencer {
        shared: Arc::clone(&shared),
        machine: state.machine,
        tags: state.tags,
        ahead: HashMap::new(),
        salts: Salts::new(),
        open: OpenGroup::new(Group::new(head.next(), chain)),
        limits: GroupLimits { commands: options.group_commands_max, bytes: options.group_bytes_max },
        pace: Pace::new(state.taken, options.snapshot_every_events, state.events),
        files: files.clone(),
        space: Ok(()),
    };
    (shared, sequencer, written)
}
