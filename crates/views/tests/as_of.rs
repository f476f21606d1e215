//! A case as it was at a moment of the past (design §6): as known then, and as it was then as known now.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod support;

use std::collections::HashMap;

use caseledger_events::dates::{Timestamp, start_of_day};
use caseledger_events::event::{Mode, SchoolMeetingHeld, SchoolRole};
use caseledger_events::ids::{CaseId, Position, StreamId};
use caseledger_events::testing::{CASE, at_work, ca_case, code, late};
use caseledger_projections::testing::Tape;
use caseledger_views::{AsAt, CaseDocument, Views};
use chrono::Days;
use support::*;

fn documents(views: &Views, tape: &Tape) -> HashMap<CaseId, CaseDocument> {
    let streams = tape.events().map(|event| event.stream);
    let cases = streams.filter_map(|stream| if let StreamId::Case(case) = stream { Some(case) } else { None });
    cases.map(|case| (case, views.case_view().whole(case).unwrap().unwrap())).collect()
}

#[test]
fn a_case_as_of_a_position_is_what_was_shown_when_the_ledger_stood_there() {
    let tape = term(9, 900);
    let place = Place::new();
    let mut store = place.create(&Tape::new());
    let views = place.start(&store);
    let mut shown = Vec::new();
    for events in [150, 300, 450, 600, 750, 900] {
        append(&mut store, &tape.first(events));
        caught_up(&views);
        shown.push((Position(events as u64), documents(&views, &tape.first(events))));
    }
    let mut compared = 0;
    for (position, documents) in shown {
        for (case, mut before) in documents {
            let then = views.case_view().then(case, AsAt::Position(position));
            let mut case_then = then.case.unwrap();
            assert_eq!(then.last_event, Some(case_then.as_of));
            (before.as_of, case_then.as_of) = (position, position);
            assert_eq!(case_then, before, "{case} at {position}");
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn what_is_recorded_late_counts_from_when_it_was_known_or_from_when_it_happened() {
    let mut tape = Tape::new();
    let opened = at_work(ca_case());
    let (before, first) = (opened.len() as u32, opened[0].times.recorded_at.auckland());
    for past in opened {
        tape.case(CASE, past);
    }
    let day = |after: u64| first.checked_add_days(Days::new(after)).unwrap();
    let meeting = SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson };
    // Held eight days after the referral, recorded after forty.
    tape.case(CASE, late(&day(8).to_string(), &day(40).to_string(), meeting));
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    let end_of = |after: u64| Timestamp(start_of_day(day(after + 1)).0 - 1);
    let held = |at: AsAt| {
        let then = views.case_view().then(CASE, at);
        (then.events - before, then.left_out, then.case.unwrap().row.first_school_meeting.is_some())
    };
    assert_eq!(held(AsAt::Known(end_of(20))), (0, 1, false), "nobody knew of it");
    assert_eq!(held(AsAt::Happened(end_of(20))), (1, 0, true), "it had been held");
    assert_eq!(held(AsAt::Happened(end_of(7))), (0, 1, false), "it had not been held");
    assert_eq!(held(AsAt::Known(end_of(40))), (1, 0, true));
    let none = views.case_view().then(CASE, AsAt::Known(Timestamp(start_of_day(first).0 - 1)));
    assert_eq!((none.case, none.events, none.last_event), (None, 0, None), "there was no such case yet");
}
