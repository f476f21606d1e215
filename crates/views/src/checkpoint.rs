//! Copies SQLite's write-ahead log back into the file while the worker writes on.
//!
//! Copying back syncs to the device. Done by the worker it would make what it has just written wait to be seen, so a
//! thread of its own does it; only a log that has outgrown its bound is copied back by the worker itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;

use crate::shared::Shared;
use crate::store;

/// How often the log is copied back while something is written.
const EVERY: Duration = Duration::from_secs(2);
/// The pages of the log above which the worker copies back itself: 256 MiB.
const PAGES_MAX: u64 = 65_536;

/// What the worker and the copying thread share.
#[derive(Default)]
pub(crate) struct Checkpoint {
    commits: AtomicU64,
    pages: AtomicU64,
    /// The connection to the file in use; replaced by the worker when another file comes into use.
    connection: Mutex<Option<Connection>>,
}

impl Checkpoint {
    /// Starts the copying thread; it ends with the view.
    pub fn start(shared: Arc<Shared>) -> std::io::Result<(Arc<Checkpoint>, thread::JoinHandle<()>)> {
        let checkpoint = Arc::new(Checkpoint::default());
        let own = Arc::clone(&checkpoint);
        let name = format!("copy-{}", shared.model.name);
        let thread = thread::Builder::new().name(name).spawn(move || own.run(&shared))?;
        Ok((checkpoint, thread))
    }

    /// Says which file is in use; `None` while there is none.
    pub fn switch(&self, path: Option<&std::path::Path>) {
        let connection = path.and_then(|path| store::checkpointer(path).ok());
        *self.connection.lock() = connection;
        self.pages.store(0, Ordering::Relaxed);
    }

    /// Counts a transaction, and copies back when the log has outgrown its bound.
    pub fn committed(&self, db: &Connection) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        if self.pages.load(Ordering::Relaxed) > PAGES_MAX {
            self.copy_back(db);
        }
    }

    fn run(&self, shared: &Shared) {
        caseledger_log::step_back();
        let mut seen = 0;
        let mut stop = shared.stop_signal();
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
        loop {
            let stopping = runtime.block_on(async { tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await });
            if stopping.is_ok() {
                return;
            }
            let commits = self.commits.load(Ordering::Relaxed);
            if commits != seen {
                seen = commits;
                if let Some(connection) = &*self.connection.lock() {
                    self.copy_back(connection);
                }
            }
        }
    }

    /// Copies back what no reader still needs; a failure shows when the worker writes next.
    fn copy_back(&self, db: &Connection) {
        let pages = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            let (log, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(u64::try_from(if copied >= log { 0 } else { log }).unwrap_or(0))
        });
        if let Ok(pages) = pages {
            self.pages.store(pages, Ordering::Relaxed);
        }
    }
}
