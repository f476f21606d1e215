//! Lists, pages, search, timelines, and reads after writes.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::*;
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::number::CaseNumber;
use caseledger_events::testing::*;
use caseledger_log::Store;
use caseledger_projections::case_view::{CaseRow, CaseStatus};
use caseledger_projections::testing::{Tape, Term, note, student, written};
use caseledger_views::{CaseQuery, Flag, QueryError, Sort, Views};

/// A term with every kind of case in it, and the views on it.
fn a_term() -> (Place, Store, Views) {
    let place = Place::new();
    let mut tape = Tape::new();
    Term::new(21, 12).play(&mut tape, 4_000);
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    (place, store, views)
}

/// Reads every page of a list.
#[track_caller]
fn all(views: &Views, query: &CaseQuery) -> Vec<CaseRow> {
    let mut query = query.clone();
    let mut rows = Vec::new();
    loop {
        let page = views.case_view().all(&query).unwrap();
        rows.extend(page.items.into_iter().map(|item| item.case().unwrap().row));
        assert!(rows.len() as u64 <= page.total);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => {
                assert_eq!(rows.len() as u64, page.total, "{query:?}");
                return rows;
            }
        }
    }
}

#[test]
fn a_list_gives_every_case_once_whatever_the_order_and_the_size_of_pages() {
    let (_place, _store, views) = a_term();
    let everything = all(&views, &CaseQuery { limit: Some(500), ..CaseQuery::default() });
    let cases: BTreeSet<CaseId> = everything.iter().map(|row| row.case).collect();
    assert_eq!(cases.len(), everything.len());
    assert!(everything.len() > 200, "{}", everything.len());
    for limit in [1, 7, 50, 500] {
        for sort in [Sort::OpenedNewest, Sort::OpenedOldest, Sort::ActivityNewest, Sort::ActivityOldest] {
            let rows = all(&views, &CaseQuery { limit: Some(limit), sort, ..CaseQuery::default() });
            assert_eq!(rows.iter().map(|row| row.case).collect::<BTreeSet<_>>(), cases);
            let keys: Vec<u64> = rows
                .iter()
                .map(|row| match sort {
                    Sort::OpenedNewest => u64::MAX - row.opened.position.0,
                    Sort::OpenedOldest => row.opened.position.0,
                    Sort::ActivityNewest => u64::MAX - row.last_activity.position.0,
                    Sort::ActivityOldest => row.last_activity.position.0,
                })
                .collect();
            assert!(keys.is_sorted(), "{sort:?}");
        }
    }
}

