//! Walks the records of one segment held in memory and tells a torn tail from damage.
//!
//! A record that does not hold is *damage* when a valid record of a later position follows it, for a group is
//! written only after the one before it is durable; otherwise it is the *torn tail* of a group never acknowledged.

use caseledger_events::ids::Position;

use super::record::{HEADER, MAGIC, RecordHeader};
use super::segment::SEGMENT_HEADER;
use crate::identity::LedgerIdentity;

/// What a segment was found to hold.
#[derive(Debug)]
pub(crate) struct Walked {
    /// Offsets and headers of the valid records, in order.
    pub records: Vec<(usize, RecordHeader)>,
    /// Ranges of positions whose records do not hold.
    pub gaps: Vec<Gap>,
    /// Where the last valid record ends.
    pub end: usize,
    /// Bytes after `end` that are not zero: what is left of a group that was being written.
    pub torn: usize,
    /// The position after the last valid record.
    pub next: Position,
}

/// Positions that valid records before and after it say must exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gap {
    pub offset: usize,
    pub first: Position,
    pub last: Position,
}

/// Walks a segment whose first record stands at `first`.
pub(crate) fn walk(bytes: &[u8], identity: LedgerIdentity, first: Position) -> Walked {
    let mut walked =
        Walked { records: Vec::new(), gaps: Vec::new(), end: SEGMENT_HEADER.min(bytes.len()), torn: 0, next: first };
    let used = used_bytes(bytes);
    loop {
        if let Some(header) = record_at(bytes, walked.end, identity).filter(|h| h.first == walked.next) {
            walked.accept(walked.end, header);
            continue;
        }
        let Some((offset, header)) = find_later(&bytes[..used], walked.end, identity, walked.next) else { break };
        let last = Position(header.first.0 - 1);
        walked.gaps.push(Gap { offset: walked.end, first: walked.next, last });
        walked.accept(offset, header);
    }
    walked.torn = used.saturating_sub(walked.end);
    walked
}

impl Walked {
    fn accept(&mut self, offset: usize, header: RecordHeader) {
        self.records.push((offset, header));
        self.end = offset + header.record_bytes() as usize;
        self.next = header.last().next();
    }
}

/// Returns the header of the record at an offset if it holds in every byte.
pub(crate) fn record_at(bytes: &[u8], offset: usize, identity: LedgerIdentity) -> Option<RecordHeader> {
    let rest = bytes.get(offset..)?;
    let header = RecordHeader::from_bytes(rest.first_chunk::<HEADER>()?, identity)?;
    let body = rest.get(HEADER..HEADER + header.length as usize)?;
    (crc32c::crc32c(body) == header.body_crc).then_some(header)
}

/// Returns where the preallocated zeros at the end begin.
fn used_bytes(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    for block in bytes.rchunks(4096) {
        if block.iter().fold(0, |any, byte| any | byte) != 0 {
            break;
        }
        end -= block.len();
    }
    bytes[..end].iter().rposition(|&b| b != 0).map_or(0, |at| at + 1)
}

/// Finds the next valid record that starts after position `next`.
fn find_later(bytes: &[u8], from: usize, identity: LedgerIdentity, next: Position) -> Option<(usize, RecordHeader)> {
    let mut at = from;
    while let Some(found) = bytes.get(at + 1..)?.windows(MAGIC.len()).position(|window| window == MAGIC) {
        at += 1 + found;
        if let Some(header) = record_at(bytes, at, identity).filter(|h| h.first > next) {
            return Some((at, header));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_group::Group;
    use caseledger_events::ids::{Epoch, LedgerId};
    use caseledger_proof::Hash;

    fn identity() -> LedgerIdentity {
        LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(0) }
    }

    /// Three records of 1, 2 and 1 frames, at positions 1 to 4, then zeros.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = vec![7; SEGMENT_HEADER];
        let mut starts = vec![];
        let mut group = Group::new(Position(1), Hash::ZERO);
        for frames in [1, 2, 1] {
            group.restart(group.next(), group.after());
            for n in 0..frames {
                group.push(&[n + 1; 20]);
            }
            starts.push(bytes.len());
            bytes.extend(crate::journal::record::record_of(&group, identity()));
        }
        starts.push(bytes.len());
        bytes.extend([0; 300]);
        (bytes, starts)
    }

    #[test]
    fn a_whole_segment_gives_all_records_and_a_clean_end() {
        let (bytes, starts) = segment();
        let walked = walk(&bytes, identity(), Position(1));
        assert_eq!(walked.records.iter().map(|r| r.0).collect::<Vec<_>>(), starts[..3]);
        assert_eq!((walked.end, walked.torn, walked.next), (starts[3], 0, Position(5)));
        assert_eq!(walked.gaps, []);
    }

    #[test]
    fn a_bad_record_with_nothing_valid_after_it_is_a_torn_tail() {
        let (mut bytes, starts) = segment();
        bytes[starts[2] + 70] ^= 1;
        let walked = walk(&bytes, identity(), Position(1));
        assert_eq!((walked.end, walked.torn), (starts[2], starts[3] - starts[2]));
        assert_eq!((walked.next, walked.gaps), (Position(4), vec![]));
    }

    #[test]
    fn a_bad_record_with_a_valid_one_after_it_is_damage() {
        let (mut bytes, starts) = segment();
        for at in [starts[1], starts[1] + 4, starts[1] + 12, starts[1] + 75] {
            bytes[at] ^= 1;
            let walked = walk(&bytes, identity(), Position(1));
            bytes[at] ^= 1;
            assert_eq!(walked.gaps, [Gap { offset: starts[1], first: Position(2), last: Position(3) }]);
            assert_eq!((walked.next, walked.torn), (Position(5), 0));
        }
    }

    #[test]
    fn records_of_another_ledger_are_not_taken() {
        let (bytes, _) = segment();
        let other = LedgerIdentity { epoch: Epoch(1), ..identity() };
        let walked = walk(&bytes, other, Position(1));
        assert!(walked.records.is_empty());
    }
}
