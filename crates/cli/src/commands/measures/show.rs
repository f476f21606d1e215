//! `caseledger measures show` and `lists`.

use std::collections::BTreeMap;

use caseledger_events::ids::Code;
use caseledger_projections::measures::report::{NarrativeRow, Outcome, Row, narratives, rows, together};
use caseledger_projections::measures::{Fold, Measure, Question, Run, lists};
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::reading::{Asked, no_run};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};

/// Print the figures of a quarter: per provider and measure, how many were achieved and how many were not
///
/// Not in the population are the excluded, each with its reason. *Late* was done in time and recorded after, *not due*
/// may still be achieved, *not assessable* says what is missing. A percentage is of what is decided so far, truncated.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger measures show --quarter 2026-Q2
  caseledger measures show --quarter 2026-Q2 --provider ASP-01 --catchments
  caseledger measures show --quarter 2026-Q2 --measure M10 --cases
  caseledger measures show --quarter 2026-Q2 --as-at 2026-05-15 --json

Exit codes: 0 done · 1 an event cannot be read · 2 no such list · 4 no such ledger"
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,

    /// One provider alone
    #[arg(long, value_name = "CODE")]
    provider: Option<Code>,

    /// One measure alone
    #[arg(long, value_name = "ID")]
    measure: Option<String>,

    /// Each catchment by itself
    #[arg(long)]
    catchments: bool,

    /// The cases behind the figures
    #[arg(long)]
    cases: bool,
}

/// List the quarters whose measures this program knows
#[derive(clap::Args)]
#[command(verbatim_doc_comment, after_help = "Exit codes: 0 done")]
pub struct ListsArgs {}

/// Folds, judges and prints.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let list = args.asked.list()?;
    let fold = args.asked.fold(global)?;
    let run = Run::new(&fold, Question { list, as_at: args.asked.as_at() }).map_err(no_run)?;
    let passes = list.reassesses.as_deref().and_then(|quarter| fold.published().passes(quarter));
    let all = rows(&fold, &run, passes.as_ref());
    let told = narratives(&fold, list, &run.quarter.name);
    head(&run, output);
    for measure in list.measures().filter(|measure| args.takes(&measure.id)) {
        let of_it = all.iter().filter(|row| row.measure == measure.id);
        let of_it: Vec<&Row> = of_it.filter(|row| args.provider.is_none_or(|code| code == row.provider)).collect();
        let summed = if args.catchments { Vec::new() } else { by_provider(measure, &of_it) };
        let shown: Vec<&Row> = if args.catchments { of_it } else { summed.iter().collect() };
        match output.json {
            true => shown.iter().for_each(|row| output.json_line(row)),
            false => table(measure, &shown, output),
        }
        if measure.narrative.is_some() {
            narrative(&told, measure, args, output);
        }
        if args.cases {
            cases(args, &fold, &run, measure, output);
        }
    }
    Ok(Exit::Ok)
}

impl Args {
    fn takes(&self, id: &str) -> bool {
        self.measure.as_ref().is_none_or(|measure| measure.eq_ignore_ascii_case(id))
    }
}

fn by_provider(measure: &Measure, rows: &[&Row]) -> Vec<Row> {
    let mut providers: BTreeMap<Code, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        providers.entry(row.provider).or_default().push(row);
    }
    providers.values().filter_map(|rows| together(measure, rows)).collect()
}

fn head(run: &Run<'_>, output: &mut Output) {
    let list = run.list;
    if output.json {
        output.json_line(&json!({
            "quarter": run.quarter.name, "from": run.quarter.from, "to": run.quarter.to, "list": list.version,
            "calendar": run.calendar.version(), "profile": run.settings.calendar_profile, "policy": run.policy,
            "rules": caseledger_projections::measures::run::RULES, "position": run.position, "as_at": run.as_at,
        }));
        return;
    }
    output.line(output.style.bold(format_args!("{}: {}", run.quarter, list.title)));
    output.line(format_args!(
        "list {}, rules {}, policy {}, calendar {} ({}), position {}, as at {}",
        list.version,
        caseledger_projections::measures::run::RULES,
        run.policy,
        run.calendar.version(),
        run.settings.calendar_profile,
        run.position,
        run.as_at,
    ));
    if let Some(note) = &list.note {
        output.line(output.style.notable(note));
    }
}

const COLUMNS: [&str; 10] = [
    "provider",
    "catchment",
    "population",
    "achieved",
    "late",
    "not achieved",
    "not due",
    "excluded",
    "percent",
    "outcome",
];

