//! Numbers, memory, snapshots, reference data and scopes, as specifications.

use serde_json::json;

use crate::access;
use crate::actions::ReopenCase;
use crate::case::Status;
use crate::codec::decode;
use crate::envelope::Source;
use crate::event::*;
use crate::ids::{CaseId, Position, StreamId, StudentId};
use crate::machine::{Context, Declined, Machine, shard_of};
use crate::number::CaseNumber;
use crate::reference::Entry;
use crate::refusal::Refusal;
use crate::system::ledger_actor;
use crate::testing::*;
use crate::viewed::{AccessHeadEvent, AccessHeadRecorded, ChainHash};
use crate::world::{Command, World};

const OTHER: CaseId = CaseId([2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 1]);

fn saved(world: &World) -> Vec<Vec<u8>> {
    let shard = |shard| {
        let mut bytes = Vec::new();
        world.save(shard, &mut bytes);
        bytes
    };
    (0..=255).map(shard).collect()
}

fn loaded(shards: &[Vec<u8>]) -> World {
    let mut world = World::default();
    for (shard, bytes) in (0..=255).zip(shards) {
        world.load(shard, bytes).unwrap();
    }
    world
}

fn context() -> Context {
    Context {
        actor: lead(),
        on_behalf_of: None,
        source: Source::Person,
        now: noon(day("2026-06-01")),
        new_case: NEW_CASE,
        sealed: None,
    }
}

fn numbered(number: u32, past: Vec<Past>) -> Vec<Past> {
    let with_number = |mut past: Past| {
        if let CaseEvent::SupportRequestSubmitted(request) = &mut past.event {
            request.number = CaseNumber(number);
        }
        past
    };
    past.into_iter().map(with_number).collect()
}

#[test]
fn k6_cases_are_numbered_one_after_another_also_after_the_highest_has_ended() {
    let outcome = given(closed(numbered(41, ca_case()), "2026-04-01"))
        .and_of(OTHER, numbered(7, ca_case()))
        .by(school())
        .when_opening_for(StudentId([5; 16]), requested(json!({})));
    assert_eq!(outcome.stage.world.case(NEW_CASE).unwrap().number, CaseNumber(42));
    let mut world = loaded(&saved(&outcome.stage.world));
    world.settle();
    assert!(world.case(CASE).is_none());
    let command = Command::Open { opening: requested(json!({})), student: StudentId([6; 16]), occurred_at: None };
    let drafts = world.decide(&command, &Context { actor: school(), ..context() }).unwrap();
    let CaseEvent::SupportRequestSubmitted(request) = event_of(&drafts[0]) else { panic!("the request comes first") };
    assert_eq!(request.number, CaseNumber(43));
}

#[test]
fn r27_a_case_is_not_reopened_while_the_student_has_another() {
    given(closed(ca_case(), "2026-04-01"))
        .and_of(OTHER, numbered(2, ca_case()))
        .when(ReopenCase { reason: ReopenReason::AbsentAgain })
        .then_refused(Refusal::StudentHasActiveCase { case: OTHER });
    given(closed(ca_case(), "2026-04-01"))
        .and_of(OTHER, closed(numbered(2, ca_case()), "2026-05-01"))
        .when(ReopenCase { reason: ReopenReason::AbsentAgain })
        .then([CaseReopened { reason: ReopenReason::AbsentAgain }]);
}

#[test]
fn q4_of_two_active_cases_the_eldest_takes_the_referral_before_and_after_a_restart() {
    let stage = given(numbered(2, ca_case())).and_of(OTHER, numbered(1, ca_case())).when(sample_action("review")).stage;
    for world in [&stage.world, &loaded(&saved(&stage.world))] {
        assert_eq!(world.active_cases(STUDENT), [OTHER, CASE]);
        let command = Command::Open { opening: requested(json!({})), student: STUDENT, occurred_at: None };
        let drafts = world.decide(&command, &Context { actor: school(), ..context() }).unwrap();
        assert_eq!(drafts[0].stream, StreamId::Case(OTHER));
    }
}

