//! Read models built apart from the service hold what the service's own hold, event by event, exactly once.

use crate::support::*;
use caseledger_events::ids::Position;
use caseledger_events::public::{Place as At, message};
use caseledger_projections::testing::Tape;
use caseledger_proof::{Hash, extend};
use caseledger_views::{Apart, ApartError, Handed, ViewError};

/// The chain hash at each position of a tape, from position 1.
fn chain(tape: &Tape) -> Vec<Hash> {
    let hashes = tape.frames().iter().scan(Hash::ZERO, |before, frame| {
        *before = extend(*before, frame);
        Some(*before)
    });
    hashes.collect()
}

fn frames<'a>(tape: &'a Tape, chain: &[Hash], from: usize, to: usize) -> Vec<Handed<'a>> {
    (from..to).map(|n| Handed::frame(Position(n as u64 + 1), chain[n], &tape.frames()[n])).collect()
}

fn open(dir: &std::path::Path, view: &str, head: usize) -> Apart {
    Apart::open(dir, view, IDENTITY, Position(head as u64)).unwrap().0
}

#[test]
fn a_file_from_the_log_is_the_services_own_to_the_last_row() {
    let tape = term(6, 1_500);
    let (place, dir) = (Place::new(), tempfile::tempdir().unwrap());
    let store = place.create(&tape);
    let views = place.start(&store);
    let chain = chain(&tape);
    for view in ["service_levels", "audit_trail"] {
        followed(&views, view);
        let mut apart = open(dir.path(), view, 1_500);
        // In chunks that overlap: what was taken before is passed over.
        for from in (0..1_500).step_by(100) {
            apart.take(&frames(&tape, &chain, from, (from + 130).min(1_500))).unwrap();
        }
        assert_eq!(apart.stands_at(), (Position(1_500), chain[1_499]));
        apart.close();
        assert_eq!(dump_of(dir.path(), view), dump_of(&place.views(), view), "{view}");
    }
}

#[test]
fn service_levels_and_work_queue_need_public_facts_alone() {
    let tape = term(6, 1_500);
    let chain = chain(&tape);
    let bodies: Vec<Vec<u8>> = tape
        .events()
        .map(|event| {
            let at = At { source: "urn:caseledger:test:1", before: [0; 32], hash: [0; 32] };
            message(&event, &at).unwrap().body
        })
        .collect();
    let [log, broadcast] = ["log", "broadcast"].map(|_| tempfile::tempdir().unwrap());
    assert_eq!(Apart::public_names(), ["service_levels", "work_queue"]);
    for (view, tables) in [("service_levels", ["service", "service_case"]), ("work_queue", ["work", "work_case"])] {
        let mut from_log = open(log.path(), view, 1_500);
        from_log.take(&frames(&tape, &chain, 0, 1_500)).unwrap();
        let mut from_broadcast = open(broadcast.path(), view, 1_500);
        let handed =
            bodies.iter().zip(&chain).zip(1..).map(|((body, hash), n)| Handed::public(Position(n), *hash, body));
        from_broadcast.take(&handed.collect::<Vec<_>>()).unwrap();
        assert_eq!(from_log.stands_at(), from_broadcast.stands_at());
        for table in tables {
            let rows_of = |apart: &Apart| rows(&read_only(apart.path()), table);
            assert!(rows_of(&from_log).len() > 10, "{table}");
            assert_eq!(rows_of(&from_log), rows_of(&from_broadcast), "{table}");
        }
    }
    // Who did what is not public.
    let mut audit = open(broadcast.path(), "audit_trail", 1_500);
    let error = audit.take(&[Handed::public(Position(1), chain[0], &bodies[0])]).unwrap_err().to_string();
    assert!(error.contains("needs more of an event than the broadcast tells"), "{error}");
}

#[test]
fn a_file_whose_process_ends_after_every_event_holds_what_one_process_makes() {
    let tape = term(6, 200);
    let chain = chain(&tape);
    let [whole, piecewise] = ["whole", "piecewise"].map(|_| tempfile::tempdir().unwrap());
    for view in Apart::names() {
        open(whole.path(), view, 200).take(&frames(&tape, &chain, 0, 200)).unwrap();
        for n in 0..200 {
            open(piecewise.path(), view, 200).take(&frames(&tape, &chain, n, n + 1)).unwrap();
        }
        assert_eq!(dump_of(piecewise.path(), view), dump_of(whole.path(), view), "{view}");
    }
}

