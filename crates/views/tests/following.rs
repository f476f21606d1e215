//! A view holds what the log tells, however often it was stopped on the way.

use std::collections::HashMap;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use caseledger_events::ids::{CaseId, Position, StreamId};
use caseledger_events::testing::{InClear, cases};
use caseledger_projections::case_view::CaseFile;
use caseledger_projections::testing::{Tape, Term};
use caseledger_projections::timeline::{StoredEntry, TimelineRow};
use caseledger_views::{CaseDocument, ViewOptions, ViewState, Views};
use chrono::NaiveDate;

fn folded(tape: &Tape) -> HashMap<CaseId, CaseFile> {
    let mut files: HashMap<CaseId, CaseFile> = HashMap::new();
    for (event, read) in tape.case_events() {
        if let StreamId::Case(case) = event.stream {
            files.entry(case).or_default().evolve(&event, &read);
        }
    }
    files
}

fn file_of(document: CaseDocument) -> CaseFile {
    CaseFile {
        row: Some(document.row),
        comments: document.comments.into_iter().map(|c| (u64::from(c.row.number.0), c.row)).collect(),
        requests: document.requests.into_iter().map(|r| (u64::from(r.row.number.0), r.row)).collect(),
        plans: document.plans.into_iter().map(|p| (u64::from(p.row.revision), p.row)).collect(),
        agreements: document.agreements.into_iter().map(|a| (a.row.recorded.position.0, a.row)).collect(),
    }
}

#[test]
fn the_file_holds_what_the_pure_folds_say() {
    let place = Place::new();
    let tape = term(7, 3_000);
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    let today = tape.events().last().unwrap().recorded_at.auckland();
    let mut entries: HashMap<CaseId, (NaiveDate, Vec<TimelineRow>)> = HashMap::new();
    for event in tape.events() {
        if let StreamId::Case(case) = event.stream {
            let (began, rows) = entries.entry(case).or_insert_with(|| (event.occurred_at.auckland(), Vec::new()));
            rows.push(StoredEntry::of(&event).read(*began).unwrap());
        }
    }
    for (case, mut expected) in folded(&tape) {
        let row = expected.row.as_mut().unwrap();
        row.speak_of(today);
        let number = row.number;
        let document = views.case_view().whole(case).unwrap().unwrap();
        assert_eq!(views.case_view().whole_by_number(number).unwrap().as_ref(), Some(&document));
        assert_eq!(document.as_of, Position(3_000));
        assert_eq!(file_of(document), expected);
        let timeline = views.case_view().history(case, None, Some(500)).unwrap().unwrap();
        assert_eq!(timeline.items.iter().map(|item| item.row.clone()).collect::<Vec<_>>(), entries[&case].1);
        assert!(timeline.items.iter().all(|item| item.personal.iter().all(|part| part.name != "request")));
    }
}

#[test]
fn what_is_appended_is_seen_without_asking() {
    let place = Place::new();
    let mut store = place.create(&Tape::new());
    let views = place.start(&store);
    let mut tape = Tape::new();
    let mut term = Term::new(3, 20);
    for _ in 0..50 {
        term.play(&mut tape, 5);
        append(&mut store, &tape);
        caught_up(&views);
    }
    views.shutdown();
    assert_eq!(place.dump(), place.fresh(&store));
}

#[test]
fn a_view_stopped_and_started_again_and_again_holds_the_same_as_a_fresh_one() {
    for seed in 0..u64::from(cases(3)) {
        let place = Place::new();
        let mut store = place.create(&Tape::new());
        let mut tape = Tape::new();
        let mut term = Term::new(seed, 20);
        for round in 0..12_usize {
            let options = ViewOptions { batch_events: 1 + (seed as usize * 7 + round * 13) % 60, ..Default::default() };
            let views = place.start_with(&store, options);
            term.play(&mut tape, 100);
            append(&mut store, &tape);
            if round % 3 == 0 {
                caught_up(&views);
            }
            drop(views);
        }
        caught_up(&place.start(&store));
        assert_eq!(place.dump(), place.fresh(&store), "seed {seed}");
    }
}

