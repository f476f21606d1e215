//! Key-encryption keys: what wraps every stored secret, kept apart from what it wraps.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use zeroize::Zeroizing;

use crate::cipher::{Cipher, KEY_BYTES, Secret, Wrapped, random_id, random_secret};
use crate::error::SealError;

/// Names a key-encryption key.
pub type KekId = [u8; 16];

const MAGIC: &[u8; 8] = b"CLkek001";
const FILE_BYTES: usize = MAGIC.len() + 16 + KEY_BYTES;

/// Who holds the key-encryption keys: a file, or a key management service.
///
/// A change of keys is *prepare*, then everything is wrapped anew, then *adopt*. Between the two both keys exist.
pub trait KekKeeper: Send + Sync {
    /// Returns the keys that exist: the one in use, and the next of a change that was interrupted.
    fn known(&self) -> Vec<KekId>;
    /// Wraps a secret under a key, bound to its place.
    fn wrap(&self, kek: KekId, secret: &Secret, place: &[u8]) -> Result<Wrapped, SealError>;
    /// Unwraps a secret.
    fn unwrap(&self, kek: KekId, wrapped: &Wrapped, place: &[u8]) -> Result<Secret, SealError>;
    /// Makes the next key, durable on return.
    fn prepare(&self) -> Result<KekId, SealError>;
    /// Makes a key the only one: every other is destroyed, durable on return.
    fn adopt(&self, kek: KekId) -> Result<(), SealError>;
}

/// A key-encryption key in a file of mode 0600: 8 bytes `CLkek001`, 16 bytes id, 32 bytes key.
pub struct KekFile {
    path: PathBuf,
    held: RwLock<Held>,
}

struct Held {
    current: Kek,
    next: Option<Kek>,
}

struct Kek {
    id: KekId,
    cipher: Cipher,
}

impl KekFile {
    /// Opens the key, or makes it where `may_create` says that nothing is wrapped under it yet.
    pub fn open(path: &Path, may_create: bool) -> Result<KekFile, SealError> {
        finish_adoption(path)?;
        let current = match read(path)? {
            Some(kek) => kek,
            None if may_create => create(path)?,
            None => return Err(SealError::KekMissing { path: path.to_owned() }),
        };
        let next = read(&beside(path, NEXT))?;
        Ok(KekFile { path: path.to_owned(), held: RwLock::new(Held { current, next }) })
    }

    fn with<T>(&self, kek: KekId, f: impl FnOnce(&Cipher) -> Result<T, SealError>) -> Result<T, SealError> {
        let held = self.held.read();
        let mut known = std::iter::once(&held.current).chain(&held.next);
        f(&known.find(|known| known.id == kek).ok_or(SealError::OtherKek)?.cipher)
    }
}

impl KekKeeper for KekFile {
    fn known(&self) -> Vec<KekId> {
        let held = self.held.read();
        std::iter::once(&held.current).chain(&held.next).map(|kek| kek.id).collect()
    }

    fn wrap(&self, kek: KekId, secret: &Secret, place: &[u8]) -> Result<Wrapped, SealError> {
        self.with(kek, |cipher| cipher.wrap(secret, place))
    }

    fn unwrap(&self, kek: KekId, wrapped: &Wrapped, place: &[u8]) -> Result<Secret, SealError> {
        self.with(kek, |cipher| cipher.unwrap(wrapped, place).ok_or(SealError::OtherKek))
    }

    fn prepare(&self) -> Result<KekId, SealError> {
        let mut held = self.held.write();
        let path = beside(&self.path, NEXT);
        // What an interrupted change left wraps nothing: adopting would have been refused otherwise.
        if held.next.take().is_some() {
            wipe(&path)?;
        }
        let next = create(&path)?;
        let id = next.id;
        held.next = Some(next);
        Ok(id)
    }

    fn adopt(&self, kek: KekId) -> Result<(), SealError> {
        let mut held = self.held.write();
        let next = beside(&self.path, NEXT);
        if held.current.id == kek {
            if held.next.take().is_some() {
                wipe(&next)?;
            }
            return Ok(());
        }
        let Some(adopted) = held.next.take_if(|next| next.id == kek) else { return Err(SealError::OtherKek) };
        let old = beside(&self.path, OLD);
        fs::rename(&self.path, &old).map_err(SealError::io("put aside", &self.path))?;
        fs::rename(&next, &self.path).map_err(SealError::io("put the next key in the place of", &self.path))?;
        sync_folder(&self.path)?;
        held.current = adopted;
        wipe(&old)
    }
}

