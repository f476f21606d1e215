//! The journal's background thread: prepares the next segment, seals full ones, mends damaged records.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::segment::{create_file, fill_with_zeros, sidecar_path};
use super::sidecar::Sidecar;
use super::table::{Index, Segment};
use crate::identity::LedgerIdentity;

/// What the keeper is asked to do.
pub(crate) enum Job {
    Prepare,
    Seal(Arc<Segment>),
    /// A segment in which a record does not hold.
    Repair(Arc<Segment>),
    Stop,
}

/// Asks the keeper for work; cheap to clone.
#[derive(Clone)]
pub(crate) struct KeeperHandle {
    jobs: Sender<Job>,
    prepared: Arc<Mutex<Option<(File, PathBuf)>>>,
}

/// The work of the keeper on one directory.
pub(crate) struct Keeper {
    jobs: Receiver<Job>,
    prepared: Arc<Mutex<Option<(File, PathBuf)>>>,
    /// How many files were prepared.
    made: Cell<u64>,
    pub dir: PathBuf,
    pub identity: LedgerIdentity,
    pub segment_bytes: u64,
}

impl KeeperHandle {
    /// Makes a handle and the keeper that will answer it.
    pub fn new(dir: &Path, identity: LedgerIdentity, segment_bytes: u64) -> (KeeperHandle, Keeper) {
        let (sender, jobs) = channel();
        let prepared = Arc::new(Mutex::new(None));
        let handle = KeeperHandle { jobs: sender, prepared: Arc::clone(&prepared) };
        (handle, Keeper { jobs, prepared, made: Cell::new(0), dir: dir.to_owned(), identity, segment_bytes })
    }

    pub fn prepare_next(&self) {
        self.ask(Job::Prepare);
    }

    pub fn seal(&self, segment: Arc<Segment>) {
        self.ask(Job::Seal(segment));
    }

    pub fn repair(&self, segment: Arc<Segment>) {
        self.ask(Job::Repair(segment));
    }

    pub fn stop(&self) {
        self.ask(Job::Stop);
    }

    fn ask(&self, job: Job) {
        // A keeper that has ended leaves the work to the next opening, which does all of it.
        let _ = self.jobs.send(job);
    }

    /// Takes the prepared segment file, if it is ready.
    pub fn take_prepared(&self) -> Option<(File, PathBuf)> {
        self.prepared.lock().take()
    }
}

impl Keeper {
    /// Runs until it is told to stop; `repair` makes a segment whole from the other copy.
    pub fn spawn(self, repair: impl Fn(&Segment) + Send + 'static) -> io::Result<JoinHandle<()>> {
        let run = move || {
            while let Ok(job) = self.jobs.recv() {
                match job {
                    Job::Prepare => self.warn("prepare the next journal segment", self.prepare()),
                    Job::Seal(segment) => self.warn("seal a journal segment", seal(&segment, self.identity)),
                    Job::Repair(segment) => repair(&segment),
                    Job::Stop => return,
                }
            }
        };
        std::thread::Builder::new().name("journal-keeper".into()).spawn(run)
    }

    fn prepare(&self) -> io::Result<()> {
        if self.prepared.lock().is_some() {
            return Ok(());
        }
        // A name of its own: the file before may have been taken and not yet been renamed.
        self.made.set(self.made.get() + 1);
        let path = self.dir.join(format!("prepared-{}.tmp", self.made.get()));
        let file = create_file(&path)?;
        fill_with_zeros(&file, 0, self.segment_bytes)?;
        file.sync_all()?;
        *self.prepared.lock() = Some((file, path));
        Ok(())
    }

    /// Background work may fail without harm: a segment is then made when it is needed and sealed at the next opening.
    fn warn(&self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::warn!(%error, directory = %self.dir.display(), "could not {what}; it is tried again later");
        }
    }
}

/// Writes the sidecar of a full segment, cuts the zeros off it, and frees the index in memory.
pub(crate) fn seal(segment: &Segment, identity: LedgerIdentity) -> io::Result<()> {
    let sidecar = match &*segment.index.read() {
        Index::Sealed(_) => return Ok(()),
        Index::Live(live) => {
            File::options().write(true).open(&segment.path)?.set_len(live.len)?;
            Sidecar::write(&sidecar_path(&segment.path), identity, live)?
        }
    };
    *segment.index.write() = Index::Sealed(sidecar);
    Ok(())
}
