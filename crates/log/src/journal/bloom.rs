//! A blocked Bloom filter over idempotency tags: one cache line a question.
//!
//! Tags are outputs of a keyed hash, so their own bits choose block and bits. At 16 bits a tag about one absent
//! tag in a thousand is taken for present, and then costs one read of the sidecar.

use caseledger_events::ids::Tag;

/// Words of 64 bits in a block of one cache line.
const BLOCK_WORDS: usize = 8;
/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = BLOCK_WORDS * 8;
/// Tags that share a block: 512 bits at 16 bits a tag.
const TAGS_A_BLOCK: usize = 32;

/// Says "absent" for sure and "present" almost for sure.
#[derive(Debug, Default)]
pub(crate) struct Bloom {
    blocks: Box<[[u64; BLOCK_WORDS]]>,
}

impl Bloom {
    /// Makes a filter for so many tags.
    pub fn for_tags(count: usize) -> Bloom {
        Bloom { blocks: vec![[0; BLOCK_WORDS]; count.div_ceil(TAGS_A_BLOCK)].into() }
    }

    pub fn insert(&mut self, tag: Tag) {
        let Some(block) = block_of(tag, self.blocks.len()) else { return };
        for bit in bits_of(tag) {
            self.blocks[block][bit / 64] |= 1 << (bit % 64);
        }
    }

    pub fn may_hold(&self, tag: Tag) -> bool {
        let Some(block) = block_of(tag, self.blocks.len()) else { return false };
        let block = &self.blocks[block];
        bits_of(tag).into_iter().all(|bit| block[bit / 64] & (1 << (bit % 64)) != 0)
    }

    /// Returns how many blocks there are.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub fn from_bytes(bytes: &[u8]) -> Bloom {
        let word = |chunk: &[u8]| chunk.try_into().map_or(0, u64::from_le_bytes);
        let block = |chunk: &[u8]| {
            let mut block = [0; BLOCK_WORDS];
            block.iter_mut().zip(chunk.chunks_exact(8)).for_each(|(to, from)| *to = word(from));
            block
        };
        Bloom { blocks: bytes.chunks_exact(BLOCK_BYTES).map(block).collect() }
    }
}

/// Chooses the block by the tag's last 8 bytes.
fn block_of(tag: Tag, blocks: usize) -> Option<usize> {
    let [_, _, _, _, _, _, _, _, tail @ ..] = tag.0;
    // The high half of a 128-bit product spreads a 64-bit number evenly over any count, without a division.
    let block = (u128::from(u64::from_le_bytes(tail)) * blocks as u128) >> 64;
    (blocks > 0).then_some(block as usize)
}

/// Chooses seven of the block's 512 bits by the tag's first 8 bytes, nine bits each.
fn bits_of(tag: Tag) -> [usize; 7] {
    let [head @ .., _, _, _, _, _, _, _, _] = tag.0;
    let head = u64::from_le_bytes(head);
    std::array::from_fn(|n| (head >> (9 * n)) as usize & 511)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn every_tag_put_in_is_found_and_few_others_are() {
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let tags: Vec<Tag> = (0..20_000).map(|_| Tag(random.random())).collect();
        let mut bloom = Bloom::for_tags(tags.len());
        tags.iter().for_each(|&tag| bloom.insert(tag));
        let bloom = Bloom::from_bytes(&bloom.to_bytes());
        assert!(tags.iter().all(|&tag| bloom.may_hold(tag)));
        let wrong = (0..100_000).filter(|_| bloom.may_hold(Tag(random.random()))).count();
        assert!(wrong < 500, "{wrong} of 100,000 absent tags pass (seed 7)");
    }

    #[test]
    fn an_empty_filter_holds_nothing() {
        assert!(!Bloom::for_tags(0).may_hold(Tag([0; 16])));
    }
}
