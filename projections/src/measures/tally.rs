//! A row of the figures while it is counted: verdicts come, and go when a later event has a case judged anew.

use std::collections::BTreeMap;

use caseledger_events::ids::Code;

use super::list::{Measure, mode_name};
use super::report::{Passes, Row};
use super::verdict::{Judgement, Second, SecondBy, Verdict};

/// A row that is still counted: verdicts come and go.
#[derive(Clone, Debug)]
pub struct Tally {
    row: Row,
    /// How many verdicts are counted, and how many of them have a second one by either way.
    all: u32,
    by_quarter_end: u32,
    by_first_allocation: u32,
}

impl Tally {
    /// Begins at nothing.
    pub fn new(measure: &Measure, provider: Code, catchment: Option<Code>) -> Tally {
        Tally { row: Row::new(measure, provider, catchment), all: 0, by_quarter_end: 0, by_first_allocation: 0 }
    }

    /// Returns whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// Returns the row with its outcome.
    pub fn row(&self, measure: &Measure, passes: Option<&Passes>) -> Row {
        let mut row = self.row.clone();
        row.conclude(measure);
        row.reassess(measure, passes);
        row
    }

    /// Counts a verdict, or takes one that was counted out again.
    pub fn count(&mut self, judgement: &Judgement, adding: bool) {
        step(&mut self.all, adding);
        let row = &mut self.row;
        let reason = judgement.verdict.reason().unwrap_or_default();
        match judgement.verdict {
            Verdict::Excluded(_) => return step_of(&mut row.excluded, reason, adding),
            Verdict::Met => step(&mut row.achieved, adding),
            Verdict::MetLateRecorded => step(&mut row.achieved_late_recorded, adding),
            Verdict::NotMet => step(&mut row.not_achieved, adding),
            Verdict::NotYetDue => step(&mut row.not_yet_due, adding),
            Verdict::NotAssessable(_) => step_of(&mut row.not_assessable, reason, adding),
        }
        step(&mut row.population, adding);
        if let Some(mode) = judgement.mode {
            let modes = if judgement.achieved { &mut row.by_mode } else { &mut row.other_mode };
            step_of(modes, mode_name(mode), adding);
        }
        if let Some(count) = row.details_at_deadline.as_mut().filter(|_| judgement.details_at_deadline == Some(true)) {
            step(count, adding);
        }
        if let Some(second) = &judgement.second {
            self.count_second(second, adding);
        }
    }

    fn count_second(&mut self, second: &Second, adding: bool) {
        let row = &mut self.row;
        let (all, count, achieved) = match second.by {
            SecondBy::QuarterEnd => {
                (&mut self.by_quarter_end, &mut row.achieved_by_original_deadline, second.first.achieved)
            }
            SecondBy::FirstAllocation => {
                (&mut self.by_first_allocation, &mut row.achieved_by_first_allocation, second.second.achieved)
            }
        };
        step(all, adding);
        let mut achieving = count.unwrap_or(0);
        if achieved {
            step(&mut achieving, adding);
        }
        *count = (*all > 0).then_some(achieving);
    }
}

fn step(count: &mut u32, adding: bool) {
    *count = if adding { *count + 1 } else { *count - 1 };
}

fn step_of<K: Ord + Clone>(counts: &mut BTreeMap<K, u32>, of: K, adding: bool) {
    let count = counts.entry(of.clone()).or_default();
    step(count, adding);
    if *count == 0 {
        counts.remove(&of);
    }
}
