//! Compares the two copies of a directory that nobody runs, and changes neither.

use std::collections::VecDeque;
use std::path::Path;

use caseledger_events::ids::Position;

use crate::error::{OpenError, ReadError};
use crate::journal::JournalReader;
use crate::journal::rebuild::OtherCopy;
use crate::options::StoreOptions;
use crate::sled_store::{SLED_DIR, SledOpen, SledStore};
use crate::store::{DirLock, read_mark};

/// Events fetched from sled at once.
const FETCH_EVENTS: u64 = 512;

/// What a comparison of journal and sled store found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Compared {
    /// Both hold the same events up to this position.
    Agree(Position),
    /// They were not compared, which says nothing against either.
    Skipped(String),
    /// They do not hold the same.
    Differ {
        /// The first position concerned.
        position: Position,
        /// What does not hold.
        what: String,
    },
}

/// Compares every event of the journal with the sled store of a directory, and both with the mark of its last stop.
///
/// Only a directory that was closed in order is compared: after another stop the two copies may differ by what was
/// never acknowledged, and the next start brings them together. `progress` hears how far it is.
pub fn compare_copies(
    dir: &Path,
    journal: &JournalReader,
    progress: impl FnMut(Position),
) -> Result<Compared, ReadError> {
    let skipped = |why: &str| Ok(Compared::Skipped(why.to_owned()));
    let _lock = match DirLock::acquire(dir) {
        Ok(lock) => lock,
        Err(OpenError::Locked { .. }) => return skipped("a server runs on the directory"),
        Err(error) => return Ok(Compared::Skipped(error.to_string())),
    };
    let Some((head, chain)) = read_mark(dir) else {
        return skipped("the last stop was not in order; the next start compares both copies and mends them");
    };
    let last = journal.last();
    if last < head {
        let what = format!("the journal ends before it; it held positions up to {head} when it was closed");
        return Ok(Compared::Differ { position: last.next(), what });
    }
    if last > head || journal.chain_at(head)? != chain {
        let what = format!("the journal was closed at position {head} with hash {chain}, and now says otherwise");
        return Ok(Compared::Differ { position: head, what });
    }
    let sled_dir = dir.join(SLED_DIR);
    if !sled_dir.exists() {
        return skipped("there is no sled store; the next start builds it from the journal");
    }
    match SledStore::open(&sled_dir, &StoreOptions::default())? {
        SledOpen::Unusable { why } => {
            let what = format!("the sled store cannot be used ({why}); the next start builds it from the journal");
            Ok(Compared::Differ { position: Position(1), what })
        }
        SledOpen::Open(_, identity) if identity != journal.identity() => {
            let what = format!("the sled store is of {identity}, the journal of {}", journal.identity());
            Ok(Compared::Differ { position: Position(1), what })
        }
        SledOpen::Open(sled, _) => {
            let compared = frame_by_frame(&sled, journal, progress);
            sled.close();
            compared
        }
    }
}

fn frame_by_frame(
    sled: &SledStore,
    journal: &JournalReader,
    mut progress: impl FnMut(Position),
) -> Result<Compared, ReadError> {
    let differ = |position, what: String| Ok(Compared::Differ { position, what });
    let last = journal.last();
    let mut fetched: VecDeque<Vec<u8>> = VecDeque::new();
    let mut scan = journal.scan(Position(1));
    while let Some(group) = scan.next_group()? {
        for (position, frame) in group.frames() {
            if fetched.is_empty() {
                let to = Position(last.0.min(position.0 + FETCH_EVENTS - 1));
                match sled.fetch(position, to) {
                    Ok(group) => fetched.extend(group.iter().map(|(_, frame)| frame.to_vec())),
                    Err(why) => return differ(position, format!("the sled store from there on: {why}")),
                }
            }
            if fetched.pop_front().as_deref() != Some(frame) {
                return differ(position, "journal and sled store hold different events there".to_owned());
            }
        }
        progress(group.last());
    }
    match sled.head() {
        Ok((head, _)) if head > last => {
            differ(last.next(), "the sled store holds it and the journal does not".to_owned())
        }
        Ok(_) => Ok(Compared::Agree(last)),
        Err(fault) => differ(last, format!("the end of the sled store: {fault}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_group::Group;
    use crate::identity::LedgerIdentity;
    use crate::store::Store;
    use caseledger_events::ids::{Epoch, LedgerId};

    /// A closed ledger of `count` events.
    fn ledger(count: u8) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let identity = LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(1) };
        let mut store = Store::create(dir.path(), identity, &StoreOptions::default()).unwrap();
        for n in 0..count {
            let (head, chain) = store.head();
            let mut group = Group::new(head.next(), chain);
            group.push(&[n; 40]);
            store.commit(&group).unwrap();
        }
        store.close().unwrap();
        dir
    }

    fn compared(dir: &Path) -> Compared {
        compare_copies(dir, &JournalReader::open(dir).unwrap(), |_| {}).unwrap()
    }

    #[test]
    fn two_copies_of_the_same_events_agree_and_can_be_compared_again() {
        let dir = ledger(7);
        assert_eq!(compared(dir.path()), Compared::Agree(Position(7)));
        assert_eq!(compared(dir.path()), Compared::Agree(Position(7)));
        let (store, report) = Store::open(dir.path(), &StoreOptions::default()).unwrap();
        assert!(report.clean && report.findings.is_empty(), "{report}");
        assert!(matches!(compared(dir.path()), Compared::Skipped(why) if why.contains("a server runs")));
        store.close().unwrap();
    }

    #[test]
    fn a_journal_that_lost_its_end_is_told_from_one_that_ends_there() {
        let dir = ledger(7);
        let segment = dir.path().join("journal/00000000000000000001.seg");
        let mut bytes = std::fs::read(&segment).unwrap();
        let end = bytes.iter().rposition(|&byte| byte != 0).unwrap();
        bytes[end] ^= 1;
        std::fs::write(&segment, bytes).unwrap();
        assert!(matches!(compared(dir.path()), Compared::Differ { position: Position(7), .. }));
    }

    #[test]
    fn a_missing_store_and_an_untidy_stop_say_nothing_against_the_journal() {
        let dir = ledger(3);
        std::fs::remove_dir_all(dir.path().join(SLED_DIR)).unwrap();
        assert!(matches!(compared(dir.path()), Compared::Skipped(why) if why.contains("no sled store")));
        std::fs::remove_file(dir.path().join("clean")).unwrap();
        assert!(matches!(compared(dir.path()), Compared::Skipped(why) if why.contains("not in order")));
    }

    #[test]
    fn stores_of_two_ledgers_do_not_agree() {
        let (one, two) = (ledger(3), ledger(4));
        std::fs::remove_dir_all(one.path().join(SLED_DIR)).unwrap();
        std::fs::rename(two.path().join(SLED_DIR), one.path().join(SLED_DIR)).unwrap();
        assert!(matches!(compared(one.path()), Compared::Differ { position: Position(4), .. }), "sled is longer");
        let damaged = ledger(3);
        std::fs::remove_file(damaged.path().join(SLED_DIR).join("conf")).unwrap();
        assert!(matches!(compared(damaged.path()), Compared::Differ { position: Position(1), .. }));
    }
}