#[test]
fn each_filter_lets_through_what_it_says_and_all_must_hold() {
    let (_place, _store, views) = a_term();
    let everything = all(&views, &CaseQuery { limit: Some(500), ..CaseQuery::default() });
    let some = everything.iter().find(|row| row.manager.is_some() && row.enrolled_at.is_some()).unwrap().clone();
    let opened_on = some.opened.occurred_at.auckland();
    let none = CaseQuery::default;
    type Test = Box<dyn Fn(&CaseRow) -> bool>;
    let filters: Vec<(CaseQuery, Test)> = vec![
        (CaseQuery { provider: some.provider, ..none() }, Box::new(move |row| row.provider == some.provider)),
        (CaseQuery { school: Some(some.school), ..none() }, Box::new(move |row| row.school == some.school)),
        (
            CaseQuery { enrolled_at: some.enrolled_at, ..none() },
            Box::new(move |row| row.enrolled_at == some.enrolled_at),
        ),
        (CaseQuery { manager: some.manager, ..none() }, Box::new(move |row| row.manager == some.manager)),
        (CaseQuery { catchment: some.catchment, ..none() }, Box::new(move |row| row.catchment == some.catchment)),
        (CaseQuery { status: Some(CaseStatus::Closed), ..none() }, Box::new(|row| row.status == CaseStatus::Closed)),
        (
            CaseQuery { kind: Some(CaseKind::NonEnrolment), ..none() },
            Box::new(|row| row.kind == CaseKind::NonEnrolment),
        ),
        (CaseQuery { flag: Some(Flag::Urgent), ..none() }, Box::new(|row| row.flags.urgent)),
        (CaseQuery { flag: Some(Flag::InfoRequestOpen), ..none() }, Box::new(|row| row.flags.info_request_open)),
        (CaseQuery { flag: Some(Flag::CheckPending), ..none() }, Box::new(|row| row.flags.check_pending)),
        (CaseQuery { student: Some(some.student), ..none() }, Box::new(move |row| row.student == some.student)),
        (
            CaseQuery { opened_from: Some(opened_on), opened_to: Some(opened_on), ..none() },
            Box::new(move |row| row.opened.occurred_at.auckland() == opened_on),
        ),
        (
            CaseQuery { provider: some.provider, status: Some(some.status), kind: Some(some.kind), ..none() },
            Box::new(move |row| (row.provider, row.status, row.kind) == (some.provider, some.status, some.kind)),
        ),
    ];
    for (query, holds) in filters {
        let expected: Vec<CaseId> = everything.iter().filter(|row| holds(row)).map(|row| row.case).collect();
        assert!(!expected.is_empty(), "{query:?}");
        let found: Vec<CaseId> =
            all(&views, &CaseQuery { limit: Some(3), ..query.clone() }).iter().map(|row| row.case).collect();
        assert_eq!(found, expected, "{query:?}");
    }
    let nobody = CaseQuery { manager: Some(code("NOBODY")), ..none() };
    assert_eq!(views.case_view().all(&nobody).unwrap().total, 0);
}

#[test]
fn a_cursor_belongs_to_its_filters_and_order_and_to_no_page_size() {
    let (_place, _store, views) = a_term();
    let view = views.case_view();
    let query = CaseQuery { limit: Some(2), status: Some(CaseStatus::Active), ..CaseQuery::default() };
    let cursor = view.all(&query).unwrap().next;
    let go_on = |query: CaseQuery| view.all(&CaseQuery { cursor: cursor.clone(), ..query });
    assert!(go_on(query.clone()).is_ok());
    assert!(go_on(CaseQuery { limit: Some(40), ..query.clone() }).is_ok());
    for other in [
        CaseQuery { status: None, ..query.clone() },
        CaseQuery { status: Some(CaseStatus::Closed), ..query.clone() },
        CaseQuery { sort: Sort::ActivityNewest, ..query.clone() },
        CaseQuery { provider: Some(code("ASP-1")), ..query.clone() },
    ] {
        let error = go_on(other).unwrap_err();
        assert!(matches!(error, QueryError::BadCursor { .. }) && !error.retryable(), "{error}");
        assert!(error.to_string().contains("ask for the first page"), "{error}");
    }
    let nonsense = CaseQuery { cursor: Some("AAAA".to_owned()), ..query };
    assert!(matches!(view.all(&nonsense), Err(QueryError::BadCursor { .. })));
}

#[test]
fn a_page_holds_one_to_five_hundred_rows() {
    let (_place, _store, views) = a_term();
    for limit in [0, 501, u32::MAX] {
        let list = views.case_view().all(&CaseQuery { limit: Some(limit), ..CaseQuery::default() });
        assert_eq!(list, Err(QueryError::BadLimit { limit, limit_max: 500 }));
        assert!(views.case_view().history(CASE, None, Some(limit)).is_err());
        assert!(views.case_view().by_name("a", limit).is_err());
    }
    assert_eq!(views.case_view().all(&CaseQuery::default()).unwrap().items.len(), 50);
}

/// A ledger of one case a name.
fn named(names: &[(&str, &str)]) -> (Place, Store, Views) {
    let mut tape = Tape::new();
    for (n, (given, family)) in (1..).zip(names) {
        let id = CaseId([n; 16]);
        let request =
            SupportRequestSubmitted { number: CaseNumber(u32::from(n)), student: StudentId([n; 16]), ..request() };
        tape.case(id, written(on("2026-02-16", request), school(), [student(given, family)]));
    }
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    (place, store, views)
}

