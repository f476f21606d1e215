//! The verdicts of a quarter kept from question to question: an event has its own student judged anew, nobody else.
//!
//! What it says is what a [`Run`](super::Run) says that is made from nothing at the same position, as at the last
//! event; `tests/standing.rs` holds it to that. A new day, a policy and a merge begin it anew.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Code, StudentId};

use super::fold::{Fold, Touched};
use super::list::{List, Measure};
use super::report::{Passes, Row};
use super::run::{Frame, NoRun, Question, Together};
use super::student::OfStudent;
use super::tally::Tally;
use super::unit::Unit;
use super::verdict::Judgement;

/// The verdicts of a quarter.
pub struct Standing {
    list: &'static List,
    as_at: Option<Timestamp>,
    frame: Frame,
    today: NaiveDate,
    together: Together,
    students: HashMap<StudentId, OfStudent>,
    tallies: BTreeMap<(usize, Code, Option<Code>), Tally>,
    /// Cases with an event that is not judged yet.
    waiting: HashSet<CaseId>,
    /// Whether all of it must be judged anew.
    anew: bool,
}

impl Standing {
    /// Judges every student.
    pub fn new(fold: &Fold, question: Question<'static>) -> Result<Standing, NoRun> {
        let Question { list, as_at } = question;
        let (frame, today) = (Frame::new(fold, list)?, as_at.unwrap_or(fold.as_at()).auckland());
        let (together, waiting) = (Together::new(fold), HashSet::new());
        let (students, tallies) = (HashMap::new(), BTreeMap::new());
        let mut standing = Standing { list, as_at, frame, today, together, students, tallies, waiting, anew: false };
        let all: BTreeSet<StudentId> = fold.cases().iter().map(|case| fold.student(case.student)).collect();
        standing.judge(fold, all)?;
        Ok(standing)
    }

    /// Notes what an event touched.
    pub fn touch(&mut self, touched: Touched) {
        match touched {
            Touched::Nothing => {}
            Touched::Case(case) => {
                self.waiting.insert(case);
            }
            Touched::All => self.anew = true,
        }
    }

    /// Judges what was touched since it was last asked; on an error all of it waits for the next time.
    pub fn settle(&mut self, fold: &Fold) -> Result<(), NoRun> {
        if self.anew || self.as_at(fold).auckland() != self.today {
            self.anew = true;
            *self = Standing::new(fold, Question { list: self.list, as_at: self.as_at })?;
            return Ok(());
        }
        let cases = std::mem::take(&mut self.waiting);
        // Of cases that were merged, those of both students.
        let both = cases.iter().flat_map(|case| [*case, fold.survivor(*case)]);
        let students = both.filter_map(|case| Some(fold.student(fold.case(case)?.student))).collect();
        self.judge(fold, students).inspect_err(|_| self.anew = true)
    }

    /// Returns the list it judges by.
    pub fn list(&self) -> &'static List {
        self.list
    }

    /// Returns as at when it judges: the last event's time unless another was asked for.
    pub fn as_at(&self, fold: &Fold) -> Timestamp {
        self.as_at.unwrap_or(fold.as_at())
    }

    /// Returns what it goes by.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Returns the figures, as [`rows`](super::report::rows) gives those of a run.
    pub fn rows(&self, passes: Option<&Passes>) -> Vec<Row> {
        let measures: Vec<&Measure> = self.list.measures().collect();
        let row =
            |((measure, ..), tally): (&(usize, Code, Option<Code>), &Tally)| tally.row(measures[*measure], passes);
        self.tallies.iter().map(row).collect()
    }

    /// Returns the verdicts that `take` chooses by measure and provider: measure, unit and what is said, in the order
    /// of a run.
    pub fn verdicts<'a>(
        &'a self,
        fold: &Fold,
        take: impl Fn(&Measure, Code) -> bool,
    ) -> Vec<(&'a Measure, &'a Unit, &'a Judgement)> {
        let mut found = Vec::new();
        for of in self.students.values() {
            for ((at, measure), said) in self.list.measures().enumerate().zip(&of.verdicts) {
                let all = said.iter().map(|(unit, judgement)| (&of.units[*unit], judgement));
                let taken = all.filter(|(unit, _)| take(measure, fold.code(unit.provider)));
                found.extend(
                    taken.map(|(unit, judgement)| ((at, fold.place(unit.case), unit.began), measure, unit, judgement)),
                );
            }
        }
        found.sort_unstable_by_key(|(order, ..)| *order);
        found.into_iter().map(|(_, measure, unit, judgement)| (measure, unit, judgement)).collect()
    }

    fn judge(&mut self, fold: &Fold, students: BTreeSet<StudentId>) -> Result<(), NoRun> {
        let judge = self.frame.judge(self.today)?;
        for student in students {
            let now = OfStudent::new(fold, &judge, &self.together, self.list, student);
            let before = self.students.remove(&student);
            for (of, adding) in before.iter().map(|of| (of, false)).chain([(&now, true)]) {
                count(&mut self.tallies, fold, self.list, of, adding);
            }
            if now.verdicts.iter().any(|said| !said.is_empty()) {
                self.students.insert(student, now);
            }
        }
        Ok(())
    }
}

/// Adds what is said of a student to the tallies, or takes it out again.
fn count(
    tallies: &mut BTreeMap<(usize, Code, Option<Code>), Tally>,
    fold: &Fold,
    list: &List,
    of: &OfStudent,
    adding: bool,
) {
    for ((at, measure), said) in list.measures().enumerate().zip(&of.verdicts) {
        for (unit, judgement) in said {
            let unit = &of.units[*unit];
            let key = (at, fold.code(unit.provider), unit.catchment.map(|code| fold.code(code)));
            let tally = tallies.entry(key).or_insert_with(|| Tally::new(measure, key.1, key.2));
            tally.count(judgement, adding);
            if tally.is_empty() {
                tallies.remove(&key);
            }
        }
    }
}
