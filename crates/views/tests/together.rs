//! Several read models built from one pass over the log: each goes its own way, all hold what a fresh fold makes.

use std::time::{Duration, Instant};

use crate::support::*;
use caseledger_events::ids::Position;
use caseledger_proof::{Hash, extend};
use caseledger_views::{Apart, BesideState, BesideStatus, Handed, RebuildError, Steer, ViewOptions, Views};

const ALL: [&str; 3] = ["case_view", "service_levels", "audit_trail"];

/// Waits until something holds of every file beside; progress never goes back on the way.
#[track_caller]
fn until_all(views: &Views, holds: impl Fn(&BesideStatus) -> bool) -> Vec<BesideStatus> {
    let begun = Instant::now();
    let mut last = [Position(0); 3];
    loop {
        let beside: Vec<_> = views.status().into_iter().filter_map(|status| status.beside).collect();
        for (last, now) in last.iter_mut().zip(&beside) {
            assert!(now.position >= *last && now.position <= now.head, "{now:?} after {last}");
            *last = now.position;
        }
        if beside.iter().all(&holds) {
            return beside;
        }
        assert!(begun.elapsed() < PATIENCE, "{beside:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_ready(beside: &BesideStatus) -> bool {
    beside.state == BesideState::Ready
}

fn started(events: usize) -> (Place, caseledger_log::Store, Views) {
    let place = Place::new();
    let store = place.create(&term(12, events));
    let views = place.start_with(&store, ViewOptions { batch_events: 300, ..Default::default() });
    ALL.iter().for_each(|view| drop(followed(&views, view)));
    (place, store, views)
}

#[test]
fn all_are_built_paused_resumed_compared_and_put_into_use_together_while_events_come_in() {
    let (place, mut store, views) = started(2_000);
    let before: Vec<_> = views.status().into_iter().map(|status| status.file).collect();
    let begun = views.rebuild(&[], false).unwrap();
    assert_eq!(begun.iter().map(|beside| beside.view).collect::<Vec<_>>(), ALL);
    views.steer(&ALL, Steer::Pause).unwrap();
    until_all(&views, |beside| beside.state == BesideState::Paused);
    append(&mut store, &term(12, 3_000));
    views.steer(&ALL, Steer::Resume).unwrap();
    append(&mut store, &term(12, 3_200));
    let built = until_all(&views, is_ready);
    for beside in &built {
        let parity = beside.parity.as_ref().unwrap();
        assert!(parity.is_equal && parity.position >= Position(2_000), "{parity:?}");
    }
    views.steer(&ALL, Steer::Switch).unwrap();
    let now: Vec<_> = views.status().into_iter().map(|status| status.file).collect();
    assert_eq!(now, built.iter().map(|beside| beside.file.clone()).collect::<Vec<_>>());
    assert!(now.iter().zip(&before).all(|(now, before)| now != before));
    ALL.iter().for_each(|view| drop(followed(&views, view)));
    views.shutdown();
    for view in ALL {
        let dir = tempfile::tempdir().unwrap();
        let fresh = place.start_in(dir.path(), &store);
        followed(&fresh, view);
        fresh.shutdown();
        assert_eq!(dump_of(&place.views(), view), dump_of(dir.path(), view), "{view}");
    }
}

#[test]
fn one_that_is_paused_or_dropped_holds_up_no_other() {
    let (_place, _store, views) = started(3_000);
    views.rebuild(&[], false).unwrap();
    views.steer(&["case_view"], Steer::Pause).unwrap();
    views.steer(&["audit_trail"], Steer::Drop).unwrap();
    let ready = until_of(&views, "service_levels", |status| status.beside.as_ref().is_some_and(is_ready));
    assert_eq!(ready.beside.unwrap().position, Position(3_000));
    views.steer(&["case_view"], Steer::Resume).unwrap();
    until_of(&views, "case_view", |status| status.beside.as_ref().is_some_and(is_ready));
    // Nothing of what stands beside is lost by asking for more: all begin or none.
    let refused = views.rebuild(&ALL, false).unwrap_err();
    assert!(matches!(refused, RebuildError::Busy { view: "case_view", state: "ready" }), "{refused:?}");
    views.rebuild(&["audit_trail"], false).unwrap();
    until_all(&views, is_ready);
    // Ended in the middle of a pass, nothing is waited for.
    views.steer(&ALL, Steer::Drop).unwrap();
    views.rebuild(&[], false).unwrap();
    let ending = Instant::now();
    views.shutdown();
    assert!(ending.elapsed() < PATIENCE);
}

#[test]
fn where_one_cannot_be_steered_so_none_is() {
    let (_place, _store, views) = started(600);
    views.rebuild(&["case_view", "service_levels"], false).unwrap();
    let states = || views.status().into_iter().filter_map(|status| status.beside).map(|beside| beside.state);
    until_all(&views, is_ready);
    for steer in [Steer::Pause, Steer::Switch, Steer::Drop] {
        let refused = views.steer(&ALL, steer).unwrap_err();
        assert!(matches!(refused, RebuildError::Nothing { view: "audit_trail" }), "{refused:?}");
        assert_eq!(states().collect::<Vec<_>>(), [BesideState::Ready, BesideState::Ready], "{steer:?}");
    }
}

/// Rebuild killed, resumed: what is left behind by a restart goes on from one pass, from the first position that one lacks.
#[test]
fn builds_that_a_restart_left_behind_at_different_positions_go_on_together() {
    let (place, store, views) = started(3_000);
    views.rebuild(&["service_levels"], false).unwrap();
    until_of(&views, "service_levels", |status| status.beside.as_ref().is_some_and(is_ready));
    views.rebuild(&["case_view"], false).unwrap();
    views.steer(&["case_view"], Steer::Pause).unwrap();
    views.shutdown();
    drop(views);
    let views = place.start(&store);
    ALL.iter().for_each(|view| drop(followed(&views, view)));
    let resumed = views.rebuild(&ALL, false).unwrap();
    assert_eq!((resumed[1].position, resumed[2].position), (Position(3_000), Position(0)));
    let built = until_all(&views, is_ready);
    assert!(built.iter().all(|beside| beside.parity.as_ref().is_some_and(|parity| parity.is_equal)), "{built:?}");
}

/// Design §6: a new program builds its files from the journal before the restart, and the server adopts them.
#[test]
fn the_service_takes_up_a_file_that_was_built_apart_and_reads_on() {
    let tape = term(14, 1_200);
    let place = Place::new();
    let mut store = place.create(&tape.first(1_000));
    let chain: Vec<Hash> = {
        let hashes = tape.frames().iter().scan(Hash::ZERO, |before, frame| {
            *before = extend(*before, frame);
            Some(*before)
        });
        hashes.collect()
    };
    let handed: Vec<_> =
        (0..1_000).map(|n| Handed::frame(Position(n as u64 + 1), chain[n], &tape.frames()[n])).collect();
    let (mut apart, _) = Apart::open(&place.views(), "audit_trail", IDENTITY, Position(1_000)).unwrap();
    apart.take(&handed).unwrap();
    let built = apart.path().file_name().unwrap().to_str().unwrap().to_owned();
    apart.close();
    append(&mut store, &tape);
    let views = place.start(&store);
    // It answers at once, as of where it stood or later: its history is whole.
    assert!(status_of(&views, "audit_trail").position >= Position(1_000));
    let status = followed(&views, "audit_trail");
    assert_eq!((status.file, status.set_aside, status.position), (built, vec![], Position(1_200)));
    views.shutdown();
    let dir = tempfile::tempdir().unwrap();
    let fresh = place.start_in(dir.path(), &store);
    followed(&fresh, "audit_trail");
    fresh.shutdown();
    assert_eq!(dump_of(&place.views(), "audit_trail"), dump_of(dir.path(), "audit_trail"));
}