fn table(measure: &Measure, rows: &[&Row], output: &mut Output) {
    let threshold = measure.threshold().map(|percent| format!(" [{percent} %]")).unwrap_or_default();
    output.line("");
    output.line(output.style.bold(format_args!("{} {}{threshold}", measure.id, measure.title)));
    if measure.narrative.is_some() {
        return;
    }
    if rows.is_empty() {
        output.line("  not applicable: no referral is in its population");
        return;
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(COLUMNS);
    // Beside each provider, all of them together; a sum has no outcome, for nobody is paid on it.
    let total = if rows.len() > 1 { together(measure, rows) } else { None };
    let named = rows.iter().map(|row| (row.provider.to_string(), *row, outcome(row)));
    for (provider, row, outcome) in named.chain(total.iter().map(|row| ("together".to_owned(), row, String::new()))) {
        let percent = row.tenths_of_percent().map_or_else(|| "–".to_owned(), |t| format!("{}.{}", t / 10, t % 10));
        let late_counts = if row.late_recording_counts || row.achieved_late_recorded == 0 { "" } else { " (no)" };
        table.add_row([
            provider,
            row.catchment.map_or_else(|| "all".to_owned(), |code| code.to_string()),
            row.population.to_string(),
            row.achieved.to_string(),
            format!("{}{late_counts}", row.achieved_late_recorded),
            row.not_achieved.to_string(),
            row.not_yet_due.to_string(),
            reasons(&row.excluded),
            percent,
            outcome,
        ]);
    }
    for column in [2, 3, 4, 5, 6, 8] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    output.line(table.trim_fmt());
}

fn narrative(told: &[NarrativeRow], measure: &Measure, args: &Args, output: &mut Output) {
    let of_it = told.iter().filter(|row| row.measure == measure.id);
    let of_it: Vec<&NarrativeRow> = of_it.filter(|row| args.provider.is_none_or(|code| code == row.provider)).collect();
    if output.json {
        of_it.iter().for_each(|row| output.json_line(row));
        return;
    }
    let silent = of_it.iter().filter(|row| row.told.is_empty()).count();
    for row in of_it.iter().filter(|row| !row.told.is_empty()) {
        let last = row.told.last().map(ToString::to_string).unwrap_or_default();
        output.line(format_args!("  {}: told {} times, last at position {last}", row.provider, row.told.len()));
    }
    if silent > 0 {
        output.line(format_args!("  nothing on record of {}", count(silent as u64, "provider")));
    }
}

fn reasons(counts: &BTreeMap<String, u32>) -> String {
    let each: Vec<String> = counts.iter().map(|(why, count)| format!("{count} {}", why.replace('_', " "))).collect();
    each.join(", ")
}

fn outcome(row: &Row) -> String {
    let second = row.achieved_by_original_deadline.map(|n| format!(" ({n} by the original deadline)"));
    let outcome = match &row.outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::PassedEarlier => "passed earlier, stays".to_owned(),
        Outcome::Failed => "not passed".to_owned(),
        Outcome::Open => "open".to_owned(),
        Outcome::Preliminary { reached: true } => "preliminary: reached so far".to_owned(),
        Outcome::Preliminary { reached: false } => "preliminary: not reached so far".to_owned(),
        Outcome::NotApplicable => "not applicable".to_owned(),
        Outcome::NotAssessable { missing } => format!("not assessable, missing {missing}"),
    };
    outcome + &second.unwrap_or_default()
}

fn cases(args: &Args, fold: &Fold, run: &Run<'_>, measure: &Measure, output: &mut Output) {
    let Some((_, verdicts)) = run.measures().find(|(other, _)| other.id == measure.id) else { return };
    for (at, judgement) in verdicts {
        let unit = &run.units[*at];
        let provider = fold.code(unit.provider);
        if args.provider.is_some_and(|code| code != provider) {
            continue;
        }
        let reason = judgement.verdict.reason();
        if output.json {
            let case: Value = json!({
                "measure": measure.id, "case": unit.case, "number": unit.number, "provider": provider,
                "verdict": judgement.verdict.name(), "reason": reason, "achieved": judgement.achieved,
                "start": judgement.start, "due": judgement.due, "on": judgement.on,
                "recorded": judgement.recorded, "decided_by": judgement.decided_by,
            });
            output.json_line(&case);
        } else {
            let reason = reason.map(|reason| format!(" ({})", reason.replace('_', " "))).unwrap_or_default();
            let due = judgement.due.map(|due| format!(", due {due}")).unwrap_or_default();
            let on = judgement.on.map(|on| format!(", on {on}")).unwrap_or_default();
            let verdict = judgement.verdict.name().replace('_', " ");
            output.line(format_args!("  {} {provider}: {verdict}{reason}{due}{on}", unit.number));
        }
    }
}

/// Lists the quarters.
pub fn lists(output: &mut Output) -> Result<Exit, Failure> {
    for list in lists::all() {
        let ids: Vec<&str> = list.measures().map(|measure| measure.id.as_str()).collect();
        if output.json {
            output.json_line(&json!({
                "quarter": list.quarter(), "list": list.version, "title": list.title, "note": list.note,
                "measures": ids,
            }));
        } else {
            output.line(format_args!("{} list {}: {} ({})", list.quarter(), list.version, list.title, ids.join(", ")));
            if let Some(note) = &list.note {
                output.line(format_args!("  {note}"));
            }
        }
    }
    Ok(Exit::Ok)
}
