//! A copy that is missing is rebuilt from the other; two histories, or none, are refused with the way out.

use std::path::Path;

use crate::storage_support::*;
use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::{Finding, JournalReader, LedgerIdentity, OpenError, Store};

const EVENTS: usize = 230;

fn ledger_of(model: &Model, identity: LedgerIdentity) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), identity, &small()).unwrap();
    model.commit_to(&mut store, 4);
    drop(store);
    dir
}

fn ledger() -> (tempfile::TempDir, Model) {
    let model = model(EVENTS);
    (ledger_of(&model, IDENTITY), model)
}

#[track_caller]
fn opens_whole(dir: &Path, model: &Model) -> Vec<Finding> {
    let (store, report) = Store::open(dir, &small()).unwrap();
    assert_eq!(report.head, Position(EVENTS as u64), "{report}");
    model.assert_read_back(&store.reader(), report.head);
    assert_eq!(store.reader().findings(), []);
    store.close().unwrap();
    let (store, again) = Store::open(dir, &small()).unwrap();
    assert_eq!((again.clean, again.findings), (true, vec![]), "nothing is left to repair");
    model.assert_read_back(&store.reader(), report.head);
    report.findings
}

#[track_caller]
fn refused(dir: &Path) -> OpenError {
    match Store::open(dir, &small()) {
        Ok((_, report)) => panic!("opened: {report}"),
        Err(error) => error,
    }
}

#[test]
fn a_deleted_sled_store_is_rebuilt_from_the_journal() {
    let (dir, model) = ledger();
    std::fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let findings = opens_whole(dir.path(), &model);
    let rebuilt = Finding::SledRebuilt { why: "it was missing".into(), moved_to: None, replayed: EVENTS as u64 };
    assert_eq!(findings.last(), Some(&rebuilt));
}

#[test]
fn an_unopenable_sled_store_is_moved_aside_and_rebuilt() {
    let (dir, model) = ledger();
    let sled = dir.path().join("sled");
    std::fs::write(sled.join("conf"), b"short").unwrap();
    let findings = opens_whole(dir.path(), &model);
    let aside = dir.path().join("sled.broken-1");
    let why = "its conf file is short or damaged".to_owned();
    let rebuilt = Finding::SledRebuilt { why, moved_to: Some(aside.clone()), replayed: EVENTS as u64 };
    assert_eq!(findings.last(), Some(&rebuilt));
    assert!(aside.join("db").exists());

    std::fs::write(sled.join("db"), vec![0x5a; 100_000]).unwrap();
    opens_whole(dir.path(), &model);
    assert!(dir.path().join("sled.broken-2").exists());
}

#[test]
fn a_sled_store_that_showed_damage_in_use_is_rebuilt_at_the_next_start() {
    let (dir, model) = ledger();
    std::fs::write(dir.path().join("sled.suspect"), b"Read corrupted data").unwrap();
    let findings = opens_whole(dir.path(), &model);
    let Some(Finding::SledRebuilt { why, .. }) = findings.last() else { panic!("{findings:?}") };
    assert_eq!(why, "it was damaged when last used: Read corrupted data");
    assert!(!dir.path().join("sled.suspect").exists());
}

#[test]
fn a_deleted_journal_is_rebuilt_from_sled() {
    let (dir, model) = ledger();
    std::fs::remove_dir_all(dir.path().join("journal")).unwrap();
    let findings = opens_whole(dir.path(), &model);
    assert!(!findings.is_empty());
}

#[test]
fn any_deleted_segment_is_rebuilt_from_sled() {
    let (dir, model) = ledger();
    let count = segments(dir.path()).len();
    assert!(count > 4);
    for first in 0..count {
        for also_next in [false, true] {
            let copy = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), copy.path());
            let files = segments(copy.path());
            std::fs::remove_file(&files[first]).unwrap();
            if let Some(next) = files.get(first + 1).filter(|_| also_next) {
                std::fs::remove_file(next).unwrap();
            }
            opens_whole(copy.path(), &model);
            let journal = JournalReader::open(copy.path()).unwrap();
            assert_eq!(journal.scan(Position(1)).entries().map(Result::unwrap).count(), EVENTS);
        }
    }
}

#[test]
fn deleted_sidecars_are_built_again() {
    let (dir, model) = ledger();
    let files = sidecars(dir.path());
    files.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let findings = opens_whole(dir.path(), &model);
    let rebuilt = findings.iter().filter(|f| matches!(f, Finding::SidecarRebuilt { why: "missing", .. })).count();
    assert_eq!(rebuilt, segments(dir.path()).len() - 1, "all but the segment that is written on: {findings:?}");
}

