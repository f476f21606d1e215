//! The figures: per provider, catchment and measure, how many units were achieved, were not, or cannot be counted.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use caseledger_events::ids::{Code, Position};

use super::fold::{Fold, Told};
use super::list::{List, Measure};
use super::run::Run;
use super::tally::Tally;

/// What is known of a quarter that is reassessed: the passes that stay. By measure, provider and catchment.
pub type Passes = HashMap<(String, Code, Option<Code>), bool>;

/// The figures of one measure for one provider, in one catchment or in all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The measure.
    pub measure: String,
    /// The provider.
    pub provider: Code,
    /// The catchment; absent for all of a provider's together, and where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// The percentage that passes; absent for a narrative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// How many count: all but the excluded.
    pub population: u32,
    /// How many were achieved and recorded in time.
    pub achieved: u32,
    /// How many were achieved in time and recorded after.
    pub achieved_late_recorded: u32,
    /// Whether those count as achieved.
    pub late_recording_counts: bool,
    /// How many were not achieved.
    pub not_achieved: u32,
    /// How many are not due yet.
    pub not_yet_due: u32,
    /// How many are left out, by reason.
    pub excluded: BTreeMap<String, u32>,
    /// How many cannot be assessed, by what is missing.
    pub not_assessable: BTreeMap<String, u32>,
    /// Of those achieved by a meeting or an engagement, how many by each mode (Q11).
    pub by_mode: BTreeMap<&'static str, u32>,
    /// Of those not achieved, how many met by a mode that does not count (Q11).
    pub other_mode: BTreeMap<&'static str, u32>,
    /// How many had contact details at the deadline itself, where details are asked for (Q15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details_at_deadline: Option<u32>,
    /// Achieved by the original deadline, where the end of the quarter counts too (Q13).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achieved_by_original_deadline: Option<u32>,
    /// Achieved by the first allocation's clock too, of those that came from another provider (Q19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achieved_by_first_allocation: Option<u32>,
    /// What follows for the measure.
    pub outcome: Outcome,
}

/// What follows for a measure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// The threshold is reached, whatever becomes of what is open.
    Passed,
    /// A pass of the quarter that is reassessed stays.
    PassedEarlier,
    /// The threshold is not reached, whatever becomes of what is open.
    Failed,
    /// It depends on what is not due yet.
    Open,
    /// The result cannot be failed.
    Preliminary {
        /// Whether the threshold is reached so far.
        reached: bool,
    },
    /// Nobody is in the population.
    NotApplicable,
    /// It cannot be said.
    NotAssessable {
        /// What is missing.
        missing: String,
    },
}

impl Row {
    pub(super) fn new(measure: &Measure, provider: Code, catchment: Option<Code>) -> Row {
        Row {
            measure: measure.id.clone(),
            provider,
            catchment,
            threshold: measure.threshold(),
            population: 0,
            achieved: 0,
            achieved_late_recorded: 0,
            late_recording_counts: measure.late_recording_counts(),
            not_achieved: 0,
            not_yet_due: 0,
            excluded: BTreeMap::new(),
            not_assessable: BTreeMap::new(),
            by_mode: BTreeMap::new(),
            other_mode: BTreeMap::new(),
            details_at_deadline: measure.of.details_held.then_some(0),
            achieved_by_original_deadline: None,
            achieved_by_first_allocation: None,
            outcome: Outcome::NotApplicable,
        }
    }

    /// Returns how many count as achieved.
    pub fn numerator(&self) -> u32 {
        self.achieved + if self.late_recording_counts { self.achieved_late_recorded } else { 0 }
    }

    /// Returns how many of the population are decided: the denominator so far.
    pub fn decided(&self) -> u32 {
        self.population - self.not_yet_due - self.not_assessable.values().sum::<u32>()
    }

    /// Returns the percentage achieved of what is decided, in tenths, truncated; `None` of nothing.
    pub fn tenths_of_percent(&self) -> Option<u32> {
        let tenths = u64::from(self.numerator()) * 1000;
        tenths.checked_div(u64::from(self.decided())).and_then(|tenths| u32::try_from(tenths).ok())
    }

    pub(super) fn conclude(&mut self, measure: &Measure) {
        let Some(threshold) = measure.threshold() else { return };
        let reached = |achieved: u32, of: u32| u64::from(achieved) * 100 >= u64::from(threshold) * u64::from(of);
        let (achieved, open) = (self.numerator(), self.population - self.decided());
        self.outcome = if self.population == 0 {
            Outcome::NotApplicable
        } else if measure.preliminary {
            Outcome::Preliminary { reached: self.decided() > 0 && reached(achieved, self.decided()) }
        } else if reached(achieved, self.population) {
            Outcome::Passed
        } else if !reached(achieved + open, self.population) {
            Outcome::Failed
        } else if self.not_yet_due > 0 {
            Outcome::Open
        } else {
            let missing = self.not_assessable.keys().next().cloned().unwrap_or_default();
            Outcome::NotAssessable { missing }
        };
    }

