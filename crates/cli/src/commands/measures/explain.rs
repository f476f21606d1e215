//! `caseledger measures explain`.

use caseledger_projections::measures::Fold;
use caseledger_projections::measures::explain::{Explained, explain};

use super::reading::{Asked, no_run};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::replaying::filter::CaseRef;

/// Say why a case is counted as it is: its clock day by day, the events that decided, and the verdict
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger measures explain --quarter 2026-Q2 --case AS-0000017-4
  caseledger measures explain --quarter 2026-Q2 --case AS-0000017-4 --measure M10 --json

Exit codes: 0 done · 1 an event cannot be read · 2 no such list · 4 no such ledger or case"
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,

    /// The case, by id or number (AS-0000017-4)
    #[arg(long, value_name = "CASE")]
    case: CaseRef,

    /// One measure alone
    #[arg(long, value_name = "ID")]
    measure: Option<String>,
}

/// Folds, judges one case and says why.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let list = args.asked.list()?;
    let fold = args.asked.fold(global)?;
    let case = find(&fold, args.case)?;
    let all = explain(&fold, list, case, args.measure.as_deref(), args.asked.as_at()).map_err(no_run)?;
    if all.is_empty() && !output.json {
        output.line(format_args!("nothing of this case is judged in {}", list.quarter()));
    }
    for one in &all {
        match output.json {
            true => output.json_line(one),
            false => tell(one, output),
        }
    }
    Ok(Exit::Ok)
}

fn find(fold: &Fold, case: CaseRef) -> Result<caseledger_events::ids::CaseId, Failure> {
    let found = match case {
        CaseRef::Id(id) => fold.case(id).map(|case| case.id),
        CaseRef::Number(number) => fold.case_by_number(number).map(|case| case.id),
    };
    found.ok_or_else(|| Failure::new(Exit::NoData, "there is no such case in the ledger up to that position"))
}

fn tell(one: &Explained, output: &mut Output) {
    let verdict = one.verdict.replace('_', " ");
    let marked = if one.achieved { output.style.good(&verdict) } else { output.style.notable(&verdict) };
    let reason = one.reason.as_ref().map(|reason| format!(" ({})", reason.replace('_', " "))).unwrap_or_default();
    output.line(output.style.bold(format_args!("{} {}", one.measure, one.title)));
    output.line(format_args!("  {} for {}: {marked}{reason}", one.number, one.provider));
    for sentence in &one.words {
        output.line(format_args!("  {sentence}"));
    }
    if !one.counted.is_empty() {
        let days: Vec<String> = one.counted.iter().map(|day| day.format("%d %b").to_string()).collect();
        output.line(format_args!("  counted: {}", days.join(", ")));
    }
    for skipped in &one.skipped {
        output.line(format_args!("  skipped: {} {}", skipped.day.format("%d %b"), skipped.why));
    }
    if !one.decided_by.is_empty() {
        let events: Vec<String> = one.decided_by.iter().map(ToString::to_string).collect();
        output.line(format_args!("  decided by the events at {}", events.join(", ")));
    }
    output.line("");
}