#[test]
fn names_are_found_with_and_without_macrons_double_vowels_and_capitals() {
    let (_place, _store, views) = named(&[
        ("Hēmi", "Māori"),
        ("Hemi", "Maaori"),
        ("He\u{304}mi", "Ma\u{304}ori"),
        ("Aroha", "Te Rangi-Hīroa"),
        ("Zoë", "O'Brien"),
        ("小龍", "李"),
    ]);
    for (text, found) in [
        ("Māori", vec![3, 2, 1]),
        ("maori", vec![3, 2, 1]),
        ("MAAORI", vec![3, 2, 1]),
        ("Ma\u{304}ori", vec![3, 2, 1]),
        ("hemi mao", vec![3, 2, 1]),
        ("mao hem", vec![3, 2, 1]),
        ("hiroa", vec![4]),
        ("te aroha", vec![4]),
        ("aroha māori", vec![]),
        ("obrien", vec![5]),
        ("O’Bri zoe", vec![5]),
        ("李", vec![6]),
        ("hemi\" OR \"aroha", vec![]),
        ("names:aroha", vec![]),
        ("emi", vec![]),
    ] {
        let hits = views.case_view().by_name(text, 50).unwrap();
        let cases: Vec<u8> = hits.items.iter().map(|item| item.id().0[0]).collect();
        assert_eq!((cases, hits.more), (found, false), "{text}");
    }
    let hit = views.case_view().by_name("hemi", 1).unwrap();
    assert!(hit.more && hit.items.len() == 1);
    let name = hit.items[0].clone().case().unwrap().student_name.unwrap();
    assert_eq!(name.family_name.reveal(), "Ma\u{304}ori", "a name is shown as it was given");
    for empty in ["", "  ", "*", "-\"'"] {
        assert_eq!(views.case_view().by_name(empty, 50), Err(QueryError::EmptySearch), "{empty:?}");
    }
}

#[test]
fn a_later_referral_with_other_names_is_found_by_those() {
    let mut tape = Tape::new();
    tape.case(CASE, written(on("2026-02-16", request()), school(), [student("Hemi", "Brown")]));
    let again = SupportRequestSubmitted { attached: true, ..request() };
    tape.case(CASE, written(on("2026-03-16", again), school(), [student("Hēmi", "Parata")]));
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    assert_eq!(views.case_view().by_name("parata", 5).unwrap().items.len(), 1);
    assert_eq!(views.case_view().by_name("brown", 5).unwrap().items.len(), 0);
    let document = views.case_view().whole(CASE).unwrap().unwrap();
    assert_eq!(document.student_details.unwrap().family_name.reveal(), "Parata");
}

#[test]
fn a_case_comes_with_what_people_wrote() {
    let mut tape = Tape::new();
    for past in ca_case() {
        tape.case(CASE, past);
    }
    let added = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: true };
    tape.case(CASE, written(on("2026-02-20", added), manager(), [note("Ka pai te hui.")]));
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    let document = views.case_view().whole(CASE).unwrap().unwrap();
    assert_eq!(document.comments[0].text.as_ref().unwrap().reveal(), "Ka pai te hui.");
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["comments"][0]["text"], "Ka pai te hui.");
    assert_eq!(json["number"], "AS-0000001-3");
    assert_eq!(json["opened"]["recorded_at"], "2026-02-15T23:00:00.000000Z");
    assert_eq!(json["opened"]["occurred_at"], "2026-02-16");
    let timeline = views.case_view().history(CASE, None, None).unwrap().unwrap();
    let entry = serde_json::to_value(&timeline.items[2]).unwrap();
    assert_eq!(entry["sentence"], "Comment 1 was added and shared with schools.");
    assert_eq!(entry["personal"][0]["body"]["text"], "Ka pai te hui.");
    assert_eq!(
        (entry["personal"][0]["group"].as_str(), entry["facts"]["comment"].as_u64()),
        (Some("narrative"), Some(1))
    );
}