const DIRECTORY: &str = "CASELEDGER_TEST_VIEW_DIR";

/// The process that is killed: follows a ledger in small transactions.
#[test]
fn the_reader_that_is_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let dir = std::path::PathBuf::from(dir);
    let store = open_store(&dir.join("ledger"));
    let options = ViewOptions { batch_events: 25, ..Default::default() };
    let views = Views::open(&dir.join("views"), store.reader(), Arc::new(InClear), options).unwrap();
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let _ = views.status();
    }
}

/// Kills it whatever happens to the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_view_killed_in_the_middle_goes_on_where_its_file_stands() {
    let place = Place::new();
    let tape = term(11, 20_000);
    drop(place.create(&tape));
    let mut stood_at = Position(0);
    for round in 0..u64::from(cases(6)) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "following::the_reader_that_is_killed", "--nocapture"])
            .env(DIRECTORY, place.ledger().parent().unwrap())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let child = Killed(child);
        // Long enough to have begun, on most machines not long enough to have ended.
        std::thread::sleep(Duration::from_millis(300 + 137 * round % 400));
        drop(child);
        let Ok(name) = std::fs::read_to_string(place.views().join("case_view.current")) else { continue };
        let db = rusqlite::Connection::open(place.views().join(name.trim())).unwrap();
        let position: i64 = db.query_row("SELECT position FROM view_mark", [], |row| row.get(0)).unwrap();
        let timeline: i64 = db.query_row("SELECT count(*) FROM timeline", [], |row| row.get(0)).unwrap();
        assert_eq!(timeline, position, "rows and position change together");
        assert!(position as u64 >= stood_at.0, "round {round}: the view went back");
        stood_at = Position(position as u64);
    }
    let store = place.open();
    let views = place.start(&store);
    let status = caught_up(&views);
    assert_eq!(status.set_aside, []);
    drop(views);
    assert_eq!(place.dump(), place.fresh(&store));
}

#[test]
fn queries_see_whole_transactions_while_the_worker_writes() {
    let place = Place::new();
    let mut tape = Tape::new();
    let mut term = Term::new(5, 20);
    term.play(&mut tape, 200);
    let mut store = place.create(&tape);
    let views = place.start_with(&store, ViewOptions { batch_events: 3, ..Default::default() });
    caught_up(&views);
    let cases: Vec<CaseId> = folded(&tape).into_keys().collect();
    std::thread::scope(|scope| {
        let view = views.case_view().clone();
        let reading = scope.spawn(move || {
            let mut last = Position(0);
            while last < Position(3_000) {
                for &case in &cases {
                    let document = view.whole(case).unwrap().unwrap();
                    assert!(document.as_of >= last, "a later query sees less");
                    assert!(document.row.last_activity.position <= document.as_of);
                    assert_eq!(usize::from(document.row.counts.comments), document.comments.len());
                    last = document.as_of;
                }
            }
        });
        for _ in 0..280 {
            term.play(&mut tape, 10);
            append(&mut store, &tape);
        }
        reading.join().unwrap();
    });
}

#[test]
fn status_tells_how_far_the_view_is_and_that_it_stopped() {
    let place = Place::new();
    let store = place.create(&term(1, 500));
    let views = place.start(&store);
    let status = caught_up(&views);
    assert_eq!((status.position, status.head, status.lag_events), (Position(500), Position(500), 0));
    assert_eq!((status.lag_seconds, status.ready, status.version), (0.0, true, 7));
    assert_eq!(status.file, "case_view.v7.1.sqlite");
    assert_eq!((status.last_error, status.set_aside), (None, vec![]));
    views.shutdown();
    let stopped = crate::support::status(&views);
    assert_eq!((stopped.state, stopped.ready), (ViewState::Stopped, false));
}
