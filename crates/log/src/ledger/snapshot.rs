//! Snapshots: the state of one shard at one position, so that a start replays only what came later.
//!
//! A snapshot is fuzzy: each of the 256 shards stands at a position of its own. `shards/<n>` holds the newest of
//! one shard, `all` holds all of them as of the last clean stop. A record is thrown away, and its shard folded
//! anew from the log, when its checksum, ledger, epoch, STATE number or chain hash is not what it should be.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_proof::Hash;

use crate::identity::LedgerIdentity;
use crate::ledger::heads::HEAD_BYTES;

/// The snapshots' folder in the data directory; derived, so it may be deleted at any time.
pub const SNAPSHOT_DIR: &str = "snapshots";

const MAGIC: [u8; 8] = *b"CLshard1";
/// Magic, checksum, bytes after the checksum.
const PREFIX: usize = 8 + 4 + 8;
const ENTRY: usize = 17 + HEAD_BYTES;

/// What a shard's record says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShotHead {
    pub identity: LedgerIdentity,
    pub state: u32,
    pub shard: u8,
    pub position: Position,
    pub chain: Hash,
}

/// The bytes of one shard's record.
pub(crate) struct Shot {
    pub shard: u8,
    pub position: Position,
    pub bytes: Vec<u8>,
}

/// One shard's record, read back and whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShardRecord<'a> {
    pub head: ShotHead,
    heads: &'a [u8],
    /// The machine's own bytes.
    pub state: &'a [u8],
}

impl Shot {
    /// Lays out a record: stream heads first, then what `save` writes of the machine.
    pub fn take(head: ShotHead, heads: &[([u8; 17], [u8; HEAD_BYTES])], save: impl FnOnce(&mut Vec<u8>)) -> Shot {
        let mut bytes = Vec::with_capacity(PREFIX + 128 + heads.len() * ENTRY);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[0; PREFIX - MAGIC.len()]);
        bytes.extend_from_slice(&head.identity.ledger.0);
        bytes.extend_from_slice(&head.identity.epoch.0.to_le_bytes());
        bytes.extend_from_slice(&head.state.to_le_bytes());
        bytes.push(head.shard);
        bytes.extend_from_slice(&head.position.0.to_le_bytes());
        bytes.extend_from_slice(&head.chain.0);
        bytes.extend_from_slice(&(heads.len() as u64).to_le_bytes());
        for (stream, head) in heads {
            bytes.extend_from_slice(stream);
            bytes.extend_from_slice(head);
        }
        save(&mut bytes);
        let len = (bytes.len() - PREFIX) as u64;
        bytes[12..20].copy_from_slice(&len.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[12..]);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        Shot { shard: head.shard, position: head.position, bytes }
    }
}

impl<'a> ShardRecord<'a> {
    /// Reads the first record of `bytes` and returns it with what follows; `None` where there is no whole one.
    pub fn split(bytes: &'a [u8]) -> Option<(ShardRecord<'a>, &'a [u8])> {
        let (prefix, rest) = bytes.split_at_checked(PREFIX)?;
        let len = usize::try_from(u64::from_le_bytes(prefix[12..20].try_into().ok()?)).ok()?;
        let (body, after) = rest.split_at_checked(len)?;
        let crc = u32::from_le_bytes(prefix[8..12].try_into().ok()?);
        if prefix[..8] != MAGIC || crc32c::crc32c_append(crc32c::crc32c(&prefix[12..]), body) != crc {
            return None;
        }
        ShardRecord::read(body).map(|record| (record, after))
    }

