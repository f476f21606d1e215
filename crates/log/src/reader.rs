//! Reads from an open store, by any number of threads.

use std::sync::Arc;

use caseledger_events::ids::{Position, Tag};
use caseledger_proof::Hash;
use tokio::sync::watch;

use crate::entry::Entry;
use crate::envelope_peek::{link_of, tag_of};
use crate::error::ReadError;
use crate::identity::LedgerIdentity;
use crate::journal::Scan;
use crate::journal::scan::Damage;
use crate::journal::table::Segment;
use crate::report::Finding;
use crate::sled_store::SledFault;
use crate::store::copies::Copies;

/// Bytes read at once for the chain hash of a single position.
const SINGLE_GROUP: usize = 16 << 10;

/// Reads durable events of an open store; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(crate) copies: Arc<Copies>,
}

impl Copies {
    /// Reads from a position to another, group by group.
    pub(crate) fn scan(self: &Arc<Self>, from: Position, stop: Position) -> Scan {
        Scan::new(Arc::clone(self) as _, from, stop)
    }

    /// Returns the chain hash at a position of the journal.
    pub(crate) fn journal_chain_at(self: &Arc<Self>, position: Position) -> Result<Hash, ReadError> {
        let mut scan = self.scan(position, position).at_once(SINGLE_GROUP);
        let chain = scan.next_group()?.and_then(|view| view.chained().next());
        chain.map(|(_, _, chain)| chain).ok_or(ReadError::Beyond { position, durable: *self.durable.borrow() })
    }
}

impl Reader {
    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.copies.identity
    }

    /// Returns the last durable position; 0 while the ledger is empty.
    pub fn durable(&self) -> Position {
        *self.copies.durable.borrow()
    }

    /// Returns a watch that changes whenever the durable position does.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.copies.durable.subscribe()
    }

    /// Reads one event through sled; what sled cannot give intact is served from the journal, repaired and reported.
    pub fn get(&self, position: Position) -> Result<Entry, ReadError> {
        let segment = self.segment_of(position)?;
        let fault = match self.copies.sled.read(position) {
            Ok(frame) => return Ok(Entry { position, frame }),
            Err(fault) => fault,
        };
        let frame = self.copies.journal_frame(&segment, position)?;
        if !matches!(fault, SledFault::Closed) {
            self.copies.repair_sled(position, fault.to_string());
        }
        Ok(Entry { position, frame })
    }

    /// Reads one event from the journal; what it cannot give intact is served from sled, repaired and reported.
    pub fn journal_get(&self, position: Position) -> Result<Entry, ReadError> {
        let segment = self.segment_of(position)?;
        match self.copies.journal_frame(&segment, position) {
            Ok(frame) => Ok(Entry { position, frame }),
            Err(damage) => {
                let frame = self.copies.sled.read(position).map_err(|_| ReadError::from(damage))?;
                self.copies.keeper.repair(segment);
                Ok(Entry { position, frame })
            }
        }
    }

    /// Reads a whole stream, oldest event first, by following the links back from its newest event.
    ///
    /// The links prove the history complete: same stream, versions down to 1 without a gap.
    pub fn history(&self, head: Position) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        let mut expected = None;
        let mut position = head;
        loop {
            let broken = |what| ReadError::Broken { head, position, what };
            let entry = self.journal_get(position)?;
            let link = link_of(&entry.frame).ok_or_else(|| broken("its bytes are no event"))?;
            if link.position != position {
                return Err(broken("the event says that it stands elsewhere"));
            }
            if expected.is_some_and(|expected| expected != (link.stream, link.version.0)) {
                return Err(broken("it is not the event before in the same stream"));
            }
            let first = link.version.0 == 1;
            if first != (link.previous == Position(0)) || link.previous >= position {
                return Err(broken("its link does not fit its version"));
            }
            entries.push(entry);
            if first {
                entries.reverse();
                return Ok(entries);
            }
            expected = Some((link.stream, link.version.0.saturating_sub(1)));
            position = link.previous;
        }
    }

    /// Returns the chain hash at a position, through sled and else from the journal; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        let (head, chain) = *self.copies.head.lock();
        match position {
            Position(0) => Ok(Hash::ZERO),
            position if position == head => Ok(chain),
            position if position > head => Err(ReadError::Beyond { position, durable: head }),
            // A few frames of sled are hashed where the journal would hash on from the beginning of a commit.
            position => self.copies.sled.chain_at(position).or_else(|_| self.copies.journal_chain_at(position)),
        }
    }

    /// Reads on from a position to the position that is durable now, group by group.
    pub fn scan(&self, from: Position) -> Scan {
        self.copies.scan(from, self.durable())
    }

    /// Returns the first position whose event carries an idempotency tag.
    pub fn find_tag(&self, tag: Tag) -> Result<Option<Position>, ReadError> {
        for segment in self.copies.table.that_may_hold(tag) {
            for position in self.candidates(&segment, tag)? {
                if position <= self.durable() && tag_of(&self.journal_get(position)?.frame) == Some(tag) {
                    return Ok(Some(position));
                }
            }
        }
        Ok(None)
    }

    /// Returns whether [`Reader::find_tag`] might find a tag, from memory alone: a `false` is sure.
    pub fn may_hold_tag(&self, tag: Tag) -> bool {
        self.copies.table.may_hold_tag(tag)
    }

    /// Returns the position up to which [`Reader::find_tag`] finds every tag; the sequencer remembers later ones.
    pub fn tags_searchable(&self) -> Position {
        self.durable()
    }

    /// Returns what was found damaged, and repaired, since the store was opened.
    pub fn findings(&self) -> Vec<Finding> {
        self.copies.findings.list()
    }

    /// Asks a segment's index; a damaged one is built again first.
    fn candidates(&self, segment: &Segment, tag: Tag) -> Result<Vec<Position>, ReadError> {
        let files = &self.copies.files;
        let unreadable = |source| ReadError::Io { path: segment.path.clone(), source };
        if let Ok(found) = segment.find_tag(files, tag) {
            return Ok(found);
        }
        let (file, position) = (segment.path.clone(), segment.first);
        let damage = Damage { file, offset: 0, position, what: "the index of its tags does not hold" };
        self.copies.repair_segment(segment, damage)?;
        segment.find_tag(files, tag).map_err(unreadable)
    }

    fn segment_of(&self, position: Position) -> Result<Arc<Segment>, ReadError> {
        let durable = self.durable();
        if position > durable {
            return Err(ReadError::Beyond { position, durable });
        }
        self.copies.segment_of(position)
    }
}
