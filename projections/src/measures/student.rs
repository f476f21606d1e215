//! What is said of one student: every unit of every case of theirs, under every measure of a list.

use caseledger_events::ids::StudentId;

use super::fold::Fold;
use super::judge::Judge;
use super::list::List;
use super::run::{Together, once_a_student};
use super::unit::Unit;
use super::verdict::Judgement;

/// Units and verdicts of one student.
#[derive(Debug, Default)]
pub struct OfStudent {
    /// The units, case by case in the order the cases began.
    pub units: Vec<Unit>,
    /// By measure of the list, in its order: which unit, and what is said of it.
    pub verdicts: Vec<Vec<(usize, Judgement)>>,
}

impl OfStudent {
    /// Judges all cases of a student together, as a student counts once under some measures (Q39).
    pub fn new(fold: &Fold, judge: &Judge<'_>, together: &Together, list: &List, student: StudentId) -> OfStudent {
        let cases = fold.cases_of(student);
        let judged: Vec<_> = cases.filter_map(|case| together.units(fold, case, list)).collect();
        let all: Vec<_> = judged.iter().flat_map(|of| of.units.iter().map(|unit| (unit, &of.facts))).collect();
        let units: Vec<Unit> = all.iter().map(|(unit, _)| (*unit).clone()).collect();
        let of_measure = |measure| {
            let of_all = all.iter().enumerate();
            let said = of_all.filter_map(|(at, (unit, facts))| Some((at, judge.judge(measure, unit, facts)?)));
            let mut said: Vec<(usize, Judgement)> = said.collect();
            if measure.once_a_student {
                once_a_student(fold, &units, &mut said);
            }
            said
        };
        let verdicts = list.measures().map(of_measure).collect();
        OfStudent { units, verdicts }
    }
}
