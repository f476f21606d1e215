//! A list holds the cases its rows of the access table reach, each once and by its best row; nothing else can be had.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::*;
use caseledger_events::access::*;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_events::testing::*;
use caseledger_projections::testing::{Tape, Term, note, student, written};
use caseledger_projections::work_queue::Work;
use caseledger_views::{
    AsAt, Asked, AskedRequest, CaseQuery, CaseView, Flag, QueryError, ShownCase, ShownItem, Sort, WhichCase, WorkQuery,
};

/// Folds where every case stands, as the view must.
fn standings(tape: &Tape) -> BTreeMap<CaseId, Standing> {
    let mut standings: BTreeMap<CaseId, Option<Standing>> = BTreeMap::new();
    for (event, read) in tape.case_events() {
        if let StreamId::Case(case) = event.stream {
            let standing = standings.entry(case).or_default();
            *standing = Standing::evolve(standing.take(), &event, &read);
        }
    }
    standings.into_iter().map(|(case, standing)| (case, standing.unwrap())).collect()
}

/// Everybody who could ask about these cases: each role at each place that is named in them.
fn everybody(standings: &BTreeMap<CaseId, Standing>) -> Vec<Actor> {
    let mut askers = BTreeSet::new();
    for case in standings.values() {
        let providers = case.provider().into_iter().chain(case.hand_overs.iter().map(|given| given.provider));
        let providers = providers.chain(case.proposals.iter().map(|proposal| proposal.target));
        for provider in providers {
            askers.insert((Role::WorkflowLead.name(), code("P-1"), provider));
            askers.extend(case.manager.map(|manager| (Role::CaseManager.name(), manager, provider)));
        }
        let schools = case.enrolments.iter().filter_map(|enrolment| enrolment.school).chain([case.school]);
        for school in schools {
            let contact = case.contact.map_or(code("P-2"), |contact| contact.person);
            askers.insert((Role::PrimaryContact.name(), contact, school));
            askers.insert((Role::AttendanceLead.name(), code("P-2"), school));
            askers.insert((Role::OfficeSupport.name(), code("P-2"), school));
        }
    }
    let mut everybody: Vec<Actor> = askers
        .into_iter()
        .map(|(role, person, organisation)| Actor { role: role_of(role), person, organisation })
        .collect();
    for role in TABLE.iter().map(|row| row.role).filter(|role| !role.is_school()) {
        everybody.push(person(role, "P-3", "MOE"));
    }
    everybody
}

fn role_of(name: &str) -> Role {
    TABLE.iter().map(|row| row.role).find(|role| role.name() == name).unwrap()
}

/// Reads every page of somebody's list.
fn listed(view: &CaseView, scopes: &[Scope], query: &CaseQuery) -> Vec<ShownItem> {
    let mut query = query.clone();
    let mut items = Vec::new();
    loop {
        let page = view.list(scopes, &query).unwrap();
        items.extend(page.items);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => {
                assert_eq!(items.len() as u64, page.total, "the total of {query:?} for {scopes:?}");
                return items;
            }
        }
    }
}

#[test]
fn everybodys_list_holds_the_cases_of_their_rows_each_once_whatever_the_order_and_the_pages() {
    let place = Place::new();
    let mut tape = Tape::new();
    Term::new(77, 12).play(&mut tape, 3_000);
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    let standings = standings(&tape);
    let (mut lists, mut reached) = (0, BTreeSet::new());
    for asker in everybody(&standings) {
        let Ok(scopes) = scopes(&principal(asker), Operation::List, today()) else { continue };
        let expected: BTreeSet<CaseId> = standings
            .values()
            .filter(|case| scopes.iter().any(|scope| scope.admits(case)))
            .map(|case| case.case)
            .collect();
        for (sort, limit) in [(Sort::OpenedNewest, 7), (Sort::ActivityOldest, 40), (Sort::ActivityNewest, 500)] {
            let query = CaseQuery { sort, limit: Some(limit), ..CaseQuery::default() };
            let items = listed(views.case_view(), &scopes, &query);
            let found: BTreeSet<CaseId> = items.iter().map(ShownItem::id).collect();
            assert_eq!(found.len(), items.len(), "{asker:?} gets a case twice, {sort:?}");
            assert_eq!(found, expected, "{asker:?}, {sort:?}");
            for item in &items {
                let best = scopes.iter().find(|scope| scope.admits(&standings[&item.id()])).unwrap();
                assert_eq!(level_of(item), form(best.decided().level()), "{asker:?}");
                reached.insert(best.reach().name());
            }
        }
        lists += 1;
    }
    assert!(lists > 20 && reached.len() > 6, "{lists} lists of {reached:?}");
}

