//! A file that does not belong to the log is set aside and built anew, and the status says why: never skipped.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::support::*;
use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::{LedgerIdentity, Store};
use caseledger_projections::testing::{Tape, Term};

/// Fills views from a term of 2,000 events and stops them.
fn filled(place: &Place) -> Tape {
    let tape = term(1, 2_000);
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    tape
}

/// Starts the views on a ledger and expects that the old file was set aside for a reason.
#[track_caller]
fn expect_aside(place: &Place, store: &Store, reason: &str) {
    let views = place.start(store);
    let status = caught_up(&views);
    assert_eq!(status.set_aside.len(), 1, "{status:?}");
    assert!(status.set_aside[0].reason.contains(reason), "{status:?}");
    assert!(status.last_error.unwrap().contains(reason));
    assert_eq!(status.set_aside[0].file, "case_view.v7.1.sqlite.set-aside-1");
    assert!(place.views().join(&status.set_aside[0].file).exists());
    assert_eq!(status.file, "case_view.v7.2.sqlite");
    views.shutdown();
    assert_eq!(place.dump(), place.fresh(store));
    let views = place.start(store);
    assert_eq!(caught_up(&views).set_aside, [], "once is enough");
}

#[test]
fn the_log_was_restored_to_an_earlier_point() {
    let place = Place::new();
    let tape = filled(&place);
    let store = place.create(&tape.first(1_500));
    expect_aside(&place, &store, "stands at position 2000 and the log ends at 1500");
}

#[test]
fn the_log_was_restored_and_went_on_another_way() {
    let place = Place::new();
    let mut tape = filled(&place).first(1_500);
    // Other cases than before, so that the two histories can follow one another.
    Term::new(99, 20).play(&mut tape, 700);
    let store = place.create(&tape);
    expect_aside(&place, &store, "tells another history");
}

#[test]
fn another_ledger_lies_there() {
    let place = Place::new();
    let tape = filled(&place);
    let other = LedgerIdentity { ledger: LedgerId([0xB2; 16]), ..IDENTITY };
    let store = place.create_as(other, &tape);
    expect_aside(&place, &store, "it is of ledger a1a1a1a1");
}

#[test]
fn the_ledger_is_in_another_epoch() {
    let place = Place::new();
    let tape = filled(&place);
    let store = place.create_as(LedgerIdentity { epoch: Epoch(2), ..IDENTITY }, &tape);
    expect_aside(&place, &store, "epoch 1");
}

/// Writes over a file from a place on.
fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn the_file_is_no_database() {
    let place = Place::new();
    filled(&place);
    overwrite(&current(&place.views()), 0, &[0x5a; 200]);
    expect_aside(&place, &place.open(), "damaged");
}

#[test]
fn the_file_is_empty() {
    let place = Place::new();
    filled(&place);
    fs::write(current(&place.views()), b"").unwrap();
    expect_aside(&place, &place.open(), "damaged");
}

#[test]
fn the_file_is_of_another_view_or_version() {
    let place = Place::new();
    filled(&place);
    let db = rusqlite::Connection::open(current(&place.views())).unwrap();
    db.execute("UPDATE view_mark SET version = 999", []).unwrap();
    drop(db);
    expect_aside(&place, &place.open(), "it holds version 999 of case_view");
}

#[test]
fn pages_go_bad_under_a_running_view_and_a_query_finds_them() {
    let place = Place::new();
    let store = place.create(&term(1, 4_000));
    let views = place.start(&store);
    caught_up(&views);
    views.shutdown();
    let path = current(&place.views());
    let views = place.start(&store);
    caught_up(&views);
    // All but the first page, which holds the schema and is not read again.
    let length = fs::metadata(&path).unwrap().len();
    overwrite(&path, 4_096, &vec![0xff; length as usize - 4_096]);
    let cases: Vec<_> = views.case_view().all(&Default::default()).map(|page| page.items).unwrap_or_default();
    for item in cases {
        let _ = views.case_view().history(item.id(), None, None);
        let _ = views.case_view().whole(item.id());
    }
    let _ = views.case_view().all(&Default::default());
    until(&views, |status| !status.set_aside.is_empty());
    let status = caught_up(&views);
    assert!(status.set_aside[0].reason.contains("damaged"), "{status:?}");
    assert_eq!(views.case_view().position(), Position(4_000));
    assert!(views.case_view().all(&Default::default()).unwrap().total > 0);
    views.shutdown();
    assert_eq!(place.dump(), place.fresh(&store));
}

#[test]
fn a_file_that_is_gone_is_built_again() {
    let place = Place::new();
    filled(&place);
    fs::remove_file(current(&place.views())).unwrap();
    let store = place.open();
    let views = place.start(&store);
    let status = caught_up(&views);
    assert_eq!(status.set_aside, []);
    views.shutdown();
    assert_eq!(place.dump(), place.fresh(&store));
}

#[test]
fn a_file_without_a_pointer_is_taken_up() {
    let place = Place::new();
    filled(&place);
    fs::remove_file(place.views().join("case_view.current")).unwrap();
    let store = place.open();
    let views = place.start(&store);
    let status = caught_up(&views);
    assert_eq!((status.file.as_str(), status.set_aside), ("case_view.v7.1.sqlite", vec![]));
}