    /// Lets a pass of the quarter that is reassessed stay, where the measure says so (S2).
    pub(super) fn reassess(&mut self, measure: &Measure, passes: Option<&Passes>) {
        let undecided = matches!(self.outcome, Outcome::Failed | Outcome::Open | Outcome::NotAssessable { .. });
        if !(measure.sticky && undecided) {
            return;
        }
        let key = (measure.id.clone(), self.provider, self.catchment);
        match passes.and_then(|passes| passes.get(&key)) {
            Some(true) => self.outcome = Outcome::PassedEarlier,
            Some(false) => {}
            None => {
                let missing = "the published result of the quarter that is reassessed".to_owned();
                self.outcome = Outcome::NotAssessable { missing };
            }
        }
    }
}

/// Returns the figures by provider and catchment, and those of each provider's catchments together.
///
/// `passes` is what was published of the quarter that is reassessed; `None` where nothing was.
pub fn rows(fold: &Fold, run: &Run<'_>, passes: Option<&Passes>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (measure, verdicts) in run.measures() {
        if measure.narrative.is_some() {
            continue;
        }
        let mut of_catchments: BTreeMap<(Code, Option<Code>), Tally> = BTreeMap::new();
        for (at, judgement) in verdicts {
            let unit = &run.units[*at];
            let (provider, catchment) = (fold.code(unit.provider), unit.catchment.map(|code| fold.code(code)));
            let tally = of_catchments.entry((provider, catchment));
            tally.or_insert_with(|| Tally::new(measure, provider, catchment)).count(judgement, true);
        }
        rows.extend(of_catchments.values().map(|tally| tally.row(measure, passes)));
    }
    rows
}

/// What one provider told for a narrative measure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct NarrativeRow {
    /// The measure.
    pub measure: String,
    /// The provider.
    pub provider: Code,
    /// The events that tell it; none where nothing is on record.
    pub told: Vec<Position>,
}

/// Returns what every provider that had a case, or told a narrative of the quarter, told for the narrative measures.
pub fn narratives(fold: &Fold, list: &List, quarter: &str) -> Vec<NarrativeRow> {
    let of_quarter = |told: &&Told| told.quarter.as_str() == quarter;
    let mut providers = fold.providers();
    providers.extend(fold.narratives().iter().filter(of_quarter).map(|told| told.provider));
    let mut rows = Vec::new();
    for (measure, about) in list.measures().filter_map(|measure| Some((measure, measure.narrative?))) {
        for &provider in &providers {
            let theirs = fold.narratives().iter().filter(of_quarter);
            let told = theirs.filter(|told| told.provider == provider && told.about == about);
            let told = told.map(|told| told.position).collect();
            rows.push(NarrativeRow { measure: measure.id.clone(), provider, told });
        }
    }
    rows
}

/// Returns a provider's rows of one measure as one: counts added up, and the outcome of the sum.
///
/// A pass that stays, stays by contract and catchment: together they have passed when each of them has.
pub fn together(list_measure: &Measure, rows: &[&Row]) -> Option<Row> {
    let first = rows.first()?;
    let mut sum = Row::new(list_measure, first.provider, None);
    for row in rows {
        sum.add(row);
    }
    sum.conclude(list_measure);
    let passed = |row: &&Row| matches!(row.outcome, Outcome::Passed | Outcome::PassedEarlier | Outcome::NotApplicable);
    let undecided = rows.iter().find(|row| matches!(row.outcome, Outcome::NotAssessable { .. }));
    let settled = matches!(sum.outcome, Outcome::Passed | Outcome::NotApplicable);
    if list_measure.sticky && !settled {
        if rows.iter().all(passed) {
            sum.outcome = Outcome::PassedEarlier;
        } else if let Some(row) = undecided {
            sum.outcome = row.outcome.clone();
        }
    }
    Some(sum)
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.population += other.population;
        self.achieved += other.achieved;
        self.achieved_late_recorded += other.achieved_late_recorded;
        self.not_achieved += other.not_achieved;
        self.not_yet_due += other.not_yet_due;
        for (mine, theirs) in [(&mut self.excluded, &other.excluded), (&mut self.not_assessable, &other.not_assessable)]
        {
            for (reason, count) in theirs {
                *mine.entry(reason.clone()).or_default() += count;
            }
        }
        for (mine, theirs) in [(&mut self.by_mode, &other.by_mode), (&mut self.other_mode, &other.other_mode)] {
            for (mode, count) in theirs {
                *mine.entry(mode).or_default() += count;
            }
        }
        for (mine, theirs) in [
            (&mut self.details_at_deadline, other.details_at_deadline),
            (&mut self.achieved_by_original_deadline, other.achieved_by_original_deadline),
            (&mut self.achieved_by_first_allocation, other.achieved_by_first_allocation),
        ] {
            if let Some(count) = theirs {
                *mine = Some(mine.unwrap_or(0) + count);
            }
        }
    }
}
