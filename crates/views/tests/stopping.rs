//! An event the view cannot take stops it there, with position and reason; nothing is passed over, the rest lives.

use std::time::Duration;

use crate::support::*;
use caseledger_events::codec;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::{Position, Version};
use caseledger_events::testing::{CASE, attempt, ca_case, on};
use caseledger_projections::testing::Tape;
use caseledger_views::{Behind, ViewOptions, ViewState};

/// A case of two events, then an event changed as the test likes, then two more.
fn tape(change: impl FnOnce(&mut Recorded<'_>)) -> Tape {
    let whole = unchanged();
    let mut event = codec::decode(&whole.frames()[2]).unwrap();
    change(&mut event);
    let mut frame = Vec::new();
    codec::encode(&event, &mut frame);
    with_third(&whole, &frame)
}

fn unchanged() -> Tape {
    let mut whole = Tape::new();
    for past in ca_case() {
        whole.case(CASE, past);
    }
    for day in ["2026-03-01", "2026-03-02", "2026-03-03"] {
        whole.case(CASE, on(day, attempt()));
    }
    whole
}

fn with_third(whole: &Tape, frame: &[u8]) -> Tape {
    let mut tape = whole.first(2);
    tape.raw([frame]);
    tape.raw(whole.frames()[3..].iter().map(Vec::as_slice));
    tape
}

/// Expects a view that stopped before position 3 and answers as of position 2.
#[track_caller]
fn expect_stop(tape: &Tape, reason: &str) {
    let place = Place::new();
    let store = place.create(&tape.first(2));
    caught_up(&place.start(&store));
    drop(store);
    let mut store = place.open();
    append(&mut store, tape);
    let views = place.start(&store);
    let (at, said) = stalled(&views);
    assert_eq!(at, Position(3));
    assert!(said.contains(reason), "{said}");
    let status = status(&views);
    assert_eq!((status.position, status.lag_events, status.ready), (Position(2), 3, true));
    assert_eq!(status.last_error.as_deref(), Some(said.as_str()));
    let document = views.case_view().whole(CASE).unwrap().unwrap();
    assert_eq!((document.row.version, document.as_of), (Version(2), Position(2)));
    // A new start stops at the same place, and does not build anew what a newer program may go on with.
    views.shutdown();
    let views = place.start(&store);
    assert_eq!(stalled(&views).0, Position(3));
    assert_eq!(crate::support::status(&views).set_aside, []);
}

#[test]
fn an_event_type_this_build_does_not_know() {
    expect_stop(
        &tape(|event| event.kind = "attendance_predicted"),
        "attendance_predicted (schema version 1) is unknown",
    );
}

#[test]
fn a_newer_version_of_an_event_type() {
    expect_stop(&tape(|event| event.schema = 2), "use a newer build");
}

#[test]
fn facts_that_cannot_be_read() {
    expect_stop(&tape(|event| event.facts = b"\x81\xa1x\x01"), "missing field");
}

#[test]
fn bytes_that_are_no_event() {
    let tape = with_third(&unchanged(), b"\xc1\xc1\xc1");
    expect_stop(&tape, "cannot decode");
}

#[test]
fn a_version_that_is_missing_in_the_history_of_a_case() {
    expect_stop(&tape(|event| event.version = Version(4)), "version 4 of its case");
}

#[test]
fn a_link_that_leads_elsewhere() {
    expect_stop(&tape(|event| event.previous = Position(1)), "follows position 1");
}

#[test]
fn a_case_that_does_not_begin_with_a_referral() {
    let mut tape = Tape::new();
    tape.case(CASE, on("2026-03-01", attempt()));
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    let (at, reason) = stalled(&views);
    assert_eq!(at, Position(1));
    assert!(reason.contains("contact_attempted begins no case"), "{reason}");
}

#[test]
fn what_came_before_in_the_same_transaction_is_kept() {
    let place = Place::new();
    let store = place.create(&tape(|event| event.kind = "attendance_predicted"));
    let views = place.start_with(&store, ViewOptions { batch_events: 100, ..Default::default() });
    stalled(&views);
    assert_eq!(status(&views).position, Position(2));
}

#[test]
fn nobody_waits_for_a_view_that_has_stopped() {
    let place = Place::new();
    let store = place.create(&tape(|event| event.kind = "attendance_predicted"));
    let views = place.start(&store);
    stalled(&views);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let begun = std::time::Instant::now();
    let waited = runtime.block_on(views.case_view().wait_for(Position(4), PATIENCE));
    assert_eq!(waited, Err(Behind { position: Position(2), wanted: Position(4) }));
    assert!(begun.elapsed() < PATIENCE / 2);
    assert_eq!(runtime.block_on(views.case_view().wait_for(Position(2), Duration::ZERO)), Ok(()));
}

#[test]
fn a_lock_that_somebody_else_holds_is_waited_out() {
    let place = Place::new();
    let mut store = place.create(&unchanged().first(2));
    let views = place.start(&store);
    caught_up(&views);
    let intruder = rusqlite::Connection::open(current(&place.views())).unwrap();
    intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
    append(&mut store, &unchanged());
    let status = until(&views, |status| matches!(status.state, ViewState::Retrying { .. }));
    assert!(status.last_error.unwrap().contains("locked"));
    assert_eq!(views.case_view().whole(CASE).unwrap().unwrap().as_of, Position(2), "queries go on");
    intruder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(caught_up(&views).position, Position(5));
}
