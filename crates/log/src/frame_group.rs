//! The frames of one commit: one journal record, one sled batch.

use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::{Hash, extend};

use crate::journal::record::{FRAME_HEAD, frame_crc};
use crate::sled_store::chunk::{CHUNK_FRAME_HEAD, CHUNK_FRAMES_MAX};

/// The longest frame a group takes, in bytes.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// The most bytes of frames and their heads a group may hold when it is committed.
pub const GROUP_BYTES_MAX: usize = 32 << 20;

/// Frames of one commit: contiguous positions from the first, laid out as they will stand in the journal.
///
/// A group is filled once, committed, and may then be emptied with [`Group::restart`] to keep its memory.
#[derive(Clone, Debug)]
pub struct Group {
    first: Position,
    before: Hash,
    after: Hash,
    count: u32,
    longest: usize,
    /// Shared with the thread that feeds sled while the group commits.
    body: Arc<Body>,
}

/// The bytes of a group and how they are cut into values of sled.
#[derive(Clone, Default, Debug)]
pub(crate) struct Body {
    /// Frame heads and frames, one after another, as they stand in a journal record.
    pub bytes: Vec<u8>,
    /// Where each sled value begins; decided while frames are hashed, so that no frame is hashed twice.
    pub chunks: Vec<ChunkStart>,
    chunk_room: usize,
}

/// Where a sled value begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkStart {
    pub first: Position,
    /// Chain hash before `first`.
    pub before: Hash,
    /// Offset of the first frame's head in the body.
    pub at: usize,
}

impl Body {
    fn clear(&mut self) {
        self.bytes.clear();
        self.chunks.clear();
        self.chunk_room = 0;
    }

    /// Notes that a frame follows; begins a value when it does not fit into the current one.
    fn note_frame(&mut self, first: Position, before: Hash, at: usize, frame: usize) {
        let takes = frame + CHUNK_FRAME_HEAD;
        if takes > self.chunk_room {
            self.chunks.push(ChunkStart { first, before, at });
            self.chunk_room = CHUNK_FRAMES_MAX;
        }
        // A frame too long for any value leaves no room behind it.
        self.chunk_room = self.chunk_room.saturating_sub(takes);
    }
}

impl Group {
    /// Starts an empty group whose first frame will stand at `first`, after the chain hash `before`.
    pub fn new(first: Position, before: Hash) -> Group {
        Group { first, before, after: before, count: 0, longest: 0, body: Arc::default() }
    }

    /// Empties the group for the next commit.
    pub fn restart(&mut self, first: Position, before: Hash) {
        *self = Group { body: std::mem::take(&mut self.body), ..Group::new(first, before) };
        match Arc::get_mut(&mut self.body) {
            Some(body) => body.clear(),
            None => self.body = Arc::default(),
        }
    }

    /// Appends a frame and returns the chain hash at its position.
    pub fn push(&mut self, frame: &[u8]) -> Hash {
        self.push_with(|out| out.extend_from_slice(frame))
    }

    /// Appends the frame that `encode` writes to the end of the buffer, and returns the chain hash at its position.
    pub fn push_with(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Hash {
        let position = self.next();
        let body = Arc::make_mut(&mut self.body);
        let head = body.bytes.len();
        body.bytes.extend_from_slice(&[0; FRAME_HEAD]);
        encode(&mut body.bytes);
        let frame = &body.bytes[head + FRAME_HEAD..];
        let len = frame.len();
        let crc = frame_crc(position, frame);
        let after = extend(self.after, frame);
        body.bytes[head..head + 4].copy_from_slice(&(len as u32).to_le_bytes());
        body.bytes[head + 4..head + 8].copy_from_slice(&crc.to_le_bytes());
        body.note_frame(position, self.after, head, len);
        self.after = after;
        self.count += 1;
        self.longest = self.longest.max(len);
        after
    }

    /// Returns where the first frame stands.
    pub fn first(&self) -> Position {
        self.first
    }

    /// Returns where the last frame stands; the position before [`Group::first`] while the group is empty.
    pub fn last(&self) -> Position {
        Position(self.first.0 + u64::from(self.count) - 1)
    }

    /// Returns where the next frame will stand.
    pub fn next(&self) -> Position {
        Position(self.first.0 + u64::from(self.count))
    }

    /// Returns how many frames the group holds.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Returns whether the group holds no frame.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns how many bytes the frames and their heads take.
    pub fn bytes(&self) -> usize {
        self.body.bytes.len()
    }

    /// Returns the length of the longest frame, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Returns the chain hash before the first frame.
    pub fn before(&self) -> Hash {
        self.before
    }

    /// Returns the chain hash at the last frame.
    pub fn after(&self) -> Hash {
        self.after
    }

    /// Returns the frames with their positions.
    pub fn iter(&self) -> Frames<'_> {
        self.view().frames()
    }

