//! The index of a sealed segment: a derived file beside it (docs/format.md, "Sidecar").
//!
//! It is never believed alone: an offset leads to a frame whose checksum covers its position, a tag leads to a frame
//! that is asked for its tag; head, filter and each block of tags have checksums of their own.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use caseledger_events::codec::FORMAT;
use caseledger_events::ids::{Epoch, LedgerId, Position, Tag};
use caseledger_proof::Hash;

use super::bloom::{BLOCK_BYTES, Bloom};
use super::files::Files;
use super::live_index::LiveIndex;
use super::segment::create_file;
use crate::identity::LedgerIdentity;

const MAGIC: [u8; 8] = *b"CLindex1";
const HEAD: usize = 136;
/// Tags in a block that is read and checked at once.
const BLOCK_TAGS: usize = 128;
/// The first 8 bytes of a tag, and 4 of its position counted from the segment's first.
const TAG_BYTES: usize = 12;

/// What the head of a sidecar says about its segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SidecarHead {
    pub identity: LedgerIdentity,
    pub first: Position,
    pub count: u32,
    pub before: Hash,
    pub after: Hash,
    /// Bytes of the segment in use.
    pub segment_len: u64,
    tags: u32,
    bloom_blocks: u32,
    bloom_crc: u32,
}

/// A sidecar file: head and filter in memory, offsets and tags read when asked for.
#[derive(Debug)]
pub(crate) struct Sidecar {
    pub path: PathBuf,
    pub head: SidecarHead,
    bloom: Bloom,
}

impl SidecarHead {
    /// Returns the segment's last position.
    pub fn last(&self) -> Position {
        Position(self.first.0 + u64::from(self.count) - 1)
    }

    fn to_bytes(self) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[0..8].copy_from_slice(&MAGIC);
        out[12..14].copy_from_slice(&FORMAT.to_le_bytes());
        out[16..32].copy_from_slice(&self.identity.ledger.0);
        out[32..36].copy_from_slice(&self.identity.epoch.0.to_le_bytes());
        out[36..40].copy_from_slice(&self.count.to_le_bytes());
        out[40..48].copy_from_slice(&self.first.0.to_le_bytes());
        out[48..80].copy_from_slice(&self.before.0);
        out[80..112].copy_from_slice(&self.after.0);
        out[112..120].copy_from_slice(&self.segment_len.to_le_bytes());
        out[120..124].copy_from_slice(&self.tags.to_le_bytes());
        out[124..128].copy_from_slice(&self.bloom_blocks.to_le_bytes());
        out[128..132].copy_from_slice(&self.bloom_crc.to_le_bytes());
        let crc = crc32c::crc32c(&out[12..]);
        out[8..12].copy_from_slice(&crc.to_le_bytes());
        out
    }

    fn from_bytes(bytes: &[u8; HEAD]) -> Option<SidecarHead> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let hash_at = |at: usize| {
            let mut hash = [0; 32];
            hash.copy_from_slice(&bytes[at..at + 32]);
            Hash(hash)
        };
        let intact =
            bytes[0..8] == MAGIC && u32_at(8) == crc32c::crc32c(&bytes[12..]) && bytes[12..14] == FORMAT.to_le_bytes();
        let mut ledger = [0; 16];
        ledger.copy_from_slice(&bytes[16..32]);
        intact.then(|| SidecarHead {
            identity: LedgerIdentity { ledger: LedgerId(ledger), epoch: Epoch(u32_at(32)) },
            first: Position(u64_at(40)),
            count: u32_at(36),
            before: hash_at(48),
            after: hash_at(80),
            segment_len: u64_at(112),
            tags: u32_at(120),
            bloom_blocks: u32_at(124),
            bloom_crc: u32_at(128),
        })
    }
}

