//! `caseledger measures export`.

use std::fs;
use std::path::{Path, PathBuf};

use caseledger_events::ids::Code;
use caseledger_projections::measures::chart::{self, Bar};
use caseledger_projections::measures::report::{Row, rows, together};
use caseledger_projections::measures::run::RULES;
use caseledger_projections::measures::{Fold, Measure, Question, Run, table};
use serde_json::json;

use super::reading::{Asked, no_run};
use super::workbook::{self, Contents};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Write the figures of a quarter for people to take away: a workbook, tables, a drawing
///
/// figures.csv and cases.csv hold every row and every verdict; figures.xlsx one sheet a measure with its cases, and
/// formulas that count them; figures.svg and figures.html each measure against its threshold, in words too. No name
/// and nothing else personal is in any of them.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger measures export --quarter 2026-Q2 --provider ASP-01 q2
  caseledger measures export --quarter 2026-Q2 --to 2760 --as-at 2026-07-10 published

Exit codes: 0 done · 1 an event cannot be read · 2 no such list · 4 no such ledger"
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,

    /// One provider alone
    #[arg(long, value_name = "CODE")]
    provider: Option<Code>,

    /// Also figures.parquet and cases.parquet, with typed columns; only in a build with the feature `parquet`
    #[arg(long)]
    parquet: bool,

    /// The folder to write to; it is made where it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Folds, judges and writes.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let list = args.asked.list()?;
    let fold = args.asked.fold(global)?;
    let mut run = Run::new(&fold, Question { list, as_at: args.asked.as_at() }).map_err(no_run)?;
    let passes = list.reassesses.as_deref().and_then(|quarter| fold.published().passes(quarter));
    if let Some(provider) = args.provider {
        keep(&fold, &mut run, provider);
    }
    let rows = rows(&fold, &run, passes.as_ref());
    fs::create_dir_all(&args.folder).map_err(|error| Failure::file("make", &args.folder, &error))?;
    let mut files = files(args, &fold, &run, &rows)?;
    if args.parquet {
        files.extend(columns(&fold, &run, &rows)?);
    }
    for (name, bytes) in &files {
        let path = args.folder.join(name);
        fs::write(&path, bytes).map_err(|error| Failure::file("write", &path, &error))?;
        say(&path, bytes.len(), output);
    }
    Ok(Exit::Ok)
}

fn say(path: &Path, bytes: usize, output: &mut Output) {
    match output.json {
        true => output.json_line(&json!({"file": path, "bytes": bytes})),
        false => output.line(format_args!("wrote {}", path.display())),
    }
}

/// Keeps what is said of one provider.
fn keep(fold: &Fold, run: &mut Run<'_>, provider: Code) {
    let Run { units, verdicts, .. } = run;
    for of_it in verdicts.iter_mut() {
        of_it.retain(|(at, _)| fold.code(units[*at].provider) == provider);
    }
}

fn files(args: &Args, fold: &Fold, run: &Run<'_>, rows: &[Row]) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    let whose = args.provider.map_or_else(|| "all providers".to_owned(), |provider| provider.to_string());
    let title = format!("{}, {whose}", run.quarter);
    let sums: Vec<(&Measure, Row)> = run
        .list
        .measures()
        .filter_map(|measure| {
            let of_it: Vec<&Row> = rows.iter().filter(|row| row.measure == measure.id).collect();
            Some((measure, together(measure, &of_it)?))
        })
        .collect();
    let bars: Vec<Bar<'_>> = sums.iter().map(|(measure, row)| Bar { measure, row }).collect();
    let notes = notes(run, &whose);
    let workbook = workbook::workbook(&Contents { fold, run, rows, notes: &notes });
    let workbook = workbook.map_err(|error| {
        Failure::new(Exit::Internal, format_args!("the workbook could not be written: {error}"))
            .next("a sheet holds a million rows: name one provider")
    })?;
    Ok(vec![
        ("figures.csv", table::figures(rows).into_bytes()),
        ("cases.csv", table::cases(fold, run).into_bytes()),
        ("figures.xlsx", workbook),
        ("figures.svg", chart::svg(&title, &bars).into_bytes()),
        ("figures.html", chart::page(&title, run.list, &notes.join("; "), &bars).into_bytes()),
    ])
}

#[cfg(feature = "parquet")]
fn columns(fold: &Fold, run: &Run<'_>, rows: &[Row]) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    use super::parquet;
    let figures: Vec<_> = rows.iter().map(table::figure).collect();
    let cases: Vec<_> = table::all_cases(fold, run).collect();
    let failed = |error| Failure::new(Exit::Internal, format_args!("the Parquet file could not be written: {error}"));
    Ok(vec![
        ("figures.parquet", parquet::table(table::FIGURES, &figures).map_err(failed)?),
        ("cases.parquet", parquet::table(table::CASES, &cases).map_err(failed)?),
    ])
}

#[cfg(not(feature = "parquet"))]
fn columns(_: &Fold, _: &Run<'_>, _: &[Row]) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    Err(Failure::new(Exit::Usage, "this build writes no Parquet")
        .next("build with `--features parquet`, or read the CSV files beside"))
}

/// Returns what the figures went by.
fn notes(run: &Run<'_>, whose: &str) -> Vec<String> {
    let mut notes = vec![
        format!("quarter: {}", run.quarter),
        format!("provider: {whose}"),
        format!("list: version {} ({})", run.list.version, run.list.source.join(", ")),
        format!("rules: {RULES}"),
        format!("policy: version {}", run.policy),
        format!("calendar: {} ({})", run.calendar.version(), run.settings.calendar_profile),
        format!("position: {}", run.position),
        format!("as at: {}", run.as_at),
    ];
    notes.extend(run.list.note.iter().map(|note| format!("note: {note}")));
    notes
}
