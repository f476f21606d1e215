//! Verdicts kept from question to question are those of a run made from nothing.

use caseledger_events::testing::{cases, day};
use proptest::prelude::*;

use super::world::{Line, case_id, lines};
use crate::measures::report::rows;
use crate::measures::{Fold, Question, Run, Standing, lists};
use crate::testing::Tape;

const HAPPENINGS: [&str; 16] = [
    "allocated ASP-1 C-1",
    "allocated ASP-2 C-2",
    "allocated ISP-1 C-1 in_school",
    "to_cit ASP-1",
    "cit_declined ASP-1",
    "school_met referring in_person",
    "caregiver_met home_visit with_student",
    "student_engaged text",
    "details",
    "attempt caregiver wrong_details",
    "enrolled 2026-05-10",
    "exempt 2026-06-01",
    "closed out_of_country",
    "reopened",
    "not_located",
    "notice attached",
];

/// Six cases of three students: each has two.
fn student(case: u32) -> u32 {
    (case - 1) % 3 + 1
}

fn world(happened: &[(u32, usize, u64, u64)]) -> Vec<Line> {
    let begun = (1u32..=6).flat_map(|case| {
        let how =
            if case % 2 == 0 { "2026-01-20 notice\n" } else { "2026-01-20 migrated chronic_absence 2025-11-01\n" };
        lines(case, student(case), &format!("{how}2026-04-13 allocated ASP-1 C-1\n"))
    });
    let day = |after: u64| (day("2026-04-01") + chrono::Days::new(after)).to_string();
    let more = happened.iter().flat_map(|(case, what, on, late)| {
        let other = if *case > 3 { case - 3 } else { case + 3 };
        let words = match HAPPENINGS.get(*what) {
            Some(words) => (*words).to_owned(),
            None if what % 2 == 0 => format!("merged_into {case} {other}"),
            None => format!("unmerged_from {case} {other}"),
        };
        lines(*case, student(*case), &format!("{} @{} {words}", day(*on), day(on + late)))
    });
    let mut all: Vec<Line> = begun.chain(more).collect();
    all.sort_by_key(|line| line.past.times.recorded_at);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(128)))]

    /// Whatever happens, and wherever in between it is asked, figures and verdicts are those of a run made anew.
    #[test]
    fn what_is_kept_says_what_a_run_says(
        happened in proptest::collection::vec((1u32..7, 0..HAPPENINGS.len() + 2, 0u64..80, 0u64..20), 0..40),
        every in 1usize..9,
    ) {
        let mut tape = Tape::new();
        for line in world(&happened) {
            tape.case(case_id(line.case), line.past);
        }
        let mut fold = Fold::new();
        let asked = Question { list: lists::newest("2026-Q2").unwrap(), as_at: None };
        let mut standing = Standing::new(&fold, asked).unwrap();
        let events: Vec<_> = tape.events().collect();
        for (at, event) in events.iter().enumerate() {
            standing.touch(fold.take(event).unwrap());
            if at % every != 0 && at + 1 != events.len() {
                continue;
            }
            standing.settle(&fold).unwrap();
            let run = Run::new(&fold, asked).unwrap();
            prop_assert_eq!(standing.rows(None), rows(&fold, &run, None), "after {} of {}", at + 1, events.len());
            let said = run.measures().flat_map(|(measure, said)| said.iter().map(move |one| (measure, one)));
            let said: Vec<_> = said.map(|(measure, (at, judgement))| (measure, &run.units[*at], judgement)).collect();
            prop_assert_eq!(standing.verdicts(&fold, |_, _| true).len(), said.len());
            for (kept, anew) in standing.verdicts(&fold, |_, _| true).into_iter().zip(said) {
                prop_assert_eq!((&kept.0.id, kept.1, kept.2), (&anew.0.id, anew.1, anew.2));
            }
        }
    }
}