/// The name of the form a case is listed in.
fn level_of(item: &ShownItem) -> &'static str {
    match item {
        ShownItem::Case(_) => "case",
        ShownItem::School(_) => "school",
        ShownItem::OwnRequest(_) => "own request",
        ShownItem::SharedItems(_) => "shared items",
        ShownItem::Question(_) => "question",
        ShownItem::Preview(_) => "preview",
    }
}

fn form(level: Level) -> &'static str {
    match level {
        Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => "case",
        Level::School => "school",
        Level::OwnRequest => "own request",
        Level::SharedItems => "shared items",
        Level::Question => "question",
        Level::Preview => "preview",
        Level::Receipt => "nothing",
    }
}

#[test]
fn the_view_keeps_where_each_case_stands_as_the_pure_fold_says() {
    let place = Place::new();
    let tape = term(78, 2_000);
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    for (case, standing) in standings(&tape) {
        assert_eq!(views.case_view().standing(WhichCase::Number(standing.number)).unwrap().as_ref(), Some(&standing));
        assert_eq!(views.case_view().standing(WhichCase::Id(case)).unwrap(), Some(standing));
    }
}

/// A case that went from ASP-1 to ASP-2, with something told on both sides of it.
fn moved() -> (Place, caseledger_views::Views) {
    let mut tape = Tape::new();
    let text =
        |n: u16, shared| CommentAdded { comment: CommentNumber(n), by_school: false, shared_with_schools: shared };
    for past in at_work(ca_case()) {
        let by = if matches!(past.event, CaseEvent::SupportRequestSubmitted(_)) { school() } else { lead() };
        tape.case(CASE, written(past, by, [student("Hēmi", "Parata")]));
    }
    tape.case(CASE, written(on("2026-03-02", text(1, true)), manager(), [note("before")]));
    tape.case(CASE, written(on("2026-03-03", passed_to_cit()), lead(), []));
    let to = AllocatedToProvider { provider: code("ASP-2"), ..allocation(AllocationBasis::Cit) };
    tape.case(CASE, written(on("2026-03-04", to), cit(), []));
    tape.case(CASE, written(on("2026-03-05", text(2, false)), other_lead(), [note("after")]));
    let place = Place::new();
    let store = place.create(&tape);
    let views = place.start(&store);
    caught_up(&views);
    (place, views)
}

fn opened(view: &CaseView, asker: Actor) -> Result<ShownCase, Denied> {
    let asker = principal(asker);
    let decide = |case: &Standing| authorise(&asker, Operation::OpenCase, case, today());
    match view.case(WhichCase::Id(CASE), decide).unwrap() {
        Asked::Granted(_, shown) => Ok(shown.unwrap()),
        Asked::Denied(denied) => Err(denied),
        Asked::Unknown => panic!("the case is there"),
    }
}

