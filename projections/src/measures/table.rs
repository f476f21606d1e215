//! Figures and cases as CSV: what people open in a spreadsheet and programs read.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::fold::Fold;
use super::list::Measure;
use super::report::{Outcome, Row};
use super::run::Run;
use super::verdict::Judgement;

/// The columns of the figures.
pub const FIGURES: [&str; 15] = [
    "measure",
    "provider",
    "catchment",
    "threshold",
    "population",
    "achieved",
    "achieved_late_recorded",
    "late_recording_counts",
    "not_achieved",
    "not_yet_due",
    "not_assessable",
    "excluded",
    "excluded_why",
    "percent",
    "outcome",
];

/// The columns of the cases.
pub const CASES: [&str; 14] = [
    "measure",
    "case",
    "provider",
    "catchment",
    "kind",
    "verdict",
    "reason",
    "achieved",
    "start",
    "due",
    "on",
    "recorded",
    "mode",
    "decided_by",
];

/// Returns the figures as CSV, a row each.
pub fn figures(rows: &[Row]) -> String {
    rows.iter().map(figure).fold(line(FIGURES.map(str::to_owned)), |out, cells| out + &line(cells))
}

/// Returns the cells of one row, in the order of [`FIGURES`].
pub fn figure(row: &Row) -> [String; 15] {
    let excluded: Vec<String> = row.excluded.iter().map(|(why, count)| format!("{why} {count}")).collect();
    [
        row.measure.clone(),
        row.provider.to_string(),
        row.catchment.map(|code| code.to_string()).unwrap_or_default(),
        row.threshold.map(|percent| percent.to_string()).unwrap_or_default(),
        row.population.to_string(),
        row.achieved.to_string(),
        row.achieved_late_recorded.to_string(),
        row.late_recording_counts.to_string(),
        row.not_achieved.to_string(),
        row.not_yet_due.to_string(),
        row.not_assessable.values().sum::<u32>().to_string(),
        row.excluded.values().sum::<u32>().to_string(),
        excluded.join("; "),
        percent(row).unwrap_or_default(),
        outcome_name(&row.outcome).to_owned(),
    ]
}

/// Returns every verdict as CSV, a row each; a case without a number of its own in the ledger is not in it.
pub fn cases(fold: &Fold, run: &Run<'_>) -> String {
    all_cases(fold, run).fold(line(CASES.map(str::to_owned)), |out, cells| out + &line(cells))
}

/// Returns the cells of every verdict, in the order of the run.
pub fn all_cases<'a>(fold: &'a Fold, run: &'a Run<'_>) -> impl Iterator<Item = [String; 14]> + 'a {
    let of_measure = move |(measure, verdicts): (&'a Measure, &'a [(usize, Judgement)])| {
        verdicts.iter().map(move |(at, judgement)| case(fold, run, &measure.id, *at, judgement))
    };
    run.measures().flat_map(of_measure)
}

/// Returns the cells of one verdict, in the order of [`CASES`].
pub fn case(fold: &Fold, run: &Run<'_>, measure: &str, at: usize, judgement: &Judgement) -> [String; 14] {
    let unit = &run.units[at];
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let positions: Vec<String> = judgement.decided_by.iter().map(ToString::to_string).collect();
    [
        measure.to_owned(),
        unit.number.to_string(),
        fold.code(unit.provider).to_string(),
        unit.catchment.map(|code| fold.code(code).to_string()).unwrap_or_default(),
        unit.kind.name().to_owned(),
        judgement.verdict.name().to_owned(),
        judgement.verdict.reason().unwrap_or_default(),
        judgement.achieved.to_string(),
        day(judgement.start),
        day(judgement.due),
        day(judgement.on),
        day(judgement.recorded),
        judgement.mode.map(super::list::mode_name).unwrap_or_default().to_owned(),
        positions.join(" "),
    ]
}

/// Returns the percentage achieved of what is decided, truncated to one decimal.
pub fn percent(row: &Row) -> Option<String> {
    row.tenths_of_percent().map(|tenths| format!("{}.{}", tenths / 10, tenths % 10))
}

/// Returns the name an outcome has in data.
pub fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::PassedEarlier => "passed_earlier",
        Outcome::Failed => "failed",
        Outcome::Open => "open",
        Outcome::Preliminary { .. } => "preliminary",
        Outcome::NotApplicable => "not_applicable",
        Outcome::NotAssessable { .. } => "not_assessable",
    }
}

/// Writes one line; a cell is quoted where it must be, and none is read as a formula.
fn line<const N: usize>(cells: [String; N]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let separator = if at == 0 { "" } else { "," };
        let quoted = cell.contains([',', '"', '\n']);
        let written = match quoted {
            true => write!(out, "{separator}\"{}\"", cell.replace('"', "\"\"")),
            false => write!(out, "{separator}{cell}"),
        };
        written.expect("a text takes what is written to it");
    }
    out + "\n"
}