impl Sidecar {
    /// Writes the sidecar of a segment from its index in memory; a crash leaves either a whole file or none.
    pub fn write(path: &Path, identity: LedgerIdentity, index: &LiveIndex) -> io::Result<Sidecar> {
        let mut tags: Vec<(u64, u32)> = index.tags.iter().map(|(tag, &n)| (prefix(*tag), n)).collect();
        tags.sort_unstable();
        let mut bloom = Bloom::for_tags(tags.len());
        index.tags.keys().for_each(|&tag| bloom.insert(tag));
        let bloom_bytes = bloom.to_bytes();
        let head = SidecarHead {
            identity,
            first: index.first,
            count: index.offsets.len() as u32,
            before: index.before,
            after: index.after,
            segment_len: index.len,
            tags: tags.len() as u32,
            bloom_blocks: bloom.len() as u32,
            bloom_crc: crc32c::crc32c(&bloom_bytes),
        };
        let mut bytes = Vec::with_capacity(HEAD + index.offsets.len() * 4 + bloom_bytes.len() + tags.len() * 13);
        bytes.extend_from_slice(&head.to_bytes());
        bytes.extend(index.offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        bytes.extend_from_slice(&bloom_bytes);
        for block in tags.chunks(BLOCK_TAGS) {
            let start = bytes.len();
            for (tag, n) in block {
                bytes.extend_from_slice(&tag.to_be_bytes());
                bytes.extend_from_slice(&n.to_le_bytes());
            }
            let crc = crc32c::crc32c(&bytes[start..]);
            bytes.extend_from_slice(&crc.to_le_bytes());
        }
        let unfinished = path.with_extension("idx.tmp");
        let file = create_file(&unfinished)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_data()?;
        std::fs::rename(&unfinished, path)?;
        Ok(Sidecar { path: path.to_owned(), head, bloom })
    }

    /// Loads head and filter; `Err` says in a few words why the file cannot be used.
    pub fn load(path: &Path, identity: LedgerIdentity, first: Position) -> Result<Sidecar, &'static str> {
        let file = std::fs::File::open(path).map_err(|_| "missing")?;
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, 0).map_err(|_| "too short")?;
        let head = SidecarHead::from_bytes(&head).ok_or("head damaged")?;
        if head.identity != identity || head.first != first || head.count == 0 {
            return Err("of another segment");
        }
        let whole = file.metadata().map_err(|_| "unreadable")?.len();
        if whole != head.tag_block_at(head.tags.div_ceil(BLOCK_TAGS as u32)) - head.missing_in_last_block() {
            return Err("of a wrong length");
        }
        let mut bloom = vec![0; head.bloom_blocks as usize * BLOCK_BYTES];
        file.read_exact_at(&mut bloom, head.bloom_at()).map_err(|_| "too short")?;
        if crc32c::crc32c(&bloom) != head.bloom_crc {
            return Err("filter damaged");
        }
        Ok(Sidecar { path: path.to_owned(), head, bloom: Bloom::from_bytes(&bloom) })
    }

    /// Reads the offsets of so many events, counted from the segment's first.
    pub fn offsets(&self, files: &Files, from: u32, count: u32) -> io::Result<Vec<u32>> {
        let mut bytes = vec![0; count as usize * 4];
        files.read_exact_at(&self.path, &mut bytes, HEAD as u64 + u64::from(from) * 4)?;
        Ok(bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect())
    }

    /// Returns whether a tag may be here; `false` is sure.
    pub fn may_hold_tag(&self, tag: Tag) -> bool {
        self.bloom.may_hold(tag)
    }

    /// Returns the positions whose tag may be the one asked for, smallest first; the frames have the last word.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where a block of tags is damaged.
    pub fn find_tag(&self, files: &Files, tag: Tag) -> io::Result<Vec<Position>> {
        if !self.bloom.may_hold(tag) {
            return Ok(Vec::new());
        }
        let wanted = prefix(tag);
        let blocks = self.head.tags.div_ceil(BLOCK_TAGS as u32);
        let (mut low, mut high) = (0, blocks);
        // Tags are spread evenly, so the block is found by proportion; a neighbour or halving follows where it is not.
        let mut at = ((u128::from(wanted) * u128::from(blocks)) >> 64) as u32;
        let mut steps = 0;
        while low < high {
            let block = self.tag_block(files, at)?;
            let (Some(least), Some(most)) = (block.first(), block.last()) else { break };
            let next = if wanted < least.0 {
                high = at;
                at.saturating_sub(1)
            } else if wanted > most.0 {
                low = at + 1;
                low
            } else {
                let found = block.iter().filter(|entry| entry.0 == wanted);
                return Ok(found.map(|entry| Position(self.head.first.0 + u64::from(entry.1))).collect());
            };
            steps += 1;
            at = if steps < 3 { next } else { low + (high - low) / 2 };
        }
        Ok(Vec::new())
    }

    fn tag_block(&self, files: &Files, block: u32) -> io::Result<Vec<(u64, u32)>> {
        let entries = (self.head.tags as usize - block as usize * BLOCK_TAGS).min(BLOCK_TAGS);
        let mut bytes = vec![0; entries * TAG_BYTES + 4];
        files.read_exact_at(&self.path, &mut bytes, self.head.tag_block_at(block))?;
        let crc = bytes.split_off(entries * TAG_BYTES);
        if crc != crc32c::crc32c(&bytes).to_le_bytes() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a block of tags is damaged"));
        }
        let entry = |c: &[u8]| {
            let tag = u64::from_be_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]]);
            (tag, u32::from_le_bytes([c[8], c[9], c[10], c[11]]))
        };
        Ok(bytes.chunks_exact(TAG_BYTES).map(entry).collect())
    }
}

