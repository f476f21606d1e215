//! `caseledger ledger`.

use std::ops::ControlFlow;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};

/// Say which ledger this is and where it stands
///
/// Ledger id, epoch, number of events, hash at the last one, time of the first and the last. Reads the journal, also
/// while a server runs.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, after_help = "Exit codes: 0 done · 1 the journal is damaged · 4 no such ledger")]
pub struct Args {}

/// Prints what the journal says of itself.
pub fn run(_args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let journal = journal::open(&global.data)?;
    let identity = journal.identity();
    let last = journal.last();
    let simulated = journal::is_simulated(&journal)?;
    let chain = journal.chain_at(last)?;
    let (first_at, last_at) = (recorded_at(&journal, Position(1))?, recorded_at(&journal, last)?);
    // The address is left behind by a killed server; it is told apart from a running one by its lock.
    let server = crate::running::address(&global.data);
    if output.json {
        output.json_line(&json!({
            "ledger": identity.ledger, "epoch": identity.epoch, "simulated": simulated, "position": last,
            "chain_hash": chain.to_string(), "first_recorded_at": first_at, "last_recorded_at": last_at,
            "server": server,
        }));
        return Ok(Exit::Ok);
    }
    let kind = if simulated { "simulated time" } else { "real time" };
    output.line(format_args!("ledger  {} ({kind}), epoch {}", identity.ledger, identity.epoch));
    output.line(format_args!("events  {}, {first_at} to {last_at}", count(last.0, "event")));
    output.line(format_args!("hash    {chain} at position {last}"));
    output.line(format_args!("server  {}", server.as_deref().map_or("not running", |address| address)));
    Ok(Exit::Ok)
}

fn recorded_at(journal: &caseledger_log::JournalReader, at: Position) -> Result<Timestamp, Failure> {
    let mut time = Timestamp::default();
    journal::read(journal, "reading", at, at, |position, frame, _| {
        time = journal::decode(position, frame)?.recorded_at;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(time)
}
