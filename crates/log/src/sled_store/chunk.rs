//! The values of the sled store (docs/format.md, "sled"): frames of one commit, packed up to 7 KiB.
//!
//! Larger values would push a leaf of sled past 128 KiB, and it then writes them to files that it never syncs.

use caseledger_events::ids::Position;
use caseledger_proof::{Hash, extend};

use crate::frame_group::{Body, Frames};
use crate::identity::LedgerIdentity;

/// The longest value handed to sled.
pub(crate) const VALUE_BYTES_MAX: usize = 7 * 1024;
/// Checksum and kind.
const VALUE_HEAD: usize = 4 + 1;
/// Checksum, kind, chain hash before the first frame.
const CHUNK_HEAD: usize = VALUE_HEAD + 32;
/// Every value that holds a multiple of this position carries the chain hash before its first frame.
///
/// Most values of a busy log hold several frames and carry one; of those that hold a single commit each, most need
/// none, and 32 bytes a commit are kept off the disk about twice over.
pub(crate) const ANCHOR_EVERY: u64 = 16;
/// Length of a frame inside a chunk.
pub(crate) const CHUNK_FRAME_HEAD: usize = 2;
/// Bytes of frames and their lengths that fit into a chunk.
pub(crate) const CHUNK_FRAMES_MAX: usize = VALUE_BYTES_MAX - CHUNK_HEAD;

const KIND_FRAMES: u8 = 1;
const KIND_LONG: u8 = 2;
const KIND_PART: u8 = 3;
const KIND_IDENTITY: u8 = 4;
const KIND_ANCHORED: u8 = 5;

/// The key that says which ledger this is; sorts after every position.
pub(crate) const IDENTITY_KEY: &[u8] = b"\xffidentity";

/// Makes and checks values for one ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkCodec {
    seed: u32,
}

/// What a value holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk<'a> {
    /// Whole frames from the key's position on.
    Frames {
        /// Chain hash before the first, where it is carried.
        before: Option<Hash>,
        /// Each frame after its 2-byte length.
        frames: &'a [u8],
    },
    /// The first part of a frame that continues in later values.
    Long {
        /// Chain hash before the frame.
        before: Hash,
        /// Length of the whole frame.
        length: usize,
        /// Its first bytes.
        head: &'a [u8],
    },
    /// A later part of a long frame.
    Part(&'a [u8]),
}

/// Returns whether a value of so many frames carries the chain hash before its first.
fn is_anchored(first: Position, count: u64) -> bool {
    let last = first.0 + count - 1;
    first.0 == 1 || last / ANCHOR_EVERY * ANCHOR_EVERY >= first.0
}

/// Returns the key of the chunk that starts at a position.
pub(crate) fn chunk_key(first: Position) -> [u8; 8] {
    first.0.to_be_bytes()
}

/// Returns the key of a later part of the long frame at a position; parts count from 1.
pub(crate) fn part_key(position: Position, part: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&chunk_key(position));
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

/// Returns the position in a key.
pub(crate) fn position_of(key: &[u8]) -> Option<Position> {
    key.first_chunk().map(|bytes| Position(u64::from_be_bytes(*bytes)))
}

impl ChunkCodec {
    pub fn new(identity: LedgerIdentity) -> ChunkCodec {
        ChunkCodec { seed: identity.seed() }
    }

