//! Loads the journal of a directory: every segment whole, linked to the one before, with its index.

use std::io;
use std::path::{Path, PathBuf};

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::error::OpenError;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use crate::journal::live_index::{LiveIndex, tags_of};
use crate::journal::rebuild::{Expected, OtherCopy, Rebuilt, rebuild, replace_segment};
use crate::journal::record::record_of;
use crate::journal::segment::{HeaderFound, SEGMENT_HEADER, SegmentHeader, segment_path, sidecar_path};
use crate::journal::sidecar::Sidecar;
use crate::journal::table::{Index, Segment};
use crate::report::Finding;

/// Events fetched from sled at once.
pub(crate) const FETCH_EVENTS: u64 = 512;

/// What loading needs to know, and what it has loaded so far.
pub(crate) struct Loader<'a> {
    /// The journal's folder.
    pub dir: &'a Path,
    pub identity: LedgerIdentity,
    pub segment_bytes: u64,
    /// Whether the last process closed the ledger.
    pub clean: bool,
    pub io: &'a Io,
    /// sled, or the reason why there is none.
    pub other: &'a dyn OtherCopy,
    pub segments: Vec<Segment>,
    pub findings: Vec<Finding>,
    /// The position after the last one loaded.
    pub next: Position,
    /// Chain hash before `next`.
    pub before: Hash,
}

