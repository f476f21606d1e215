//! The mark of a clean stop: how far the log reached when it was closed.

use std::io;
use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;

use crate::io::Io;
use crate::journal::segment::create_file;

/// The mark's file in a ledger directory.
const CLEAN_FILE: &str = "clean";
const MAGIC: [u8; 8] = *b"CLclean1";
const BYTES: usize = 8 + 4 + 8 + 32;

/// Leaves the mark, durable.
pub(crate) fn mark_clean(dir: &Path, head: Position, chain: Hash, io: &Io) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[12..20].copy_from_slice(&head.0.to_le_bytes());
    bytes[20..].copy_from_slice(&chain.0);
    let crc = crc32c::crc32c(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    let unfinished = dir.join("clean.tmp");
    let file = create_file(&unfinished)?;
    io.write_all_at(&file, &bytes, 0)?;
    io.fsync(&file)?;
    io.rename(&unfinished, &dir.join(CLEAN_FILE))?;
    io.fsync_dir(dir)
}

/// Reads the mark; a damaged one counts as none, for then the longer way of opening is taken.
pub(crate) fn read_mark(dir: &Path) -> Option<(Position, Hash)> {
    let bytes: [u8; BYTES] = std::fs::read(dir.join(CLEAN_FILE)).ok()?.try_into().ok()?;
    if bytes[..8] != MAGIC || bytes[8..12] != crc32c::crc32c(&bytes[12..]).to_le_bytes() {
        return None;
    }
    let mut head = [0; 8];
    head.copy_from_slice(&bytes[12..20]);
    let mut chain = [0; 32];
    chain.copy_from_slice(&bytes[20..]);
    Some((Position(u64::from_le_bytes(head)), Hash(chain)))
}

/// Removes the mark before anything is written, durable.
pub(crate) fn remove_mark(dir: &Path, io: &Io) -> io::Result<()> {
    match std::fs::remove_file(dir.join(CLEAN_FILE)) {
        Ok(()) => io.fsync_dir(dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_reads_back_and_a_damaged_one_counts_as_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_mark(dir.path()), None);
        mark_clean(dir.path(), Position(7), Hash([3; 32]), &Io::default()).unwrap();
        assert_eq!(read_mark(dir.path()), Some((Position(7), Hash([3; 32]))));
        let file = dir.path().join(CLEAN_FILE);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[15] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(read_mark(dir.path()), None);
        remove_mark(dir.path(), &Io::default()).unwrap();
        remove_mark(dir.path(), &Io::default()).unwrap();
        assert!(!file.exists());
    }
}
