//! A run: every unit under every measure of a list, as at a time, from what a ledger held up to a position.

use std::collections::HashMap;

use chrono::NaiveDate;

use caseledger_calendar::quarters::Quarter;
use caseledger_calendar::{Calendar, UnknownName};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::policy::{self, Measures};

use super::clock::Clocks;
use super::fact::CaseFacts;
use super::fold::Fold;
use super::judge::Judge;
use super::list::{List, Measure};
use super::settings;
use super::unit::{Dating, Judged, Unit, units};
use super::verdict::{Exclusion, Judgement, Verdict};

/// The number of the predicates' meaning; raised when one of them answers differently than before.
pub const RULES: u32 = 1;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The list to judge by.
    pub list: &'a List,
    /// As at when; the time of the last event where nothing is said.
    pub as_at: Option<Timestamp>,
}

/// Why a run cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRun {
    /// A name that policy or list gives is in no table.
    #[error("{0}")]
    Unknown(#[from] UnknownName),
    /// The list fixes a setting that cannot be.
    #[error("the list of {quarter}: {reason}")]
    Settings {
        /// The quarter.
        quarter: String,
        /// What is wrong.
        reason: String,
    },
}

/// Every verdict of a quarter.
pub struct Run<'a> {
    /// The list it was judged by.
    pub list: &'a List,
    /// The calendar.
    pub calendar: &'static Calendar,
    /// The quarter.
    pub quarter: &'static Quarter,
    /// The settings in force: those of policy, with what the list fixes.
    pub settings: Measures,
    /// The version of the policy.
    pub policy: u32,
    /// The last position taken in.
    pub position: Position,
    /// As at when.
    pub as_at: Timestamp,
    /// Every unit.
    pub units: Vec<Unit>,
    /// By measure of the list, in order: which unit, and what is said of it.
    pub verdicts: Vec<Vec<(usize, Judgement)>>,
}

/// What a run goes by, before any case is judged.
pub struct Frame {
    /// The calendar.
    pub calendar: &'static Calendar,
    /// The quarter.
    pub quarter: &'static Quarter,
    /// The settings in force.
    pub settings: Measures,
    /// The version of the policy.
    pub policy: u32,
}

impl Frame {
    /// Finds calendar, quarter and settings: the policy in force on the last day of the quarter, as known by now.
    pub fn new(fold: &Fold, list: &List) -> Result<Frame, NoRun> {
        let calendar = Calendar::of_version(*list.calendar.get_ref())?;
        let of_policy = |day: NaiveDate| fold.policies().in_force(day);
        let lay_over = |measures: &Measures| {
            let unusable = |reason| NoRun::Settings { quarter: list.quarter().to_owned(), reason };
            match &list.settings {
                Some(fixed) => settings::overlay(measures, fixed.get_ref()).map_err(unusable),
                None => Ok(measures.clone()),
            }
        };
        // Which table of quarters is policy's to say, and policy is taken on the quarter's last day by the first table.
        let named = |settings: &Measures| calendar.quarter_table(table(settings))?.quarter(list.quarter());
        let at_first = lay_over(&Measures::default())?;
        let (version, in_force) = of_policy(named(&at_first)?.to);
        let settings = lay_over(&in_force.measures)?;
        let quarter = named(&settings)?;
        Ok(Frame { calendar, quarter, settings, policy: version })
    }

    /// Makes the judge.
    pub fn judge<'a>(&'a self, today: NaiveDate) -> Result<Judge<'a>, NoRun> {
        let days = self.calendar.days(&self.settings.calendar_profile, None, None)?;
        let school_days = self.calendar.days("school_day", None, None)?;
        let clocks = Clocks::new(days, school_days, &self.settings);
        Ok(Judge { clocks, settings: &self.settings, quarter: self.quarter, today })
    }
}

fn table(settings: &Measures) -> &'static str {
    match settings.quarters {
        policy::Quarters::TermAligned => "term_aligned",
        policy::Quarters::Calendar => "calendar",
    }
}

