//! A view is built anew beside the one in use, compared, put into use, and put back, while it is read and written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::support::*;
use caseledger_events::ids::{Position, StreamId};
use caseledger_events::keys::KeyEvent;
use caseledger_events::testing::{CASE, manager, on};
use caseledger_projections::testing::{CANARY, Tape, every_event, personal_parts, written};
use caseledger_views::{BesideState, BesideStatus, RebuildError, Steer, ViewOptions, Views};

const VIEW: &str = "case_view";

/// Waits until something holds of the file beside.
#[track_caller]
fn beside(views: &Views, holds: impl Fn(&BesideStatus) -> bool) -> BesideStatus {
    let begun = Instant::now();
    loop {
        let status = status(views).beside.unwrap();
        if holds(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{status:?}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[track_caller]
fn ready(views: &Views) -> BesideStatus {
    beside(views, |status| status.state == BesideState::Ready)
}

#[test]
fn a_view_is_built_beside_while_events_come_in_and_readers_never_see_an_error() {
    let place = Place::new();
    let mut tape = term(3, 2_000);
    let mut store = place.create(&tape);
    let views = Arc::new(place.start(&store));
    caught_up(&views);
    let streams = tape.events().map(|event| event.stream);
    let case = streams.filter_map(|stream| if let StreamId::Case(case) = stream { Some(case) } else { None }).next();
    let case = case.unwrap();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let reading = {
        let (views, stop, asked) = (Arc::clone(&views), Arc::clone(&stop), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut last = Position(0);
            while !stop.load(Ordering::Relaxed) {
                let document = views.case_view().whole(case).unwrap();
                if let Some(document) = document {
                    assert!(document.as_of >= last, "an answer was older than the one before");
                    last = document.as_of;
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    views.rebuild(&[VIEW], false).unwrap();
    let more = term(3, 3_000);
    for events in (2_050..=3_000).step_by(50) {
        tape = more.first(events);
        append(&mut store, &tape);
    }
    let built = ready(&views);
    let parity = built.parity.unwrap();
    assert!(parity.is_equal, "{parity:?}");
    assert!(parity.tables.iter().any(|table| table.table == "timeline" && table.rows_in_use > 1_900), "{parity:?}");
    let before = status(&views).file;
    let switched = views.steer(&[VIEW], Steer::Switch).unwrap().remove(0);
    assert_eq!((switched.state, &switched.file), (BesideState::Previous, &before));
    assert_eq!(status(&views).file, built.file);
    // And back at once: what was in use went on following.
    let back = views.steer(&[VIEW], Steer::Switch).unwrap().remove(0);
    assert_eq!((status(&views).file, back.file), (before, built.file));
    stop.store(true, Ordering::Relaxed);
    reading.join().unwrap();
    assert!(asked.load(Ordering::Relaxed) > 10);
    caught_up(&views);
    views.shutdown();
    assert_eq!(place.dump(), place.fresh(&store));
}

#[test]
fn a_build_is_paused_resumed_dropped_and_begun_again() {
    let place = Place::new();
    let store = place.create(&term(4, 3_000));
    let views = place.start(&store);
    caught_up(&views);
    assert!(matches!(views.steer(&[VIEW], Steer::Pause), Err(RebuildError::Nothing { view: VIEW })));
    views.rebuild(&[VIEW], false).unwrap();
    assert!(matches!(views.rebuild(&[VIEW], false), Err(RebuildError::Busy { .. })));
    views.steer(&[VIEW], Steer::Pause).unwrap().remove(0);
    beside(&views, |status| status.state == BesideState::Paused);
    assert!(matches!(views.steer(&[VIEW], Steer::Switch), Err(RebuildError::NotReady { state: "paused", .. })));
    views.steer(&[VIEW], Steer::Resume).unwrap().remove(0);
    let built = ready(&views);
    assert_eq!((built.position, built.seconds_left.unwrap_or(0.0)), (Position(3_000), 0.0));
    views.steer(&[VIEW], Steer::Drop).unwrap().remove(0);
    beside(&views, |status| matches!(status.state, BesideState::Ended { .. }));
    assert!(!place.views().join(&built.file).exists(), "the dropped file is there still");
    views.rebuild(&[VIEW], false).unwrap();
    ready(&views);
}

#[test]
fn a_build_left_behind_by_a_restart_is_resumed_or_thrown_away_and_the_file_in_use_stays() {
    let place = Place::new();
    let store = place.create(&term(5, 2_000));
    let views = place.start(&store);
    caught_up(&views);
    let in_use = status(&views).file;
    views.rebuild(&[VIEW], false).unwrap();
    let first = ready(&views).file;
    views.shutdown();
    drop(views);

    let views = place.start(&store);
    caught_up(&views);
    assert_eq!((status(&views).file, status(&views).beside), (in_use.clone(), None));
    assert_eq!(views.rebuild(&[VIEW], false).unwrap()[0].position, Position(2_000), "it goes on where it stood");
    assert_eq!(ready(&views).file, first);
    views.steer(&[VIEW], Steer::Drop).unwrap().remove(0);
    beside(&views, |status| matches!(status.state, BesideState::Ended { .. }));
    views.rebuild(&[VIEW], true).unwrap();
    ready(&views);
    views.steer(&[VIEW], Steer::Switch).unwrap().remove(0);
    views.shutdown();
    drop(views);

    let views = place.start(&store);
    caught_up(&views);
    assert!(!place.views().join(in_use).exists(), "nobody feeds the file that was in use before");
}

#[test]
fn a_view_that_does_not_exist_is_named_with_those_that_do() {
    let place = Place::new();
    let views = place.start(&place.create(&term(6, 10)));
    let names = ["audit_trail", "case_veiw"];
    for refused in [views.rebuild(&names, false).unwrap_err(), views.estimate_rebuild(&names).unwrap_err()] {
        assert_eq!(
            refused.to_string(),
            "0 read models have that name; there are: case_view, service_levels, audit_trail"
        );
    }
    assert!(views.status().iter().all(|status| status.beside.is_none()), "all begin or none");
}

#[test]
fn an_estimate_says_what_it_will_take_and_leaves_nothing_behind() {
    let place = Place::new();
    let views = place.start(&place.create(&term(7, 1_000)));
    caught_up(&views);
    let names = || std::fs::read_dir(place.views()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    let before = names();
    let estimate = views.estimate_rebuild(&[VIEW]).unwrap().remove(0);
    assert_eq!((estimate.events, estimate.sampled), (1_000, 1_000));
    assert!(estimate.seconds > 0.0 && estimate.disk_bytes > 0 && estimate.free_bytes > 0, "{estimate:?}");
    assert_eq!(names().len(), before.len());
}

/// The rows differ: somebody changed the file in use behind the service's back.
#[test]
fn a_file_in_use_that_holds_something_else_is_told_by_the_parity() {
    let place = Place::new();
    let store = place.create(&term(8, 500));
    let views = place.start_with(&store, ViewOptions::default());
    caught_up(&views);
    let db = rusqlite::Connection::open(current(&place.views())).unwrap();
    db.execute("UPDATE case_key SET flags = flags + 1 WHERE ref = (SELECT min(ref) FROM case_key)", []).unwrap();
    drop(db);
    views.rebuild(&[VIEW], false).unwrap();
    let parity = ready(&views).parity.unwrap();
    let differing: Vec<_> = parity.tables.iter().filter(|table| !table.is_equal).map(|t| t.table.as_str()).collect();
    assert_eq!((parity.is_equal, differing), (false, vec!["case_key"]));
}

/// Domain §2.5, design §6: a disposal reaches what is built beside and what was in use before.
#[test]
fn a_disposal_ends_what_stands_beside_and_no_file_holds_what_was_personal() {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
    }
    let place = Place::new();
    let mut store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    views.rebuild(&[VIEW], false).unwrap();
    ready(&views);
    views.steer(&[VIEW], Steer::Pause).unwrap().remove(0);
    beside(&views, |status| status.state == BesideState::Paused);
    assert!(files_with_canary(&place) > 1, "the file in use and the one beside hold it");

    let student = views.case_view().whole(CASE).unwrap().unwrap().row.student;
    let told =
        KeyEvent::StudentDisposed { student, authority: "DA999".parse().unwrap(), proposed_by: "P-1".parse().unwrap() };
    let past = on("2026-03-02", every_event().remove(0));
    tape.draft(&told.draft(past.times.occurred_at), past.times, manager(), Vec::new());
    append(&mut store, &tape);
    caught_up(&views);
    let ended = beside(&views, |status| matches!(status.state, BesideState::Ended { .. }));
    assert!(format!("{:?}", ended.state).contains("disposal"), "{ended:?}");
    views.shutdown();
    assert_eq!(files_with_canary(&place), 0);
}

fn files_with_canary(place: &Place) -> usize {
    let files = std::fs::read_dir(place.views()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.filter(|bytes| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())).count()
}
