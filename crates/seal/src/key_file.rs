//! The key store on disk: an append-only file of fixed records, wrapped secrets only.
//!
//! ```text
//! students.keys   header, 108 bytes
//!                 8 magic "CLkeys01" · 4 CRC-32C of what follows · 2 format · 2 zero · 16 ledger id
//!                 16 id of the key-encryption key · 60 wrapped key of the blind index
//!                 records, 116 bytes each
//!                 1 whether an NSN is known · 3 zero · 16 blind hash of it · 16 student id · 16 key id
//!                 60 wrapped secret · 4 CRC-32C of the 112 bytes before
//! ```
//! Numbers are little-endian. Wrapped: 12 nonce, 32 ciphertext, 16 tag (AES-256-GCM). A later record of the same
//! student replaces the key that new events are sealed under; the earlier one still opens older events.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use caseledger_events::codec::FORMAT;
use caseledger_events::ids::{KeyId, LedgerId, StudentId};

use crate::cipher::{WRAPPED_BYTES, Wrapped};
use crate::error::SealError;
use crate::kek::KekId;

const MAGIC: &[u8; 8] = b"CLkeys01";
const HEADER: usize = 12 + 4 + 16 + 16 + WRAPPED_BYTES;
const RECORD: usize = 4 + 16 + 16 + 16 + WRAPPED_BYTES + 4;

/// The name of the file in the key store's folder.
pub(crate) const FILE_NAME: &str = "students.keys";

/// What the file says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub ledger: LedgerId,
    pub kek: KekId,
    pub blind_key: Wrapped,
}

/// A key of a student, wrapped, and the blind hash of the NSN that leads to the student.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    pub blind: Option<[u8; 16]>,
    pub student: StudentId,
    pub key: KeyId,
    pub wrapped: Wrapped,
}

/// The open file.
pub(crate) struct KeyFile {
    path: PathBuf,
    file: File,
}

impl KeyFile {
    /// Returns where the file of a folder stands.
    pub fn path_in(dir: &Path) -> PathBuf {
        dir.join(FILE_NAME)
    }

    /// Opens an existing file and returns what it holds; a torn tail is cut off. `None` where there is none.
    pub fn open(dir: &Path) -> Result<Option<(KeyFile, Header, Vec<Record>)>, SealError> {
        let path = KeyFile::path_in(dir);
        if !path.exists() {
            return Ok(None);
        }
        let mut file = OpenOptions::new().read(true).append(true).open(&path).map_err(SealError::io("open", &path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(SealError::io("read", &path))?;
        let damaged = |what| SealError::Damaged { path: path.clone(), what };
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(damaged("it ends within its header"));
        };
        let header = header_of(header).map_err(damaged)?;
        let records = records_of(rest).map_err(damaged)?;
        let whole = HEADER + records.len() * RECORD;
        if whole < bytes.len() {
            file.set_len(whole as u64)
                .and_then(|()| file.sync_all())
                .map_err(SealError::io("cut the torn end of", &path))?;
        }
        Ok(Some((KeyFile { path, file }, header, records)))
    }

    /// Writes a whole file in the place of the one there is; durable on return, and never half.
    pub fn replace(dir: &Path, header: &Header, records: &[Record]) -> Result<KeyFile, SealError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(SealError::io("create", dir))?;
        let path = KeyFile::path_in(dir);
        let fresh = path.with_extension("keys.new");
        let mut bytes = Vec::with_capacity(HEADER + records.len() * RECORD);
        bytes.extend(header_bytes(header));
        records.iter().for_each(|record| bytes.extend(record_bytes(record)));
        let mut options = OpenOptions::new();
        let io = SealError::io("create", &fresh);
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&fresh).map_err(io)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(SealError::io("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(SealError::io("put in place", &path))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(SealError::io("sync", dir))?;
        let file = OpenOptions::new().append(true).open(&path).map_err(SealError::io("open", &path))?;
        Ok(KeyFile { path, file })
    }

    /// Appends one record; not durable before [`KeyFile::syncer`]'s handle is synced.
    pub fn append(&mut self, record: &Record) -> Result<(), SealError> {
        self.file.write_all(&record_bytes(record)).map_err(SealError::io("write", &self.path))
    }

    /// Returns a second handle that makes appended records durable.
    pub fn syncer(&self) -> Result<File, SealError> {
        self.file.try_clone().map_err(SealError::io("open", &self.path))
    }
}

fn header_bytes(header: &Header) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[12..14].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[16..32].copy_from_slice(&header.ledger.0);
    bytes[32..48].copy_from_slice(&header.kek);
    bytes[48..].copy_from_slice(&header.blind_key);
    let crc = crc32c::crc32c(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn header_of(bytes: &[u8; HEADER]) -> Result<Header, &'static str> {
    if bytes[..8] != *MAGIC {
        return Err("it does not begin as a key store does");
    }
    if crc32c::crc32c(&bytes[12..]).to_le_bytes() != bytes[8..12] {
        return Err("its header fails its checksum");
    }
    if bytes[12..14] != FORMAT.to_le_bytes() {
        return Err("it is of another format");
    }
    Ok(Header { ledger: LedgerId(array(bytes, 16)), kek: array(bytes, 32), blind_key: array(bytes, 48) })
}

fn record_bytes(record: &Record) -> [u8; RECORD] {
    let mut bytes = [0; RECORD];
    bytes[0] = u8::from(record.blind.is_some());
    bytes[4..20].copy_from_slice(&record.blind.unwrap_or_default());
    bytes[20..36].copy_from_slice(&record.student.0);
    bytes[36..52].copy_from_slice(&record.key.0);
    bytes[52..112].copy_from_slice(&record.wrapped);
    let crc = crc32c::crc32c(&bytes[..112]);
    bytes[112..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn records_of(bytes: &[u8]) -> Result<Vec<Record>, &'static str> {
    let (whole, _) = bytes.as_chunks::<RECORD>();
    let records: Vec<Record> = whole.iter().map_while(record_of).collect();
    // What was being written in a crash may be torn; nobody was told of it. A good record after a bad one is damage.
    match whole[records.len()..].iter().any(|bytes| record_of(bytes).is_some()) {
        true => Err("a record fails its checksum"),
        false => Ok(records),
    }
}

fn record_of(bytes: &[u8; RECORD]) -> Option<Record> {
    (crc32c::crc32c(&bytes[..112]).to_le_bytes() == bytes[112..]).then(|| Record {
        blind: (bytes[0] == 1).then(|| array(bytes, 4)),
        student: StudentId(array(bytes, 20)),
        key: KeyId(array(bytes, 36)),
        wrapped: array(bytes, 52),
    })
}

/// Returns the bytes of a field that lies within its record.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
