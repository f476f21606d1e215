//! The key store of a data directory: where its key-encryption key lies, and that it agrees with the log.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use caseledger_events::ids::{StreamId, StudentId};
use caseledger_events::keys::{KEYS_STREAM, KeyEvent};
use caseledger_events::world::World;
use caseledger_log::Ledger;
use caseledger_seal::{KekFile, Keys, SealError};

use crate::exit::{Exit, Failure};
use crate::service::KEYS_DIR;
use crate::settings;

/// Opens the key store of a ledger, and destroys what the log says must be gone: a crash, or a restore of older keys,
/// must not bring back what was disposed of.
pub fn open(dir: &Path, settings: &settings::Keys, ledger: &Ledger<World>) -> Result<Keys, Failure> {
    let folder = dir.join(KEYS_DIR);
    let path = kek_path(dir, settings);
    let exist = Keys::exist(&folder);
    if !exist && ledger.reader().durable().0 > EVENTS_OF_A_NEW_LEDGER {
        return Err(SealError::StoreMissing { path: folder }.into());
    }
    let kek = KekFile::open(&path, !exist)?;
    let keys = Keys::open(&folder, ledger.identity().ledger, Box::new(kek))?;
    let gone = keys.destroy(&disposed(ledger)?)?;
    if gone > 0 {
        tracing::warn!(keys = gone, "keys that the log says were disposed of were still there: destroyed now");
    }
    Ok(keys)
}

/// A ledger that was just made holds the event that says so.
const EVENTS_OF_A_NEW_LEDGER: u64 = 1;

/// Returns where the key-encryption key lies: as the settings say, else beside the data directory, named like it.
pub fn kek_path(dir: &Path, settings: &settings::Keys) -> PathBuf {
    if !settings.kek_file.as_os_str().is_empty() {
        return settings.kek_file.clone();
    }
    let mut name = dir.components().as_path().as_os_str().to_owned();
    name.push(".kek");
    PathBuf::from(name)
}

/// Returns the students that the log says were disposed of.
fn disposed(ledger: &Ledger<World>) -> Result<HashSet<StudentId>, Failure> {
    let Some((_, head)) = ledger.head(StreamId::system(KEYS_STREAM)) else { return Ok(HashSet::new()) };
    let history = ledger.reader().history(head)?;
    let mut students = HashSet::new();
    for entry in &history {
        let event = entry.decode().map_err(|error| Failure::new(Exit::FoundWrong, error))?;
        if let Ok(Some(KeyEvent::StudentDisposed { student, .. })) = KeyEvent::read(&event) {
            students.insert(student);
        }
    }
    Ok(students)
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Failure {
        let next = match &error {
            SealError::KekMissing { .. } => {
                Some("a restored or copied directory needs the key-encryption key of its origin")
            }
            _ => None,
        };
        let failure = Failure::new(Exit::Internal, error);
        match next {
            Some(next) => failure.next(next),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_encryption_key_lies_beside_the_data_and_not_in_it() {
        let settings = settings::Keys::default();
        assert_eq!(kek_path(Path::new("./.caseledger"), &settings), Path::new("./.caseledger.kek"));
        assert_eq!(kek_path(Path::new("/srv/ledger/"), &settings), Path::new("/srv/ledger.kek"));
        let named = settings::Keys { kek_file: "/etc/ledger.kek".into() };
        assert_eq!(kek_path(Path::new("/srv/ledger"), &named), Path::new("/etc/ledger.kek"));
    }
}