impl Loader<'_> {
    /// Loads all segments; the newest is ready to be written on.
    pub fn load(&mut self, files: &[(Position, PathBuf)]) -> Result<(), OpenError> {
        for (n, (first, path)) in files.iter().enumerate() {
            if *first < self.next {
                let why = format!("{} begins inside the segment before it", path.display());
                return Err(OpenError::Lost { first: *first, last: Position(0), why });
            }
            if *first > self.next {
                self.fill_hole(Position(first.0 - 1))?;
            }
            let newest = n + 1 == files.len();
            if newest { self.load_newest(path)? } else { self.load_sealed(path)? }
        }
        if files.is_empty() {
            self.start_newest()?;
        }
        Ok(())
    }

    /// Loads a full segment by its sidecar, or by walking it where that cannot be used.
    fn load_sealed(&mut self, path: &Path) -> Result<(), OpenError> {
        let why = match Sidecar::load(&sidecar_path(path), self.identity, self.next) {
            Ok(sidecar) if !self.fits(path, &sidecar)? => "it does not fit its segment",
            Ok(sidecar) => {
                (self.next, self.before) = (sidecar.head.last().next(), sidecar.head.after);
                self.segments.push(Segment::new(path.to_owned(), Index::Sealed(sidecar)));
                return Ok(());
            }
            Err(why) => why,
        };
        let rebuilt = self.rebuild(path, None)?;
        if rebuilt.differs() {
            replace_segment(path, &rebuilt.bytes, 0, self.io).map_err(failed("repair", path))?;
        }
        if rebuilt.index.last() < self.next {
            // Nothing of it is left; what it held is fetched into a new file of the same name.
            return Ok(());
        }
        self.seal(path, rebuilt.index)?;
        self.findings.push(Finding::SidecarRebuilt { file: path.to_owned(), why });
        Ok(())
    }

    /// Returns whether a sidecar can stand for its segment without a walk through it.
    fn fits(&self, path: &Path, sidecar: &Sidecar) -> Result<bool, OpenError> {
        let head = read_head(path).map_err(failed("read", path))?;
        let len = std::fs::metadata(path).map_err(failed("read", path))?.len();
        let expected = SegmentHeader { identity: self.identity, first: self.next, before: self.before };
        let intact = matches!(SegmentHeader::read(&head, path)?, HeaderFound::Intact(found) if found == expected);
        Ok(intact && sidecar.head.before == self.before && len >= sidecar.head.segment_len)
    }

    /// Loads the segment that is written on. After an unclean stop it is first copied to a new file and synced, so
    /// that nothing which only the page cache holds is built upon.
    fn load_newest(&mut self, path: &Path) -> Result<(), OpenError> {
        let rebuilt = self.rebuild(path, None)?;
        if rebuilt.torn > 0 {
            self.findings.push(Finding::TornTail { after: rebuilt.index.last(), bytes: rebuilt.torn as u64 });
        }
        if !self.clean || rebuilt.differs() {
            replace_segment(path, &rebuilt.bytes, self.segment_bytes, self.io).map_err(failed("copy", path))?;
        }
        let index = rebuilt.index;
        (self.next, self.before) = (index.last().next(), index.after);
        self.segments.push(Segment::new(path.to_owned(), Index::Live(index)));
        Ok(())
    }

    /// Starts an empty newest segment.
    fn start_newest(&mut self) -> Result<(), OpenError> {
        let header = SegmentHeader { identity: self.identity, first: self.next, before: self.before };
        let path = segment_path(self.dir, self.next);
        let bytes = header.to_bytes();
        replace_segment(&path, &bytes, self.segment_bytes, self.io).map_err(failed("create", &path))?;
        self.segments.push(Segment::new(path, Index::Live(LiveIndex::new(self.next, self.before))));
        Ok(())
    }

    /// Fetches from sled what lies between the loaded segments and the next file.
    pub fn fill_hole(&mut self, last: Position) -> Result<(), OpenError> {
        while self.next <= last {
            let header = SegmentHeader { identity: self.identity, first: self.next, before: self.before };
            let path = segment_path(self.dir, self.next);
            let mut bytes = header.to_bytes().to_vec();
            let mut index = LiveIndex::new(self.next, self.before);
            while index.last() < last && (bytes.len() as u64) < self.segment_bytes {
                let first = index.last().next();
                let to = Position(last.0.min(first.0 + FETCH_EVENTS - 1));
                let lost = |why| OpenError::Lost { first, last, why };
                let group = self.other.fetch(first, to).map_err(lost)?;
                if group.before() != index.after {
                    return Err(lost("the chain hashes of journal and sled do not continue each other".into()));
                }
                index.add(&group.view(), &tags_of(&group.view()), group.after());
                bytes.extend(record_of(&group, self.identity));
            }
            replace_segment(&path, &bytes, 0, self.io).map_err(failed("rebuild", &path))?;
            let (first, to) = (self.next, index.last());
            self.seal(&path, index)?;
            let why = "it was missing or damaged";
            self.findings.push(Finding::JournalRepaired { file: path, first, last: to, why });
        }
        Ok(())
    }

    fn seal(&mut self, path: &Path, index: LiveIndex) -> Result<(), OpenError> {
        (self.next, self.before) = (index.last().next(), index.after);
        let sidecar = Sidecar::write(&sidecar_path(path), self.identity, &index);
        let sidecar = sidecar.map_err(failed("write the index of", path))?;
        self.segments.push(Segment::new(path.to_owned(), Index::Sealed(sidecar)));
        Ok(())
    }

    fn rebuild(&mut self, path: &Path, last: Option<Position>) -> Result<Rebuilt, OpenError> {
        let bytes = read_whole(path).map_err(failed("read", path))?;
        let expected = Expected { identity: self.identity, first: self.next, before: self.before, last };
        let rebuilt = rebuild(path, &bytes, expected, &[], self.other)?;
        for gap in &rebuilt.gaps {
            let (file, why) = (path.to_owned(), "its checksum did not hold");
            self.findings.push(Finding::JournalRepaired { file, first: gap.first, last: gap.last, why });
        }
        Ok(rebuilt)
    }
}

/// Reads a segment file, unreadable sectors as zeros.
pub(crate) fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let mut bytes = vec![0; file.metadata()?.len() as usize];
    super::copies::read_what_can_be_read(&file, &mut bytes)?;
    Ok(bytes)
}

/// Reads the bytes of a segment header, fewer where the file is shorter.
pub(crate) fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = vec![0; SEGMENT_HEADER];
    let have = crate::journal::files::read_up_to_at(&std::fs::File::open(path)?, &mut head, 0)?;
    head.truncate(have);
    Ok(head)
}

/// Makes [`OpenError::Io`] of an operating system error.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { action, path, source }
}
