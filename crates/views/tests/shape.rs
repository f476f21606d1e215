//! A file is read by the builds that know its shape, and holds what the fold of its version makes.

use std::sync::Arc;

use crate::support::*;
use caseledger_events::ids::Position;
use caseledger_events::testing::{CASE, InClear, manager, on};
use caseledger_projections::testing::{Tape, Term, every_event, personal_parts, written};
use caseledger_proof::{Hash, extend, leaf};
use caseledger_views::{Apart, Handed, ViewOptions, Views};

/// What the case view of version 5 makes of the events below: tables, rows, values.
///
/// When this fails the files that exist hold something else than a build from the beginning would: raise the version
/// in `case_view.rs`, so that new files are built, and put the new digest here. (Another digest with the same version
/// is right in one case only: the events of this test were changed.)
const CASE_VIEW: (u32, &str) = (7, "b1ca4f672ab93dd2");

#[test]
fn the_same_events_make_the_same_file_for_as_long_as_the_version_is_the_same() {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
    }
    Term::new(1, 12).play(&mut tape, 300);
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    let version = caught_up(&views).version;
    drop(views);
    let db = read_only(&current(&place.views()));
    // What SQLite keeps the index of names in is its own affair.
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'case\\_names\\_%' ESCAPE '\\'
               ORDER BY name";
    let mut statement = db.prepare(sql).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let digest = leaf(format!("{}\n{}", tables.join("\n"), place.dump()).as_bytes()).to_string();
    assert_eq!((version, &digest[..16]), CASE_VIEW);
}

/// What the read models of facts make of a term; the same holds of them as of [`CASE_VIEW`].
const OF_FACTS: [(&str, u32, &str); 2] =
    [("service_levels", 1, "cf0b2b305d66b202"), ("audit_trail", 1, "3d95b2a7f73de49a")];

#[test]
fn the_read_models_of_facts_keep_their_shape_as_well() {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-02-01", event), manager(), personal_parts()));
    }
    Term::new(1, 12).play(&mut tape, 300);
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    for (view, version, digest) in OF_FACTS {
        assert_eq!(followed(&views, view).version, version);
        let db = read_only(&current_of(&place.views(), view));
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = db.prepare(sql).unwrap();
        let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let made = leaf(format!("{}\n{}", tables.join("\n"), dump_of(&place.views(), view)).as_bytes()).to_string();
        assert_eq!((view, &made[..16]), (view, digest));
    }
}

#[test]
fn the_work_queue_apart_keeps_its_shape_as_well() {
    let mut tape = Tape::new();
    Term::new(1, 12).play(&mut tape, 300);
    let dir = tempfile::tempdir().unwrap();
    let (mut apart, _) = Apart::open(dir.path(), "work_queue", IDENTITY, Position(300)).unwrap();
    let mut chain = Hash::ZERO;
    for (frame, at) in tape.frames().iter().zip(1..) {
        chain = extend(chain, frame);
        apart.take(&[Handed::frame(Position(at), chain, frame)]).unwrap();
    }
    let name = apart.path().file_name().unwrap().to_str().unwrap().to_owned();
    apart.close();
    let made = leaf(dump_of(dir.path(), "work_queue").as_bytes()).to_string();
    assert_eq!((name.as_str(), &made[..16]), ("work_queue.v2.1.sqlite", "071ff273850be02d"));
}

/// Building leaves the indexes of queries to its end; following keeps them from the first event on.
#[test]
fn a_file_that_was_built_and_one_that_followed_have_the_same_indexes_and_rows() {
    let tape = term(7, 400);
    let place = Place::new();
    let mut store = place.create(&Tape::new());
    let views = place.start(&store);
    append(&mut store, &tape);
    caught_up(&views);
    views.shutdown();
    let built = tempfile::tempdir().unwrap();
    let views = Views::open(built.path(), store.reader(), Arc::new(InClear), ViewOptions::default()).unwrap();
    caught_up(&views);
    views.shutdown();
    let (followed, built) = (indexes(&place.views()), indexes(built.path()));
    assert!(followed.len() > 10, "{followed:?}");
    assert_eq!(followed, built);
    assert_eq!(place.dump(), place.fresh(&store));
}

fn indexes(dir: &std::path::Path) -> Vec<String> {
    let db = read_only(&current(dir));
    let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}