#[test]
fn a_timeline_is_read_page_by_page_oldest_first() {
    let mut tape = Tape::new();
    for past in ca_case() {
        tape.case(CASE, past);
    }
    for _ in 0..23 {
        tape.case(CASE, on("2026-03-01", attempt()));
        tape.case(CaseId([9; 16]), on("2026-03-01", request()));
    }
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    let mut versions = Vec::new();
    let mut cursor = None;
    loop {
        let page = views.case_view().history(CASE, cursor.as_deref(), Some(4)).unwrap().unwrap();
        assert_eq!(page.total, 25);
        versions.extend(page.items.iter().map(|entry| entry.row.version.unwrap().0));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(versions, (1..=25).collect::<Vec<_>>());
    let first = views.case_view().history(CASE, None, Some(4)).unwrap().unwrap().next;
    let other = views.case_view().history(CaseId([9; 16]), first.as_deref(), Some(4));
    assert!(matches!(other, Err(QueryError::BadCursor { .. })));
}

#[test]
fn an_unknown_case_is_nothing_not_an_error() {
    let (_place, _store, views) = a_term();
    let nobody = CaseId([0xEE; 16]);
    assert_eq!(views.case_view().whole(nobody), Ok(None));
    assert_eq!(views.case_view().whole_by_number(CaseNumber(4_000_000)), Ok(None));
    assert_eq!(views.case_view().history(nobody, None, None), Ok(None));
}

#[test]
fn enrolment_is_judged_on_the_day_that_is_asked_for() {
    let mut tape = Tape::new();
    for past in ca_case() {
        tape.case(CASE, past);
    }
    tape.case(CASE, on("2026-03-01", enrolled(Some("SCH-2"), "2026-04-01")));
    let place = Place::new();
    let mut store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    let at = |school: &str, on: Option<&str>| {
        let query = CaseQuery { enrolled_at: Some(code(school)), on: on.map(day), ..CaseQuery::default() };
        views.case_view().all(&query).unwrap().total
    };
    assert_eq!((at("SCH-1", None), at("SCH-2", None)), (1, 0));
    assert_eq!((at("SCH-1", Some("2026-03-31")), at("SCH-2", Some("2026-03-31"))), (1, 0));
    assert_eq!((at("SCH-1", Some("2026-04-01")), at("SCH-2", Some("2026-04-01"))), (0, 1));
    assert_eq!(at("SCH-1", Some("2026-02-15")), 0);
    // The latest event of the ledger says what day it is, also when it is another case's.
    tape.case(CaseId([9; 16]), on("2026-04-02", request()));
    append(&mut store, &tape);
    caught_up(&views);
    assert_eq!((at("SCH-1", None), at("SCH-2", None)), (1, 1));
    assert_eq!(views.case_view().whole(CASE).unwrap().unwrap().row.enrolled_at, Some(code("SCH-2")));
}

#[test]
fn who_waits_for_a_position_sees_what_is_there() {
    let place = Place::new();
    let mut tape = Tape::new();
    let mut store = place.create(&tape);
    let views = place.start(&store);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    for round in 1..=20_u64 {
        let id = CaseId([round as u8; 16]);
        let view = views.case_view().clone();
        let waiting = runtime.spawn(async move { view.wait_for(Position(round), PATIENCE).await });
        tape.case(id, on("2026-02-16", request()));
        append(&mut store, &tape);
        assert_eq!(runtime.block_on(waiting).unwrap(), Ok(()));
        assert!(views.case_view().whole(id).unwrap().is_some(), "round {round}");
    }
    let behind = runtime.block_on(views.case_view().wait_for(Position(21), Duration::from_millis(20))).unwrap_err();
    assert_eq!((behind.position, behind.wanted), (Position(20), Position(21)));
}