#[test]
fn a_closed_case_is_dropped_and_folded_again_when_somebody_speaks_of_it() {
    let mut stage = given(closed(at_work(ca_case()), "2026-04-01")).when(sample_action("change-enrolment")).stage;
    let kept = stage.world.case(CASE).unwrap().clone();
    stage.world.settle();
    assert_eq!(stage.world.cases_held(), 0);
    let reopen =
        Command::Act { case: CASE, action: ReopenCase { reason: ReopenReason::Review }.into(), occurred_at: None };
    assert_eq!(stage.world.decide(&reopen, &context()), Err(Declined::Cold(StreamId::Case(CASE))));
    let history: Vec<_> = stage.frames.iter().map(|frame| decode(frame).unwrap()).collect();
    let of_case: Vec<_> = history.into_iter().filter(|event| event.stream == StreamId::Case(CASE)).collect();
    let warm = World::fold(&of_case).unwrap();
    assert_eq!(warm, kept);
    let mut world = loaded(&saved(&stage.world));
    world.install(StreamId::Case(CASE), warm);
    assert_eq!(world.decide(&reopen, &context()).unwrap().len(), 1);
    world.settle();
    assert_eq!(world.cases_held(), 0, "what is only visited is dropped again");
}

#[test]
fn a_case_reopened_in_a_replay_that_does_not_hold_it_is_asked_for() {
    let stage = given(closed(at_work(ca_case()), "2026-04-01")).when(ReopenCase { reason: ReopenReason::Review }).stage;
    let mut world = World::default();
    world.evolve(&decode(stage.frames.last().unwrap()).unwrap()).unwrap();
    assert_eq!(world.wanted(), [StreamId::Case(CASE)]);
    assert_eq!(world.wanted(), []);
}

#[test]
fn a_history_that_begins_with_no_referral_is_no_case() {
    assert!(World::fold(&[]).is_err());
    let stage = given(ca_case()).when(sample_action("review")).stage;
    assert!(World::fold(&[decode(stage.frames.last().unwrap()).unwrap()]).is_err());
}

#[test]
fn a_snapshot_holds_what_lasts_and_nothing_that_is_only_visited() {
    let mut stage = given(closed(ca_case(), "2026-04-01"))
        .and_of(OTHER, numbered(2, ca_case()))
        .when(sample_action("change-enrolment"))
        .stage;
    let before = saved(&stage.world);
    stage.world.settle();
    assert!(saved(&stage.world) == before);
    let world = loaded(&before);
    assert_eq!(world.cases_held(), 1);
    assert!(world.case(OTHER).is_some());
    assert_eq!(world.reference(), stage.world.reference());
}

#[test]
fn a_shard_that_cannot_be_read_is_left_empty() {
    let stage = given(ca_case()).and_of(OTHER, numbered(2, ca_case())).when(sample_action("review")).stage;
    let mut world = loaded(&saved(&stage.world));
    let shard = shard_of(StreamId::Case(CASE));
    assert!(world.load(shard, b"\x93no snapshot").is_err());
    assert!(world.case(CASE).is_none());
    assert_eq!(world.active_cases(STUDENT), [OTHER]);
}

#[test]
fn rows_of_reference_data_that_are_held_are_passed_over() {
    let stage = Stage::new();
    let fresh = Entry::School { school: code("SCH-4"), catchment: code("C-4"), from: day("2026-01-01") };
    let entries: Vec<Entry> = reference().into_iter().chain([fresh]).collect();
    let drafts = stage.world.decide(&Command::Reference { entries, occurred_at: None }, &context()).unwrap();
    assert_eq!(drafts.len(), 1);
    assert!(!drafts[0].carries_parts);
}

#[test]
fn r41_a_row_stands_on_places_that_are_known_and_begins_within_reach() {
    let stage = Stage::new();
    let from = day("2026-01-01");
    let school = |name: &str, catchment: &str| Entry::School { school: code(name), catchment: code(catchment), from };
    let region = |catchment: &str| Entry::Region { catchment: code(catchment), region: code("R-1"), from };
    let serves = |catchment: &str, from: &str| Entry::Catchment {
        catchment: code(catchment),
        provider: code("ASP-9"),
        from: day(from),
    };
    let in_school = |name: &str| Entry::InSchool { school: code(name), provider: Some(code("ISP-9")), from };
    let nowhere = Refusal::CatchmentWithoutProvider { catchment: code("C-9") };
    let no_school = Refusal::SchoolWithoutCatchment { school: code("SCH-9") };
    let far = |from: &str| Refusal::FarAhead { from: day(from), last: day("2031-06-01") };
    for (rows, refused) in [
        (vec![school("SCH-9", "C-9")], Some(nowhere.clone())),
        (vec![region("C-9")], Some(nowhere)),
        (vec![in_school("SCH-9")], Some(no_school)),
        (vec![in_school("SCH-9"), school("SCH-9", "C-9"), serves("C-9", "2026-01-01"), region("C-9")], None),
        (vec![school("SCH-9", "C-1"), in_school("SCH-1"), region("C-2")], None),
        (vec![serves("C-9", "2031-06-01")], None),
        (vec![serves("C-9", "2031-06-02")], Some(far("2031-06-02"))),
    ] {
        let command = Command::Reference { entries: rows.clone(), occurred_at: None };
        let declined = stage.world.decide(&command, &context()).err();
        assert_eq!(declined, refused.map(Declined::Refused), "{rows:?}");
    }
    for year in ["1989-12-31", "2101-01-01", "0026-03-01"] {
        let sent = serde_json::json!({"what": "catchment", "catchment": "C-9", "provider": "ASP-9", "from": year});
        assert!(serde_json::from_value::<Entry>(sent).is_err(), "{year}");
    }
}

