//! The blind index on disk: an append-only file of fixed records, and its key beside it.
//!
//! ```text
//! students.idx   8 bytes "CLSTUD01", then records of 36 bytes:
//!                16 blind hash · 16 student id · 4 CRC-32C of the 32 bytes before, little-endian
//! blind.key      32 random bytes, mode 0600
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use caseledger_events::ids::StudentId;

const MAGIC: &[u8; 8] = b"CLSTUD01";
const RECORD: usize = 36;

/// Why the blind index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}; the ledger must not go on without its student index", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is damaged ({what}): restore it from a backup of the keys", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: no student id can be made")]
    NoRandomness,
    /// An earlier write failed; nothing can be promised any more.
    #[error("an earlier write of the student index failed: restart the service when the disk is well")]
    Poisoned,
}

impl IndexError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IndexError {
        let path = path.to_owned();
        move |source| IndexError::Io { action, path, source }
    }
}

/// One entry: the blind hash of an NSN and the student it stands for.
pub(crate) type Entry = ([u8; 16], StudentId);

/// The open index file and its key.
pub(crate) struct IndexFile {
    path: PathBuf,
    file: File,
    pub(crate) key: [u8; 32],
}

impl IndexFile {
    /// Opens or creates key and index in `dir`, and returns what the index holds; a torn tail is cut off.
    pub(crate) fn open(dir: &Path) -> Result<(IndexFile, Vec<Entry>), IndexError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(IndexError::io("create", dir))?;
        let path = dir.join("students.idx");
        let key = open_key(&dir.join("blind.key"), path.exists())?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(IndexError::io("open", &path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(IndexError::io("read", &path))?;
        if bytes.len() < MAGIC.len() {
            file.set_len(0).and_then(|()| file.write_all(MAGIC)).map_err(IndexError::io("write", &path))?;
            sync_all(&file, dir).map_err(IndexError::io("sync", &path))?;
            return Ok((IndexFile { path, file, key }, Vec::new()));
        }
        let entries = read_entries(&bytes, &path)?;
        let whole = MAGIC.len() + entries.len() * RECORD;
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(IndexError::io("cut the torn end of", &path))?;
            sync_all(&file, dir).map_err(IndexError::io("sync", &path))?;
        }
        Ok((IndexFile { path, file, key }, entries))
    }

    /// Appends one entry; not durable before [`IndexFile::syncer`]'s handle is synced.
    pub(crate) fn append(&mut self, (blind, student): &Entry) -> Result<(), IndexError> {
        let mut record = [0; RECORD];
        record[..16].copy_from_slice(blind);
        record[16..32].copy_from_slice(&student.0);
        let crc = crc32c::crc32c(&record[..32]);
        record[32..].copy_from_slice(&crc.to_le_bytes());
        self.file.write_all(&record).map_err(IndexError::io("write", &self.path))
    }

    /// Returns a second handle that makes appended entries durable.
    pub(crate) fn syncer(&self) -> Result<File, IndexError> {
        self.file.try_clone().map_err(IndexError::io("open", &self.path))
    }

    /// Names the file in an error of the syncing handle.
    pub(crate) fn sync_error(path: &Path, source: io::Error) -> IndexError {
        IndexError::io("sync", path)(source)
    }

    /// Returns the path of the index.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn sync_all(file: &File, dir: &Path) -> io::Result<()> {
    file.sync_all()?;
    File::open(dir)?.sync_all()
}

fn read_entries(bytes: &[u8], path: &Path) -> Result<Vec<Entry>, IndexError> {
    let Some(records) = bytes.strip_prefix(MAGIC) else {
        return Err(IndexError::Damaged { path: path.to_owned(), what: "it does not begin as a student index does" });
    };
    let mut entries = Vec::with_capacity(records.len() / RECORD);
    let (whole, _) = records.as_chunks::<RECORD>();
    for (i, record) in whole.iter().enumerate() {
        match read_entry(record) {
            Some(entry) => entries.push(entry),
            // The last record may be torn by a crash; one before it cannot.
            None if i + 1 == whole.len() => break,
            None => return Err(IndexError::Damaged { path: path.to_owned(), what: "a record fails its checksum" }),
        }
    }
    Ok(entries)
}

fn read_entry(record: &[u8; RECORD]) -> Option<Entry> {
    let (body, crc) = record.split_at(32);
    if crc32c::crc32c(body).to_le_bytes() != *crc {
        return None;
    }
    Some((body[..16].try_into().ok()?, StudentId(body[16..].try_into().ok()?)))
}

/// Reads the key, or makes it; a missing key beside an existing index is damage, for the index is useless without.
fn open_key(path: &Path, index_exists: bool) -> Result<[u8; 32], IndexError> {
    match fs::read(path) {
        Ok(bytes) => {
            bytes.try_into().map_err(|_| IndexError::Damaged { path: path.to_owned(), what: "a key is 32 bytes" })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !index_exists => {
            let mut key = [0; 32];
            SystemRandom::new().fill(&mut key).map_err(|_| IndexError::NoRandomness)?;
            let mut file = OpenOptions::new()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(path)
                .map_err(IndexError::io("create", path))?;
            file.write_all(&key).and_then(|()| file.sync_all()).map_err(IndexError::io("write", path))?;
            Ok(key)
        }
        Err(error) => Err(IndexError::io("read", path)(error)),
    }
}
