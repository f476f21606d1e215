//! The segments of an open journal, and where each event lies in them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use caseledger_events::ids::{Position, Tag};
use caseledger_proof::Hash;
use parking_lot::RwLock;

use super::files::Files;
use super::live_index::{GROUP_FIRST, LiveIndex};
use super::record::HEADER;
use super::scan::Opened;
use super::segment::SEGMENT_HEADER;
use super::sidecar::Sidecar;
use crate::error::ReadError;

/// One segment file with its index.
#[derive(Debug)]
pub(crate) struct Segment {
    pub first: Position,
    pub path: PathBuf,
    pub index: RwLock<Index>,
}

/// In memory while the segment is written, in a sidecar once it is sealed.
#[derive(Debug)]
pub(crate) enum Index {
    Live(LiveIndex),
    Sealed(Sidecar),
}

/// How far a segment reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Last position; the one before the first while the segment is empty.
    pub last: Position,
    /// Bytes in use.
    pub len: u64,
    /// Chain hash at `last`.
    pub after: Hash,
}

/// Where a group lies in its segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GroupPlace {
    pub first: Position,
    pub last: Position,
    /// Where its record starts.
    pub offset: u64,
    /// Where its record ends.
    pub end: u64,
}

impl Segment {
    pub fn new(path: PathBuf, index: Index) -> Segment {
        let first = match &index {
            Index::Live(live) => live.first,
            Index::Sealed(sidecar) => sidecar.head.first,
        };
        Segment { first, path, index: RwLock::new(index) }
    }

    pub fn extent(&self) -> Extent {
        match &*self.index.read() {
            Index::Live(live) => Extent { last: live.last(), len: live.len, after: live.after },
            Index::Sealed(sidecar) => {
                let head = &sidecar.head;
                Extent { last: head.last(), len: head.segment_len, after: head.after }
            }
        }
    }

    /// Opens the segment for a scan from a position on; without its index it is read from its beginning.
    pub fn open_at(&self, files: &Files, position: Position) -> Result<Opened, ReadError> {
        let path = self.path.clone();
        let file = files.get(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        let extent = self.extent();
        let start = self.group_of(files, position);
        let (offset, next) = start.map_or((SEGMENT_HEADER as u64, self.first), |place| (place.offset, place.first));
        Ok(Opened { path, file, offset, next, last: extent.last, end: extent.len })
    }

    /// Returns where the head of an event's frame lies.
    pub fn offset_of(&self, files: &Files, position: Position) -> io::Result<u64> {
        let n = self.count_to(position)?;
        Ok(u64::from(self.offsets(files, n, 1)?[0] & !GROUP_FIRST))
    }

    /// Returns where the group that holds an event lies.
    pub fn group_of(&self, files: &Files, position: Position) -> io::Result<GroupPlace> {
        let n = self.count_to(position)?;
        let count = self.count_to(self.extent().last)? + 1;
        let (first, offset) = self.marked_at_or_before(files, n)?;
        let next = self.marked_after(files, n, count)?;
        let end = next.map_or(self.extent().len, |(_, offset)| offset);
        let last = next.map_or(count, |(n, _)| n) - 1;
        let at = |n: u32| Position(self.first.0 + u64::from(n));
        Ok(GroupPlace { first: at(first), last: at(last), offset, end })
    }

    /// Finds the start of the group that holds the n-th event: its number and the offset of its record.
    fn marked_at_or_before(&self, files: &Files, n: u32) -> io::Result<(u32, u64)> {
        let (mut to, mut window) = (n + 1, 64);
        while to > 0 {
            let from = to.saturating_sub(window);
            let offsets = self.offsets(files, from, to - from)?;
            if let Some(at) = offsets.iter().rposition(|offset| offset & GROUP_FIRST != 0) {
                return Ok((from + at as u32, record_offset(offsets[at])));
            }
            (to, window) = (from, window * 4);
        }
        Err(damaged_index())
    }

    /// Finds the next group that starts after the n-th event.
    fn marked_after(&self, files: &Files, n: u32, count: u32) -> io::Result<Option<(u32, u64)>> {
        let (mut from, mut window) = (n + 1, 64);
        while from < count {
            let offsets = self.offsets(files, from, window.min(count - from))?;
            if let Some(at) = offsets.iter().position(|offset| offset & GROUP_FIRST != 0) {
                return Ok(Some((from + at as u32, record_offset(offsets[at]))));
            }
            from += offsets.len() as u32;
            window *= 4;
        }
        Ok(None)
    }

    fn offsets(&self, files: &Files, from: u32, count: u32) -> io::Result<Vec<u32>> {
        match &*self.index.read() {
            Index::Live(live) => {
                let range = from as usize..(from + count) as usize;
                live.offsets.get(range).map(<[u32]>::to_vec).ok_or_else(damaged_index)
            }
            Index::Sealed(sidecar) => sidecar.offsets(files, from, count),
        }
    }

    fn count_to(&self, position: Position) -> io::Result<u32> {
        let n = position.0.checked_sub(self.first.0).and_then(|n| u32::try_from(n).ok());
        n.ok_or_else(damaged_index)
    }

    /// Returns whether the segment may hold a tag; `false` is sure.
    pub fn may_hold_tag(&self, tag: Tag) -> bool {
        match &*self.index.read() {
            Index::Live(live) => live.find_tag(tag).is_some(),
            Index::Sealed(sidecar) => sidecar.may_hold_tag(tag),
        }
    }

    /// Returns the positions whose tag may be the one asked for; the frames have the last word.
    pub fn find_tag(&self, files: &Files, tag: Tag) -> io::Result<Vec<Position>> {
        match &*self.index.read() {
            Index::Live(live) => Ok(live.find_tag(tag).into_iter().collect()),
            Index::Sealed(sidecar) => sidecar.find_tag(files, tag),
        }
    }
}

/// The record header lies right before the first frame of its group.
fn record_offset(offset: u32) -> u64 {
    u64::from(offset & !GROUP_FIRST).saturating_sub(HEADER as u64)
}

fn damaged_index() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the index of this segment is damaged")
}

/// The segments of a journal, oldest first; there is always at least one.
#[derive(Debug)]
pub(crate) struct SegmentTable {
    segments: RwLock<Vec<Arc<Segment>>>,
}

impl SegmentTable {
    pub fn new(segments: Vec<Segment>) -> SegmentTable {
        SegmentTable { segments: RwLock::new(segments.into_iter().map(Arc::new).collect()) }
    }

    /// Returns the segment that holds a position, or would.
    pub fn find(&self, position: Position) -> Option<Arc<Segment>> {
        let segments = self.segments.read();
        let after = segments.partition_point(|segment| segment.first <= position);
        after.checked_sub(1).map(|n| Arc::clone(&segments[n]))
    }

    /// Returns the newest segment.
    pub fn newest(&self) -> Option<Arc<Segment>> {
        self.segments.read().last().cloned()
    }

    pub fn push(&self, segment: Arc<Segment>) {
        self.segments.write().push(segment);
    }

    /// Returns the segments that may hold a tag, oldest first.
    pub fn that_may_hold(&self, tag: Tag) -> Vec<Arc<Segment>> {
        self.segments.read().iter().filter(|segment| segment.may_hold_tag(tag)).cloned().collect()
    }

    /// Returns whether any segment may hold a tag; `false` is sure.
    pub fn may_hold_tag(&self, tag: Tag) -> bool {
        self.segments.read().iter().any(|segment| segment.may_hold_tag(tag))
    }
}
