//! The access ledger's storage: who looked at what, in a journal of its own under `<data>/access` (design §3).
//!
//! Same segments, records and chain as the main journal, no sled, own threads, locks and floor: [`AccessLog::append`]
//! queues a view, one committer writes what has queued as one group with one sync and only then answers. A write or
//! sync that fails ends it for good, for what cannot be put on record is not answered.

mod committer;
mod error;
mod loading;
mod open;
mod options;
mod queue;
mod reader;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_events::viewed::NewView;
use caseledger_proof::Hash;
use parking_lot::Mutex;
use tokio::sync::oneshot;

pub use error::{AccessLogError, AccessOpenError};
pub use options::AccessLogOptions;
pub use reader::AccessReader;

use crate::error::OpenError;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use crate::journal::keeper::KeeperHandle;
use crate::store::{DirLock, mark_clean};
use queue::{Queue, Waiting};

/// The folder of the access ledger in a data directory.
pub const ACCESS_DIR: &str = "access";

/// The access ledger, opened by its one owner; shared by any number of threads and tasks.
pub struct AccessLog {
    dir: PathBuf,
    io: Io,
    queue: Arc<Queue>,
    reader: AccessReader,
    threads: Mutex<Option<Threads>>,
    _lock: DirLock,
}

struct Threads {
    committer: JoinHandle<()>,
    keeper: JoinHandle<()>,
    keeper_jobs: KeeperHandle,
}

/// Where a view stands, given only once it is on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ViewReceipt {
    /// Its position in the access ledger, gapless from 1.
    pub position: Position,
    /// The chain hash there.
    pub chain: Hash,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// A view that is being written; resolves when its group is on disk, or will never be.
#[must_use = "a view is on record only once this has resolved"]
pub struct Pending {
    answer: oneshot::Receiver<Result<ViewReceipt, AccessLogError>>,
}

impl AccessLog {
    /// Puts a view on record: nothing may be shown before the answer says that it is there.
    ///
    /// A view whose answer is not waited for is written all the same.
    pub fn append(&self, view: NewView) -> Pending {
        let (reply, answer) = oneshot::channel();
        let facts = view.viewed.facts();
        self.queue.offer(Waiting { view, facts, reply });
        Pending { answer }
    }

    /// Returns the last position on disk and the chain hash there; position 0 and [`Hash::ZERO`] when empty.
    pub fn head(&self) -> (Position, Hash) {
        self.reader.head()
    }

    /// Returns which ledger's views these are, and the epoch of the access ledger itself.
    pub fn identity(&self) -> LedgerIdentity {
        self.reader.identity()
    }

    /// Returns a reader of what is on disk, usable while views are written.
    pub fn reader(&self) -> AccessReader {
        self.reader.clone()
    }

    /// Returns why nothing can be put on record any more; `None` while it can.
    pub fn failure(&self) -> Option<AccessLogError> {
        self.queue.failure()
    }

    /// Writes what has queued, ends the threads and marks a clean stop; after a failure it leaves no mark.
    ///
    /// Views offered later are refused. Closing twice does nothing.
    pub fn close(&self) -> Result<(), OpenError> {
        if !self.stop_threads() || self.queue.failure().is_some() {
            return Ok(());
        }
        let (head, chain) = self.head();
        let marked = mark_clean(&self.dir, head, chain, &self.io);
        marked.map_err(|source| OpenError::Io { action: "mark a clean stop in", path: self.dir.clone(), source })
    }

    /// Ends the threads once the queue is empty; returns whether they were still there.
    fn stop_threads(&self) -> bool {
        let Some(threads) = self.threads.lock().take() else { return false };
        self.queue.end();
        // A committer that panicked has answered nobody: whoever waits learns that its view is not on record.
        let committed = threads.committer.join().is_ok();
        threads.keeper_jobs.stop();
        let _ = threads.keeper.join();
        committed
    }
}

impl Drop for AccessLog {
    /// Writes what has queued and lets go of the directory without the mark of a clean stop.
    fn drop(&mut self) {
        self.stop_threads();
    }
}

impl Pending {
    /// Waits on a thread of one's own; a task awaits the value itself.
    pub fn wait(self) -> Result<ViewReceipt, AccessLogError> {
        self.answer.blocking_recv().unwrap_or(Err(AccessLogError::Stopped))
    }
}

impl Future for Pending {
    type Output = Result<ViewReceipt, AccessLogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answered = Pin::new(&mut self.answer).poll(context);
        answered.map(|answer| answer.unwrap_or(Err(AccessLogError::Stopped)))
    }
}
