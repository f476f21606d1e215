//! Both copies of an open log, as readers, writer and keeper share them.

use std::io;
use std::sync::Arc;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::findings::Findings;
use crate::error::ReadError;
use crate::frame_group::FRAME_BYTES_MAX;
use crate::identity::LedgerIdentity;
use crate::io::Io;
use crate::journal::files::{Files, read_up_to_at};
use crate::journal::keeper::KeeperHandle;
use crate::journal::record::{FRAME_HEAD, frame_crc};
use crate::journal::scan::{Damage, Opened, Source};
use crate::journal::table::{Segment, SegmentTable};
use crate::sled_store::SharedSled;

/// Bytes read at first for a single frame; most fit.
const FRAME_GUESS: usize = 1024;

/// The journal and the sled store of an open ledger.
pub(crate) struct Copies {
    pub identity: LedgerIdentity,
    pub io: Io,
    pub files: Files,
    pub table: Arc<SegmentTable>,
    pub keeper: KeeperHandle,
    pub sled: SharedSled,
    pub durable: watch::Sender<Position>,
    /// The last position with the chain hash there.
    pub head: Mutex<(Position, Hash)>,
    pub findings: Findings,
    /// Held while a segment is repaired.
    pub repairing: Mutex<()>,
}

impl Copies {
    /// Returns the segment that holds a durable position.
    pub fn segment_of(&self, position: Position) -> Result<Arc<Segment>, ReadError> {
        let durable = *self.durable.borrow();
        let segment = self.table.find(position).filter(|_| position.0 > 0);
        segment.ok_or(ReadError::Beyond { position, durable })
    }

    /// Reads the frame at a durable position from the journal.
    pub fn journal_frame(&self, segment: &Segment, position: Position) -> Result<Vec<u8>, Damage> {
        let damage = |offset, what| Damage { file: segment.path.clone(), offset, position, what };
        let offset = segment.offset_of(&self.files, position).map_err(|_| damage(0, "its index cannot be read"))?;
        let unreadable = |_| damage(offset, "the file cannot be read");
        let file = self.files.get(&segment.path).map_err(unreadable)?;
        let mut bytes = vec![0; FRAME_GUESS];
        let have = read_up_to_at(&file, &mut bytes, offset).map_err(unreadable)?;
        let head = bytes.first_chunk::<FRAME_HEAD>().filter(|_| have >= FRAME_HEAD);
        let &[a, b, c, d, crc @ ..] = head.ok_or_else(|| damage(offset, "the file ends before the frame"))?;
        let len = u32::from_le_bytes([a, b, c, d]) as usize;
        if len > FRAME_BYTES_MAX {
            return Err(damage(offset, "the frame's length cannot be right"));
        }
        let whole = FRAME_HEAD + len;
        bytes.resize(whole.max(have), 0);
        if whole > have {
            let more = read_up_to_at(&file, &mut bytes[have..], offset + have as u64).map_err(unreadable)?;
            if have + more < whole {
                return Err(damage(offset, "the file ends inside the frame"));
            }
        }
        bytes.truncate(whole);
        bytes.drain(..FRAME_HEAD);
        if frame_crc(position, &bytes).to_le_bytes() != crc {
            return Err(damage(offset, "the frame's checksum does not hold"));
        }
        Ok(bytes)
    }
}

impl Source for Copies {
    fn identity(&self) -> LedgerIdentity {
        self.identity
    }

    fn open_at(&self, position: Position) -> Result<Opened, ReadError> {
        self.segment_of(position)?.open_at(&self.files, position)
    }

    fn repair(&self, damage: Damage) -> Result<(), ReadError> {
        let segment = self.segment_of(damage.position)?;
        self.repair_segment(&segment, damage)
    }
}

/// Reads a file region of which some sectors may be unreadable; those come back as zeros.
pub(crate) fn read_what_can_be_read(file: &std::fs::File, bytes: &mut [u8]) -> io::Result<()> {
    if read_up_to_at(file, bytes, 0).is_ok() {
        return Ok(());
    }
    for (n, sector) in bytes.chunks_mut(4096).enumerate() {
        if read_up_to_at(file, sector, n as u64 * 4096).is_err() {
            sector.fill(0);
        }
    }
    Ok(())
}
