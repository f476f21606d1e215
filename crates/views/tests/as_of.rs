//! A case as it was at a moment of the past (design §6): as known then, and as it was then as known now.

use std::collections::HashMap;

use crate::support::*;
use caseledger_events::access::{Operation, Standing, authorise};
use caseledger_events::dates::{Timestamp, start_of_day};
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Position, StreamId};
use caseledger_events::testing::*;
use caseledger_projections::testing::{Tape, Term};
use caseledger_views::{AsAt, Asked, CaseDocument, CaseQuery, CaseThen, Flag, Views, WhichCase};
use chrono::Days;

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

/// A case live, and as of a position, for somebody who reaches it.
fn live_and_then(views: &Views, case: CaseId, asker: Actor, at: Position) -> Option<(CaseDocument, CaseThen)> {
    let asker = principal(asker);
    let decide = |case: &Standing| authorise(&asker, Operation::OpenCase, case, today());
    let Asked::Granted(_, live) = views.case_view().case(WhichCase::Id(case), decide).unwrap() else { return None };
    let live = live.unwrap().case()?;
    match views.case_view().case_at(WhichCase::Id(case), decide, AsAt::Position(at)).unwrap() {
        Asked::Granted(_, then) => Some((live, then.unwrap())),
        _ => panic!("who reads a case of today reads it as it was"),
    }
}

#[test]
fn a_case_as_of_the_head_says_what_the_case_says_to_every_role_also_where_restricted_events_are_left_out() {
    let mut tape = Tape::new();
    let detailed = DetailedImmigrationCheckRequested { request: RequestNumber(3) };
    for past in at_work(ca_case()).into_iter().chain([
        on("2026-03-02", asked(1, Agency::Inz)),
        on("2026-03-03", inz_answered(1, Whereabouts::NotOut)),
        on("2026-03-04", asked(2, Agency::Msd)),
        on("2026-03-05", evidence()),
        on("2026-03-06", detailed),
    ]) {
        tape.case(CASE, past);
    }
    let (restricted, by_now) = (3, tape.events().count() as u32);
    Term::new(31, 12).play(&mut tape, 1_500);
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    let head = caught_up(&views).position;
    let cases = documents(&views, &tape);
    let of_ministry = [
        Role::RelationshipManager,
        Role::ServiceDesk,
        Role::NationalServiceDelivery,
        Role::Auditor,
        Role::Cit,
        Role::ProsecutionsUnit,
    ];
    let mut compared = [0; 6];
    for (n, role) in of_ministry.into_iter().enumerate() {
        for &case in cases.keys() {
            let Some((mut live, then)) = live_and_then(&views, case, person(role, "P-3", "MOE"), head) else {
                continue;
            };
            let mut case_then = then.case.unwrap();
            (live.as_of, case_then.as_of) = (head, head);
            assert_eq!(case_then, live, "{case} for {role}");
            compared[n] += 1;
        }
    }
    assert!(compared[..5].iter().all(|&compared| compared > 20), "{compared:?}");
    // Of what is not shown the numbers tell nothing either.
    let crm = person(Role::RelationshipManager, "B-1", "MOE");
    let (live, then) = live_and_then(&views, CASE, crm, head).unwrap();
    assert_eq!((then.events, then.left_out), (by_now - restricted, 0));
    assert_eq!((live.row.open_requests, live.row.flags.info_request_open), (vec![], true), "that, and not which");
    let query = CaseQuery { flag: Some(Flag::InfoRequestOpen), limit: Some(500), ..CaseQuery::default() };
    let listed = views.case_view().list(&scopes_of(crm, Operation::List), &query).unwrap();
    let flagged = cases.keys().filter(|&&case| {
        live_and_then(&views, case, crm, head).is_some_and(|(live, _)| live.row.flags.info_request_open)
    });
    assert_eq!((listed.items.len() as u64, listed.total), (flagged.clone().count() as u64, listed.items.len() as u64));
    assert!(listed.items.iter().all(|item| flagged.clone().any(|&case| case == item.id())));
    let before = live_and_then(&views, CASE, crm, Position(u64::from(by_now) - 5)).unwrap().1;
    assert_eq!((before.events, before.left_out), (by_now - 5, 2));
}

#[test]
fn a_detailed_check_alone_raises_no_flag_where_it_is_not_shown() {
    let mut tape = Tape::new();
    let detailed = DetailedImmigrationCheckRequested { request: RequestNumber(1) };
    for past in at_work(ca_case()).into_iter().chain([on("2026-03-04", evidence()), on("2026-03-05", detailed)]) {
        tape.case(CASE, past);
    }
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    let head = caught_up(&views).position;
    let query = CaseQuery { flag: Some(Flag::InfoRequestOpen), ..CaseQuery::default() };
    for (role, open) in [(Role::RelationshipManager, false), (Role::Auditor, true), (Role::Cit, true)] {
        let scopes = scopes_of(person(role, "P-3", "MOE"), Operation::List);
        let listed = views.case_view().list(&scopes, &query).unwrap();
        let expected = u64::from(open);
        assert_eq!((listed.items.len() as u64, listed.total), (expected, expected), "nor by a filter, {role}");
        let (live, then) = live_and_then(&views, CASE, person(role, "P-3", "MOE"), head).unwrap();
        assert_eq!((live.row.flags.info_request_open, live.row.open_requests.len()), (open, usize::from(open)));
        assert_eq!(then.case.unwrap().row, live.row);
    }
}
