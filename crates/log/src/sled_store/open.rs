//! Opening and creating the sled store, with what its own opening leaves out.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caseledger_events::codec::FORMAT;

use super::chunk::{IDENTITY_KEY, decode_identity, encode_identity};
use super::{SUSPECT_FILE, SledFault, SledStore, guarded};
use crate::error::OpenError;
use crate::identity::LedgerIdentity;
use crate::journal::segment::{HASH_SHA256, check_numbers};
use crate::options::StoreOptions;

/// How long a closed sled may take to let go of its lock before opening gives up.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// How often sled cleans its file. At its own 500 ms one event a commit left 2.1 bytes a stored byte behind, at 100 ms
/// 1.9; a shorter time would only sync an idle file more often.
const CLEAN_EVERY_MS: u64 = 100;

/// What opening the sled directory gave.
pub(crate) enum SledOpen {
    /// A store that says which ledger it is.
    Open(SledStore, LedgerIdentity),
    /// Nothing usable: missing, broken, or never finished; `why` for people.
    Unusable { why: String },
}

/// Removes what an interrupted snapshot leaves behind and sled would take for a snapshot (reliability A.2).
pub(crate) fn sweep(dir: &Path) -> io::Result<usize> {
    let mut swept = 0;
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            std::fs::remove_file(&path)?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// Moves a broken store out of the way, to the first free `sled.broken-<n>`; `None` when there was none.
pub(crate) fn move_aside(dir: &Path, io: &crate::io::Io) -> io::Result<Option<PathBuf>> {
    let suspect = dir.with_file_name(SUSPECT_FILE);
    if !dir.exists() {
        let _ = std::fs::remove_file(suspect);
        return Ok(None);
    }
    let free = (1..).map(|n| dir.with_file_name(format!("sled.broken-{n}"))).find(|path| !path.exists());
    let aside = free.expect("numbers do not run out before names do");
    io.rename(dir, &aside)?;
    let _ = std::fs::remove_file(suspect);
    dir.parent().map_or(Ok(()), |parent| io.fsync_dir(parent))?;
    Ok(Some(aside))
}

impl SledStore {
    /// Opens the store of a directory; refuses another format, and finds out whether it can be used.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<SledOpen, OpenError> {
        let unusable = |why: String| Ok(SledOpen::Unusable { why });
        if !dir.join("db").exists() {
            return unusable("it was missing".into());
        }
        if let Ok(reason) = std::fs::read_to_string(dir.with_file_name(SUSPECT_FILE)) {
            return unusable(format!("it was damaged when last used: {reason}"));
        }
        if !conf_is_whole(dir) {
            return unusable("its conf file is short or damaged".into());
        }
        let db = match open_db(dir, options) {
            Ok(db) => db,
            Err(SledFault::Io(source)) if no_rebuild_helps(&source) => {
                return Err(OpenError::Io { action: "open the sled store in", path: dir.to_owned(), source });
            }
            Err(fault) => return unusable(fault.to_string()),
        };
        let identity = guarded(|| Ok(db.get(IDENTITY_KEY)?));
        let found = match identity {
            Ok(found) => found.and_then(|value| decode_identity(&value)),
            Err(fault) => return unusable(fault.to_string()),
        };
        let Some((identity, format, hash)) = found else {
            return unusable("it does not say which ledger it is".into());
        };
        check_numbers(&dir.join("db"), format, hash)?;
        match SledStore::new(db, dir, identity, options.io.clone()) {
            Ok(store) => Ok(SledOpen::Open(store, identity)),
            Err(fault) => unusable(fault.to_string()),
        }
    }

    /// Makes an empty store, durable with its names before anything is acknowledged from it.
    pub fn create(dir: &Path, identity: LedgerIdentity, options: &StoreOptions) -> Result<SledStore, SledFault> {
        std::fs::create_dir_all(dir)?;
        let io = &options.io;
        let db = open_db(dir, options)?;
        let store = SledStore::new(db, dir, identity, io.clone())?;
        guarded(|| {
            let db = store.db.read();
            let db = db.as_ref().ok_or(SledFault::Closed)?;
            db.insert(IDENTITY_KEY, encode_identity(identity, FORMAT, HASH_SHA256))?;
            db.flush()?;
            Ok(())
        })?;
        io.fsync(&store.file)?;
        io.fsync(&File::open(dir.join("conf"))?)?;
        io.fsync_dir(&dir.join("blobs"))?;
        io.fsync_dir(dir)?;
        dir.parent().map_or(Ok(()), |parent| io.fsync_dir(parent))?;
        Ok(store)
    }
}

/// sled takes a conf of 8 bytes or less for absent and writes its defaults over it; a damaged one it only mentions.
fn conf_is_whole(dir: &Path) -> bool {
    std::fs::read(dir.join("conf")).is_ok_and(|conf| conf.len() > 8 && conf.starts_with(b"segment_size: "))
}

fn open_db(dir: &Path, options: &StoreOptions) -> Result<sled::Db, SledFault> {
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(Some(CLEAN_EVERY_MS))
        .use_compression(false);
    let began = Instant::now();
    loop {
        match guarded(|| Ok(config.open()?)) {
            // Only a process that owns our own lock comes here, so this one just closed sled and its threads still let go.
            Err(SledFault::Io(error)) if is_locked(&error) && began.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            result => return result,
        }
    }
}

/// A full disk, a missing right or a held lock is not cured by a rebuild; an unexpected end of a file is.
fn no_rebuild_helps(error: &io::Error) -> bool {
    use io::ErrorKind::{OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let kinds = [StorageFull, QuotaExceeded, PermissionDenied, ReadOnlyFilesystem, OutOfMemory];
    kinds.contains(&error.kind()) || is_locked(error)
}

/// sled names its lock only in words.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}
