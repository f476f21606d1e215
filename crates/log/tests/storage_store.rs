//! A store gives back what was committed, by every road, across closing and opening.

mod storage_support;

use caseledger_events::ids::Position;
use caseledger_log::{CommitError, Group, JournalReader, OpenError, Store};
use caseledger_proof::Hash;
use storage_support::*;

#[test]
fn what_was_committed_is_read_back_by_every_road_before_and_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = model(400);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 1);
    model.assert_read_back(&store.reader(), Position(400));
    for n in 0..600 {
        model.add(n as u8, Some(tag(10_000 + n)), 100);
    }
    model.commit_to(&mut store, 37);
    model.assert_read_back(&store.reader(), Position(1000));
    store.close().unwrap();
    let (store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!((report.clean, report.head, report.findings), (true, Position(1000), vec![]));
    model.assert_read_back(&store.reader(), Position(1000));
    drop(store);
    let (mut store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!((report.clean, report.head, report.findings), (false, Position(1000), vec![]));
    model.add(3, None, 20);
    model.commit_to(&mut store, 1);
    model.assert_read_back(&store.reader(), Position(1001));
}