#[test]
fn q19_who_handed_a_case_over_keeps_it_as_it_stood_then() {
    let (_place, views) = moved();
    let view = views.case_view();
    let before = opened(view, lead()).unwrap().case().unwrap();
    assert_eq!((before.row.provider, before.row.counts.comments), (None, 1), "it was with CIT");
    let texts: Vec<_> =
        before.comments.iter().map(|comment| comment.text.as_ref().unwrap().reveal().as_str()).collect();
    assert_eq!(texts, ["before"]);
    let now = opened(view, other_lead()).unwrap().case().unwrap();
    assert_eq!((now.row.provider, now.comments.len()), (Some(code("ASP-2")), 2));
    assert_eq!((now.sharing.shared, now.sharing.of), (1, 2), "V5");
    let mine = scopes_of(lead(), Operation::List);
    let item = view.list(&mine, &CaseQuery::default()).unwrap().items.remove(0).case().unwrap();
    assert_eq!(item.row.version, before.row.version);
    // What it is now cannot be asked for by a filter either.
    let query = CaseQuery { provider: Some(code("ASP-2")), ..CaseQuery::default() };
    assert_eq!(view.list(&mine, &query).unwrap().total, 0);
}

#[test]
fn what_restricted_events_tell_is_left_out_of_facts_alone() {
    let mut tape = Tape::new();
    let detailed = DetailedImmigrationCheckRequested { request: RequestNumber(2) };
    for past in at_work(ca_case()).into_iter().chain([
        on("2026-03-02", asked(1, Agency::Inz)),
        on("2026-03-03", inz_answered(1, Whereabouts::NotOut)),
        on("2026-03-04", evidence()),
        on("2026-03-05", detailed),
    ]) {
        tape.case(CASE, past);
    }
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    let view = views.case_view();
    let whole = opened(view, lead()).unwrap().case().unwrap();
    assert_eq!((whole.row.counts.requests, whole.row.open_requests.len(), whole.requests.len()), (2, 1, 2));
    assert!(whole.row.flags.out_of_country_unconfirmed && whole.requests[0].row.whereabouts.is_some());
    let contract = person(Role::RelationshipManager, "B-1", "MOE");
    let facts = opened(view, contract).unwrap().case().unwrap();
    assert_eq!((facts.row.counts.requests, facts.row.open_requests.len(), facts.requests.len()), (1, 0, 1));
    let request = &facts.requests[0].row;
    assert_eq!((request.answered, request.whereabouts, request.known_code), (None, None, None));
    assert!(!facts.row.flags.out_of_country_unconfirmed);
    let scopes = scopes_of(contract, Operation::List);
    let mut listed = view.list(&scopes, &CaseQuery::default()).unwrap().items;
    assert_eq!(listed.remove(0).case().unwrap().row, facts.row, "a list says no more than the case");
    let flag = CaseQuery { flag: Some(Flag::OutOfCountryUnconfirmed), ..CaseQuery::default() };
    assert_eq!(view.list(&scopes, &flag).unwrap().total, 0);
}