#[test]
fn two_histories_are_refused_at_the_position_where_they_part() {
    let model = model(EVENTS);
    let ours = ledger_of(&model, IDENTITY);
    for fork in [1, 2, 100, 101, EVENTS as u64] {
        let mut other = Model::default();
        for n in 0..EVENTS + 20 {
            let tag = n.is_multiple_of(3).then(|| tag(n as u64));
            let longer = usize::from(n as u64 + 1 == fork);
            other.add((n % 7) as u8, tag, 40 + n % 200 + longer);
        }
        let theirs = ledger_of(&other, IDENTITY);
        let mixed = tempfile::tempdir().unwrap();
        copy_dir(&ours.path().join("journal"), &mixed.path().join("journal"));
        copy_dir(&theirs.path().join("sled"), &mixed.path().join("sled"));
        let position = Position(fork);
        let expected = format!(
            "journal and sled store differ from position {fork} on: the journal has chain hash {}, the sled store {}; nothing was changed. Verify both against receipts or the broadcast, then move the wrong one out of the directory",
            model.chain_at(position),
            other.chain_at(position),
        );
        assert_eq!(refused(mixed.path()).to_string(), expected);
        // The way out that the message names works.
        std::fs::rename(mixed.path().join("sled"), mixed.path().join("elsewhere")).unwrap();
        opens_whole(mixed.path(), &model);
    }
}

#[test]
fn copies_of_two_ledgers_or_epochs_are_refused_with_both_names() {
    let (ours, model) = ledger();
    let others =
        [LedgerIdentity { epoch: Epoch(2), ..IDENTITY }, LedgerIdentity { ledger: LedgerId([0xB2; 16]), ..IDENTITY }];
    for other in others {
        let theirs = ledger_of(&model, other);
        let mixed = tempfile::tempdir().unwrap();
        copy_dir(&ours.path().join("journal"), &mixed.path().join("journal"));
        copy_dir(&theirs.path().join("sled"), &mixed.path().join("sled"));
        let error = refused(mixed.path()).to_string();
        let expected = format!(
            "the journal is of {IDENTITY} and the sled store of {other}: one of them was copied here from elsewhere; move the wrong one out of the directory (a missing sled store is rebuilt from the journal)"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn a_segment_of_another_ledger_is_replaced_from_sled() {
    let (dir, model) = ledger();
    let theirs = ledger_of(&model, LedgerIdentity { epoch: Epoch(9), ..IDENTITY });
    let (ours, theirs) = (segments(dir.path()), segments(theirs.path()));
    std::fs::copy(&theirs[2], &ours[2]).unwrap();
    std::fs::remove_file(ours[2].with_extension("idx")).unwrap();
    opens_whole(dir.path(), &model);
}

#[test]
fn what_a_clean_stop_left_must_be_there_again() {
    let model = model(EVENTS);
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 4);
    let (earlier, older) = (tempfile::tempdir().unwrap(), Position(EVENTS as u64));
    copy_dir(&dir.path().join("journal"), &earlier.path().join("journal"));
    copy_dir(&dir.path().join("sled"), &earlier.path().join("sled"));
    let mut longer = model.clone();
    longer.add(1, None, 10);
    longer.commit_to(&mut store, 1);
    store.close().unwrap();
    std::fs::copy(dir.path().join("clean"), earlier.path().join("clean")).unwrap();
    for _ in 0..2 {
        let error = refused(earlier.path()).to_string();
        let next = older.next();
        assert_eq!(
            error,
            format!(
                "positions {next} to {next} can be read neither from the journal nor from the sled store (the ledger was closed with them and now both copies end before); restore the ledger from a backup"
            )
        );
    }
}

#[test]
fn with_both_copies_gone_the_missing_positions_are_named() {
    let (dir, _) = ledger();
    std::fs::remove_file(&segments(dir.path())[1]).unwrap();
    std::fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let first: u64 = segments(dir.path())[1].file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let error = refused(dir.path()).to_string();
    let tail = format!(
        " to {} can be read neither from the journal nor from the sled store (the sled store cannot help: it was missing); restore the ledger from a backup",
        first - 1
    );
    assert!(error.ends_with(&tail), "{error}");
}

#[test]
fn a_stop_in_the_middle_of_creation_leaves_a_ledger_that_opens_or_can_be_created() {
    let whole = tempfile::tempdir().unwrap();
    drop(Store::create(whole.path(), IDENTITY, &small()).unwrap());
    // Only the journal folder: nothing was created yet.
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("journal")).unwrap();
    assert!(matches!(refused(dir.path()), OpenError::NoLedger { .. }));
    drop(Store::create(dir.path(), IDENTITY, &small()).unwrap());
    // The first segment but no sled, or a sled that does not say which ledger it is.
    for sled in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(&whole.path().join("journal"), &dir.path().join("journal"));
        if sled {
            drop(sled::Config::new().path(dir.path().join("sled")).open().unwrap());
        }
        let (store, report) = Store::open(dir.path(), &small()).unwrap();
        assert_eq!((store.identity(), report.head), (IDENTITY, Position(0)));
    }
}