/// The key that is prepared, beside the one in use.
const NEXT: &str = ".next";
/// The key that was in use, until it is wiped.
const OLD: &str = ".old";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Finishes an adoption that was cut short after the old key was put aside.
fn finish_adoption(path: &Path) -> Result<(), SealError> {
    let (next, old) = (beside(path, NEXT), beside(path, OLD));
    if !old.exists() {
        return Ok(());
    }
    if !path.exists() {
        fs::rename(&next, path).map_err(SealError::io("put the next key in the place of", path))?;
        sync_folder(path)?;
    }
    wipe(&old)
}

fn read(path: &Path) -> Result<Option<Kek>, SealError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SealError::io("read", path)(error)),
    };
    let mode = fs::metadata(path).map_err(SealError::io("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SealError::KekExposed { path: path.to_owned(), mode });
    }
    parse(&bytes)?.map_or_else(
        || Err(SealError::Damaged { path: path.to_owned(), what: "it is not a key-encryption key" }),
        |kek| Ok(Some(kek)),
    )
}

fn parse(bytes: &[u8]) -> Result<Option<Kek>, SealError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else { return Ok(None) };
    let Some((id, key)) = rest.split_first_chunk::<16>() else { return Ok(None) };
    let Ok(key) = <&[u8; KEY_BYTES]>::try_from(key) else { return Ok(None) };
    Ok(Some(Kek { id: *id, cipher: Cipher::of(key)? }))
}

fn create(path: &Path) -> Result<Kek, SealError> {
    let (id, key) = (random_id()?, random_secret()?);
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
    bytes.extend(MAGIC);
    bytes.extend(id);
    bytes.extend(&key[..]);
    let io = SealError::io("create", path);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(io)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(SealError::io("write", path))?;
    sync_folder(path)?;
    Ok(Kek { id, cipher: Cipher::of(&key)? })
}

/// Puts zeros in the place of a key before its file goes; a disk that copies on write may keep the old bytes, which is
/// why volumes that hold keys should be encrypted.
fn overwrite(path: &Path) -> Result<(), SealError> {
    let mut file = OpenOptions::new().write(true).open(path).map_err(SealError::io("overwrite", path))?;
    file.write_all(&[0; FILE_BYTES]).and_then(|()| file.sync_all()).map_err(SealError::io("overwrite", path))
}

fn wipe(path: &Path) -> Result<(), SealError> {
    overwrite(path)?;
    fs::remove_file(path).map_err(SealError::io("remove", path))?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> Result<(), SealError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(SealError::io("sync the folder of", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kek");
        assert!(matches!(KekFile::open(&path, false), Err(SealError::KekMissing { .. })));
        let id = KekFile::open(&path, true).unwrap().known();
        assert_eq!(KekFile::open(&path, false).unwrap().known(), id);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(KekFile::open(&path, false), Err(SealError::KekExposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_change_of_keys_that_is_interrupted_is_finished_either_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kek");
        let keeper = KekFile::open(&path, true).unwrap();
        let old = keeper.known()[0];
        let secret = random_secret().unwrap();
        let under_old = keeper.wrap(old, &secret, b"here").unwrap();
        let new = keeper.prepare().unwrap();
        drop(keeper);

        let keeper = KekFile::open(&path, false).unwrap();
        assert_eq!(keeper.known(), [old, new], "both exist until one is adopted");
        assert_eq!(keeper.unwrap(old, &under_old, b"here").unwrap(), secret);
        keeper.adopt(new).unwrap();
        drop(keeper);

        let keeper = KekFile::open(&path, false).unwrap();
        assert_eq!(keeper.known(), [new]);
        assert!(keeper.unwrap(old, &under_old, b"here").is_err(), "what the old one wrapped opens no more");
        let another = keeper.prepare().unwrap();
        keeper.adopt(new).unwrap();
        assert_eq!(keeper.known(), [new]);
        assert!(keeper.adopt(another).is_err(), "given up");
    }
}
