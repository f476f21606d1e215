//! What is published of a run, and the canonical form its verdicts are hashed in.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use chrono::NaiveDate;

use caseledger_events::ids::{Code, CorrelationId, Position};
use caseledger_events::measured::{
    MeasureEvent, MeasureResult, MeasureResultsPublished, MeasureRunPublished, PublishedOutcome, RESULTS_MAX,
};

use super::fold::Fold;
use super::report::{Outcome, Passes, Row};
use super::run::Run;

/// A run that was published, gathered from its events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Where its first event stands.
    pub position: Position,
    /// What all its events share.
    pub correlation: CorrelationId,
    /// What was published, and by what it was judged.
    pub run: MeasureRunPublished,
    /// What it says of each provider.
    pub providers: Vec<MeasureResultsPublished>,
}

/// The runs that were published, in the order of publishing.
#[derive(Clone, Debug, Default)]
pub struct PublishedRuns {
    runs: Vec<Published>,
    by_correlation: HashMap<CorrelationId, usize>,
}

impl PublishedRuns {
    /// Takes an event of a run in.
    pub fn take(&mut self, position: Position, correlation: CorrelationId, event: MeasureEvent) {
        match event {
            MeasureEvent::MeasureRunPublished(run) => {
                self.by_correlation.insert(correlation, self.runs.len());
                self.runs.push(Published { position, correlation, run, providers: Vec::new() });
            }
            MeasureEvent::MeasureResultsPublished(results) => {
                if let Some(&at) = self.by_correlation.get(&correlation) {
                    self.runs[at].providers.push(results);
                }
            }
        }
    }

    /// Returns every run.
    pub fn all(&self) -> &[Published] {
        &self.runs
    }

    /// Returns the latest run of a quarter.
    pub fn latest(&self, quarter: &str) -> Option<&Published> {
        self.runs.iter().rev().find(|published| published.run.quarter.as_str() == quarter)
    }

    /// Returns the run whose first event stands at a position.
    pub fn at(&self, position: Position) -> Option<&Published> {
        self.runs.iter().find(|published| published.position == position)
    }

    /// Returns the passes of the latest run of a quarter; `None` where none was published.
    pub fn passes(&self, quarter: &str) -> Option<Passes> {
        let latest = self.latest(quarter)?;
        let results = latest.providers.iter().flat_map(|of| of.results.iter().map(move |result| (of.provider, result)));
        let pass = |(provider, result): (Code, &MeasureResult)| {
            let key = (result.measure.as_str().to_owned(), provider, result.catchment);
            (key, result.outcome.is_pass())
        };
        Some(results.map(pass).collect())
    }
}

/// Returns what is published of each provider: the rows by measure and catchment.
pub fn results(quarter: Code, rows: &[Row]) -> Vec<MeasureResultsPublished> {
    let mut providers: BTreeMap<Code, Vec<MeasureResult>> = BTreeMap::new();
    for row in rows {
        // Ids of measures are M and a number, which is a code; loading a list makes sure of it.
        let Ok(measure) = row.measure.parse() else { continue };
        providers.entry(row.provider).or_default().push(MeasureResult {
            measure,
            catchment: row.catchment,
            population: row.population,
            achieved: row.achieved,
            late: row.achieved_late_recorded,
            not_achieved: row.not_achieved,
            not_yet_due: row.not_yet_due,
            excluded: row.excluded.values().sum(),
            not_assessable: row.not_assessable.values().sum(),
            outcome: published(&row.outcome),
        });
    }
    // A provider of many catchments has several events: each must stay within what is broadcast.
    let of = |(provider, results): (Code, Vec<MeasureResult>)| {
        let parts: Vec<_> = results.chunks(RESULTS_MAX).map(<[MeasureResult]>::to_vec).collect();
        parts.into_iter().map(move |results| MeasureResultsPublished { quarter, provider, results })
    };
    providers.into_iter().flat_map(of).collect()
}

fn published(outcome: &Outcome) -> PublishedOutcome {
    match outcome {
        Outcome::Passed => PublishedOutcome::Passed,
        Outcome::PassedEarlier => PublishedOutcome::PassedEarlier,
        Outcome::Failed => PublishedOutcome::Failed,
        Outcome::Open => PublishedOutcome::Open,
        Outcome::Preliminary { .. } => PublishedOutcome::Preliminary,
        Outcome::NotApplicable => PublishedOutcome::NotApplicable,
        Outcome::NotAssessable { .. } => PublishedOutcome::NotAssessable,
    }
}

/// Hands every verdict of a run to `each` in its canonical form, one line each, and returns how many there are.
///
/// Measures in the order of the list, units in the order their cases began; a line names measure, case, the event that
/// began the unit, provider, catchment, verdict, reason, the four days and the events that decided.
pub fn canonical(fold: &Fold, run: &Run<'_>, mut each: impl FnMut(&str)) -> u64 {
    let mut count = 0;
    let mut line = String::with_capacity(160);
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    for (measure, verdicts) in run.measures() {
        for (at, judgement) in verdicts {
            let unit = &run.units[*at];
            line.clear();
            let catchment = unit.catchment.map_or_else(String::new, |code| fold.code(code).to_string());
            let reason = judgement.verdict.reason().unwrap_or_default();
            let written = write!(
                line,
                "{}|{}|{}|{}|{catchment}|{}|{reason}|{}|{}|{}|{}|{}|",
                measure.id,
                unit.case,
                unit.began,
                fold.code(unit.provider),
                judgement.verdict.name(),
                judgement.achieved,
                day(judgement.start),
                day(judgement.due),
                day(judgement.on),
                day(judgement.recorded),
            );
            written.expect("a text takes what is written to it");
            for position in &judgement.decided_by {
                write!(line, "{position},").expect("a text takes what is written to it");
            }
            each(&line);
            count += 1;
        }
    }
    count
}
