//! Read-only access to the journal of a directory that a server may own at the same time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use super::files::{Files, read_up_to_at};
use super::scan::{Damage, Opened, Scan, Source};
use super::segment::{HeaderFound, JOURNAL_DIR, SEGMENT_HEADER, SegmentHeader, list_segments, sidecar_path};
use super::sidecar::Sidecar;
use super::table::{Index, Segment};
use super::walk::walk;
use crate::error::{OpenError, ReadError};
use crate::identity::LedgerIdentity;

/// How often a record that does not hold is read again, for a server may just be writing it.
const LOOKS_MAX: u32 = 5;

/// Reads the journal up to its last complete group; never opens sled, never writes, needs no lock.
#[derive(Clone)]
pub struct JournalReader {
    journal: Arc<Journal>,
    last: Position,
}

/// The segment files as they were found.
struct Journal {
    identity: LedgerIdentity,
    segments: Vec<(Position, PathBuf)>,
    last: Position,
    files: Files,
}

impl JournalReader {
    /// Opens the journal of a ledger directory.
    pub fn open(dir: &Path) -> Result<JournalReader, ReadError> {
        let folder = dir.join(JOURNAL_DIR);
        let segments = list_segments(&folder).map_err(unreadable(&folder))?;
        let Some((first, newest)) = segments.last().cloned() else {
            return Err(OpenError::NoLedger { dir: dir.to_owned() }.into());
        };
        let identity = identity_of(&segments)?;
        let last = last_complete(&newest, identity, first)?;
        let journal = Journal { identity, segments, last, files: Files::default() };
        Ok(JournalReader { journal: Arc::new(journal), last })
    }

    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.journal.identity
    }

    /// Returns the last position of the last complete group when the journal was opened; 0 while it is empty.
    pub fn last(&self) -> Position {
        self.last
    }

    /// Returns the chain hash at a position; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, ReadError> {
        if position == Position(0) {
            return Ok(Hash::ZERO);
        }
        let beyond = ReadError::Beyond { position, durable: self.last };
        if position > self.last {
            return Err(beyond);
        }
        let mut scan = Scan::new(Arc::clone(&self.journal) as _, position, position);
        let chain = scan.next_group()?.and_then(|view| view.chained().next());
        chain.map(|(_, _, chain)| chain).ok_or(beyond)
    }

    /// Reads from a position to [`JournalReader::last`], group by group.
    pub fn scan(&self, from: Position) -> Scan {
        Scan::new(Arc::clone(&self.journal) as _, from, self.last)
    }
}

/// Reads which ledger this is from the first intact segment header.
fn identity_of(segments: &[(Position, PathBuf)]) -> Result<LedgerIdentity, ReadError> {
    for (_, path) in segments {
        let mut head = [0; SEGMENT_HEADER];
        let file = File::open(path).map_err(unreadable(path))?;
        let have = read_up_to_at(&file, &mut head, 0).map_err(unreadable(path))?;
        if let HeaderFound::Intact(header) = SegmentHeader::read(&head[..have], path)? {
            return Ok(header.identity);
        }
    }
    let (position, file) = segments[0].clone();
    Err(ReadError::Damaged { file, offset: 0, position, what: "no segment has an intact header" })
}

/// Finds the last complete group of the newest segment.
fn last_complete(path: &Path, identity: LedgerIdentity, first: Position) -> Result<Position, ReadError> {
    let mut last = Position(0);
    for _ in 0..LOOKS_MAX {
        let bytes = std::fs::read(path).map_err(unreadable(path))?;
        let walked = walk(&bytes, identity, first);
        last = Position(walked.next.0 - 1);
        // A file read while it grows can show a record whose first bytes were read before they were written.
        if walked.gaps.is_empty() {
            break;
        }
    }
    Ok(last)
}

impl Journal {
    /// Returns where the group of a position starts, by the segment's sidecar; `None` where that cannot be used.
    fn start(&self, first: Position, path: &Path, position: Position) -> Option<(u64, Position)> {
        let sidecar = Sidecar::load(&sidecar_path(path), self.identity, first).ok()?;
        let segment = Segment::new(path.to_owned(), Index::Sealed(sidecar));
        let place = segment.group_of(&self.files, position).ok()?;
        let mut head = [0; super::record::HEADER];
        self.files.read_exact_at(path, &mut head, place.offset).ok()?;
        let header = super::record::RecordHeader::from_bytes(&head, self.identity)?;
        (header.first == place.first && header.first <= position).then_some((place.offset, place.first))
    }
}

impl Source for Journal {
    fn identity(&self) -> LedgerIdentity {
        self.identity
    }

    fn open_at(&self, position: Position) -> Result<Opened, ReadError> {
        let after = self.segments.partition_point(|(first, _)| *first <= position);
        let Some((first, path)) = after.checked_sub(1).map(|n| &self.segments[n]) else {
            let (_, file) = self.segments[0].clone();
            return Err(ReadError::Damaged { file, offset: 0, position, what: "the segment before it is missing" });
        };
        let last = self.segments.get(after).map_or(self.last, |(next, _)| Position(next.0 - 1));
        let file = self.files.get(path).map_err(unreadable(path))?;
        let end = file.metadata().map_err(unreadable(path))?.len();
        let start = if position == *first { None } else { self.start(*first, path, position) };
        let (offset, next) = start.unwrap_or((SEGMENT_HEADER as u64, *first));
        Ok(Opened { path: path.clone(), file, offset, next, last, end })
    }

    fn repair(&self, damage: Damage) -> Result<(), ReadError> {
        Err(damage.into())
    }
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> ReadError {
    let path = path.to_owned();
    move |source| ReadError::Io { path, source }
}
