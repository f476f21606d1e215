//! A large sequential read of a segment, cut at record borders.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use super::files::read_up_to_at;
use super::record::{HEADER, RecordHeader};
use super::scan::Damage;
use crate::frame_group::GroupView;
use crate::identity::LedgerIdentity;

/// Bytes read at once by bulk readers.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;

/// A run of consecutive stored groups, about a megabyte.
#[derive(Default, Debug)]
pub struct Block {
    bytes: Vec<u8>,
    records: Vec<Placed>,
    /// The segment file, and where in it the block begins.
    path: PathBuf,
    base: u64,
    /// Events before this position were not asked for.
    from: Position,
}

/// A record whose header holds; its body is checked when it is used.
#[derive(Clone, Copy, Debug)]
struct Placed {
    header: RecordHeader,
    body: usize,
}

/// What stands behind the last record of a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// More, or what was asked for is complete.
    Open,
    /// Bytes that are no record.
    Bad(&'static str),
}

/// Which bytes of a segment to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Where the next record starts.
    pub offset: u64,
    /// Where the bytes in use end.
    pub end: u64,
    /// The position the record starts with.
    pub next: Position,
    /// The last position wanted.
    pub stop: Position,
    /// How much to read at once.
    pub at_once: usize,
}

impl Block {
    /// Reads records from a segment into this block, which is emptied first, and returns what stands behind them.
    ///
    /// `span` moves on past what was read.
    pub(crate) fn fill(
        &mut self,
        (path, file): (&Path, &File),
        identity: LedgerIdentity,
        span: &mut Span,
        from: Position,
    ) -> io::Result<Edge> {
        self.records.clear();
        self.from = from;
        self.base = span.offset;
        self.path = path.to_owned();
        let left = usize::try_from(span.end.saturating_sub(span.offset)).unwrap_or(usize::MAX);
        let mut have = self.read(file, 0, left.min(span.at_once))?;
        let mut at = 0;
        while span.next <= span.stop {
            let Some(head) = self.bytes[at..have].first_chunk::<HEADER>() else {
                let cut_short = at == 0 || at + HEADER > left;
                return Ok(if cut_short { Edge::Bad("the file ends before the record") } else { Edge::Open });
            };
            let header = RecordHeader::from_bytes(head, identity).filter(|header| header.first == span.next);
            let Some(header) = header else { return Ok(Edge::Bad("the record's header does not hold")) };
            let end = at + header.record_bytes() as usize;
            if end > left {
                return Ok(Edge::Bad("the record reaches past the end of the file"));
            }
            if end > have && at > 0 {
                return Ok(Edge::Open);
            }
            if end > have {
                have = self.read(file, have, end)?;
                if end > have {
                    return Ok(Edge::Bad("the file ends inside the record"));
                }
            }
            self.records.push(Placed { header, body: at + HEADER });
            span.offset += header.record_bytes();
            span.next = header.last().next();
            at = end;
        }
        Ok(Edge::Open)
    }

    /// Reads up to `to` bytes of the block where `have` are there.
    fn read(&mut self, file: &File, have: usize, to: usize) -> io::Result<usize> {
        if self.bytes.len() < to {
            self.bytes.resize(to, 0);
        }
        Ok(have + read_up_to_at(file, &mut self.bytes[have..to], self.base + have as u64)?)
    }

    /// Makes a block of one group.
    pub(crate) fn of_group(group: GroupView<'_>) -> Block {
        let header = RecordHeader {
            first: group.first,
            count: group.count,
            length: group.body.len() as u32,
            body_crc: crc32c::crc32c(group.body),
            before: group.before,
        };
        Block {
            bytes: group.body.to_vec(),
            records: vec![Placed { header, body: 0 }],
            path: PathBuf::new(),
            base: 0,
            from: group.from,
        }
    }

    /// Returns how many groups the block holds.
    pub(crate) fn groups(&self) -> usize {
        self.records.len()
    }

    /// Returns whether the bytes of the n-th group hold.
    pub(crate) fn holds(&self, n: usize) -> bool {
        crc32c::crc32c(self.view(n).body) == self.records[n].header.body_crc
    }

    /// Returns the n-th group.
    pub(crate) fn view(&self, n: usize) -> GroupView<'_> {
        let Placed { header, body } = self.records[n];
        let body = &self.bytes[body..body + header.length as usize];
        GroupView { first: header.first, before: header.before, count: header.count, body, from: self.from }
    }

    /// Describes what is wrong with the n-th group.
    pub(crate) fn damage(&self, n: usize, what: &'static str) -> Damage {
        let Placed { header, body } = self.records[n];
        let offset = (self.base + body as u64).saturating_sub(HEADER as u64);
        Damage { file: self.path.clone(), offset, position: header.first, what }
    }

    /// Returns the position of the block's first event.
    pub fn first(&self) -> Position {
        self.records.first().map_or(self.from, |record| record.header.first.max(self.from))
    }

    /// Returns the position of the block's last event.
    pub fn last(&self) -> Position {
        self.records.last().map_or(Position(self.from.0.saturating_sub(1)), |record| record.header.last())
    }

    /// Returns the groups of the block.
    pub fn views(&self) -> impl Iterator<Item = GroupView<'_>> {
        (0..self.groups()).map(|n| self.view(n))
    }

    /// Returns the events of the block with their positions.
    pub fn frames(&self) -> impl Iterator<Item = (Position, &[u8])> {
        self.views().flat_map(|view| view.frames())
    }

    /// Returns where each group of the block starts, with the chain hash that its record says stands before it.
    pub fn links(&self) -> impl Iterator<Item = (Position, Hash)> {
        self.records.iter().map(|placed| (placed.header.first, placed.header.before))
    }
}
