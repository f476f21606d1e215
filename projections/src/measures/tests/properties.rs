//! What holds of all verdicts, whatever happened: order of recording, growing ledgers, arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use caseledger_events::dates::Timestamp;
use caseledger_events::testing::{cases, day, noon};
use proptest::prelude::*;

use super::world::{Line, fold, lines};
use crate::measures::report::{Outcome, rows, together};
use crate::measures::{Judgement, Question, Run, Verdict, lists};

/// What may happen to an allocated case, with the words it needs.
const HAPPENINGS: [&str; 18] = [
    "school_met referring in_person",
    "school_met most_recently_attended video",
    "school_met referring phone",
    "caregiver_met home_visit with_student",
    "caregiver_met phone",
    "student_engaged text",
    "caregiver_engaged phone",
    "details",
    "details_out_of_date",
    "attempt caregiver wrong_details",
    "attempt student not_reached",
    "enrolled 2026-05-10",
    "pathway alternative_education 2026-05-20",
    "exempt 2026-06-01",
    "plan",
    "reviewed",
    "assigned",
    "not_located",
];

/// A case: when it was allocated, and what happened how many days after the first of April, recorded how much later.
#[derive(Clone, Debug)]
struct Told {
    migrated: bool,
    nen: bool,
    allocated: u64,
    happened: Vec<(usize, u64, u64)>,
}

fn told() -> impl Strategy<Value = Told> {
    let happened = proptest::collection::vec((0..HAPPENINGS.len(), 0u64..90, 0u64..20), 0..12);
    (any::<bool>(), any::<bool>(), 0u64..80, happened).prop_map(|(migrated, nen, allocated, mut happened)| {
        // Of what happened on one day the order of recording is all there is to tell which came first.
        let mut days = BTreeSet::new();
        happened.retain(|(_, on, _)| days.insert(*on));
        Told { migrated, nen, allocated, happened }
    })
}

fn text(told: &Told) -> String {
    let day = |after: u64| (day("2026-04-01") + chrono::Days::new(after)).to_string();
    let kind = if told.nen { "non_enrolment" } else { "chronic_absence" };
    let begun = match (told.migrated, told.nen) {
        (true, _) => format!("2026-01-05 migrated {kind} 2025-11-01\n2026-01-05 allocated ASP-1 C-1\n"),
        (false, true) => format!("2026-03-30 notice\n{} allocated ASP-1 C-1\n", day(told.allocated)),
        (false, false) => format!("2026-03-30 request\n{} allocated ASP-1 C-1\n", day(told.allocated)),
    };
    told.happened
        .iter()
        .fold(begun, |text, (what, on, late)| format!("{text}{} @{} {}\n", day(*on), day(on + late), HAPPENINGS[*what]))
}

fn world(all: &[Told]) -> Vec<Line> {
    let numbered = (1u32..).zip(all);
    numbered.flat_map(|(number, told)| lines(number, number, &text(told))).collect()
}

/// Everything a run says, by measure and case.
fn said(run: &Run<'_>) -> BTreeMap<(String, u32), Judgement> {
    let mut said = BTreeMap::new();
    for (measure, verdicts) in run.measures() {
        for (at, judgement) in verdicts {
            // Positions differ with the order of recording; what happened does not.
            let judgement = Judgement { decided_by: Vec::new(), second: None, ..judgement.clone() };
            said.insert((measure.id.clone(), run.units[*at].number.0), judgement);
        }
    }
    said
}