#[test]
fn q33_no_task_tells_of_an_answer_where_answers_are_not_shown() {
    let mut tape = Tape::new();
    let task = |task, kind| TaskAdded { task: TaskNumber(task), kind, due_on: day("2026-06-15"), assigned_to: None };
    let ended = |task, reads_answer| TaskCompleted { task: TaskNumber(task), done: true, reads_answer };
    let (request, reason) = (RequestNumber(2), WithdrawalReason::NotNeeded);
    for past in at_work(ca_case()).into_iter().chain([
        on("2026-03-01", task(1, TaskKind::Contact)),
        on("2026-03-05", DetailedImmigrationCheckRequested { request: RequestNumber(1) }),
        on("2026-03-06", InformationRequestAnswered { detailed: true, ..inz_answered(1, Whereabouts::NotOut) }),
        on("2026-03-06", task(2, TaskKind::ReadAnswer)),
        on("2026-03-07", ended(2, true)),
        on("2026-03-07", task(3, TaskKind::ReadAnswer)),
        on("2026-03-08", DetailedImmigrationCheckRequested { request }),
        on("2026-03-09", InformationRequestWithdrawn { request, agency: Agency::Inz, reason, detailed: true }),
    ]) {
        tape.case(CASE, past);
    }
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    let head = caught_up(&views).position;
    let view = views.case_view();
    for (role, shown) in [
        (Role::RelationshipManager, false),
        (Role::ServiceDesk, false),
        (Role::NationalServiceDelivery, false),
        (Role::Cit, false),
        (Role::Auditor, true),
    ] {
        let asker = principal(person(role, "P-3", "MOE"));
        let decide = |case: &Standing| authorise(&asker, Operation::Timeline, case, today());
        let Asked::Granted(_, case) = view.case(WhichCase::Id(CASE), decide).unwrap() else { panic!("{role}") };
        let case = case.unwrap().case().unwrap();
        let tasks: Vec<u16> = case.row.beside.tasks.iter().map(|task| task.task.0).collect();
        // A gap in the numbers would tell of the others: where not all are shown none is.
        assert_eq!(tasks, if shown { vec![1, 3] } else { vec![0] }, "{role}");
        let then = view.case_at(WhichCase::Id(CASE), decide, AsAt::Position(head)).unwrap();
        let Asked::Granted(_, Some(then)) = then else { panic!("{role}") };
        assert_eq!(then.case.unwrap().row.beside.tasks, case.row.beside.tasks, "{role} of the past");
        let page = view.timeline(WhichCase::Id(CASE), decide, None, None).unwrap();
        let Asked::Granted(_, Some(page)) = page else { panic!("{role}") };
        let told = page.items.iter().filter(|entry| {
            matches!(entry.row.kind.as_str(), "task_added" | "task_completed" | "information_request_withdrawn")
        });
        assert_eq!(told.count(), if shown { 5 } else { 1 }, "{role}'s timeline");
        let scopes = scopes_of(person(role, "P-3", "MOE"), Operation::List);
        let work = view.work(&scopes, &WorkQuery::default()).unwrap();
        let tells = work.items.iter().filter(|entry| entry.what.tells_of_restricted());
        assert_eq!(tells.count(), usize::from(shown), "{role}'s work");
        let asked = WorkQuery { what: Some(Work::ReadAnswer), ..WorkQuery::default() };
        assert_eq!(view.work(&scopes, &asked).unwrap().total, u64::from(shown), "nor by a filter, {role}");
    }
}

#[test]
fn e17_an_agency_reads_what_was_said_with_a_question_of_its_own_while_it_waits_and_no_other() {
    let mut tape = Tape::new();
    for past in at_work(ca_case()) {
        tape.case(CASE, past);
    }
    let asks = |number, agency, text| written(on("2026-03-02", asked(number, agency)), manager(), [note(text)]);
    tape.case(CASE, asks(1, Agency::Inz, "Left in March?"));
    tape.case(CASE, asks(2, Agency::Msd, "Moved house?"));
    tape.case(CASE, on("2026-03-03", inz_answered(1, Whereabouts::NotOut)));
    tape.case(CASE, asks(3, Agency::Inz, "Seen again?"));
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    let read = |asker| {
        let ShownCase::Question(question) = opened(views.case_view(), asker).unwrap() else { panic!("a question") };
        let said = |asked: &AskedRequest| asked.note.as_ref().map(|note| note.text.reveal().clone());
        question.requests.iter().map(|asked| (asked.request.row.number.0, said(asked))).collect::<Vec<_>>()
    };
    assert_eq!(read(inz()), [(1, None), (3, Some("Seen again?".to_owned()))]);
    assert_eq!(read(msd()), [(2, Some("Moved house?".to_owned()))]);
}

/// A school's timeline of a case on which one file was told of.
fn files_shown(by: Actor, events: Vec<CaseEvent>, asker: Actor) -> Vec<String> {
    let mut tape = Tape::new();
    for past in at_work(ca_case()) {
        tape.case(CASE, past);
    }
    for event in events {
        let by = if matches!(event, CaseEvent::EnrolmentStatusChanged(_)) { enrol() } else { by };
        tape.case(CASE, written(on("2026-03-02", event), by, []));
    }
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    caught_up(&views);
    let asker = principal(asker);
    let decide = |case: &Standing| authorise(&asker, Operation::Timeline, case, today());
    match views.case_view().timeline(WhichCase::Id(CASE), decide, None, None).unwrap() {
        Asked::Granted(_, page) => {
            let told = page.unwrap().items.into_iter().filter(|entry| entry.row.kind.starts_with("file_"));
            told.map(|entry| entry.row.sentence).collect()
        }
        _ => panic!("the school has the student"),
    }
}