impl SidecarHead {
    fn bloom_at(&self) -> u64 {
        HEAD as u64 + u64::from(self.count) * 4
    }

    fn tag_block_at(&self, block: u32) -> u64 {
        let full = (BLOCK_TAGS * TAG_BYTES + 4) as u64;
        self.bloom_at() + u64::from(self.bloom_blocks) * BLOCK_BYTES as u64 + u64::from(block) * full
    }

    fn missing_in_last_block(&self) -> u64 {
        let full = self.tags.div_ceil(BLOCK_TAGS as u32) * BLOCK_TAGS as u32;
        u64::from(full - self.tags) * TAG_BYTES as u64
    }
}

/// The part of a tag that the sorted run keeps.
fn prefix(tag: Tag) -> u64 {
    let [head @ .., _, _, _, _, _, _, _, _] = tag.0;
    u64::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_group::Group;
    use rand::{RngExt, SeedableRng};

    const IDENTITY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(3) };

    fn index(tags: &[Tag]) -> LiveIndex {
        let mut index = LiveIndex::new(Position(101), Hash::ZERO);
        let mut group = Group::new(Position(101), Hash::ZERO);
        for (n, &tag) in tags.iter().enumerate() {
            group.restart(group.next(), group.after());
            group.push(&[n as u8; 30]);
            index.add(&group.view(), &[(group.first(), tag)], group.after());
        }
        index
    }

    #[test]
    fn every_tag_is_found_at_its_position_and_absent_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.idx");
        let mut random = rand::rngs::StdRng::seed_from_u64(11);
        for count in [1, 127, 128, 129, 1000] {
            let tags: Vec<Tag> = (0..count).map(|_| Tag(random.random())).collect();
            let index = index(&tags);
            Sidecar::write(&path, IDENTITY, &index).unwrap();
            let sidecar = Sidecar::load(&path, IDENTITY, Position(101)).unwrap();
            let files = Files::default();
            for (n, &tag) in tags.iter().enumerate() {
                assert_eq!(sidecar.find_tag(&files, tag).unwrap(), [Position(101 + n as u64)], "{count}");
            }
            for _ in 0..1000 {
                assert_eq!(sidecar.find_tag(&files, Tag(random.random())).unwrap(), []);
            }
            assert_eq!(sidecar.offsets(&files, 0, count).unwrap(), index.offsets);
            assert_eq!((sidecar.head.after, sidecar.head.last()), (index.after, index.last()));
        }
    }

    #[test]
    fn tags_that_are_not_spread_evenly_are_found_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.idx");
        let tags: Vec<Tag> = (0..2000_u128).map(|n| Tag(n.to_be_bytes().map(|b| b.reverse_bits()))).collect();
        let tags: Vec<Tag> = tags
            .into_iter()
            .map(|mut tag| {
                tag.0.rotate_left(8);
                tag
            })
            .collect();
        Sidecar::write(&path, IDENTITY, &index(&tags)).unwrap();
        let sidecar = Sidecar::load(&path, IDENTITY, Position(101)).unwrap();
        for (n, &tag) in tags.iter().enumerate() {
            let found = sidecar.find_tag(&Files::default(), tag).unwrap();
            assert!(found.contains(&Position(101 + n as u64)));
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed_in_head_filter_and_tags() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.idx");
        let tags = [Tag([7; 16]), Tag([200; 16])];
        Sidecar::write(&path, IDENTITY, &index(&tags)).unwrap();
        let intact = std::fs::read(&path).unwrap();
        for at in 0..intact.len() {
            let offsets = HEAD..HEAD + 8;
            if offsets.contains(&at) {
                continue; // An offset is judged by the frame it leads to.
            }
            let mut bytes = intact.clone();
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).unwrap();
            let noticed = match Sidecar::load(&path, IDENTITY, Position(101)) {
                Err(_) => true,
                Ok(sidecar) => sidecar.find_tag(&Files::default(), tags[0]).is_err(),
            };
            assert!(noticed, "byte {at}");
        }
    }

    #[test]
    fn a_sidecar_of_another_ledger_or_segment_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.idx");
        Sidecar::write(&path, IDENTITY, &index(&[Tag([7; 16])])).unwrap();
        let other = LedgerIdentity { epoch: Epoch(4), ..IDENTITY };
        assert_eq!(Sidecar::load(&path, other, Position(101)).unwrap_err(), "of another segment");
        assert_eq!(Sidecar::load(&path, IDENTITY, Position(1)).unwrap_err(), "of another segment");
    }
}
