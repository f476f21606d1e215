//! Opening an access ledger: every segment whole and linked, the end known, then the threads.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{LedgerId, Position};
use caseledger_proof::Hash;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::committer::Committer;
use super::loading::{Loading, identity_of};
use super::queue::Queue;
use super::reader::Shelf;
use super::{AccessLog, AccessLogOptions, AccessOpenError, AccessReader, Threads};
use crate::error::{OpenError, ReadError};
use crate::frame_group::Group;
use crate::journal::files::Files;
use crate::journal::keeper::KeeperHandle;
use crate::journal::segment::{JOURNAL_DIR, list_segments};
use crate::journal::table::{Segment, SegmentTable};
use crate::journal::writer::{JournalWriter, WriteFailed};
use crate::ledger::{Salts, Space};
use crate::report::OpenReport;
use crate::store::{DirLock, create_private_dir, failed, read_mark, remove_mark, remove_unfinished};

impl AccessLog {
    /// Opens the access ledger of a ledger in its own directory, and creates it where there is none.
    ///
    /// That it was there before, and how far it reached, is known to the main ledger, which records its head.
    pub fn open(
        dir: &Path,
        ledger: LedgerId,
        options: &AccessLogOptions,
    ) -> Result<(AccessLog, OpenReport), AccessOpenError> {
        let began = Instant::now();
        let journal = dir.join(JOURNAL_DIR);
        let lock = take(dir, &journal, options)?;
        let mark = read_mark(dir);
        remove_unfinished(&journal).map_err(failed("tidy", &journal))?;
        let files = list_segments(&journal).map_err(failed("read", &journal))?;
        let identity = identity_of(&files, ledger)?;
        let mut loading = Loading {
            journal: &journal,
            identity,
            segment_bytes: options.segment_bytes,
            mark,
            io: &options.io,
            segments: Vec::new(),
            findings: Vec::new(),
            next: Position(1),
            before: Hash::ZERO,
        };
        loading.load(&files)?;
        let Loading { segments, findings, next, before, .. } = loading;
        remove_mark(dir, &options.io).map_err(failed("remove the clean mark in", dir))?;
        let head = (Position(next.0 - 1), before);
        let shelf = Shelf {
            identity,
            files: Files::default(),
            table: Arc::new(SegmentTable::new(segments)),
            head: Mutex::new(head),
            durable: watch::Sender::new(head.0),
        };
        let log = start(dir, lock, Arc::new(shelf), options)?;
        let report = OpenReport { clean: mark.is_some(), head: head.0, findings, took: began.elapsed() };
        Ok((log, report))
    }
}

/// Makes the folders where they are missing, and takes the lock.
fn take(dir: &Path, journal: &Path, options: &AccessLogOptions) -> Result<DirLock, OpenError> {
    let is_new = !journal.is_dir();
    create_private_dir(journal).map_err(failed("create", journal))?;
    let lock = DirLock::acquire(dir)?;
    if is_new {
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for dir in [dir, parent] {
            options.io.fsync_dir(dir).map_err(failed("sync", dir))?;
        }
    }
    Ok(lock)
}

/// Starts the threads of an access ledger that is whole.
fn start(
    dir: &Path,
    lock: DirLock,
    shelf: Arc<Shelf>,
    options: &AccessLogOptions,
) -> Result<AccessLog, AccessOpenError> {
    let journal = dir.join(JOURNAL_DIR);
    let reader = AccessReader { shelf: Arc::clone(&shelf) };
    let last_at = last_recorded(&reader)?;
    let (keeper_jobs, keeper) = KeeperHandle::new(&journal, shelf.identity, options.segment_bytes);
    let table = Arc::clone(&shelf.table);
    let writer = JournalWriter::open(&journal, shelf.identity, &options.journal(), table, keeper_jobs.clone());
    let writer = writer.map_err(|WriteFailed { action, path, source }| OpenError::Io { action, path, source })?;
    // The reserve is taken now and not when it is needed.
    keeper_jobs.prepare_next();
    let threads_failed = || failed("start a thread for", dir);
    let keeper = keeper.spawn(cannot_mend).map_err(threads_failed())?;
    let (head, chain) = reader.head();
    let queue = Arc::new(Queue::new(options.queue_max));
    let committer = Committer {
        queue: Arc::clone(&queue),
        shelf,
        writer,
        space: Space::new(dir, Arc::clone(&options.space_probe), options.space_floor_bytes),
        salts: Salts::new(),
        group: Group::new(head.next(), chain),
        last_at,
        views_max: options.group_views_max,
    };
    let committer = std::thread::Builder::new().name("access-committer".into()).spawn(|| committer.run());
    let committer = committer.map_err(threads_failed())?;
    let threads = Mutex::new(Some(Threads { committer, keeper, keeper_jobs }));
    Ok(AccessLog { dir: dir.to_owned(), io: options.io.clone(), queue, reader, threads, _lock: lock })
}

/// Nobody asks for it: readers of the access ledger report damage and have nothing to mend it from.
fn cannot_mend(segment: &Segment) {
    tracing::error!(file = %segment.path.display(), "a segment of the access ledger is damaged; restore it from a backup");
}

/// Returns when the last view was recorded.
fn last_recorded(reader: &AccessReader) -> Result<Timestamp, AccessOpenError> {
    let (head, _) = reader.head();
    if head == Position(0) {
        return Ok(Timestamp(0));
    }
    let file = reader.shelf.table.newest().map(|segment| segment.path.clone()).unwrap_or_default();
    let damaged = |why| AccessOpenError::Damaged { file: file.clone(), first: head, last: head, why };
    let unreadable = |error: ReadError| damaged(error.to_string());
    let mut scan = reader.scan(head);
    let view = scan.next_group().map_err(unreadable)?;
    let (_, frame) = view.and_then(|view| view.frames().next()).ok_or_else(|| damaged("it is not there".to_owned()))?;
    Ok(codec::decode(frame).map_err(|error| damaged(error.to_string()))?.recorded_at)
}
