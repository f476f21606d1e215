//! `caseledger measures`.

mod explain;
mod export;
#[cfg(feature = "parquet")]
mod parquet;
mod publish;
mod reading;
mod show;
mod verify;
mod workbook;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Quarterly performance measures: figures, and why each case is counted as it is
///
/// Everything is folded from the log alone, also while a server runs. The measures of a quarter are data
/// (projections/measures, and the folder of --measures); what they leave open is policy, and both are named with every
/// figure.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Show(show::Args),
    Explain(explain::Args),
    Lists(show::ListsArgs),
    Export(export::Args),
    Publish(publish::Args),
    Compare(verify::CompareArgs),
    Verify(verify::Args),
    Import(publish::ImportArgs),
}

/// Answers from the journal.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    match &args.what {
        What::Show(args) => show::run(args, global, output),
        What::Explain(args) => explain::run(args, global, output),
        What::Lists(_) => show::lists(output),
        What::Export(args) => export::run(args, global, output),
        What::Publish(args) => publish::run(args, global, output),
        What::Compare(args) => verify::compare(args, global, output),
        What::Verify(args) => verify::run(args, global, output),
        What::Import(args) => publish::import(args, global, output),
    }
}
