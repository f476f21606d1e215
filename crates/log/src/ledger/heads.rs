//! The head of every stream: its version and the position of its last event, in about 30 bytes a stream.

use std::collections::HashMap;

use caseledger_events::ids::{Position, StreamId, Version};
use caseledger_events::machine::shard_of;
use parking_lot::RwLock;

/// Where a stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Version of its last event.
    pub version: Version,
    /// Position of its last event.
    pub position: Position,
}

/// Bytes of a head as kept in memory and in snapshots: version, then position, little-endian.
pub(crate) const HEAD_BYTES: usize = 12;

type Key = [u8; 17];
type Packed = [u8; HEAD_BYTES];

/// The durable heads of all streams, in the 256 shards that snapshots are taken of.
///
/// One thread writes, after the events are durable; everyone reads.
pub(crate) struct Heads {
    shards: Vec<RwLock<HashMap<Key, Packed>>>,
}

impl Heads {
    pub(crate) fn new() -> Heads {
        Heads { shards: (0..256).map(|_| RwLock::default()).collect() }
    }

    pub(crate) fn get(&self, stream: StreamId) -> Option<Head> {
        self.shard(stream).read().get(&stream.to_bytes()).map(unpack)
    }

    pub(crate) fn set(&self, stream: StreamId, head: Head) {
        self.shard(stream).write().insert(stream.to_bytes(), pack(head));
    }

    /// Returns how many streams there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }

    /// Returns one shard with some later heads on top, ordered by stream.
    pub(crate) fn save(&self, shard: u8, newer: impl Iterator<Item = (StreamId, Head)>) -> Vec<(Key, Packed)> {
        let mut heads = self.shards[usize::from(shard)].read().clone();
        for (stream, head) in newer.filter(|(stream, _)| shard_of(*stream) == shard) {
            heads.insert(stream.to_bytes(), pack(head));
        }
        let mut list: Vec<_> = heads.into_iter().collect();
        list.sort_unstable();
        list
    }

    /// Fills one shard from a snapshot.
    pub(crate) fn load(&self, shard: u8, heads: impl Iterator<Item = (Key, Packed)>) {
        *self.shards[usize::from(shard)].write() = heads.collect();
    }

    fn shard(&self, stream: StreamId) -> &RwLock<HashMap<Key, Packed>> {
        &self.shards[usize::from(shard_of(stream))]
    }
}

fn pack(head: Head) -> Packed {
    let mut bytes = [0; HEAD_BYTES];
    bytes[..4].copy_from_slice(&head.version.0.to_le_bytes());
    bytes[4..].copy_from_slice(&head.position.0.to_le_bytes());
    bytes
}

fn unpack(bytes: &Packed) -> Head {
    let (mut version, mut position) = ([0; 4], [0; 8]);
    version.copy_from_slice(&bytes[..4]);
    position.copy_from_slice(&bytes[4..]);
    Head { version: Version(u32::from_le_bytes(version)), position: Position(u64::from_le_bytes(position)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::ids::CaseId;

    fn head(version: u32, position: u64) -> Head {
        Head { version: Version(version), position: Position(position) }
    }

    #[test]
    fn a_shard_saved_and_loaded_is_the_same_with_later_heads_on_top() {
        let heads = Heads::new();
        let streams: Vec<_> = (0..=255).map(|n| StreamId::Case(CaseId([n; 16]))).collect();
        for (n, stream) in streams.iter().enumerate() {
            heads.set(*stream, head(1, n as u64 + 1));
        }
        let newer = [(streams[7], head(2, 300)), (streams[8], head(2, 301))];
        let copy = Heads::new();
        for shard in 0..=255 {
            copy.load(shard, heads.save(shard, newer.into_iter()).into_iter());
        }
        assert_eq!(copy.len(), 256);
        assert_eq!(copy.get(streams[7]), Some(head(2, 300)));
        assert_eq!(copy.get(streams[9]), Some(head(1, 10)));
        assert_eq!(heads.get(streams[7]), Some(head(1, 8)), "the durable head is untouched");
    }

    #[test]
    fn two_million_six_hundred_thousand_streams_fit_in_150_mib() {
        // A shard as full as each of the 256 is then; a table has a byte of its own beside each place.
        let heads = Heads::new();
        let full = 2_600_000 / 256;
        heads.load(
            0,
            (0..full as u64).map(|n| {
                let mut key = [0; 17];
                key[..8].copy_from_slice(&n.to_le_bytes());
                (key, [0; HEAD_BYTES])
            }),
        );
        let places = (heads.shards[0].read().capacity() * 8 / 7).next_power_of_two();
        assert!(places * (size_of::<(Key, Packed)>() + 1) * 256 <= 150 << 20, "{places} places a shard");
    }
}