    /// Returns the group as readers see it.
    pub fn view(&self) -> GroupView<'_> {
        GroupView {
            first: self.first,
            before: self.before,
            count: self.count,
            body: &self.body.bytes,
            from: self.first,
        }
    }

    /// Returns the bytes that follow the record header in the journal.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Returns the same bytes, to be shared with another thread.
    pub(crate) fn shared_body(&self) -> Arc<Body> {
        Arc::clone(&self.body)
    }
}

/// One stored group, borrowed from the buffer it was read into; its bytes have been checked.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a> {
    pub(crate) first: Position,
    pub(crate) before: Hash,
    pub(crate) count: u32,
    pub(crate) body: &'a [u8],
    /// Frames before this position are skipped by the iterators.
    pub(crate) from: Position,
}

impl<'a> GroupView<'a> {
    /// Returns where the first frame asked for stands.
    pub fn first(&self) -> Position {
        self.first.max(self.from)
    }

    /// Returns where the last frame stands.
    pub fn last(&self) -> Position {
        Position(self.first.0 + u64::from(self.count) - 1)
    }

    /// Returns the chain hash before the first frame stored in the group.
    pub fn before(&self) -> Hash {
        self.before
    }

    /// Returns the frames asked for, with their positions.
    pub fn frames(&self) -> Frames<'a> {
        let mut frames = Frames { next: self.first, rest: self.body };
        while frames.next < self.from && frames.next().is_some() {}
        frames
    }

    /// Returns the frames asked for, with position and chain hash; every frame of the group is hashed.
    pub fn chained(&self) -> Chained<'a> {
        let mut chained = Chained { frames: Frames { next: self.first, rest: self.body }, chain: self.before };
        while chained.frames.next < self.from && chained.next().is_some() {}
        chained
    }

    /// Returns the chain hash at the last frame, by hashing the group.
    pub fn after(&self) -> Hash {
        let whole = Chained { frames: Frames { next: self.first, rest: self.body }, chain: self.before };
        whole.last().map_or(self.before, |(_, _, chain)| chain)
    }
}

/// Frames of a group with their positions.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    next: Position,
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    /// Reads frame heads and frames whose first stands at `first`.
    pub(crate) fn new(first: Position, bytes: &'a [u8]) -> Frames<'a> {
        Frames { next: first, rest: bytes }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = (Position, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.rest.split_first_chunk::<FRAME_HEAD>()?;
        let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (frame, rest) = rest.split_at_checked(len)?;
        let position = self.next;
        self.next = position.next();
        self.rest = rest;
        Some((position, frame))
    }
}

/// Frames of a group with their positions and chain hashes.
#[derive(Clone, Debug)]
pub struct Chained<'a> {
    frames: Frames<'a>,
    chain: Hash,
}

impl<'a> Iterator for Chained<'a> {
    type Item = (Position, &'a [u8], Hash);

    fn next(&mut self) -> Option<Self::Item> {
        let (position, frame) = self.frames.next()?;
        self.chain = extend(self.chain, frame);
        Some((position, frame, self.chain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_gives_back_its_frames_in_order_with_positions_and_chain() {
        let mut group = Group::new(Position(7), Hash::ZERO);
        let hashes = [group.push(b"a"), group.push(b""), group.push_with(|out| out.extend_from_slice(b"ccc"))];
        assert_eq!((group.first(), group.last(), group.len()), (Position(7), Position(9), 3));
        let frames: Vec<_> = group.iter().collect();
        assert_eq!(frames, [(Position(7), &b"a"[..]), (Position(8), &b""[..]), (Position(9), &b"ccc"[..])]);
        assert_eq!(group.view().chained().map(|c| c.2).collect::<Vec<_>>(), hashes);
        assert_eq!(group.after(), group.view().after());
    }

    #[test]
    fn a_view_from_the_middle_skips_frames_and_still_knows_the_chain() {
        let mut group = Group::new(Position(1), Hash::ZERO);
        group.push(b"a");
        let second = group.push(b"b");
        let view = GroupView { from: Position(2), ..group.view() };
        assert_eq!(view.first(), Position(2));
        assert_eq!(view.frames().collect::<Vec<_>>(), [(Position(2), &b"b"[..])]);
        assert_eq!(view.chained().collect::<Vec<_>>(), [(Position(2), &b"b"[..], second)]);
    }

    #[test]
    fn a_restarted_group_is_empty_even_while_its_old_bytes_are_still_read_elsewhere() {
        let mut group = Group::new(Position(1), Hash::ZERO);
        group.push(b"old");
        let held = group.shared_body();
        group.restart(group.next(), group.after());
        group.push(b"new");
        assert_eq!(held.bytes[FRAME_HEAD..], *b"old");
        assert_eq!(group.iter().collect::<Vec<_>>(), [(Position(2), &b"new"[..])]);
    }
}