#[test]
fn v4_a_schools_timeline_tells_of_a_file_while_it_is_shared_and_says_what_it_is() {
    let share = |shared| CaseEvent::from(FileSharingChanged { file: FileNumber(1), shared_with_schools: shared });
    let shared_at_once = || FileUploaded { shared_with_schools: true, ..file_uploaded(1) }.into();
    let shown = |events| files_shown(manager(), events, school());
    assert_eq!(shown(vec![file_uploaded(1).into()]).len(), 0);
    assert_eq!(shown(vec![shared_at_once(), share(false)]).len(), 0, "taken back");
    let later = shown(vec![file_uploaded(1).into(), share(true)]);
    assert!(later.len() == 1 && later[0].contains("attendance plan"), "{later:?}");
    assert_eq!(later.len(), shown(vec![shared_at_once()]).len());
}

#[test]
fn v2_a_schools_file_is_not_told_to_the_school_the_student_goes_to() {
    let file = FileUploaded { by_school: true, shared_with_schools: true, ..file_uploaded(1) };
    let moves = || vec![file.clone().into(), enrolled(Some("SCH-2"), "2026-03-02").into()];
    let later = person(Role::AttendanceLead, "S-2", "SCH-2");
    assert_eq!(files_shown(school(), vec![file.clone().into()], school()).len(), 1);
    assert_eq!(files_shown(school(), moves(), later).len(), 0);
}

#[test]
fn nobody_learns_by_a_filter_what_they_are_not_shown() {
    let (_place, views) = moved();
    let total = |asker: Actor, query: CaseQuery| {
        views.case_view().list(&scopes_of(asker, Operation::List), &query).unwrap().total
    };
    let flag = |flag| CaseQuery { flag: Some(flag), ..CaseQuery::default() };
    let all = [Flag::NotLocated, Flag::InfoRequestOpen, Flag::OutOfCountryUnconfirmed, Flag::Urgent];
    assert!(all.into_iter().all(|up| total(school(), flag(up)) == 0));
    assert_eq!(total(school(), CaseQuery::default()), 1);
    assert_eq!(total(school(), CaseQuery { provider: Some(code("ASP-2")), ..CaseQuery::default() }), 1);
    assert_eq!(total(school(), CaseQuery { catchment: Some(code("C-1")), ..CaseQuery::default() }), 0);
}

#[test]
fn a_grant_for_a_list_or_for_another_case_opens_nothing() {
    let (_place, views) = moved();
    let view = views.case_view();
    let list = scopes_of(other_lead(), Operation::List).remove(0);
    let standing = view.standing(WhichCase::Id(CASE)).unwrap().unwrap();
    let other = Standing { case: CaseId([9; 16]), ..standing };
    let by_list = |case: &Standing| Ok(list.grant(case).unwrap());
    let of_other = |_: &Standing| authorise(&principal(other_lead()), Operation::OpenCase, &other, today());
    assert_eq!(view.case(WhichCase::Id(CASE), by_list).unwrap(), Asked::Denied(Denied::Secret));
    assert_eq!(view.case(WhichCase::Id(CASE), of_other).unwrap(), Asked::Denied(Denied::Secret));
}

#[test]
fn a_cursor_is_of_no_use_to_somebody_else() {
    let place = Place::new();
    let views = place.start(&place.create(&term(79, 1_000)));
    caught_up(&views);
    let query = CaseQuery { limit: Some(2), ..CaseQuery::default() };
    let list = |asker: Actor, query: &CaseQuery| views.case_view().list(&scopes_of(asker, Operation::List), query);
    let cursor = list(person(Role::Auditor, "A-1", "MOE"), &query).unwrap().next;
    let other = list(person(Role::Auditor, "A-2", "MOE"), &CaseQuery { cursor, ..query });
    assert!(matches!(other, Err(QueryError::BadCursor { .. })));
}