    /// The checksum covers ledger, epoch and key as well, so that a value found elsewhere does not pass.
    fn crc(&self, key: &[u8], rest: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.seed, key), rest)
    }

    /// Hands every key and value of a group to `put`.
    pub fn encode(&self, body: &Body, mut put: impl FnMut(&[u8], &[u8])) {
        let mut value = Vec::with_capacity(VALUE_BYTES_MAX);
        for (n, start) in body.chunks.iter().enumerate() {
            let end = body.chunks.get(n + 1).map_or(body.bytes.len(), |next| next.at);
            let mut frames = Frames::new(start.first, &body.bytes[start.at..end]);
            let long = frames.clone().next().filter(|(_, frame)| frame.len() + CHUNK_FRAME_HEAD > CHUNK_FRAMES_MAX);
            if let Some((position, frame)) = long {
                self.encode_long(position, start.before, frame, &mut value, &mut put);
                continue;
            }
            value.clear();
            if is_anchored(start.first, frames.clone().count() as u64) {
                value.extend_from_slice(&[0, 0, 0, 0, KIND_ANCHORED]);
                value.extend_from_slice(&start.before.0);
            } else {
                value.extend_from_slice(&[0, 0, 0, 0, KIND_FRAMES]);
            }
            frames.by_ref().for_each(|(_, frame)| {
                value.extend_from_slice(&(frame.len() as u16).to_le_bytes());
                value.extend_from_slice(frame);
            });
            self.finish(&chunk_key(start.first), &mut value, &mut put);
        }
    }

    fn encode_long(
        &self,
        position: Position,
        before: Hash,
        frame: &[u8],
        value: &mut Vec<u8>,
        put: &mut impl FnMut(&[u8], &[u8]),
    ) {
        let (head, rest) = frame.split_at(VALUE_BYTES_MAX - CHUNK_HEAD - 4);
        value.clear();
        value.extend_from_slice(&[0, 0, 0, 0, KIND_LONG]);
        value.extend_from_slice(&before.0);
        value.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        value.extend_from_slice(head);
        self.finish(&chunk_key(position), value, put);
        for (n, part) in rest.chunks(VALUE_BYTES_MAX - VALUE_HEAD).enumerate() {
            value.clear();
            value.extend_from_slice(&[0, 0, 0, 0, KIND_PART]);
            value.extend_from_slice(part);
            self.finish(&part_key(position, n as u16 + 1), value, put);
        }
    }

    fn finish(&self, key: &[u8], value: &mut [u8], put: &mut impl FnMut(&[u8], &[u8])) {
        let crc = self.crc(key, &value[4..]);
        value[..4].copy_from_slice(&crc.to_le_bytes());
        put(key, value);
    }

    /// Reads a value; `None` where its checksum or form does not hold.
    pub fn decode<'a>(&self, key: &[u8], value: &'a [u8]) -> Option<Chunk<'a>> {
        let (crc, rest) = value.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*crc) != self.crc(key, rest) {
            return None;
        }
        let (kind, rest) = rest.split_first()?;
        match *kind {
            KIND_PART => return Some(Chunk::Part(rest)),
            KIND_FRAMES => return Some(Chunk::Frames { before: None, frames: rest }),
            _ => {}
        }
        let (before, rest) = rest.split_first_chunk::<32>()?;
        let before = Hash(*before);
        match *kind {
            KIND_ANCHORED => Some(Chunk::Frames { before: Some(before), frames: rest }),
            KIND_LONG => {
                let (length, head) = rest.split_first_chunk::<4>()?;
                Some(Chunk::Long { before, length: u32::from_le_bytes(*length) as usize, head })
            }
            _ => None,
        }
    }
}

/// Returns the value of [`IDENTITY_KEY`].
pub(crate) fn encode_identity(identity: LedgerIdentity, format: u16, hash: u16) -> Vec<u8> {
    let mut value = vec![0, 0, 0, 0, KIND_IDENTITY];
    value.extend_from_slice(&format.to_le_bytes());
    value.extend_from_slice(&hash.to_le_bytes());
    value.extend_from_slice(&identity.ledger.0);
    value.extend_from_slice(&identity.epoch.0.to_le_bytes());
    let crc = crc32c::crc32c(&value[4..]);
    value[..4].copy_from_slice(&crc.to_le_bytes());
    value
}

/// Reads the value of [`IDENTITY_KEY`]: identity, format number, hash algorithm id.
pub(crate) fn decode_identity(value: &[u8]) -> Option<(LedgerIdentity, u16, u16)> {
    let value: &[u8; 29] = value.try_into().ok()?;
    if value[..4] != crc32c::crc32c(&value[4..]).to_le_bytes() || value[4] != KIND_IDENTITY {
        return None;
    }
    let mut ledger = [0; 16];
    ledger.copy_from_slice(&value[9..25]);
    let epoch = u32::from_le_bytes([value[25], value[26], value[27], value[28]]);
    let identity = LedgerIdentity {
        ledger: caseledger_events::ids::LedgerId(ledger),
        epoch: caseledger_events::ids::Epoch(epoch),
    };
    Some((identity, u16::from_le_bytes([value[5], value[6]]), u16::from_le_bytes([value[7], value[8]])))
}

/// Frames inside a chunk.
pub(crate) fn chunk_frames(mut frames: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = frames.split_first_chunk::<CHUNK_FRAME_HEAD>()?;
        let (frame, rest) = rest.split_at_checked(u16::from_le_bytes(*len) as usize)?;
        frames = rest;
        Some(frame)
    })
}

