//! Bulk reads of the journal, group by group.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use super::block::{BLOCK_BYTES, Block, Edge, Span};
use crate::entry::Entry;
use crate::error::ReadError;
use crate::frame_group::GroupView;
use crate::identity::LedgerIdentity;

const DAMAGED_BODY: &str = "the group's checksum does not hold";

/// Where a scan finds segments, and help when bytes do not hold.
pub(crate) trait Source: Send + Sync {
    fn identity(&self) -> LedgerIdentity;

    /// Opens the segment that holds a position, at a record at or before it.
    fn open_at(&self, position: Position) -> Result<Opened, ReadError>;

    /// Makes the segment whole again from another copy, so that reading it once more succeeds.
    fn repair(&self, damage: Damage) -> Result<(), ReadError>;
}

/// A segment opened for a scan.
pub(crate) struct Opened {
    pub path: PathBuf,
    pub file: Arc<File>,
    /// Where to start: the record and the position it starts with.
    pub offset: u64,
    pub next: Position,
    /// The segment's last position and where its bytes in use end.
    pub last: Position,
    pub end: u64,
}

/// Bytes that do not hold.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    pub file: PathBuf,
    pub offset: u64,
    pub position: Position,
    pub what: &'static str,
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> ReadError {
        let Damage { file, offset, position, what } = damage;
        ReadError::Damaged { file, offset, position, what }
    }
}

/// Reads groups in order, in large sequential reads, up to the position that was durable when it began.
pub struct Scan {
    source: Arc<dyn Source>,
    segment: Option<Segment>,
    /// The first position asked for, then the one after the last group given out.
    next: Position,
    stop: Position,
    at_once: usize,
    block: Block,
    given: usize,
    /// The last damage that was repaired; meeting it again means that repairing does not help.
    repaired: Option<Position>,
}

/// The segment a scan is in.
struct Segment {
    path: PathBuf,
    file: Arc<File>,
    span: Span,
    last: Position,
}

impl Scan {
    pub(crate) fn new(source: Arc<dyn Source>, from: Position, stop: Position) -> Scan {
        let next = from.max(Position(1));
        let block = Block::default();
        Scan { source, segment: None, next, stop, at_once: BLOCK_BYTES, block, given: 0, repaired: None }
    }

    /// Reads less at once, for a reader that wants a single group.
    pub(crate) fn at_once(mut self, bytes: usize) -> Scan {
        self.at_once = bytes;
        self
    }

    /// Returns the position of the next event.
    pub fn position(&self) -> Position {
        self.next
    }

    /// Returns the last position the scan will reach.
    pub fn stop(&self) -> Position {
        self.stop
    }

    /// Returns the next group, borrowed until the next call; `None` at the end.
    ///
    /// The first group may begin before the position asked for; its iterators skip what was not asked for.
    pub fn next_group(&mut self) -> Result<Option<GroupView<'_>>, ReadError> {
        let from = self.next;
        let n = loop {
            if self.next > self.stop {
                return Ok(None);
            }
            if self.given >= self.block.groups() {
                let mut block = std::mem::take(&mut self.block);
                self.fill(&mut block)?;
                self.block = block;
                self.given = 0;
                continue;
            }
            let n = self.given;
            self.given += 1;
            if self.block.view(n).last() < from {
                continue;
            }
            if self.block.holds(n) {
                break n;
            }
            let damage = self.block.damage(n, DAMAGED_BODY);
            self.repair(damage)?;
        };
        self.next = self.block.view(n).last().next();
        Ok(Some(GroupView { from, ..self.block.view(n) }))
    }

    /// Reads the next block; where a damaged record begins it, the segment is repaired first.
    pub(crate) fn fill(&mut self, block: &mut Block) -> Result<(), ReadError> {
        let identity = self.source.identity();
        loop {
            let wanted = self.segment.as_ref().map_or(self.next, |segment| segment.span.next);
            if self.segment.as_ref().is_none_or(|segment| wanted > segment.last) {
                self.enter(wanted)?;
            }
            let Some(Segment { path, file, span, .. }) = &mut self.segment else { return Ok(()) };
            let edge = block
                .fill((path, file), identity, span, self.next)
                .map_err(|source| ReadError::Io { path: path.clone(), source })?;
            // What was read before the damage is given out first; the next call meets the damage again.
            let Edge::Bad(what) = edge else { return Ok(()) };
            if block.groups() > 0 {
                return Ok(());
            }
            let damage = Damage { file: path.clone(), offset: span.offset, position: span.next, what };
            self.repair(damage)?;
        }
    }

    /// Has the segment repaired and starts over in it.
    fn repair(&mut self, damage: Damage) -> Result<(), ReadError> {
        if self.repaired.replace(damage.position) == Some(damage.position) {
            return Err(damage.into());
        }
        let position = damage.position;
        self.source.repair(damage)?;
        self.given = usize::MAX;
        self.enter(position.max(self.next))
    }

    /// Returns whether a block that ends at this position was the last one.
    pub(crate) fn is_complete(&self) -> bool {
        self.segment.as_ref().is_some_and(|segment| segment.span.next > self.stop) || self.next > self.stop
    }

    fn enter(&mut self, position: Position) -> Result<(), ReadError> {
        let Opened { path, file, offset, next, last, end } = self.source.open_at(position)?;
        let span = Span { offset, end, next, stop: self.stop.min(last), at_once: self.at_once };
        self.segment = Some(Segment { path, file, span, last });
        Ok(())
    }

    /// Has a damaged block repaired and returns a scan over what it should have held.
    pub(crate) fn again(&self, block: &Block, n: usize) -> Result<Scan, ReadError> {
        self.source.repair(block.damage(n, DAMAGED_BODY))?;
        Ok(Scan::new(Arc::clone(&self.source), block.first(), block.last().min(self.stop)))
    }

    /// Turns the scan into an iterator over single events with their chain hashes, which it checks.
    pub fn entries(self) -> Entries {
        Entries { scan: self, group: Vec::new().into_iter(), chain: None }
    }
}

/// Single events of a [`Scan`], each with the chain hash at its position.
pub struct Entries {
    scan: Scan,
    group: std::vec::IntoIter<(Entry, Hash)>,
    chain: Option<Hash>,
}

impl Entries {
    fn next_group(&mut self) -> Result<Option<(Entry, Hash)>, ReadError> {
        let Some(view) = self.scan.next_group()? else { return Ok(None) };
        let before = view.before;
        let group: Vec<_> =
            view.chained().map(|(position, frame, chain)| (Entry { position, frame: frame.to_vec() }, chain)).collect();
        if self.chain.is_some_and(|chain| chain != before) {
            let n = self.scan.given - 1;
            return Err(self.scan.block.damage(n, "its chain hash does not continue the one before").into());
        }
        self.chain = group.last().map(|entry| entry.1);
        self.group = group.into_iter();
        Ok(self.group.next())
    }
}

impl Iterator for Entries {
    type Item = Result<(Entry, Hash), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.group.next().map(Ok).or_else(|| self.next_group().transpose())
    }
}