#[test]
fn reference_data_are_in_force_from_their_date_on() {
    let mut stage = Stage::new();
    let ended = Entry::InSchool { school: code("SCH-1"), provider: None, from: day("2026-03-02") };
    let moved = Entry::School { school: code("SCH-1"), catchment: code("C-2"), from: day("2026-03-02") };
    for row in [ended, moved] {
        stage.record(&row.draft(time("2026-02-01")), noon(day("2026-02-01")));
    }
    let held = stage.world.reference();
    for (today, catchment, in_school, known) in [
        ("2019-12-31", None, None, false),
        ("2020-01-01", Some("C-1"), Some("ISP-1"), true),
        ("2026-03-01", Some("C-1"), Some("ISP-1"), true),
        ("2026-03-02", Some("C-2"), None, false),
    ] {
        let today = day(today);
        assert_eq!(held.catchment_of(code("SCH-1"), today), catchment.map(code), "{today}");
        assert_eq!(held.in_school_provider_of(code("SCH-1"), today), in_school.map(code), "{today}");
        assert_eq!(held.provider(code("ISP-1"), today).is_some(), known, "{today}");
    }
}

#[test]
fn every_event_stands_under_the_scope_of_its_moment() {
    let outcome = given_nothing().by(school()).when_opening(requested(json!({})));
    let drafts = outcome.result.unwrap();
    let scope = |i: usize| (drafts[i].scope.provider, drafts[i].scope.catchment, drafts[i].scope.school);
    assert_eq!(scope(0), (None, None, Some(code("SCH-1"))));
    assert_eq!(scope(1), (Some(code("ASP-1")), Some(code("C-1")), Some(code("SCH-1"))));
    let moved = given(ca_case())
        .and([on("2026-03-02", enrolled(Some("SCH-2"), "2026-07-01"))])
        .at("2026-07-01")
        .when(sample_action("review"));
    assert_eq!(moved.result.unwrap()[0].scope.school, Some(code("SCH-2")), "the school of enrolment on that day");
}

#[test]
fn q6_an_allocation_by_referral_counts_from_its_recording_however_late_the_referral_is_told() {
    let outcome =
        given_nothing().by(school()).at("2026-06-01").occurred("2026-02-20").when_opening(requested(json!({})));
    let drafts = outcome.result.unwrap();
    assert_eq!(drafts[0].occurred_at, time("2026-02-20"));
    assert_eq!(drafts[1].occurred_at.auckland(), day("2026-06-01"));
}

#[test]
fn an_event_type_of_a_later_build_changes_no_state() {
    let mut stage = given(ca_case()).when(sample_action("review")).stage;
    let before = saved(&stage.world);
    let frame = stage.frames.last().unwrap().clone();
    let event = decode(&frame).unwrap();
    stage.world.evolve(&crate::envelope::Recorded { kind: "told_by_a_later_build", ..event }).unwrap();
    assert!(saved(&stage.world) == before);
    assert_eq!(stage.world.case(CASE).unwrap().status, Status::Allocated);
}

#[test]
fn the_head_of_the_access_ledger_is_recorded_by_the_ledger_itself_alone_whether_or_not_roles_are_granted() {
    let head = AccessHeadRecorded { position: Position(7), chain_hash: ChainHash([0xcd; 32]) };
    let command = Command::AccessHead(head);
    let by_the_ledger = Context { actor: ledger_actor(), source: Source::Ledger, ..context() };
    let mut stage = Stage::new();
    for _ in 0..2 {
        let drafts = stage.carry_out(&command, &by_the_ledger).unwrap();
        assert_eq!(drafts, [AccessHeadEvent::AccessHeadRecorded(head).draft(context().now)]);
        for other in [context(), Context { actor: ledger_actor(), ..context() }] {
            let refused = stage.world.decide(&command, &other);
            assert!(matches!(refused, Err(Declined::Refused(Refusal::NoGrant { .. }))), "{refused:?}");
        }
        let first = access::first_operator(code("O-1"), code("MOE"));
        let _ = stage.carry_out(&Command::Access(first), &by_the_ledger);
    }
}
