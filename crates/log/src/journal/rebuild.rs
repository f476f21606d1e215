//! Makes a segment whole again: valid records kept, missing positions fetched from the sled store.

use std::io;
use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use super::live_index::{LiveIndex, tags_of};
use super::record::{HEADER, RecordHeader, record_of};
use super::segment::{HeaderFound, SegmentHeader, allocate_now, create_file};
use super::walk::{Gap, walk};
use crate::error::OpenError;
use crate::frame_group::{Group, GroupView};
use crate::identity::LedgerIdentity;
use crate::io::Io;

/// The other copy of the log, asked for what one copy lacks.
pub(crate) trait OtherCopy {
    /// Fetches the frames of a range of positions; `Err` says in words why it cannot.
    fn fetch(&self, first: Position, last: Position) -> Result<Group, String>;
}

/// What a segment ought to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub identity: LedgerIdentity,
    pub first: Position,
    /// Chain hash before the first position.
    pub before: Hash,
    /// The last position, where it is known.
    pub last: Option<Position>,
}

/// A segment made whole.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    /// Header and records, without the zeros after them.
    pub bytes: Vec<u8>,
    pub index: LiveIndex,
    /// What was fetched from the other copy.
    pub gaps: Vec<Gap>,
    /// Bytes of a torn tail that were left out.
    pub torn: usize,
    /// Whether the segment header was not as it should be.
    pub bad_header: bool,
}

impl Rebuilt {
    /// Returns whether the file must be written anew for its bytes to be right.
    pub fn differs(&self) -> bool {
        self.bad_header || self.torn > 0 || !self.gaps.is_empty()
    }
}

/// Walks the bytes of a segment file, fetches what is damaged, and hashes every frame on the way.
///
/// Fetched positions become one record, or several cut at `starts`, so that a known layout comes out the same.
pub(crate) fn rebuild(
    path: &Path,
    bytes: &[u8],
    expected: Expected,
    starts: &[Position],
    other: &dyn OtherCopy,
) -> Result<Rebuilt, OpenError> {
    let Expected { identity, first, before, last } = expected;
    let header = SegmentHeader { identity, first, before };
    let bad_header = match SegmentHeader::read(bytes, path)? {
        HeaderFound::Intact(found) => found != header,
        HeaderFound::Damaged => true,
    };
    let walked = walk(bytes, identity, first);
    let mut rebuilt = Rebuilt {
        bytes: header.to_bytes().to_vec(),
        index: LiveIndex::new(first, before),
        gaps: walked.gaps,
        torn: walked.torn,
        bad_header,
    };
    if let Some(last) = last.filter(|&last| walked.next <= last) {
        rebuilt.gaps.push(Gap { offset: walked.end, first: walked.next, last });
    }
    let gaps = rebuilt.gaps.clone();
    let mut gaps = gaps.into_iter().peekable();
    for (offset, header) in walked.records {
        while let Some(gap) = gaps.next_if(|gap| gap.first < header.first) {
            rebuilt.fetch(gap, identity, starts, other)?;
        }
        let record = &bytes[offset..offset + header.record_bytes() as usize];
        rebuilt.accept(view_of(header, record), record)?;
    }
    gaps.try_for_each(|gap| rebuilt.fetch(gap, identity, starts, other))?;
    Ok(rebuilt)
}

impl Rebuilt {
    fn fetch(
        &mut self,
        gap: Gap,
        identity: LedgerIdentity,
        starts: &[Position],
        other: &dyn OtherCopy,
    ) -> Result<(), OpenError> {
        let mut first = gap.first;
        while first <= gap.last {
            let next = starts.iter().copied().find(|&start| start > first && start <= gap.last);
            let last = next.map_or(gap.last, |next| Position(next.0 - 1));
            let group = other.fetch(first, last).map_err(|why| lost(first, last, why))?;
            self.accept(group.view(), &record_of(&group, identity))?;
            first = last.next();
        }
        Ok(())
    }

    fn accept(&mut self, view: GroupView<'_>, record: &[u8]) -> Result<(), OpenError> {
        if view.before != self.index.after {
            let why =
                "their chain hash does not continue the one before: the journal was put together from two histories";
            return Err(lost(view.first, view.last(), why.to_owned()));
        }
        let after = view.after();
        self.index.add(&view, &tags_of(&view), after);
        self.bytes.extend_from_slice(record);
        Ok(())
    }
}

fn view_of(header: RecordHeader, record: &[u8]) -> GroupView<'_> {
    let body = record.get(HEADER..).unwrap_or_default();
    GroupView { first: header.first, before: header.before, count: header.count, body, from: header.first }
}

fn lost(first: Position, last: Position, why: String) -> OpenError {
    OpenError::Lost { first, last, why }
}

/// Writes a segment beside its place and moves it there, durable in every step.
///
/// `size` is what the file is preallocated to; 0 for a sealed segment.
pub(crate) fn replace_segment(path: &Path, bytes: &[u8], size: u64, io: &Io) -> io::Result<()> {
    let unfinished = path.with_extension("seg.tmp");
    let file = create_file(&unfinished)?;
    io.write_all_at(&file, bytes, 0)?;
    if size > bytes.len() as u64 {
        allocate_now(&file, bytes.len() as u64, size)?;
    }
    io.fsync(&file)?;
    io.rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |dir| io.fsync_dir(dir))
}
