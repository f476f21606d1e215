//! The sled copy of the log: packed chunks under the positions they start at (docs/format.md, "sled").
//!
//! The only modules of the service that name sled. What they guard against is listed in ARCHITECTURE.md: a flush
//! that is not a sync, snapshots left unfinished, values that spill into unsynced files, panics.

pub(crate) mod chunk;
mod gate;
mod open;
mod read;
mod writer;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};

use crate::frame_group::Body;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use chunk::ChunkCodec;
use gate::Gate;

pub(crate) use open::{SledOpen, move_aside, sweep};
pub(crate) use writer::SledWriter;

/// The folder of the sled store in a ledger directory.
pub(crate) const SLED_DIR: &str = "sled";
/// Present when sled showed damage or panicked while it was in use; the next opening rebuilds it.
const SUSPECT_FILE: &str = "sled.suspect";

/// An open sled store.
pub(crate) struct SledStore {
    /// `None` once it is closed.
    db: RwLock<Option<sled::Db>>,
    /// sled's own data file, for the sync that its flush leaves out.
    file: File,
    codec: ChunkCodec,
    dir: PathBuf,
    io: Io,
    gate: Gate,
    suspect: AtomicBool,
    /// Values to be written again with the next commit, because they were found missing or damaged.
    repairs: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// Why sled did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SledFault {
    /// The store was closed; the journal goes on serving readers.
    #[error("the sled store is closed")]
    Closed,
    /// Something that must be there is not.
    #[error("{0}")]
    Missing(&'static str),
    /// Something is there that cannot be right.
    #[error("{0}")]
    Damaged(String),
    /// The operating system refused.
    #[error("{0}")]
    Io(std::io::Error),
}

impl From<sled::Error> for SledFault {
    fn from(error: sled::Error) -> SledFault {
        match error {
            sled::Error::Io(error) => SledFault::Io(error),
            // sled's own text names only offsets of its file.
            other => SledFault::Damaged(other.to_string()),
        }
    }
}

impl From<std::io::Error> for SledFault {
    fn from(error: std::io::Error) -> SledFault {
        SledFault::Io(error)
    }
}

/// Runs a call into sled and turns a panic of it into a fault.
fn guarded<T>(call: impl FnOnce() -> Result<T, SledFault>) -> Result<T, SledFault> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(SledFault::Damaged(format!("sled panicked: {text}")))
    })
}

impl SledStore {
    fn new(db: sled::Db, dir: &Path, identity: LedgerIdentity, io: Io) -> Result<SledStore, SledFault> {
        Ok(SledStore {
            db: RwLock::new(Some(db)),
            file: File::open(dir.join("db"))?,
            codec: ChunkCodec::new(identity),
            dir: dir.to_owned(),
            io,
            gate: Gate::default(),
            suspect: AtomicBool::new(false),
            repairs: Mutex::default(),
        })
    }

    /// Makes the values of a group durable: one atomic batch, sled's flush, and the sync that its flush is not.
    pub fn apply(&self, body: &Body) -> Result<(), SledFault> {
        let mut batch = sled::Batch::default();
        self.codec.encode(body, |key, value| batch.insert(key, value));
        for (key, value) in self.repairs.lock().drain(..) {
            batch.insert(key, value);
        }
        let applied = guarded(|| {
            let db = self.db.read();
            let db = db.as_ref().ok_or(SledFault::Closed)?;
            self.io.step()?;
            db.apply_batch(batch)?;
            db.flush()?;
            self.io.fdatasync(&self.file)?;
            Ok(())
        });
        if let Err(SledFault::Damaged(reason)) = &applied {
            self.suspect(reason);
        }
        applied
    }

    /// Leaves word for the next opening that this store must be rebuilt from the journal.
    fn suspect(&self, reason: &str) {
        if !self.suspect.swap(true, Ordering::Relaxed) {
            tracing::error!(reason, "the sled store is damaged; it is rebuilt from the journal at the next start");
            // Without the word the next opening finds the damage as this one did.
            let _ = std::fs::write(self.dir.with_file_name(SUSPECT_FILE), reason);
        }
    }

    /// Returns the directory of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Closes sled; it has then released its lock.
    pub fn close(&self) {
        let db = self.db.write().take();
        let _ = guarded(|| {
            drop(db);
            Ok(())
        });
    }
}

/// A sled store shared between threads.
pub(crate) type SharedSled = Arc<SledStore>;
