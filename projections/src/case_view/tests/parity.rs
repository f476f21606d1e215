//! What the view says of a case is what decisions are taken on.

use std::collections::HashMap;

use caseledger_events::case::{Case, Owner, Status, Times};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::CaseId;
use caseledger_events::testing::{CASE, cases, noon, on};
use proptest::prelude::*;

use crate::case_view::{CaseFile, CaseRow, CaseStatus, OwnerKind};
use crate::testing::{Tape, Term, every_event};

/// What both sides must say alike.
#[derive(PartialEq, Debug)]
struct Said {
    kind: caseledger_events::event::CaseKind,
    status: CaseStatus,
    owner: OwnerKind,
    codes: [Option<caseledger_events::ids::Code>; 8],
    marks: [bool; 8],
    counts: [usize; 9],
}

fn decided(case: &Case, day: chrono::NaiveDate) -> Said {
    let (owner, sender) = match case.owner {
        Owner::Ministry => (OwnerKind::Ministry, None),
        Owner::Provider(_) => (OwnerKind::Provider, None),
        Owner::Cit { sender } => (OwnerKind::Cit, Some(sender)),
    };
    Said {
        kind: case.kind,
        status: match case.status {
            Status::Notified => CaseStatus::Notified,
            Status::NotReferred => CaseStatus::NotReferred,
            Status::Allocated => CaseStatus::Allocated,
            Status::Active => CaseStatus::Active,
            Status::Paused => CaseStatus::Paused,
            Status::Merged => CaseStatus::Merged,
            Status::Closed => CaseStatus::Closed,
        },
        owner,
        codes: [
            case.provider(),
            sender,
            case.catchment,
            case.manager,
            Some(case.school),
            case.enrolled_at(day),
            case.primary_contact(day),
            case.confirmed_catchment(),
        ],
        marks: [
            case.in_school,
            case.check_pending,
            case.not_located,
            case.ending.is_some(),
            case.waitlisted,
            case.migrated,
            case.exemption.is_some(),
            case.home_education_applied,
        ],
        counts: [
            case.open_requests.len(),
            usize::from(case.attempts),
            usize::from(case.plans),
            case.comments.len(),
            case.comments.iter().filter(|comment| comment.shared).count(),
            case.files.len(),
            case.files.iter().filter(|file| file.shared).count(),
            case.open_tasks.len(),
            usize::from(case.merged_into.is_some()),
        ],
    }
}

fn shown(row: &CaseRow) -> Said {
    Said {
        kind: row.kind,
        status: row.status,
        owner: row.owner,
        codes: [
            row.provider,
            row.passed_on_by,
            row.catchment,
            row.manager,
            Some(row.school),
            row.enrolled_at,
            row.primary_contact,
            row.confirmed_catchment,
        ],
        marks: [
            row.in_school,
            row.flags.check_pending,
            row.flags.not_located,
            row.closed.is_some(),
            row.flags.waitlisted,
            row.flags.migrated,
            row.beside.exemption.is_some(),
            row.beside.home_education_applied.is_some(),
        ],
        counts: [
            row.open_requests.len(),
            usize::from(row.counts.attempts),
            usize::from(row.counts.plans),
            usize::from(row.counts.comments),
            usize::from(row.counts.comments_shared),
            row.beside.files.len(),
            row.beside.files.iter().filter(|file| file.shared_with_schools).count(),
            row.beside.tasks.len(),
            usize::from(row.beside.merged_into.is_some()),
        ],
    }
}

fn agree(tape: &Tape) {
    let mut held: HashMap<CaseId, (CaseFile, Option<Case>)> = HashMap::new();
    for (event, read) in tape.case_events() {
        let caseledger_events::ids::StreamId::Case(id) = event.stream else { continue };
        let (file, case) = held.entry(id).or_default();
        file.evolve(&event, &read);
        match case {
            Some(case) => case.evolve(&read, Times::of(&event)),
            None => *case = Case::open(&read, Times::of(&event)),
        }
        let (Some(row), Some(case)) = (&file.row, case) else { panic!("the history begins no case") };
        assert_eq!(shown(row), decided(case, event.recorded_at.auckland()), "after {:?}", read);
    }
}

#[test]
fn the_view_says_of_a_whole_term_what_decisions_are_taken_on() {
    for seed in 0..u64::from(cases(4)) {
        let mut tape = Tape::new();
        Term::new(seed, 12).play(&mut tape, 2_000);
        agree(&tape);
    }
}

/// Orders in which events could come, comments and files aside: their numbers and sharing are given by the rules.
fn orders() -> impl Strategy<Value = Vec<(usize, u32)>> {
    proptest::collection::vec((0..every_event().len(), 0..200_u32), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_whatever_order_both_say_the_same(opening in 0..2_usize, order in orders()) {
        let samples = every_event();
        let start = caseledger_events::testing::day("2026-02-16");
        let mut tape = Tape::new();
        let mut now = start;
        tape.case(CASE, on(&now.to_string(), samples[opening].clone()));
        for (which, days) in order {
            let event = samples[which].clone();
            let numbered = matches!(
                event,
                CaseEvent::CommentAdded(_)
                    | CaseEvent::CommentSharingChanged(_)
                    | CaseEvent::FileUploaded(_)
                    | CaseEvent::FileSharingChanged(_)
            );
            if numbered {
                continue;
            }
            now = now + chrono::Days::new(u64::from(days % 5));
            let occurred_on = now - chrono::Days::new(u64::from(days / 5));
            let mut past = on(&occurred_on.to_string(), event);
            past.times.recorded_at = noon(now);
            tape.case(CASE, past);
        }
        agree(&tape);
    }
}
