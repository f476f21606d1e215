use std::collections::HashMap;

use caseledger_events::event::*;
use caseledger_events::ids::CaseId;
use caseledger_events::testing::*;
use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::case_view::CaseRow;
use crate::testing::{Tape, every_event, personal_parts, term_of, written};

/// Folds what happened to one case.
fn row(history: impl IntoIterator<Item = Past>) -> ServiceRow {
    let mut tape = Tape::new();
    history.into_iter().for_each(|past| {
        tape.case(CASE, past);
    });
    folded(&tape).remove(&CASE).unwrap()
}

fn folded(tape: &Tape) -> HashMap<CaseId, ServiceRow> {
    let mut rows = HashMap::new();
    for (event, read) in tape.case_events() {
        let caseledger_events::ids::StreamId::Case(case) = event.stream else { continue };
        if READ.contains(&event.kind) {
            let row = ServiceRow::evolve(rows.remove(&case), case, Moment::of(&event), &read);
            rows.extend(row.map(|row| (case, row)));
        }
    }
    rows
}

fn met() -> SchoolMeetingHeld {
    SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson }
}

fn days(steps: [Option<&str>; 6], stint: &Stint) {
    let done: Vec<Option<NaiveDate>> = Step::ALL.iter().map(|step| step.done(stint)).collect();
    assert_eq!(done, steps.map(|step| step.map(day)));
}

#[test]
fn a_referral_is_counted_from_the_day_it_was_recorded_and_work_from_the_day_it_happened() {
    let row = row([
        late("2026-02-27", "2026-03-02", request()),
        on("2026-03-03", allocation(AllocationBasis::SchoolCatchment)),
        on("2026-03-04", AssignedToCaseManager { manager: code("M-1"), before: None }),
        late("2026-03-05", "2026-03-20", met()),
        on("2026-03-06", StudentEngaged { mode: Mode::InPerson }),
        on("2026-03-10", CaregiverEngaged { mode: Mode::Phone }),
    ]);
    let [stint] = row.stints.as_slice() else { panic!("{row:?}") };
    assert_eq!(stint.came_on, day("2026-03-02"));
    let steps = ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-05", "2026-03-10"].map(Some);
    days([steps[0], steps[1], steps[2], steps[3], steps[4], None], stint);
}

#[test]
fn a_late_record_of_an_earlier_meeting_counts() {
    let mut history = at_work(ca_case());
    history.extend([on("2026-03-20", met()), late("2026-03-12", "2026-03-25", met())]);
    assert_eq!(row(history).current().school_met_on, Some(day("2026-03-12")));
}

#[test]
fn q39_each_provider_is_measured_from_what_it_was_given() {
    let mut history = at_work(ca_case());
    history.push(on("2026-03-10", met()));
    history.push(on("2026-03-11", passed_to_cit()));
    let to_other = AllocatedToProvider { provider: code("ASP-2"), ..allocation(AllocationBasis::ConfirmedAddress) };
    history.push(on("2026-03-16", to_other));
    let row = row(history);
    let [first, second] = row.stints.as_slice() else { panic!("{row:?}") };
    assert_eq!((first.provider, first.left), (Some(code("ASP-1")), Some(Left::Moved)));
    assert_eq!(first.left_on, Some(day("2026-03-11")));
    assert_eq!((second.provider, second.came_on), (Some(code("ASP-2")), day("2026-03-11")));
    assert_eq!((second.allocated_on, second.school_met_on), (Some(day("2026-03-16")), None));
}

#[test]
fn q39_a_referral_that_joins_an_active_case_has_clocks_of_its_own() {
    let mut history = at_work(ca_case());
    history.push(on("2026-03-20", NonEnrolmentNotified { attached: true, ..notice() }));
    let row = row(history);
    let [first, second] = row.stints.as_slice() else { panic!("{row:?}") };
    assert_eq!(first.left, Some(Left::ReferredAgain));
    assert_eq!((second.came_on, second.allocated_on), (day("2026-03-20"), Some(day("2026-03-20"))));
    assert_eq!((second.provider, second.manager), (first.provider, first.manager));
}

#[test]
fn closing_ends_a_stint_and_reopening_goes_on_with_it() {
    let mut history = closed(at_work(ca_case()), "2026-04-01");
    assert_eq!(row(history.clone()).current().left, Some(Left::Closed));
    history.push(on("2026-04-20", CaseReopened { reason: ReopenReason::AbsentAgain }));
    let row = row(history);
    assert_eq!((row.stints.len(), row.current().left, row.status), (1, None, CaseStatus::Active));
}

#[test]
fn m12_nobody_is_asked_to_engage_whom_nobody_can_reach() {
    let mut history = at_work(ca_case());
    assert!(!Step::Engaged.is_asked(row(history.clone()).reachable));
    history.push(on("2026-03-10", confirmed_in("C-1", "2026-03-09")));
    assert!(Step::Engaged.is_asked(row(history).reachable));
}

#[test]
fn every_event_that_counts_is_listed_and_no_other_changes_a_row() {
    let begun = row(at_work(ca_case()));
    let mut counts = 0;
    for event in every_event() {
        let mut tape = Tape::new();
        tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
        let (recorded, read) = tape.case_events().next().unwrap();
        let mut changed = begun.clone();
        changed.refer_again(Moment::of(&recorded), &read);
        changed.take(Moment::of(&recorded), &read);
        let is_listed = READ.contains(&recorded.kind);
        assert!(is_listed || changed == begun, "{} changes a row and is not listed", recorded.kind);
        counts += u32::from(is_listed);
    }
    assert!(counts >= READ.len() as u32 - 1, "{counts} of {}", READ.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(8)))]

    /// Two folds of the same events agree on where a case stands and who has it.
    #[test]
    fn a_case_stands_where_the_case_view_says(seed in any::<u64>()) {
        let tape = term_of(seed, 600);
        let mut cases: HashMap<CaseId, CaseRow> = HashMap::new();
        for (event, read) in tape.case_events() {
            let caseledger_events::ids::StreamId::Case(case) = event.stream else { continue };
            let row = CaseRow::evolve(cases.remove(&case), &event, &read);
            cases.extend(row.map(|row| (case, row)));
        }
        let rows = folded(&tape);
        prop_assert_eq!(rows.len(), cases.len());
        for (case, row) in rows {
            let (whole, stint) = (&cases[&case], row.current());
            prop_assert_eq!(row.status, whole.status);
            prop_assert_eq!((stint.provider, stint.manager), (whole.provider, whole.manager));
            prop_assert_eq!((row.number, row.kind, row.school), (whole.number, whole.kind, whole.school));
            prop_assert_eq!(row.waitlisted, whole.flags.waitlisted);
            prop_assert_eq!(stint.came_on, whole.referred.recorded_at.auckland());
        }
    }
}
