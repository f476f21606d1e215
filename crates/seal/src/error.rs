//! What can go wrong with keys; never what they protect.

use std::io;
use std::path::{Path, PathBuf};

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}; the ledger must not go on without its keys", path = path.display())]
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
    /// The key store belongs to another ledger.
    #[error("{path} holds the keys of another ledger: give the directory its own key store back", path = path.display())]
    OtherLedger {
        /// Which file.
        path: PathBuf,
    },
    /// There is no key store beside a log that has events.
    #[error("the key store {path} is missing: personal fields cannot be read without it; restore it from a backup", path = path.display())]
    StoreMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The key-encryption key is not where it should be, and there are keys that it alone opens.
    #[error(
        "the key-encryption key {path} is missing: without it no personal field can be read; put it back from where it is \
         kept, or name it with keys.kek_file", path = path.display()
    )]
    KekMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The key-encryption key can be read by others.
    #[error("{path} can be read by others (mode {mode:o}): chmod 600 it, and ask who has read it", path = path.display())]
    KekExposed {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key-encryption key at hand is not the one the keys are wrapped with.
    #[error(
        "the key-encryption key is not the one that the key store was written with: put the right one in its place"
    )]
    OtherKek,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: no key can be made")]
    NoRandomness,
    /// A student has no key: it was destroyed, or never made.
    #[error("the student has no key: it was destroyed on lawful authority, or the key store is older than the log")]
    NoKey,
    /// An earlier write failed; nothing can be promised any more.
    #[error("an earlier write of the key store failed: restart the service when the disk is well")]
    Poisoned,
    /// The cipher refused; with keys and nonces of the right length it does not.
    #[error("the cipher refused to work")]
    Cipher,
}

impl SealError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SealError {
        let path = path.to_owned();
        move |source| SealError::Io { action, path, source }
    }
}