#[test]
fn a_gap_and_what_cannot_be_read_stop_it_there_and_what_came_before_is_kept() {
    let tape = term(1, 20);
    let chain = chain(&tape);
    let dir = tempfile::tempdir().unwrap();
    let mut apart = open(dir.path(), "service_levels", 20);
    let mut gap = frames(&tape, &chain, 0, 10);
    gap.extend(frames(&tape, &chain, 11, 15));
    let Err(ApartError::Stopped { at, reason, .. }) = apart.take(&gap) else { panic!() };
    assert_eq!((at, apart.stands_at().0), (Position(11), Position(10)));
    assert!(reason.contains("position 11 is missing"), "{reason}");
    let bad = [Handed::frame(Position(11), chain[10], b"\xc1\xc1"), Handed::frame(Position(12), chain[11], b"\xc1")];
    let Err(ApartError::Stopped { at, .. }) = apart.take(&bad) else { panic!() };
    assert_eq!((at, apart.stands_at().0), (Position(11), Position(10)));
    // Read rightly, it goes on.
    apart.take(&frames(&tape, &chain, 10, 20)).unwrap();
    assert_eq!(apart.stands_at(), (Position(20), chain[19]));
}

#[test]
fn a_file_goes_on_where_it_stood_and_one_of_another_ledger_is_set_aside() {
    let tape = term(1, 200);
    let chain = chain(&tape);
    let dir = tempfile::tempdir().unwrap();
    let mut apart = open(dir.path(), "audit_trail", 200);
    apart.take(&frames(&tape, &chain, 0, 77)).unwrap();
    // A process that is killed closes nothing, and may not have named the file yet.
    drop(apart);
    std::fs::remove_file(dir.path().join("audit_trail.current")).unwrap();
    let mut apart = open(dir.path(), "audit_trail", 200);
    assert_eq!(apart.stands_at(), (Position(77), chain[76]));
    apart.take(&frames(&tape, &chain, 77, 200)).unwrap();
    apart.close();
    let other = caseledger_log::LedgerIdentity { epoch: caseledger_events::ids::Epoch(9), ..IDENTITY };
    let (apart, aside) = Apart::open(dir.path(), "audit_trail", other, Position(0)).unwrap();
    assert_eq!(apart.stands_at().0, Position(0));
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert!(aside[0].reason.contains("epoch"), "{aside:?}");
}

#[test]
fn what_a_service_keeps_is_kept_by_nobody_else_until_it_has_ended() {
    let place = Place::new();
    let views = place.start(&place.create(&term(6, 10)));
    let also = || Apart::open(&place.views(), "audit_trail", IDENTITY, Position(10));
    assert!(matches!(also(), Err(ApartError::View(ViewError::Held { view: "audit_trail", .. }))));
    drop(views);
    also().unwrap();
}

#[test]
fn what_holds_names_is_built_by_the_service_alone() {
    let dir = tempfile::tempdir().unwrap();
    for view in ["case_view", "nothing"] {
        let error = Apart::open(dir.path(), view, IDENTITY, Position(0)).err().unwrap().to_string();
        assert!(
            error.contains("0 read models") && error.contains("service_levels, audit_trail, work_queue"),
            "{error}"
        );
    }
}

/// The file for other machines says what the service's own work queue says, but for what restricted events alone tell.
#[test]
fn the_work_queue_apart_is_the_services_own() {
    let tape = term(6, 1_500);
    let (place, dir) = (Place::new(), tempfile::tempdir().unwrap());
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    views.shutdown();
    let mut apart = open(dir.path(), "work_queue", 1_500);
    apart.take(&frames(&tape, &chain(&tape), 0, 1_500)).unwrap();
    let told = |path: &std::path::Path| {
        let sql = "SELECT ref || ' ' || what || ' ' || number || ' ' || coalesce(due_on, '-') || ' ' || coalesce(last_on, '-')
                   || ' ' || coalesce(who, '-') || ' ' || urgent FROM work
                   WHERE what NOT IN ('agency_answer', 'read_answer') ORDER BY ref, what, number";
        let db = read_only(path);
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<rusqlite::Result<Vec<_>>>().unwrap()
    };
    let ours = told(apart.path());
    assert!(ours.len() > 5, "{ours:?}");
    assert_eq!(ours, told(&current(&place.views())));
    let restricted = "SELECT count(*) FROM work WHERE what IN ('agency_answer', 'read_answer')";
    assert_eq!(read_only(apart.path()).query_row(restricted, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
