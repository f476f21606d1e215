//! A write or sync that fails ends the store: nothing is acknowledged after it, and nothing acknowledged is lost.

use crate::storage_support::*;
use caseledger_events::ids::Position;
use caseledger_log::{CommitError, Fault, Group, Io, Store, StoreOptions};
use rustix::io::Errno;

const GROUP: usize = 5;

/// Creates a ledger on a road that fails at the N-th operation and commits until it does; returns what was
/// acknowledged, or `None` when creation failed.
fn live_until(dir: &std::path::Path, model: &Model, io: Io) -> Option<Position> {
    let options = StoreOptions { io, ..small() };
    let mut store = Store::create(dir, IDENTITY, &options).ok()?;
    for frames in model.frames.chunks(GROUP) {
        let (head, chain) = store.head();
        let mut group = Group::new(head.next(), chain);
        frames.iter().for_each(|frame| {
            group.push(frame);
        });
        if let Err(error) = store.commit(&group) {
            let (first, last) = match error {
                CommitError::Journal { first, last, .. } | CommitError::Sled { first, last, .. } => (first, last),
                other => panic!("{other}"),
            };
            assert_eq!((first, last), (group.first(), group.last()));
            assert_eq!(store.reader().durable(), head, "what is not acknowledged is not shown");
            assert!(matches!(store.commit(&group), Err(CommitError::Stopped)));
            store.close().unwrap();
            assert!(!dir.join("clean").exists(), "a store that failed leaves no mark of a clean stop");
            return Some(head);
        }
    }
    Some(store.head().0)
}

#[test]
fn after_the_nth_operation_fails_everything_acknowledged_is_there_and_half_groups_are_not() {
    let model = model(120);
    let counted = Io::counting();
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(live_until(dir.path(), &model, counted.clone()), Some(Position(120)));
    let operations = counted.operations();
    assert!(operations > 100, "{operations}");
    let step = if long() { 1 } else { 3 };
    for errno in [Errno::IO, Errno::NOSPC] {
        for nth in (1..=operations).step_by(step) {
            let dir = tempfile::tempdir().unwrap();
            let acknowledged = live_until(dir.path(), &model, Io::failing(Fault { nth, errno }));
            let said = format!("operation {nth} of {operations} fails with {errno:?}");
            let Some(acknowledged) = acknowledged else { continue };
            let (mut store, report) = Store::open(dir.path(), &small()).unwrap_or_else(|e| panic!("{said}: {e}"));
            let next = Position((acknowledged.0 + GROUP as u64).min(120));
            assert!(report.head == acknowledged || report.head == next, "{said}: {acknowledged} {report}");
            model.assert_read_back(&store.reader(), report.head);
            model.commit_to(&mut store, GROUP);
            model.assert_read_back(&store.reader(), Position(120));
        }
    }
}

#[test]
fn opening_that_fails_at_the_nth_operation_succeeds_once_the_disk_is_well() {
    let moments = Moments::record(model(60), &[20, 30, 5, 5], &small());
    // Behind, ahead, sled missing, torn tail: each makes opening write.
    for (journal, sled) in [(4, 2), (2, 4), (4, 0), (4, 4)] {
        let mut nth = 0;
        loop {
            nth += 1;
            let dir = moments.mix(journal, sled);
            if sled == 0 {
                std::fs::remove_dir_all(dir.path().join("sled")).unwrap();
            }
            let io = Io::failing(Fault { nth, errno: Errno::NOSPC });
            let opened = Store::open(dir.path(), &StoreOptions { io, ..small() }).is_ok();
            let (store, report) = Store::open(dir.path(), &small())
                .unwrap_or_else(|e| panic!("journal {journal}, sled {sled}, operation {nth}: {e}"));
            assert_eq!(report.head, Position(60), "journal {journal}, sled {sled}, operation {nth}: {report}");
            moments.model.assert_read_back(&store.reader(), Position(60));
            if opened {
                break;
            }
        }
        assert!(nth > 1);
    }
}