fn question(as_at: &str) -> Question<'static> {
    Question { list: lists::newest("2026-Q2").unwrap(), as_at: Some(noon(day(as_at))) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    /// Events recorded at one time may stand in any order, and cases in any between each other.
    #[test]
    fn the_order_of_recording_changes_no_verdict(all in proptest::collection::vec(told(), 1..5)) {
        let forward = fold(world(&all));
        let mut backward = world(&all);
        backward.reverse();
        let rank = |line: &Line| match line.past.event.kind() {
            "case_migrated" | "non_enrolment_notified" | "support_request_submitted" => 0,
            "allocated_to_provider" => 1,
            _ => 2,
        };
        backward.sort_by_key(|line| (line.past.times.recorded_at, rank(line)));
        let backward = fold(backward);
        let asked = question("2026-08-01");
        let (forward, backward) = (Run::new(&forward, asked).unwrap(), Run::new(&backward, asked).unwrap());
        prop_assert_eq!(said(&forward), said(&backward));
    }

    /// Folding on from where one stood gives what folding from the beginning gives.
    #[test]
    fn a_fold_that_went_on_says_what_a_new_one_says(all in proptest::collection::vec(told(), 1..5), cut in 0usize..40) {
        let mut lines = world(&all);
        lines.sort_by_key(|line| line.past.times.recorded_at);
        let mut tape = crate::testing::Tape::new();
        for line in lines {
            tape.case(super::world::case_id(line.case), line.past);
        }
        let mut going_on = crate::measures::Fold::new();
        let asked = question("2026-08-01");
        for (at, event) in tape.events().enumerate() {
            if at == cut {
                // What was asked in between leaves no trace.
                let _ = Run::new(&going_on, asked).unwrap();
            }
            going_on.take(&event).unwrap();
        }
        let anew = super::world::fold_tape(&tape);
        let (going_on, anew) = (Run::new(&going_on, asked).unwrap(), Run::new(&anew, asked).unwrap());
        prop_assert_eq!(&going_on.units, &anew.units);
        prop_assert_eq!(&going_on.verdicts, &anew.verdicts);
    }

    /// What is achieved and recorded stays so as time goes on; only what is not due yet is still to be decided.
    #[test]
    fn time_alone_changes_only_what_was_not_due(all in proptest::collection::vec(told(), 1..5)) {
        let fold = fold(world(&all));
        let early = Run::new(&fold, question("2026-05-20")).unwrap();
        let late = Run::new(&fold, question("2026-08-01")).unwrap();
        let (early, late) = (said(&early), said(&late));
        for (of, judgement) in &early {
            let after = &late[of];
            let open = judgement.verdict == Verdict::NotYetDue || matches!(judgement.verdict, Verdict::Excluded(_));
            prop_assert!(open || judgement == after, "{:?}: {:?} then {:?}", of, judgement, after);
        }
    }

    /// Rows add up, and outcomes follow from exact fractions.
    #[test]
    fn rows_count_every_unit_once(all in proptest::collection::vec(told(), 1..12)) {
        let fold = fold(world(&all));
        let run = Run::new(&fold, question("2026-06-01")).unwrap();
        for row in rows(&fold, &run, None) {
            let (measure, verdicts) = run.measures().find(|(measure, _)| measure.id == row.measure).unwrap();
            let parts = row.achieved + row.achieved_late_recorded + row.not_achieved + row.not_yet_due
                + row.not_assessable.values().sum::<u32>();
            prop_assert_eq!(row.population, parts);
            prop_assert_eq!(row.population + row.excluded.values().sum::<u32>(), verdicts.len() as u32);
            let threshold = row.threshold.unwrap();
            match row.outcome {
                Outcome::Passed => prop_assert!(100 * row.numerator() >= threshold * row.population),
                Outcome::Failed => {
                    let best = row.numerator() + row.population - row.decided();
                    prop_assert!(100 * best < threshold * row.population);
                }
                Outcome::NotApplicable => prop_assert_eq!(row.population, 0),
                Outcome::Open => prop_assert!(row.not_yet_due > 0),
                // Nothing was published of the first quarter.
                Outcome::NotAssessable { .. } => prop_assert!(measure.sticky),
                ref other => prop_assert!(false, "{:?}", other),
            }
            let whole = together(measure, &[&row]).unwrap();
            prop_assert_eq!(whole.population, row.population);
            prop_assert_eq!(whole.outcome, row.outcome);
        }
    }
}

