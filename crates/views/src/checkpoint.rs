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

/// How often the thread looks at the log.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The pages not copied back from which on the thread copies while the worker is busy: 32 MiB.
const PAGES_BUSY: u64 = 8_192;
/// The pages of the log above which the worker copies back itself, so that the log begins anew: 256 MiB.
const PAGES_MAX: u64 = 65_536;

/// What the worker and the copying thread share.
#[derive(Default)]
pub(crate) struct Checkpoint {
    commits: AtomicU64,
    /// The pages of the log, as of the last look; 0 when it may begin anew.
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
            self.look(db, "PASSIVE");
        }
    }

    fn run(&self, shared: &Shared) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
        let mut stop = shared.stop_signal();
        let mut seen = 0;
        loop {
            let stopping = stop.wait_for(|stop| *stop);
            if runtime.block_on(async { tokio::time::timeout(LOOK_EVERY, stopping).await }).is_ok() {
                return;
            }
            let commits = self.commits.load(Ordering::Relaxed);
            let busy = std::mem::replace(&mut seen, commits) != commits;
            if let Some(db) = &*self.connection.lock() {
                let left = self.look(db, "NOOP");
                if left > PAGES_BUSY || (!busy && left > 0) {
                    self.look(db, "PASSIVE");
                }
            }
        }
    }

    /// Copies back what no reader still needs, or only looks, and returns how many pages are left to copy.
    ///
    /// A failure shows when the worker writes next.
    fn look(&self, db: &Connection, mode: &str) -> u64 {
        let asked = db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        let Ok((pages, copied)) = asked else { return 0 };
        let left = u64::try_from(pages - copied).unwrap_or(0);
        let pages = if left == 0 { 0 } else { u64::try_from(pages).unwrap_or(0) };
        self.pages.store(pages, Ordering::Relaxed);
        left
    }
}
