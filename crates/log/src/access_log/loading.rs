//! Loads the segments of an access ledger. There is no other copy: what does not hold is named, and nothing that might
//! still be saved is written over.

use std::path::{Path, PathBuf};

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_proof::Hash;

use super::AccessOpenError;
use crate::error::OpenError;
use crate::frame_group::Group;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use crate::journal::live_index::LiveIndex;
use crate::journal::rebuild::{Expected, OtherCopy, Rebuilt, rebuild, replace_segment};
use crate::journal::segment::{HeaderFound, SegmentHeader, segment_path, sidecar_path};
use crate::journal::sidecar::Sidecar;
use crate::journal::table::{Index, Segment};
use crate::report::Finding;
use crate::store::{failed, read_head, read_whole};

/// What loading needs to know, and what it has loaded so far.
pub(super) struct Loading<'a> {
    /// The folder of the segments.
    pub journal: &'a Path,
    pub identity: LedgerIdentity,
    pub segment_bytes: u64,
    /// How far it reached when it was closed; `None` where it was not.
    pub mark: Option<(Position, Hash)>,
    pub io: &'a Io,
    pub segments: Vec<Segment>,
    pub findings: Vec<Finding>,
    /// The position after the last one loaded.
    pub next: Position,
    /// Chain hash before `next`.
    pub before: Hash,
}

/// There is nothing to fetch from.
struct NoCopy;

impl OtherCopy for NoCopy {
    fn fetch(&self, _: Position, _: Position) -> Result<Group, String> {
        Err("the checksums of their records do not hold".to_owned())
    }
}

/// Reads which ledger the segments belong to and in which epoch they were written.
pub(super) fn identity_of(
    files: &[(Position, PathBuf)],
    expected: LedgerId,
) -> Result<LedgerIdentity, AccessOpenError> {
    let mut identity = None;
    for (_, path) in files {
        let head = read_head(path).map_err(failed("read", path))?;
        let HeaderFound::Intact(header) = SegmentHeader::read(&head, path)? else { continue };
        let found = header.identity;
        if found.ledger != expected || identity.is_some_and(|identity| identity != found) {
            return Err(AccessOpenError::OtherLedger { file: path.clone(), found: found.ledger, expected });
        }
        identity = Some(found);
    }
    match (identity, files.first()) {
        (Some(identity), _) => Ok(identity),
        (None, None) => Ok(LedgerIdentity { ledger: expected, epoch: Epoch(1) }),
        (None, Some((first, path))) => {
            let why = "no segment has an intact header".to_owned();
            Err(AccessOpenError::Damaged { file: path.clone(), first: *first, last: *first, why })
        }
    }
}

