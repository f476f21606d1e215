//! Whoever does not see restricted events cannot count them either: two ledgers that differ in a detailed check and what
//! follows from it alone, with something of another case in their places, answer all questions about the case alike.

use crate::support::*;
use caseledger_events::access::*;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Position};
use caseledger_events::testing::*;
use caseledger_projections::testing::Tape;
use caseledger_views::{AsAt, Asked, CaseQuery, CaseView, WhichCase, WorkQuery};
use serde_json::{Value, json};

const ELSEWHERE: CaseId = CaseId([0x77; 16]);

/// A ledger whose case was checked in detail, or was not.
struct Written {
    tape: Tape,
    checked: bool,
}

impl Written {
    /// Records what everybody may know.
    fn open(&mut self, past: Past) {
        self.tape.case(CASE, past);
    }

    /// Records what restricted events tell, or something of another case in its place.
    fn restricted(&mut self, day: &str, event: impl Into<CaseEvent>) {
        match self.checked {
            true => self.tape.case(CASE, on(day, event)),
            false => self.tape.case(ELSEWHERE, on(day, attempt())),
        };
    }
}

fn ledger(checked: bool) -> Tape {
    let mut ledger = Written { tape: Tape::new(), checked };
    for past in ca_case() {
        let CaseEvent::SupportRequestSubmitted(request) = past.event.clone() else {
            ledger.tape.case(ELSEWHERE, past.clone());
            ledger.open(past);
            continue;
        };
        let elsewhere = SupportRequestSubmitted { number: "AS-0000017-4".parse().unwrap(), ..request };
        ledger.tape.case(ELSEWHERE, Past { event: elsewhere.into(), ..past.clone() });
        ledger.open(past);
    }
    ledger.open(on(OPENED, AssignedToCaseManager { manager: code("M-1"), before: None }));
    // Everything of a kind is numbered together: what is told after the check has other numbers.
    let (request, more) = (RequestNumber(1), u16::from(checked));
    let task =
        |number: u16, kind| TaskAdded { task: TaskNumber(number), kind, due_on: day("2026-06-15"), assigned_to: None };
    ledger.restricted("2026-03-03", DetailedImmigrationCheckRequested { request });
    ledger.restricted(
        "2026-03-04",
        InformationRequestAnswered { detailed: true, ..inz_answered(1, Whereabouts::NotOut) },
    );
    ledger.restricted("2026-03-04", task(1, TaskKind::ReadAnswer));
    ledger.restricted("2026-03-05", TaskCompleted { task: TaskNumber(1), done: true, reads_answer: true });
    ledger.restricted("2026-03-05", FileUploaded { kind: FileKind::OverseasEvidence, ..file_uploaded(1) });
    ledger.restricted("2026-03-05", evidence());
    ledger.open(on("2026-03-06", asked(1 + more, Agency::Msd)));
    let reason = WithdrawalReason::NotNeeded;
    let request = RequestNumber(1 + more);
    let withdrawn = InformationRequestWithdrawn { request, agency: Agency::Msd, reason, detailed: false };
    ledger.open(on("2026-03-07", withdrawn));
    ledger.open(on("2026-03-07", asked(2 + more, Agency::Msd)));
    ledger.open(on("2026-03-07", task(1 + more, TaskKind::Contact)));
    ledger.open(on("2026-03-07", task(2 + more, TaskKind::Contact)));
    let done = TaskCompleted { task: TaskNumber(1 + more), done: true, reads_answer: false };
    ledger.open(on("2026-03-08", done));
    ledger.open(on("2026-03-08", FileUploaded { shared_with_schools: true, ..file_uploaded(1 + more) }));
    ledger.restricted("2026-03-09", evidence());
    ledger.tape
}

/// Everything that somebody is told of the case.
fn told(view: &CaseView, head: Position, asker: Actor) -> Vec<(String, Value)> {
    let principal = principal(asker);
    let decide = |operation| {
        let principal = principal.clone();
        move |case: &Standing| authorise(&principal, operation, case, today())
    };
    let which = WhichCase::Id(CASE);
    let mut told = Vec::new();
    if let Asked::Granted(_, Some(case)) = view.case(which, decide(Operation::OpenCase)).unwrap() {
        told.push(("case".to_owned(), json!(case)));
    }
    for at in 1..=head.0 {
        let then = view.case_at(which, decide(Operation::Timeline), AsAt::Position(Position(at))).unwrap();
        if let Asked::Granted(_, Some(then)) = then {
            told.push((format!("case at {at}"), json!(then)));
        }
    }
    let mut cursor: Option<String> = None;
    loop {
        let page = view.timeline(which, decide(Operation::Timeline), cursor.as_deref(), Some(3)).unwrap();
        let Asked::Granted(_, Some(page)) = page else { break };
        told.push(("timeline".to_owned(), json!(page)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if let Ok(lists) = scopes(&principal, Operation::List, today()) {
        let items = view.list(&lists, &CaseQuery::default()).unwrap().items;
        told.extend(items.into_iter().filter(|item| item.id() == CASE).map(|item| ("list".to_owned(), json!(item))));
        let work = view.work(&lists, &WorkQuery::default()).unwrap().items;
        let ours = work.into_iter().filter(|entry| entry.case == CASE);
        told.extend(ours.map(|entry| ("work".to_owned(), json!(entry))));
    }
    told
}

#[test]
fn whoever_does_not_see_restricted_events_cannot_tell_whether_there_are_any() {
    let (place, other) = (Place::new(), Place::new());
    let tapes = [true, false].map(ledger);
    assert_eq!(tapes[0].frames().len(), tapes[1].frames().len());
    let views = [place.start(&place.create(&tapes[0])), other.start(&other.create(&tapes[1]))];
    let heads = views.each_ref().map(|views| caught_up(views).position);
    let ask = |n: usize, asker| told(views[n].case_view(), heads[n], asker);
    for (role, person_code, organisation) in [
        (Role::RelationshipManager, "P-3", "MOE"),
        (Role::ServiceDesk, "P-3", "MOE"),
        (Role::NationalServiceDelivery, "P-3", "MOE"),
        (Role::Cit, "P-3", "MOE"),
        (Role::AttendanceLead, "S-9", "SCH-1"),
        (Role::OfficeSupport, "S-9", "SCH-1"),
    ] {
        let asker = person(role, person_code, organisation);
        let (checked, unchecked) = (ask(0, asker), ask(1, asker));
        assert!(checked.len() > 1, "{role} is told nothing: {checked:?}");
        for (one, other) in checked.iter().zip(&unchecked) {
            assert_eq!(one, other, "{role}");
        }
        assert_eq!(checked.len(), unchecked.len(), "{role}");
    }
    let whole = person(Role::Auditor, "A-1", "MOE");
    assert_ne!(ask(0, whole), ask(1, whole), "an auditor is told");
}
