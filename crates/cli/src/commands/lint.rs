//! `caseledger lint`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use caseledger_events::ids::Position;
use caseledger_events::{codec, readable};
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};

/// Check that this build reads every event in the log
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
    let journal = journal::open(&global.data)?;
    let mut found = Found::default();
    journal::read(&journal, "lint", Position(1), journal.last(), |position, frame, _| {
        found.look(position, frame);
        Ok(ControlFlow::Continue(()))
    })?;
    if output.json {
        print_json(&found, journal.last(), output)
    } else {
        print_text(&found, journal.last(), output)
    }
    Ok(if found.unreadable_count == 0 { Exit::Ok } else { Exit::FoundWrong })
}

fn print_json(found: &Found, last: Position, output: &mut Output) {
    let types =
        found.types.iter().map(|((kind, schema), events)| json!({"type": kind, "schema": schema, "events": events}));
    let unreadable = found.unreadable.iter().map(|(position, why)| json!({"position": position, "why": why}));
    output.json_line(&json!({
        "events": last, "types": types.collect::<Vec<_>>(),
        "unreadable_count": found.unreadable_count, "unreadable": unreadable.collect::<Vec<_>>(),
    }));
}

fn print_text(found: &Found, last: Position, output: &mut Output) {
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
            "{} this build reads {} of {types}",
            output.style.good("ok:"),
            count(last.0, "event")
        )),
        bad => output.line(format_args!(
            "{} {} of {} cannot be read by this build; use the release that wrote them",
            output.style.bad("not ok:"),
            count(bad, "event"),
            count(last.0, "event")
        )),
    }
}
