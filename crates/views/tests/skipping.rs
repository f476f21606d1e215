//! An event that no release can take is passed over by an operator's word, on record, in every later build.

use crate::support::*;
use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_projections::testing::Tape;
use caseledger_views::{RebuildError, Skip, ViewState, Views};

/// A term whose last but ninth event is of a type nobody knows.
fn poisoned() -> (Tape, Position) {
    let whole = term(8, 120);
    let mut event = codec::decode(&whole.frames()[110]).unwrap();
    event.kind = "attendance_predicted";
    let mut frame = Vec::new();
    codec::encode(&event, &mut frame);
    let mut tape = whole.first(110);
    tape.raw([frame.as_slice()]);
    tape.raw(whole.frames()[111..].iter().map(Vec::as_slice));
    (tape, Position(111))
}

fn skip(position: Position) -> Skip {
    let code = |text: &str| text.parse().unwrap();
    Skip { position, reason: code("TICKET-7"), by: code("O-1"), at: Timestamp(1) }
}

fn stands_before(views: &Views, view: &str, at: Position) {
    until_of(views, view, |status| matches!(status.state, ViewState::Stalled { at: held, .. } if held == at));
}

#[test]
fn a_view_goes_on_past_an_event_that_was_passed_over_and_says_so() {
    let (tape, poison) = poisoned();
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    stands_before(&views, "audit_trail", poison);
    for elsewhere in [Position(1), poison.next()] {
        let refused = views.skip("audit_trail", skip(elsewhere));
        assert!(matches!(refused, Err(RebuildError::NotStalled { position }) if position == elsewhere));
    }
    assert!(matches!(views.skip("nothing", skip(poison)), Err(RebuildError::Unknown { .. })));
    views.skip("audit_trail", skip(poison)).unwrap();
    let status = followed(&views, "audit_trail");
    assert_eq!((status.position, status.skips), (Position(120), vec![skip(poison)]));
    // The others still stand before it: each is decided by itself.
    stands_before(&views, "service_levels", poison);
    views.shutdown();
    // A later build passes over it alike.
    let before = dump_of(&place.views(), "audit_trail");
    std::fs::remove_file(current_of(&place.views(), "audit_trail")).unwrap();
    let views = place.start(&store);
    followed(&views, "audit_trail");
    views.shutdown();
    assert_eq!(dump_of(&place.views(), "audit_trail"), before);
}
