//! `caseledger lint`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_events::{codec, readable};
use caseledger_log::ACCESS_DIR;
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};

/// Check that this build reads every event in the log, and every view in the access ledger
///
/// Decodes the envelope and the facts of every event, whatever its age, and counts them by type and version. Run it
/// with a new release before the old one stops: what it cannot read is named with its position.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, after_help = "Exit codes: 0 all are read · 1 some are not · 4 no such ledger")]
pub struct Args {}

/// How many unreadable events are printed one by one.
const SHOWN_MAX: usize = 20;

#[derive(Default)]
struct Found {
    /// What was read: `log`, or `access ledger`.
    of: &'static str,
    last: Position,
    types: BTreeMap<(String, u16), u64>,
    unreadable: Vec<(Position, String)>,
    unreadable_count: u64,
}

impl Found {
    fn look(&mut self, position: Position, frame: &[u8]) {
        let read = codec::decode(frame).and_then(|event| {
            readable::facts(&event)?;
            Ok((event.kind.to_owned(), event.schema))
        });
        match read {
            Ok(of) => *self.types.entry(of).or_default() += 1,
            Err(error) => {
                self.unreadable_count += 1;
                if self.unreadable.len() < SHOWN_MAX {
                    self.unreadable.push((position, error.reason));
                }
            }
        }
    }
}

/// Reads every event and reports.
pub fn run(_args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let mut all = vec![look_through("log", &global.data)?];
    match look_through("access ledger", &global.data.join(ACCESS_DIR)) {
        // Nobody has looked yet.
        Err(failure) if failure.exit == Exit::NoData => {}
        found => all.push(found?),
    }
    for found in &all {
        if output.json { print_json(found, output) } else { print_text(found, output) }
    }
    Ok(if all.iter().all(|found| found.unreadable_count == 0) { Exit::Ok } else { Exit::FoundWrong })
}

fn look_through(of: &'static str, dir: &Path) -> Result<Found, Failure> {
    let journal = journal::open(dir)?;
    let mut found = Found { of, last: journal.last(), ..Found::default() };
    journal::read(&journal, "lint", Position(1), journal.last(), |position, frame, _| {
        found.look(position, frame);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn print_json(found: &Found, output: &mut Output) {
    let types =
        found.types.iter().map(|((kind, schema), events)| json!({"type": kind, "schema": schema, "events": events}));
    let unreadable = found.unreadable.iter().map(|(position, why)| json!({"position": position, "why": why}));
    output.json_line(&json!({
        "of": found.of, "events": found.last, "types": types.collect::<Vec<_>>(),
        "unreadable_count": found.unreadable_count, "unreadable": unreadable.collect::<Vec<_>>(),
    }));
}

fn print_text(found: &Found, output: &mut Output) {
    let width = found.types.keys().map(|(kind, _)| kind.len()).max().unwrap_or(0);
    for ((kind, schema), events) in &found.types {
        output.line(format_args!("{kind:width$}  v{schema}  {}", count(*events, "event")));
    }
    for (position, why) in &found.unreadable {
        output.line(format_args!("{} position {position}: {why}", output.style.bad("unreadable")));
    }
    let more = found.unreadable_count - found.unreadable.len() as u64;
    if more > 0 {
        output.line(format_args!("and {} more", count(more, "unreadable event")));
    }
    let types = count(found.types.len() as u64, "type");
    match found.unreadable_count {
        0 => output.line(format_args!(
            "{} this build reads {} of {types} in the {}",
            output.style.good("ok:"),
            count(found.last.0, "event"),
            found.of
        )),
        bad => output.line(format_args!(
            "{} {} of {} in the {} cannot be read by this build; use the release that wrote them",
            output.style.bad("not ok:"),
            count(bad, "event"),
            count(found.last.0, "event"),
            found.of
        )),
    }
}
