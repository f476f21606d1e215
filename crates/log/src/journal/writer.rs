//! Appends groups to the journal: one record a group, one sync a group, a new segment when one is full.

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caseledger_events::ids::{Position, Tag};
use caseledger_proof::Hash;

use super::keeper::KeeperHandle;
use super::live_index::LiveIndex;
use super::record::{HEADER, header_of};
use super::segment::{SegmentHeader, allocate_now, create_file, segment_path};
use super::table::{Index, Segment, SegmentTable};
use crate::frame_group::Group;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use crate::options::StoreOptions;

/// The one writer of a journal.
pub(crate) struct JournalWriter {
    dir: PathBuf,
    identity: LedgerIdentity,
    io: Io,
    segment_bytes: u64,
    table: Arc<SegmentTable>,
    keeper: KeeperHandle,
    file: File,
    active: Arc<Segment>,
    /// Where the next record goes.
    at: u64,
    /// Whether the keeper was asked for the segment after this one.
    next_asked: bool,
}

/// A write or sync that failed, and on what.
#[derive(Debug)]
pub(crate) struct WriteFailed {
    pub action: &'static str,
    pub path: PathBuf,
    pub source: io::Error,
}

/// Makes [`WriteFailed`] of an operating system error.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteFailed {
    let path = path.to_owned();
    move |source| WriteFailed { action, path, source }
}

impl JournalWriter {
    /// Continues the newest segment of a table.
    pub fn open(
        dir: &Path,
        identity: LedgerIdentity,
        options: &StoreOptions,
        table: Arc<SegmentTable>,
        keeper: KeeperHandle,
    ) -> Result<JournalWriter, WriteFailed> {
        let active = table.newest().expect("a table has at least one segment");
        let file = File::options().read(true).write(true).open(&active.path);
        let file = file.map_err(failed("open", &active.path))?;
        Ok(JournalWriter {
            dir: dir.to_owned(),
            identity,
            io: options.io.clone(),
            segment_bytes: options.segment_bytes,
            at: active.extent().len,
            next_asked: false,
            table,
            keeper,
            file,
            active,
        })
    }

    /// Writes a group's record; it is durable only after [`JournalWriter::sync`].
    pub fn append(&mut self, group: &Group) -> Result<(), WriteFailed> {
        let header = header_of(group);
        let empty = self.active.extent().last < self.active.first;
        if self.at + header.record_bytes() > self.segment_bytes && !empty {
            self.roll(group.first(), group.before())?;
        }
        let header = header.to_bytes(self.identity);
        self.io.step().map_err(failed("write", &self.active.path))?;
        write_both(&self.file, &header, group.body(), self.at).map_err(failed("write", &self.active.path))?;
        self.at += (HEADER + group.body().len()) as u64;
        if !self.next_asked && self.at > self.segment_bytes / 2 {
            self.next_asked = true;
            self.keeper.prepare_next();
        }
        Ok(())
    }

    /// Makes everything appended durable.
    pub fn sync(&self) -> Result<(), WriteFailed> {
        self.io.fdatasync(&self.file).map_err(failed("sync", &self.active.path))
    }

    /// Enters a durable group into the index, so that readers find it.
    pub fn publish(&self, group: &Group, tags: &[(Position, Tag)]) {
        if let Index::Live(live) = &mut *self.active.index.write() {
            live.add(&group.view(), tags, group.after());
        }
    }

    /// Starts a new segment and hands the full one to the keeper.
    fn roll(&mut self, first: Position, before: Hash) -> Result<(), WriteFailed> {
        let path = segment_path(&self.dir, first);
        let (file, prepared) = match self.keeper.take_prepared() {
            Some(prepared) => prepared,
            None => self.prepare_here()?,
        };
        let header = SegmentHeader { identity: self.identity, first, before }.to_bytes();
        self.io.write_all_at(&file, &header, 0).map_err(failed("write", &path))?;
        self.io.rename(&prepared, &path).map_err(failed("name", &path))?;
        self.io.fsync_dir(&self.dir).map_err(failed("sync the directory of", &path))?;
        let active = Arc::new(Segment::new(path, Index::Live(LiveIndex::new(first, before))));
        self.table.push(Arc::clone(&active));
        self.keeper.seal(std::mem::replace(&mut self.active, active));
        self.file = file;
        self.at = header.len() as u64;
        self.next_asked = false;
        Ok(())
    }

    /// Makes a segment file when none was prepared in time; its first syncs are a little slower.
    fn prepare_here(&self) -> Result<(File, PathBuf), WriteFailed> {
        let path = self.dir.join("unprepared.tmp");
        let file = create_file(&path).map_err(failed("create", &path))?;
        allocate_now(&file, 0, self.segment_bytes).map_err(failed("preallocate", &path))?;
        Ok((file, path))
    }
}

/// Writes two buffers one after the other, in one call where the system takes them whole.
fn write_both(file: &File, first: &[u8], second: &[u8], offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let done = rustix::io::pwritev(file, &[IoSlice::new(first), IoSlice::new(second)], offset).unwrap_or(0);
    let offset = offset + done as u64;
    if let Some(rest) = first.get(done..) {
        file.write_all_at(rest, offset)?;
        return file.write_all_at(second, offset + rest.len() as u64);
    }
    file.write_all_at(&second[done - first.len()..], offset)
}