impl Loading<'_> {
    /// Loads all segments; the newest is ready to be written on.
    pub fn load(&mut self, files: &[(Position, PathBuf)]) -> Result<(), AccessOpenError> {
        for (n, (first, path)) in files.iter().enumerate() {
            if *first != self.next {
                let (a, b) = (self.next.min(*first), Position(self.next.max(*first).0 - 1));
                return Err(damaged(path, a, b, "the segments beside it do not continue each other"));
            }
            match files.get(n + 1) {
                Some((next, _)) => self.load_sealed(path, Position(next.0 - 1))?,
                None => self.load_newest(path)?,
            }
        }
        if files.is_empty() {
            self.start()?;
        }
        self.check_mark()
    }

    /// Loads a full segment by its sidecar, or by walking it where that cannot be used.
    fn load_sealed(&mut self, path: &Path, last: Position) -> Result<(), AccessOpenError> {
        let why = match Sidecar::load(&sidecar_path(path), self.identity, self.next) {
            Ok(sidecar) if self.fits(path, &sidecar, last)? => {
                (self.next, self.before) = (last.next(), sidecar.head.after);
                self.segments.push(Segment::new(path.to_owned(), Index::Sealed(sidecar)));
                return Ok(());
            }
            Ok(_) => "it does not fit its segment",
            Err(why) => why,
        };
        let rebuilt = self.walk(path, Some(last))?;
        if rebuilt.index.last() != last {
            return Err(damaged(path, self.next, last, "it does not end where the next segment begins"));
        }
        if rebuilt.differs() {
            replace_segment(path, &rebuilt.bytes, 0, self.io).map_err(failed("repair", path))?;
        }
        (self.next, self.before) = (last.next(), rebuilt.index.after);
        let sidecar = Sidecar::write(&sidecar_path(path), self.identity, &rebuilt.index);
        let sidecar = sidecar.map_err(failed("write the index of", path))?;
        self.segments.push(Segment::new(path.to_owned(), Index::Sealed(sidecar)));
        self.findings.push(Finding::SidecarRebuilt { file: path.to_owned(), why });
        Ok(())
    }

    /// Returns whether a sidecar can stand for its segment without a walk through it.
    fn fits(&self, path: &Path, sidecar: &Sidecar, last: Position) -> Result<bool, AccessOpenError> {
        let head = read_head(path).map_err(failed("read", path))?;
        let len = std::fs::metadata(path).map_err(failed("read", path))?.len();
        let expected = SegmentHeader { identity: self.identity, first: self.next, before: self.before };
        let intact = matches!(SegmentHeader::read(&head, path)?, HeaderFound::Intact(found) if found == expected);
        let found = &sidecar.head;
        Ok(intact && found.before == self.before && found.last() == last && len >= found.segment_len)
    }

    /// Loads the segment that is written on; after a stop without closing it is copied and synced first, so that
    /// nothing which only the page cache holds is built upon.
    fn load_newest(&mut self, path: &Path) -> Result<(), AccessOpenError> {
        let closed_at = self.mark.map(|(position, _)| position).filter(|&position| position >= self.next);
        let rebuilt = self.walk(path, closed_at)?;
        if rebuilt.torn > 0 {
            self.findings.push(Finding::TornTail { after: rebuilt.index.last(), bytes: rebuilt.torn as u64 });
        }
        if self.mark.is_none() || rebuilt.differs() {
            replace_segment(path, &rebuilt.bytes, self.segment_bytes, self.io).map_err(failed("copy", path))?;
        }
        let index = rebuilt.index;
        (self.next, self.before) = (index.last().next(), index.after);
        self.segments.push(Segment::new(path.to_owned(), Index::Live(index)));
        Ok(())
    }

    /// Starts the first segment.
    fn start(&mut self) -> Result<(), AccessOpenError> {
        let header = SegmentHeader { identity: self.identity, first: self.next, before: self.before };
        let path = segment_path(self.journal, self.next);
        replace_segment(&path, &header.to_bytes(), self.segment_bytes, self.io).map_err(failed("create", &path))?;
        self.segments.push(Segment::new(path, Index::Live(LiveIndex::new(self.next, self.before))));
        Ok(())
    }

    /// What a clean stop left must be there again.
    fn check_mark(&self) -> Result<(), AccessOpenError> {
        let Some((position, chain)) = self.mark else { return Ok(()) };
        let head = Position(self.next.0 - 1);
        if head < position {
            let why = "it was closed with them, and the segments now end before";
            return Err(damaged(self.journal, self.next, position, why));
        }
        // Nothing is written between the mark and the next opening, which removes it.
        if head != position || self.before != chain {
            return Err(damaged(self.journal, Position(1), head, "it was closed with another history"));
        }
        Ok(())
    }

    fn walk(&self, path: &Path, last: Option<Position>) -> Result<Rebuilt, AccessOpenError> {
        let bytes = read_whole(path).map_err(failed("read", path))?;
        let expected = Expected { identity: self.identity, first: self.next, before: self.before, last };
        if let HeaderFound::Intact(found) = SegmentHeader::read(&bytes, path)?
            && (found.first, found.before) != (self.next, self.before)
        {
            return Err(damaged(path, self.next, self.next, "its header continues another history"));
        }
        rebuild(path, &bytes, expected, &[], &NoCopy).map_err(|error| match error {
            OpenError::Lost { first, last, why } => {
                AccessOpenError::Damaged { file: path.to_owned(), first, last, why }
            }
            other => other.into(),
        })
    }
}

fn damaged(file: &Path, first: Position, last: Position, why: &str) -> AccessOpenError {
    AccessOpenError::Damaged { file: file.to_owned(), first, last, why: why.to_owned() }
}
