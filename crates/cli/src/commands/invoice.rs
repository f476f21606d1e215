//! `caseledger invoice`.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use caseledger_events::ids::Position;
use caseledger_events::provider::ProviderEvent;
use caseledger_projections::invoice::{Invoice, Schedule, check};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::Output;

/// Withholding invoices of providers
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Check(CheckArgs),
}

/// Say what is missing or wrong in an invoice before it is sent
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
The file is TOML with the seven items an invoice must carry:
  provider = \"Te Ara Trust\"
  catchment = \"C-01\"
  contract = \"MOE-1234\"
  purchase_order = \"PO-77\"
  number = \"INV-9\"
  description = \"Withholding payment [10 %] for 1 January to 2 April 2026\"
  amount = \"12345.60\"
and, where they are known: quarter = \"2026-Q1\", sent_on = \"2026-05-15\", school_provider = true.
A schedule holds [[payment]] entries with contract, quarter, amount, percent and due_on.

Exit codes: 0 nothing is missing · 1 something is, it is listed · 2 the file makes no sense · 4 no such file or ledger"
)]
struct CheckArgs {
    /// The invoice
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The contract's schedule of payments
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,

    /// Hold the number against the invoices in the ledger of --data
    #[arg(long)]
    ledger: bool,
}

/// Checks an invoice.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let What::Check(args) = &args.what;
    let invoice: Invoice = read(&args.file)?;
    let schedule: Option<Schedule> = args.schedule.as_deref().map(read).transpose()?;
    let used = if args.ledger { used(global)? } else { BTreeSet::new() };
    let found = check(&invoice, schedule.as_ref(), &used);
    for finding in &found {
        match output.json {
            true => output.json_line(finding),
            false => output.line(format_args!(
                "{} {}: {} ({})",
                output.style.bad("wrong"),
                finding.item.replace('_', " "),
                finding.what,
                finding.rule
            )),
        }
    }
    if found.is_empty() {
        match output.json {
            true => output.json_line(&json!({"complete": true})),
            false => output.line(format_args!("{} nothing is missing", output.style.good("ok:"))),
        }
    }
    Ok(if found.is_empty() { Exit::Ok } else { Exit::FoundWrong })
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    toml::from_str(&text).map_err(|error| {
        Failure::new(Exit::Usage, format_args!("{}: {}", path.display(), error.to_string().trim_end()))
            .next("`caseledger invoice check --help` shows the form of the file")
    })
}

/// Returns the numbers of the invoices in the ledger.
fn used(global: &Global) -> Result<BTreeSet<String>, Failure> {
    let journal = journal::open(&global.data)?;
    let mut used = BTreeSet::new();
    journal::read(&journal, "invoices", Position(1), journal.last(), |position, frame, _| {
        let event = journal::decode(position, frame)?;
        let read = ProviderEvent::read(&event).map_err(|error| journal::undecodable(position, &error.reason))?;
        if let Some(ProviderEvent::InvoiceSubmitted(invoice)) = read {
            used.insert(invoice.number.to_string());
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(used)
}
