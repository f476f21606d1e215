//! The audit trail: who did what to which case, when, in which role; restricted acts for those who see them.

use crate::support::*;
use caseledger_events::access::{Operation, Pass, pass};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Role;
use caseledger_events::ids::{Position, StreamId};
use caseledger_events::public::restricts;
use caseledger_events::testing::{CASE, manager, on, person};
use caseledger_log::Store;
use caseledger_projections::testing::{Tape, Term, every_event, personal_parts, written};
use caseledger_views::{ActItem, ActQuery, QueryError, Views};

fn tape() -> Tape {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-02-01", event), manager(), personal_parts()));
    }
    Term::new(3, 12).play(&mut tape, 700);
    tape
}

fn started() -> (Tape, Place, Store, Views) {
    let (tape, place) = (tape(), Place::new());
    let store = place.create(&tape);
    let views = place.start(&store);
    followed(&views, "audit_trail");
    (tape, place, store, views)
}

fn passed(role: Role, operation: Operation) -> Pass {
    pass(&principal(person(role, "X-1", "MOE")), operation, today()).unwrap()
}

fn auditor() -> Pass {
    passed(Role::Auditor, Operation::AccessLedger)
}

/// Reads all pages.
fn all(views: &Views, pass: &Pass, query: &ActQuery) -> Vec<ActItem> {
    let mut items = Vec::new();
    let mut query = ActQuery { limit: 37, ..query.clone() };
    loop {
        let page = views.audit_trail().acts(pass, &query).unwrap();
        items.extend(page.items);
        if !page.more {
            return items;
        }
        query.after = items.last().unwrap().position;
    }
}

#[test]
fn every_event_stands_in_the_trail_once_oldest_first() {
    let (tape, _place, _store, views) = started();
    let items = all(&views, &auditor(), &ActQuery::default());
    assert_eq!(items.len(), tape.frames().len());
    for (item, event) in items.iter().zip(tape.events()) {
        assert_eq!((item.position, item.recorded_at), (event.position, event.recorded_at));
        assert_eq!(item.occurred_on, event.occurred_at.auckland());
        assert_eq!((item.actor, item.stream, item.kind.as_str()), (event.actor, event.stream, event.kind));
        assert_eq!(item.request, event.correlation);
    }
}

#[test]
fn each_filter_lets_through_what_it_says_and_all_must_hold() {
    let (tape, _place, _store, views) = started();
    let sample = tape.events().nth(400).unwrap();
    let StreamId::Case(case) = sample.stream else { panic!() };
    let (since, until) = (tape.events().nth(200).unwrap().recorded_at, tape.events().nth(500).unwrap().recorded_at);
    let queries = [
        ActQuery { case: Some(case), ..Default::default() },
        ActQuery { person: Some(sample.actor.person), ..Default::default() },
        ActQuery { organisation: Some(sample.actor.organisation), ..Default::default() },
        ActQuery { kind: Some(sample.kind.to_owned()), ..Default::default() },
        ActQuery { since: Some(since), ..Default::default() },
        ActQuery { until: Some(until), ..Default::default() },
        ActQuery { since: Some(since), until: Some(until), case: Some(case), ..Default::default() },
        ActQuery { person: Some("NOBODY".parse().unwrap()), ..Default::default() },
        ActQuery { since: Some(Timestamp(i64::MAX)), ..Default::default() },
        ActQuery { kind: Some("no such type' OR 1=1".to_owned()), ..Default::default() },
    ];
    for query in queries {
        let found: Vec<Position> = all(&views, &auditor(), &query).iter().map(|item| item.position).collect();
        let ActQuery { case, person, organisation, kind, since, until, .. } = query.clone();
        let expected = tape.events().filter(|event| {
            case.is_none_or(|case| event.stream == StreamId::Case(case))
                && person.is_none_or(|person| event.actor.person == person)
                && organisation.is_none_or(|organisation| event.actor.organisation == organisation)
                && kind.as_deref().is_none_or(|kind| event.kind == kind)
                && since.is_none_or(|since| event.recorded_at >= since)
                && until.is_none_or(|until| event.recorded_at < until)
        });
        let expected: Vec<Position> = expected.map(|event| event.position).collect();
        assert_eq!(found, expected, "{query:?}");
    }
}

#[test]
fn restricted_acts_are_told_to_those_who_see_them_alone() {
    let (tape, _place, _store, views) = started();
    let restricted: Vec<Position> =
        tape.events().filter(|event| restricts(event).unwrap()).map(|event| event.position).collect();
    assert!(restricted.len() > 5);
    let told = |pass: &Pass| all(&views, pass, &ActQuery::default());
    assert_eq!(told(&auditor()).len(), tape.frames().len());
    let operator = told(&passed(Role::Operator, Operation::Operate));
    assert_eq!(operator.len(), tape.frames().len() - restricted.len());
    assert!(operator.iter().all(|item| !restricted.contains(&item.position)));
}

#[test]
fn a_page_holds_one_to_five_hundred_acts() {
    let (_tape, _place, _store, views) = started();
    for limit in [0, 501, u32::MAX] {
        let error = views.audit_trail().acts(&auditor(), &ActQuery { limit, ..Default::default() }).unwrap_err();
        assert_eq!(error, QueryError::BadLimit { limit, limit_max: 500 });
    }
}

#[test]
fn the_file_is_read_with_any_sqlite_tool_and_holds_nothing_personal() {
    let (tape, place, _store, views) = started();
    views.shutdown();
    let path = current_of(&place.views(), "audit_trail");
    let db = read_only(&path);
    let (count, first): (i64, String) = db
        .query_row("SELECT count(*), min(recorded_utc) FROM audit", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(count, tape.frames().len() as i64);
    assert!(first.starts_with("2026-"), "{first}");
    let bytes = std::fs::read(path).unwrap();
    let canary = caseledger_projections::testing::CANARY.as_bytes();
    assert!(!bytes.windows(canary.len()).any(|window| window == canary));
}