/// Returns the chain hash after so many frames of a chunk.
pub(crate) fn chain_after(before: Hash, frames: &[u8], count: usize) -> Hash {
    chunk_frames(frames).take(count).fold(before, extend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_group::Group;
    use caseledger_events::ids::{Epoch, LedgerId};

    const IDENTITY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(3) };

    type Stored = (Vec<u8>, Vec<u8>);

    fn encoded(frames: &[Vec<u8>]) -> (Group, Vec<Stored>) {
        let mut group = Group::new(Position(11), Hash([9; 32]));
        frames.iter().for_each(|frame| {
            group.push(frame);
        });
        let mut values = vec![];
        ChunkCodec::new(IDENTITY).encode(&group.shared_body(), |k, v| values.push((k.to_vec(), v.to_vec())));
        (group, values)
    }

    #[test]
    fn no_value_is_longer_than_seven_kibibytes_and_small_frames_share_one() {
        let (_, values) = encoded(&vec![vec![5; 400]; 100]);
        assert!(values.iter().all(|(_, v)| v.len() <= VALUE_BYTES_MAX));
        assert_eq!(values.len(), 100_usize.div_ceil(CHUNK_FRAMES_MAX / 402));
    }

    #[test]
    fn chunks_give_back_frames_and_chain() {
        let lengths = [0, 1, 7000, 200, CHUNK_FRAMES_MAX - 2, 3, 4];
        let frames: Vec<Vec<u8>> = lengths.iter().map(|&n| vec![n as u8; n]).collect();
        let (group, values) = encoded(&frames);
        let codec = ChunkCodec::new(IDENTITY);
        let mut read = vec![];
        let mut chain = group.before();
        for (key, value) in &values {
            let Some(Chunk::Frames { before, frames }) = codec.decode(key, value) else { panic!("frames") };
            let first = Position(11 + read.len() as u64);
            assert_eq!(position_of(key), Some(first));
            assert_eq!(before, is_anchored(first, chunk_frames(frames).count() as u64).then_some(chain));
            read.extend(chunk_frames(frames).map(<[u8]>::to_vec));
            chain = chain_after(chain, frames, usize::MAX);
        }
        assert_eq!((read, chain), (frames, group.after()));
    }

    #[test]
    fn a_value_that_holds_a_sixteenth_position_carries_the_chain_hash() {
        let held = |first, count| is_anchored(Position(first), count);
        assert_eq!([held(1, 1), held(2, 1), held(2, 14), held(2, 15)], [true, false, false, true]);
        assert_eq!([held(16, 1), held(17, 15), held(17, 16), held(31, 2)], [true, false, true, true]);
    }

    #[test]
    fn a_long_frame_continues_over_several_values() {
        for length in [CHUNK_FRAMES_MAX - 1, 7168, 20_000, 100_000] {
            let frames = [vec![1; 10], (0..length).map(|n| n as u8).collect(), vec![2; 10]];
            let (_, values) = encoded(&frames);
            assert!(values.iter().all(|(_, v)| v.len() <= VALUE_BYTES_MAX));
            assert!(values.is_sorted(), "parts sort between their frame and the next");
            let codec = ChunkCodec::new(IDENTITY);
            let mut joined = vec![];
            for (key, value) in &values[1..values.len() - 1] {
                match codec.decode(key, value) {
                    Some(Chunk::Long { length: whole, head, .. }) => {
                        assert_eq!(whole, length);
                        joined.extend_from_slice(head);
                    }
                    Some(Chunk::Part(part)) => joined.extend_from_slice(part),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(joined, frames[1]);
        }
    }

    #[test]
    fn a_value_does_not_pass_with_a_bit_flipped_under_another_key_or_in_another_epoch() {
        let (_, values) = encoded(&[b"frame".to_vec()]);
        let (key, value) = &values[0];
        let codec = ChunkCodec::new(IDENTITY);
        for bit in 0..value.len() * 8 {
            let mut value = value.clone();
            value[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(codec.decode(key, &value), None, "bit {bit}");
        }
        assert_eq!(codec.decode(&chunk_key(Position(12)), value), None);
        let other = ChunkCodec::new(LedgerIdentity { epoch: Epoch(4), ..IDENTITY });
        assert_eq!(other.decode(key, value), None);
    }

    /// The keys and values of `golden/sled_values.txt`, made as `golden/journal` is (tests/storage_golden.rs).
    #[test]
    fn values_are_those_of_every_earlier_build_of_this_format() {
        let mut frames = vec![vec![0xAB; 5]; 3];
        frames.push((0..7_500).map(|n| n as u8).collect());
        frames.push(b"after".to_vec());
        let (_, mut values) = encoded(&frames);
        values.push((IDENTITY_KEY.to_vec(), encode_identity(IDENTITY, 1, 1)));
        let line = |(key, value): &Stored| format!("{} {}\n", hex::encode(key), hex::encode(value));
        let today: String = values.iter().map(line).collect();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/sled_values.txt");
        if std::env::var("CASELEDGER_GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::write(&path, &today).unwrap();
        }
        assert!(today == std::fs::read_to_string(&path).unwrap(), "golden/sled_values.txt differs from this build");
    }

    #[test]
    fn the_identity_reads_back_the_same() {
        let value = encode_identity(IDENTITY, 1, 2);
        assert_eq!(decode_identity(&value), Some((IDENTITY, 1, 2)));
        assert_eq!(decode_identity(&value[1..]), None);
    }
}
