//! A journal record: the header before the frames of one group (docs/format.md, "Record").

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::frame_group::Group;
use crate::identity::LedgerIdentity;

/// Bytes of a record header.
pub(crate) const HEADER: usize = 60;
/// Bytes before each frame: its length and its CRC.
pub(crate) const FRAME_HEAD: usize = 8;
/// The first bytes of every record.
pub(crate) const MAGIC: [u8; 4] = *b"CLgr";

/// What a record header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RecordHeader {
    pub first: Position,
    pub count: u32,
    /// Bytes of frames and frame heads that follow the header.
    pub length: u32,
    pub body_crc: u32,
    pub before: Hash,
}

impl RecordHeader {
    /// Returns the position of the record's last frame.
    pub fn last(&self) -> Position {
        Position(self.first.0 + u64::from(self.count) - 1)
    }

    /// Returns the bytes of the whole record.
    pub fn record_bytes(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }

    /// Ledger and epoch are not stored again in each record; its checksum begins with them.
    pub fn to_bytes(self, identity: LedgerIdentity) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[0..4].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&self.body_crc.to_le_bytes());
        out[12..16].copy_from_slice(&self.length.to_le_bytes());
        out[16..20].copy_from_slice(&self.count.to_le_bytes());
        out[20..28].copy_from_slice(&self.first.0.to_le_bytes());
        out[28..60].copy_from_slice(&self.before.0);
        let crc = crc32c::crc32c_append(identity.seed(), &out[8..]);
        out[4..8].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a header; `None` where magic or checksum do not hold, as for a record of another ledger or epoch.
    pub fn from_bytes(bytes: &[u8; HEADER], identity: LedgerIdentity) -> Option<RecordHeader> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[0..4] != MAGIC || u32_at(4) != crc32c::crc32c_append(identity.seed(), &bytes[8..]) {
            return None;
        }
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[20..28]);
        let mut before = [0; 32];
        before.copy_from_slice(&bytes[28..60]);
        let header = RecordHeader {
            first: Position(u64::from_le_bytes(first)),
            count: u32_at(16),
            length: u32_at(12),
            body_crc: u32_at(8),
            before: Hash(before),
        };
        // A group of nothing, or one before position 1, was never written by us.
        (header.count > 0 && header.first.0 > 0).then_some(header)
    }
}

/// Returns the header of the record that holds a group.
pub(crate) fn header_of(group: &Group) -> RecordHeader {
    let body = group.body();
    RecordHeader {
        first: group.first(),
        count: u32::try_from(group.len()).expect("a group holds far fewer than 2^32 frames"),
        length: u32::try_from(body.len()).expect("a group is at most GROUP_BYTES_MAX long"),
        body_crc: crc32c::crc32c(body),
        before: group.before(),
    }
}

/// Returns the whole record that holds a group.
pub(crate) fn record_of(group: &Group, identity: LedgerIdentity) -> Vec<u8> {
    [&header_of(group).to_bytes(identity)[..], group.body()].concat()
}

/// Returns the checksum of a frame at its position, so that bytes found at a wrong place do not pass for right ones.
pub(crate) fn frame_crc(position: Position, frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&position.0.to_le_bytes()), frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::ids::{Epoch, LedgerId};

    const IDENTITY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([3; 16]), epoch: Epoch(2) };

    fn header() -> RecordHeader {
        RecordHeader { first: Position(9), count: 4, length: 77, body_crc: 5, before: Hash([8; 32]) }
    }

    #[test]
    fn a_header_reads_back_the_same() {
        assert_eq!(RecordHeader::from_bytes(&header().to_bytes(IDENTITY), IDENTITY), Some(header()));
        assert_eq!(header().last(), Position(12));
    }

    #[test]
    fn a_header_with_any_bit_flipped_is_no_header() {
        for bit in 0..HEADER * 8 {
            let mut bytes = header().to_bytes(IDENTITY);
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(RecordHeader::from_bytes(&bytes, IDENTITY), None, "bit {bit}");
        }
    }

    #[test]
    fn a_header_of_another_ledger_or_epoch_is_no_header() {
        let bytes = header().to_bytes(IDENTITY);
        let other_epoch = LedgerIdentity { epoch: Epoch(3), ..IDENTITY };
        let other_ledger = LedgerIdentity { ledger: LedgerId([4; 16]), ..IDENTITY };
        assert_eq!(RecordHeader::from_bytes(&bytes, other_epoch), None);
        assert_eq!(RecordHeader::from_bytes(&bytes, other_ledger), None);
    }

    #[test]
    fn the_same_frame_at_another_position_has_another_checksum() {
        assert_ne!(frame_crc(Position(1), b"frame"), frame_crc(Position(2), b"frame"));
    }
}
