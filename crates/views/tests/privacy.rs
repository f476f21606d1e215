//! Where what is personal lies, who may open it, and that it goes when it is deleted.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::*;
use caseledger_events::testing::{CASE, manager, on};
use caseledger_projections::testing::{CANARY, Tape, every_event, personal_parts, written};

/// A case with every kind of event, each with every kind of personal part.
fn everything_personal() -> Tape {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
    }
    tape
}

fn holds_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

#[test]
fn what_is_personal_lies_in_its_own_tables_and_nowhere_else() {
    let place = Place::new();
    let store = place.create(&everything_personal());
    let views = place.start(&store);
    caught_up(&views);
    drop(views);
    let db = read_only(&current(&place.views()));
    let in_hex = hex::encode(CANARY);
    let tables = tables(&db);
    assert!(tables.iter().any(|table| table == "case_row") && tables.iter().any(|table| table == "timeline"));
    for table in tables {
        let text = rows(&db, &table).join("\n");
        let found = text.contains(CANARY) || text.contains(&in_hex);
        let personal = ["case_personal", "case_names"].contains(&table.as_str());
        assert_eq!(found, personal, "{table}");
    }
}

#[test]
fn one_statement_takes_everything_personal_of_a_case_out_of_the_file() {
    let place = Place::new();
    let store = place.create(&everything_personal());
    let views = place.start(&store);
    caught_up(&views);
    assert_eq!(views.case_view().by_name(CANARY, 5).unwrap().items.len(), 1);
    drop(views);
    let path = current(&place.views());
    assert!(holds_canary(&fs::read(&path).unwrap()));
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "secure_delete", true).unwrap();
    let purge = "DELETE FROM case_personal WHERE id IN (
        SELECT p.id FROM timeline t JOIN case_personal p ON p.id BETWEEN t.position * 256 AND t.position * 256 + 255
        WHERE t.ref = ?)";
    db.execute(purge, [1]).unwrap();
    drop(db);
    assert!(!holds_canary(&fs::read(&path).unwrap()), "deleted content is overwritten, the index of names too");
    let views = place.start(&store);
    assert_eq!(views.case_view().by_name(CANARY, 5).unwrap().items.len(), 0);
    let document = views.case_view().whole(CASE).unwrap().unwrap();
    assert!(!serde_json::to_string(&document).unwrap().contains(CANARY));
    let timeline = views.case_view().history(CASE, None, Some(500)).unwrap().unwrap();
    assert_eq!(timeline.items.len(), every_event().len(), "what happened stays");
    assert!(timeline.items.iter().all(|entry| entry.personal.is_empty()));
}

#[test]
fn the_files_are_for_the_owner_alone_also_while_they_are_written() {
    let place = Place::new();
    fs::create_dir(place.views()).unwrap();
    fs::set_permissions(place.views(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = place.create(&everything_personal());
    let views = place.start(&store);
    caught_up(&views);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.views()), 0o700);
    let files: Vec<_> = fs::read_dir(place.views()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().any(|path| path.to_string_lossy().ends_with("-wal")), "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn nothing_personal_is_said_by_status_errors_or_debug() {
    let place = Place::new();
    let store = place.create(&everything_personal());
    let views = place.start(&store);
    let status = caught_up(&views);
    assert!(!serde_json::to_string(&status).unwrap().contains(CANARY));
    let document = views.case_view().whole(CASE).unwrap().unwrap();
    assert!(!format!("{document:?}").contains(CANARY));
    let hits = views.case_view().by_name(CANARY, 1).unwrap();
    assert!(!format!("{hits:?}").contains(CANARY));
    let timeline = views.case_view().history(CASE, None, None).unwrap().unwrap();
    assert!(!format!("{timeline:?}").contains(CANARY));
}
