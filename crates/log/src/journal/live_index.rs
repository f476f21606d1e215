//! The index of a segment that is still written: in memory, from the frames as they are committed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use caseledger_events::ids::{Position, Tag};
use caseledger_proof::Hash;

use super::record::{FRAME_HEAD, HEADER};
use super::segment::SEGMENT_HEADER;
use crate::envelope_peek::tag_of;
use crate::frame_group::GroupView;

/// Set in an offset when the frame is the first of its group, so that its record header lies just before it.
pub(crate) const GROUP_FIRST: u32 = 1 << 31;

/// Where each event of a segment lies, and which tags it holds.
#[derive(Debug)]
pub(crate) struct LiveIndex {
    pub first: Position,
    /// Chain hash before the segment's first event.
    pub before: Hash,
    /// Chain hash at its last event.
    pub after: Hash,
    /// Bytes of the segment in use.
    pub len: u64,
    /// Offset of each frame's head, [`GROUP_FIRST`] added for the first of a group.
    pub offsets: Vec<u32>,
    /// Tag to the first event that carries it, counted from the segment's first.
    pub tags: HashMap<Tag, u32, BuildHasherDefault<TagHasher>>,
}

impl LiveIndex {
    pub fn new(first: Position, before: Hash) -> LiveIndex {
        let len = SEGMENT_HEADER as u64;
        LiveIndex { first, before, after: before, len, offsets: Vec::new(), tags: HashMap::default() }
    }

    /// Returns the last position; the one before the first while the segment is empty.
    pub fn last(&self) -> Position {
        Position(self.first.0 + self.offsets.len() as u64 - 1)
    }

    /// Adds a group whose record starts at the end of what is in use.
    pub fn add(&mut self, group: &GroupView<'_>, tags: &[(Position, Tag)], after: Hash) {
        let mut at = self.len as u32 + HEADER as u32;
        let mut mark = GROUP_FIRST;
        for (_, frame) in group.frames() {
            self.offsets.push(at | mark);
            mark = 0;
            at += (FRAME_HEAD + frame.len()) as u32;
        }
        for &(position, tag) in tags {
            self.tags.entry(tag).or_insert((position.0 - self.first.0) as u32);
        }
        self.len = u64::from(at);
        self.after = after;
    }

    /// Returns the first position that carries a tag.
    pub fn find_tag(&self, tag: Tag) -> Option<Position> {
        self.tags.get(&tag).map(|&n| Position(self.first.0 + u64::from(n)))
    }
}

/// Returns the tags of a group, each with the first position that carries it.
pub(crate) fn tags_of(group: &GroupView<'_>) -> Vec<(Position, Tag)> {
    let mut tags: Vec<(Position, Tag)> = Vec::new();
    for (position, frame) in group.frames() {
        if let Some(tag) = tag_of(frame).filter(|&tag| tags.last().is_none_or(|last| last.1 != tag)) {
            tags.push((position, tag));
        }
    }
    tags
}

/// Takes a tag's first 8 bytes for its hash: a tag is the output of a keyed hash already.
#[derive(Default, Debug)]
pub(crate) struct TagHasher(u64);

impl Hasher for TagHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(head) = bytes.first_chunk() {
            self.0 ^= u64::from_le_bytes(*head);
        }
    }

    fn write_usize(&mut self, _len: usize) {}
}