    fn read(body: &'a [u8]) -> Option<ShardRecord<'a>> {
        let (ledger, body) = body.split_first_chunk::<16>()?;
        let (epoch, body) = body.split_first_chunk::<4>()?;
        let (state, body) = body.split_first_chunk::<4>()?;
        let ([shard], body) = body.split_first_chunk::<1>()?;
        let (position, body) = body.split_first_chunk::<8>()?;
        let (chain, body) = body.split_first_chunk::<32>()?;
        let (count, body) = body.split_first_chunk::<8>()?;
        let heads_len = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(ENTRY)?;
        let (heads, machine) = body.split_at_checked(heads_len)?;
        let identity = LedgerIdentity { ledger: LedgerId(*ledger), epoch: Epoch(u32::from_le_bytes(*epoch)) };
        let head = ShotHead {
            identity,
            state: u32::from_le_bytes(*state),
            shard: *shard,
            position: Position(u64::from_le_bytes(*position)),
            chain: Hash(*chain),
        };
        Some(ShardRecord { head, heads, state: machine })
    }

    /// Returns the heads of the shard's streams.
    pub fn heads(&self) -> impl Iterator<Item = ([u8; 17], [u8; HEAD_BYTES])> + 'a {
        self.heads.chunks_exact(ENTRY).map(|entry| {
            let (mut stream, mut head) = ([0; 17], [0; HEAD_BYTES]);
            stream.copy_from_slice(&entry[..17]);
            head.copy_from_slice(&entry[17..]);
            (stream, head)
        })
    }
}

/// The snapshot files of one data directory.
#[derive(Clone)]
pub(crate) struct SnapshotFiles {
    dir: PathBuf,
}

impl SnapshotFiles {
    pub fn of(data: &Path) -> SnapshotFiles {
        SnapshotFiles { dir: data.join(SNAPSHOT_DIR) }
    }

    /// Writes one shard's record beside the older one, then puts it in its place.
    pub fn write_one(&self, shot: &Shot) -> io::Result<()> {
        self.replace(&self.shard_file(shot.shard), |out| out.write_all(&shot.bytes))
    }

    /// Writes the records of all shards as one file.
    pub fn write_all(&self, shots: impl Iterator<Item = Shot>) -> io::Result<()> {
        self.replace(&self.dir.join("all"), |out| shots.into_iter().try_for_each(|shot| out.write_all(&shot.bytes)))
    }

    /// Reads the file of all shards; empty where it is missing or unreadable, as are the others.
    pub fn read_all(&self) -> Vec<u8> {
        fs::read(self.dir.join("all")).unwrap_or_default()
    }

    /// Reads the file of one shard.
    pub fn read_one(&self, shard: u8) -> Vec<u8> {
        fs::read(self.shard_file(shard)).unwrap_or_default()
    }

    fn shard_file(&self, shard: u8) -> PathBuf {
        self.dir.join(format!("shard-{shard:02x}"))
    }

    /// The file is synced before it is renamed; after a power cut the older or the newer is there, both good.
    fn replace(&self, path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let part = path.with_extension("part");
        let mut out = BufWriter::with_capacity(1 << 18, File::create(&part)?);
        fill(&mut out)?;
        out.into_inner()?.sync_data()?;
        fs::rename(&part, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(shard: u8, position: u64) -> Shot {
        let head = ShotHead {
            identity: LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(1) },
            state: 4,
            shard,
            position: Position(position),
            chain: Hash([9; 32]),
        };
        Shot::take(head, &[([shard; 17], [2; HEAD_BYTES])], |out| out.extend_from_slice(b"state"))
    }

    #[test]
    fn records_read_back_one_after_another() {
        let mut bytes = shot(3, 70).bytes;
        bytes.extend(shot(4, 71).bytes);
        let (first, rest) = ShardRecord::split(&bytes).unwrap();
        let (second, rest) = ShardRecord::split(rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!((first.head.shard, first.head.position), (3, Position(70)));
        assert_eq!((second.head.shard, second.state), (4, &b"state"[..]));
        assert_eq!(second.heads().collect::<Vec<_>>(), [([4; 17], [2; HEAD_BYTES])]);
    }

    #[test]
    fn a_record_with_any_bit_flipped_or_byte_missing_is_none() {
        let whole = shot(3, 70).bytes;
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ShardRecord::split(&bytes), None, "bit {bit}");
        }
        for len in 0..whole.len() {
            assert_eq!(ShardRecord::split(&whole[..len]), None, "cut to {len}");
        }
    }

    #[test]
    fn files_are_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = SnapshotFiles::of(dir.path());
        assert!(files.read_all().is_empty());
        files.write_one(&shot(3, 70)).unwrap();
        files.write_one(&shot(3, 80)).unwrap();
        files.write_all([shot(0, 5), shot(1, 5)].into_iter()).unwrap();
        assert_eq!(ShardRecord::split(&files.read_one(3)).unwrap().0.head.position, Position(80));
        assert_eq!(ShardRecord::split(&files.read_all()).unwrap().0.head.shard, 0);
    }
}
