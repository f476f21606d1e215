//! Given a case's history, when its work is listed, then this is to be done by then. Holidays near: Good Friday 3 April,
//! Easter Monday 6 April 2026.

use caseledger_events::event::*;
use caseledger_events::testing::*;

use super::*;
use crate::testing::{Tape, written};

/// Folds a history and lists its work.
fn work_of(history: Vec<Past>) -> Vec<WorkItem> {
    let mut tape = Tape::new();
    for past in history {
        tape.case(CASE, written(past, lead(), []));
    }
    let mut row = None;
    for (event, read) in tape.case_events() {
        row = CaseRow::evolve(row, &event, &read);
    }
    work(&row.unwrap(), &mut Deadlines::default())
}

fn told(history: Vec<Past>) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    work_of(history).into_iter().map(|item| (item.what.name(), text(item.due_on), text(item.last_on))).collect()
}

fn by(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Referred and allocated on a day.
fn allocated_on(day: &str) -> Vec<Past> {
    vec![on(day, request()), on(day, allocation(AllocationBasis::SchoolCatchment))]
}

#[test]
fn r7_m10_m11_a_new_case_waits_for_a_manager_and_the_school_over_easter() {
    let expected = [
        // Ten business days after Wednesday 1 April, without Good Friday and Easter Monday.
        ("assign_manager", by("2026-04-17"), None),
        ("meet_school", by("2026-04-10"), by("2026-04-17")),
    ];
    assert_eq!(told(allocated_on("2026-04-01")), expected);
}

#[test]
fn q6_the_clocks_start_on_the_day_the_allocation_was_recorded() {
    let mut history = vec![on("2026-02-16", request())];
    history.push(late("2026-02-16", "2026-02-23", allocation(AllocationBasis::SchoolCatchment)));
    assert_eq!(told(history)[1], ("meet_school", by("2026-03-02"), by("2026-03-09")));
}

#[test]
fn r7_work_that_has_begun_is_not_asked_for_and_a_met_school_neither() {
    let mut history = at_work(ca_case());
    assert_eq!(told(history.clone())[0].0, "begin_work");
    history.push(on("2026-02-17", attempt()));
    history.push(on(
        "2026-02-18",
        SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson },
    ));
    assert_eq!(told(history), []);
}

#[test]
fn m12_m13_people_are_engaged_where_details_are_held_that_are_right() {
    let mut history = at_work(ca_case());
    history.push(on("2026-02-17", confirmed_in("C-1", "2026-02-17")));
    let engage = ("engage", by("2026-03-02"), by("2026-03-09"));
    assert!(told(history.clone()).contains(&engage), "{:?}", told(history));
}

#[test]
fn k2_r22_r27_what_waits_for_others_has_no_day_of_its_own() {
    assert_eq!(told(notified()), [("ministry_check", None, None)]);
    let mut history = at_work(ca_case());
    history.push(on("2026-02-17", asked(1, Agency::Inz)));
    assert!(told(history).contains(&("agency_answer", None, None)));
    let mut history = at_work(ca_case());
    history.push(on("2026-02-20", passed_to_cit()));
    assert_eq!(told(history), [("find_provider", None, None)]);
}

#[test]
fn e39_a_task_is_due_on_its_own_day_and_belongs_to_whoever_is_named() {
    let mut history = at_work(ca_case());
    history.push(on("2026-02-17", task(3)));
    let items = work_of(history);
    let item = items.iter().find(|item| item.what == Work::Task).unwrap();
    assert!(item.number == 3 && item.due_on.is_some(), "{item:?}");
}

#[test]
fn nothing_is_to_be_done_on_a_case_that_ended() {
    assert_eq!(told(closed(at_work(ca_case()), "2026-03-02")), []);
}

#[test]
fn every_kind_of_work_has_a_name_of_its_own() {
    let mut names: Vec<_> = Work::ALL.iter().map(|work| work.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Work::ALL.len());
    for work in Work::ALL {
        assert_eq!(serde_json::to_value(work).unwrap(), work.name());
    }
}

/// Design §6: public facts suffice, but for what restricted events alone tell.
#[test]
fn public_facts_give_the_same_work_but_for_agencies_answers() {
    use caseledger_events::public::restricts;

    let mut tape = Tape::new();
    crate::testing::Term::new(9, 30).play(&mut tape, 3_000);
    let (mut known, mut told) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    for (event, read) in tape.case_events() {
        let caseledger_events::ids::StreamId::Case(case) = event.stream else { unreachable!() };
        let row = CaseRow::evolve(known.remove(&case), &event, &read).unwrap();
        known.insert(case, row);
        if restricts(&event).unwrap() {
            continue;
        }
        let now = Moment::of(&event);
        match told.entry(case) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(QueueRow::begin(case, now, &read).unwrap());
            }
            std::collections::btree_map::Entry::Occupied(mut row) => row.get_mut().apply(now, &read),
        }
    }
    let (mut deadlines, mut listed) = (Deadlines::default(), 0);
    assert_eq!(known.len(), told.len());
    for (case, row) in &known {
        let mut whole = work(row, &mut deadlines);
        whole.retain(|item| !item.what.tells_of_restricted());
        let public = told[case].work(&mut deadlines);
        listed += public.len();
        assert_eq!(public, whole, "{case}");
    }
    assert!(listed > 20, "{listed}");
}
