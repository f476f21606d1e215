//! `caseledger replay`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use caseledger_events::ids::Position;
use caseledger_events::public;
use caseledger_events::readable::{self, ReadableEvent, ShownEvent};
use comfy_table::{ContentArrangement, Table};

use crate::cli::Global;
use crate::event_line::{COLUMNS, EventLine};
use crate::exit::{Exit, Failure};
use crate::journal::{self, undecodable};
use crate::output::Output;
use crate::replaying::file;
use crate::replaying::filter::{Filter, FilterArgs, Glance, Verdict};
use crate::restricted::RestrictedArgs;

/// Print what happened, oldest first
///
/// One event a line as JSON, in the form GET /v1/events has, or a table for people. Reads the journal, also while a
/// server runs, up to the last event that is durable now. Personal parts are named: what they
/// say is sealed here, and shown by the service to those who may see it.
///
/// Restricted events (immigration answers, prosecution, Oranga Tamariki, disposals) are left out: position and hash stand in
/// their place where nothing but positions or times are asked for. With --restricted they are shown, and --as-messagepack
/// always holds them: both are for those whom `caseledger access show` names, who are asked for and put on record.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger replay                                        everything
  caseledger replay --case AS-0000017-4 --as-table         one case, for people
  caseledger replay --person P-17 --since 2026-02-01 --until 2026-02-28
  caseledger replay --file term1.ndjson --type case_closed what an export holds
  caseledger replay --case AS-0000017-4 --as-messagepack > case.frames    replayable with --file

Exit codes: 0 done · 1 an event cannot be read · 4 no such ledger, case or file"
)]
pub struct Args {
    /// Print a table for people instead of JSON
    #[arg(long, conflicts_with = "json")]
    as_table: bool,

    /// Write the frames as stored, MessagePack one after another, which --file reads again
    #[arg(long, conflicts_with_all = ["json", "as_table", "file"])]
    as_messagepack: bool,

    /// Replay an export file instead of the ledger
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    which: FilterArgs,

    #[command(flatten)]
    restricted: RestrictedArgs,
}

/// Rows that are laid out together; a longer replay is printed table by table.
const TABLE_ROWS: usize = 1_000;

/// Replays the journal or a file.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let mut filter = Filter::new(&args.which);
    let mut printer = Printer { table: args.as_table.then(Vec::new), output };
    match &args.file {
        Some(path) => file::read(path, |line| {
            let verdict = match &line.event {
                ShownEvent::Whole(event) => filter.judge(&glance(event), || Some(event.facts.clone())),
                ShownEvent::LeftOut(left) => filter.judge_left_out(left.position),
            };
            Ok(printer.obey(verdict, &line))
        })?,
        None => {
            match args.as_messagepack {
                true => args.restricted.take_frames(&global.data)?,
                false => args.restricted.read(&global.data)?,
            }
            from_journal(global, args, &mut filter, &mut printer)?
        }
    }
    printer.finish();
    filter.check_found()?;
    Ok(Exit::Ok)
}

fn from_journal(global: &Global, args: &Args, filter: &mut Filter, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let journal = journal::open(&global.data)?;
    journal::read(&journal, "replay", filter.first(), filter.last(), |position: Position, frame, chain| {
        let event = journal::decode(position, frame)?;
        let shows_all = args.restricted.restricted || args.as_messagepack;
        let hidden = !shows_all && public::restricts(&event).map_err(|error| undecodable(position, &error.reason))?;
        let glance = Glance {
            position,
            stream: event.stream,
            version: Some(event.version),
            kind: event.kind,
            person: event.actor.person,
            on_behalf_of: event.on_behalf_of,
            recorded_at: event.recorded_at,
            correlation: event.correlation,
        };
        let verdict = match hidden {
            true => filter.judge_hidden(&glance),
            false => filter.judge(&glance, || readable::facts(&event).ok()),
        };
        match verdict {
            Verdict::Take if args.as_messagepack => Ok(printer.take_stored(frame)),
            Verdict::Take => Ok(printer.take(&EventLine::of(&event, chain, shows_all)?)),
            Verdict::Skip => Ok(ControlFlow::Continue(())),
            Verdict::End => Ok(ControlFlow::Break(())),
        }
    })
}

fn glance(event: &ReadableEvent) -> Glance<'_> {
    Glance {
        position: event.position,
        stream: event.stream,
        version: event.version,
        kind: &event.kind,
        person: event.actor.person,
        on_behalf_of: event.on_behalf_of,
        recorded_at: event.recorded_at,
        correlation: event.correlation,
    }
}

/// Prints lines at once, rows a table at a time.
struct Printer<'a> {
    table: Option<Vec<[String; 6]>>,
    output: &'a mut Output,
}

impl Printer<'_> {
    fn obey(&mut self, verdict: Verdict, line: &EventLine) -> ControlFlow<()> {
        match verdict {
            Verdict::Take => self.take(line),
            Verdict::Skip => ControlFlow::Continue(()),
            Verdict::End => ControlFlow::Break(()),
        }
    }

    fn take(&mut self, line: &EventLine) -> ControlFlow<()> {
        match &mut self.table {
            None => self.output.json_line(line),
            Some(rows) => {
                rows.push(line.row());
                if rows.len() >= TABLE_ROWS {
                    self.print_table();
                }
            }
        }
        if self.output.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Writes a frame as it is: its length is told by what it holds.
    fn take_stored(&mut self, frame: &[u8]) -> ControlFlow<()> {
        self.output.bytes(frame);
        if self.output.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn print_table(&mut self) {
        let Some(rows) = self.table.as_mut().filter(|rows| !rows.is_empty()) else { return };
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(COLUMNS).add_rows(rows.drain(..));
        self.output.line(table.trim_fmt());
    }

    fn finish(&mut self) {
        self.print_table();
    }
}