impl<'a> Run<'a> {
    /// Judges every unit under every measure.
    pub fn new(fold: &Fold, question: Question<'a>) -> Result<Run<'a>, NoRun> {
        let Question { list, as_at } = question;
        let frame = Frame::new(fold, list)?;
        let as_at = as_at.unwrap_or(fold.as_at());
        let judge = frame.judge(as_at.auckland())?;
        let mut units = Vec::new();
        let mut verdicts: Vec<Vec<(usize, Judgement)>> = list.measures().map(|_| Vec::new()).collect();
        let together = Together::new(fold);
        for case in fold.cases() {
            let Some(judged) = together.units(fold, case, list) else { continue };
            for unit in judged.units {
                let at = units.len();
                for (measure, of_it) in list.measures().zip(&mut verdicts) {
                    of_it.extend(judge.judge(measure, &unit, &judged.facts).map(|judgement| (at, judgement)));
                }
                units.push(unit);
            }
        }
        for (measure, of_it) in list.measures().zip(&mut verdicts) {
            if measure.once_a_student {
                once_a_student(fold, &units, of_it);
            }
        }
        drop(judge);
        let Frame { calendar, quarter, settings, policy } = frame;
        let position = fold.position();
        Ok(Run { list, calendar, quarter, settings, policy, position, as_at, units, verdicts })
    }

    /// Returns the measures with what is said under each.
    pub fn measures(&self) -> impl Iterator<Item = (&'a Measure, &[(usize, Judgement)])> {
        self.list.measures().zip(self.verdicts.iter().map(Vec::as_slice))
    }
}

/// Which cases are judged together, because they were merged.
pub struct Together {
    absorbed: HashMap<CaseId, Vec<CaseId>>,
}

impl Together {
    /// Finds the cases that went into others.
    pub fn new(fold: &Fold) -> Together {
        let mut absorbed: HashMap<CaseId, Vec<CaseId>> = HashMap::new();
        for case in fold.merged_cases() {
            let survivor = fold.survivor(case.id);
            // A case that this ledger does not hold cannot be judged in another's place.
            if survivor != case.id && fold.case(survivor).is_some() {
                absorbed.entry(survivor).or_default().push(case.id);
            }
        }
        Together { absorbed }
    }

    /// Returns the units of a case with those of the cases that went into it; nothing for one that went into another.
    pub fn units(&self, fold: &Fold, case: &CaseFacts, list: &List) -> Option<Judged> {
        let survivor = fold.survivor(case.id);
        if survivor != case.id && fold.case(survivor).is_some() {
            return None;
        }
        let theirs = self.absorbed.get(&case.id).map_or(&[][..], Vec::as_slice);
        let absorbed: Vec<&CaseFacts> = theirs.iter().filter_map(|id| fold.case(*id)).collect();
        let dating = Dating { chatham: &list.chatham_catchments, believed: &list.source_recorded };
        Some(units(fold, case, &absorbed, dating))
    }
}

/// Of several referrals of one student the earliest allocated counts (Q39, M9).
pub(super) fn once_a_student(fold: &Fold, units: &[Unit], verdicts: &mut [(usize, Judgement)]) {
    let mut earliest: HashMap<StudentId, Position> = HashMap::new();
    for (at, judgement) in verdicts.iter() {
        if !matches!(judgement.verdict, Verdict::Excluded(_)) {
            let (student, began) = (fold.student(units[*at].student), units[*at].began);
            earliest.entry(student).and_modify(|known| *known = began.min(*known)).or_insert(began);
        }
    }
    for (at, judgement) in verdicts {
        let kept = earliest.get(&fold.student(units[*at].student));
        let counts = matches!(judgement.verdict, Verdict::Excluded(_)) || kept == Some(&units[*at].began);
        if !counts {
            *judgement = judgement.clone().excluded(Exclusion::SameStudent, kept.copied());
        }
    }
}