/// What may happen to a case in any order, sensible or not: feeds are late, corrections come, people err.
const ANYTHING: [&str; 20] = [
    "request attached",
    "notice attached",
    "checked refer",
    "checked do_not_refer_other",
    "kind_changed chronic_absence non_enrolment",
    "kind_changed non_enrolment chronic_absence",
    "allocated ASP-1 C-1",
    "allocated ASP-2 C-2",
    "allocated ISP-1 C-1 in_school",
    "to_cit ASP-1",
    "cit_declined ASP-1",
    "closed out_of_country",
    "closed other",
    "reopened",
    "merged_into 1 2",
    "merged_into 2 1",
    "unmerged_from 1 2",
    "migrated non_enrolment 2025-11-01",
    "paused",
    "school_met referring in_person",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256)))]

    /// Whatever order cases are moved, merged, attached, closed, reopened and migrated in, each unit is judged once
    /// under a measure, and what happened before the case began is taken as it is told.
    #[test]
    fn any_history_is_judged(
        happened in proptest::collection::vec((1u32..4, 0..ANYTHING.len(), 0u64..200, 0u64..30), 0..30)
    ) {
        let begun = (1u32..4).flat_map(|number| lines(number, number, "2026-01-20 request\n"));
        let day = |after: u64| (day("2026-01-20") + chrono::Days::new(after)).to_string();
        let more = happened.iter().flat_map(|(number, what, on, late)| {
            // A fifth of it is dated before the case began.
            let occurred = if on % 5 == 0 { "2025-12-01".to_owned() } else { day(*on) };
            lines(*number, *number, &format!("{occurred} @{} {}", day(on + late + 1), ANYTHING[*what]))
        });
        let fold = fold(begun.chain(more).collect());
        let run = Run::new(&fold, question("2026-09-30")).unwrap();
        let mut began: Vec<_> = run.units.iter().map(|unit| unit.began).collect();
        began.sort_unstable();
        began.dedup();
        prop_assert_eq!(began.len(), run.units.len(), "a unit begins once");
        let allocated = happened.iter().any(|(_, what, ..)| ANYTHING[*what].starts_with("allocated"));
        prop_assert_eq!(allocated, !run.units.is_empty(), "no merge loses a case");
        for (measure, verdicts) in run.measures() {
            let mut judged: Vec<usize> = verdicts.iter().map(|(at, _)| *at).collect();
            judged.dedup();
            prop_assert_eq!(judged.len(), verdicts.len(), "{} judges a unit once", &measure.id);
            prop_assert!(judged.iter().all(|at| *at < run.units.len()));
        }
        for number in 1..4 {
            let case = super::world::case_id(number);
            let told = crate::measures::explain::explain(&fold, run.list, case, None, Some(run.as_at)).unwrap();
            for one in told {
                let same = run.measures().any(|(measure, verdicts)| {
                    let mut here = verdicts.iter().filter(|(at, _)| run.units[*at].case == one.case);
                    measure.id == one.measure && here.any(|(_, judgement)| judgement.verdict.name() == one.verdict)
                });
                prop_assert!(same, "{} {} is {} when it is explained", one.measure, one.number, one.verdict);
            }
        }
    }
}

#[test]
fn a_pass_is_exact_and_nothing_is_rounded_up() {
    // 79 of 99 is 79.797…, shown as 79.7; 80 of 100 passes M10 at 80, 79 of 99 does not.
    for (met, of, passed, tenths) in [(80, 100, true, 800), (79, 99, false, 797), (4, 5, true, 800), (3, 4, false, 750)]
    {
        let told = |n: u32| {
            let meeting = if n <= met { "2026-05-05 school_met referring video\n" } else { "" };
            lines(n, n, &format!("2026-05-04 request\n2026-05-04 allocated ASP-1 C-1\n{meeting}"))
        };
        let fold = fold((1..=of).flat_map(told).collect());
        let run = Run::new(&fold, question("2026-08-01")).unwrap();
        let rows = rows(&fold, &run, None);
        let row = rows.iter().find(|row| row.measure == "M10").unwrap();
        assert_eq!((row.outcome == Outcome::Passed, row.tenths_of_percent()), (passed, Some(tenths)), "{met} of {of}");
    }
}

#[test]
fn an_empty_ledger_has_no_rows_and_a_run_says_what_it_went_by() {
    let fold = fold(Vec::new());
    let run = Run::new(&fold, question("2026-08-01")).unwrap();
    assert!(rows(&fold, &run, None).is_empty());
    assert_eq!((run.calendar.version(), run.policy, run.quarter.name.as_str()), (1, 1, "2026-Q2"));
    assert_eq!(run.as_at, Timestamp(noon(day("2026-08-01")).0));
}
