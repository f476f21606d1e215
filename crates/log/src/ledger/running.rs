//! The threads of an open ledger, and their orderly end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use caseledger_events::machine::Machine;
use parking_lot::Mutex;

use crate::ledger::committer::{commit_groups, watch_commits, write_snapshots};
use crate::ledger::errands::Errands;
use crate::ledger::fatal::FatalError;
use crate::ledger::secret::LedgerSecret;
use crate::ledger::sequencer::Sequencer;
use crate::ledger::shared::Shared;
use crate::ledger::snapshot::{Shot, SnapshotFiles};
use crate::store::Store;

/// An open ledger with its threads.
pub(crate) struct Running<M: Machine> {
    pub shared: Arc<Shared<M>>,
    pub secret: LedgerSecret,
    pub simulated: bool,
    pub errands: Errands,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    sequencer: JoinHandle<()>,
    committer: JoinHandle<()>,
    snapshots: JoinHandle<()>,
    watchdog: JoinHandle<()>,
    /// Dropped to send the watchdog home.
    watch: Sender<()>,
}

/// What the threads start with.
pub(crate) struct Parts<M: Machine> {
    pub shared: Arc<Shared<M>>,
    pub sequencer: Sequencer<M>,
    pub store: Store,
    pub shots: Receiver<Shot>,
    pub files: SnapshotFiles,
    pub secret: LedgerSecret,
    pub simulated: bool,
    pub commit_limit: Duration,
}

impl<M: Machine> Running<M> {
    /// Starts the threads.
    pub fn start(parts: Parts<M>) -> std::io::Result<Running<M>> {
        let Parts { shared, sequencer, store, shots, files, secret, simulated, commit_limit } = parts;
        let errands = Errands::start()?;
        let (watch, closed) = channel();
        let threads = Threads {
            sequencer: spawn("ledger-sequencer", &shared, move |_| sequencer.run())?,
            committer: spawn("ledger-committer", &shared, move |shared| commit_groups(store, shared))?,
            snapshots: spawn("ledger-snapshots", &shared, move |shared| {
                write_snapshots(&shots, &files, shared);
                Ok(())
            })?,
            watchdog: spawn("ledger-watchdog", &shared, move |shared| {
                watch_commits(shared, commit_limit, &closed);
                Ok(())
            })?,
            watch,
        };
        Ok(Running { shared, secret, simulated, errands, threads: Mutex::new(Some(threads)) })
    }

    /// Refuses commands, lets the threads finish, and waits for them.
    pub fn stop(&self) {
        self.shared.desk.close();
        // Held to the end, so that a second caller returns only when everything is closed.
        let mut threads = self.threads.lock();
        if let Some(Threads { sequencer, committer, snapshots, watchdog, watch }) = threads.take() {
            join(sequencer);
            join(committer);
            *self.shared.snapshots.lock() = None;
            join(snapshots);
            drop(watch);
            join(watchdog);
        }
    }
}

impl<M: Machine> Drop for Running<M> {
    fn drop(&mut self) {
        self.shared.leave_snapshots();
        self.stop();
    }
}

/// Runs one of the ledger's threads; whatever ends it before its time ends the ledger.
fn spawn<M: Machine>(
    name: &'static str,
    shared: &Arc<Shared<M>>,
    run: impl FnOnce(&Arc<Shared<M>>) -> Result<(), FatalError> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    thread::Builder::new().name(name.to_owned()).spawn(move || match catch_unwind(AssertUnwindSafe(|| run(&shared))) {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => shared.die(&reason),
        Err(_) => shared.die(&FatalError::Panicked { thread: name }),
    })
}

/// The thread catches its own panics; and a thread does not wait for itself.
fn join(thread: JoinHandle<()>) {
    if thread.thread().id() != thread::current().id() {
        let _ = thread.join();
    }
}
