//! `caseledger export`.

mod subject;

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use caseledger_events::ids::Position;
use caseledger_log::JournalReader;
use serde_json::json;

use crate::cli::Global;
use crate::event_line::EventLine;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};
use crate::replaying::file::{ExportHead, HeadLine};
use crate::restricted::RestrictedArgs;
use subject::Subject;

/// Copy what happened to a file, oldest first; or everything about one student
///
/// Restricted events (immigration answers, prosecution, Oranga Tamariki, disposals) are left out: position and hash stand in
/// their place. With --restricted they are in it, and in frames they always are: both are for those whom `caseledger access
/// show` names, who are asked for and put on record.
///
/// The file begins with a line that says which ledger, which positions and which hashes it is a copy of; `caseledger
/// replay --file` reads it back. It is complete when it has its name: until then it is called FILE.part.
///
/// With --subject it is one JSON document for the answer to a student's access request: it goes through the service, as
/// National Service Delivery, and is on record. What tells of others is marked in it, and prose is to be read first.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger export events.ndjson            facts for reporting, no names or texts, restricted facts left out
  caseledger export --restricted --token-file auditor.jwt --purpose INQUIRY-7 all.ndjson
  caseledger export --format frames all.clf  every byte as stored, to be checked by its hashes; names and texts sealed
  caseledger export --subject AS-0000017-4 --token-file nsd.jwt bundle.json

Exit codes: 0 done · 1 an event cannot be read · 2 the file is there already · 3 the directory is busy · 4 no such
ledger or case · 5 refused"
)]
pub struct Args {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    to_file: PathBuf,

    /// Lines of JSON, or the frames as stored
    #[arg(long = "format", value_enum, default_value_t = Format::Ndjson)]
    form: Format,

    /// Start at this position
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    from: u64,

    /// Stop after this position
    #[arg(long, value_name = "POSITION", default_value_t = u64::MAX, hide_default_value = true)]
    to: u64,

    /// Instead, everything about one student in one bundle, names and texts in clear: the student of this case, or an id
    #[arg(long, value_name = "CASE", conflicts_with_all = ["form", "from", "to", "restricted"])]
    subject: Option<Subject>,

    #[command(flatten)]
    restricted: RestrictedArgs,
}

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Format {
    /// One event a line, as JSON.
    Ndjson,
    /// MessagePack frames as stored, what is personal in them sealed.
    Frames,
}

/// Copies events to a file.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    if args.to_file.exists() {
        return Err(Failure::new(Exit::Usage, format_args!("{} is there already", args.to_file.display()))
            .next("name another file, or remove this one"));
    }
    if let Some(subject) = &args.subject {
        return subject::run(subject, args, global, output);
    }
    let journal = journal::open(&global.data)?;
    match args.form {
        Format::Frames => args.restricted.take_frames(&global.data)?,
        Format::Ndjson => args.restricted.read(&global.data)?,
    }
    let head = head(args, &journal)?;
    let events = write(args, &journal, &head)?;
    if output.json {
        output.json_line(&json!({"file": args.to_file, "events": events, "export": head}));
    } else {
        let path = args.to_file.display();
        output.line(format_args!("{} in {path}, positions {} to {}", count(events, "event"), head.first, head.last));
        output.line(format_args!("hash {} at position {}", head.chain_hash, head.last));
    }
    Ok(Exit::Ok)
}

fn head(args: &Args, journal: &JournalReader) -> Result<ExportHead, Failure> {
    let (first, last) = (args.from.max(1), args.to.min(journal.last().0));
    if first > last {
        let what =
            format!("there is nothing to export: the log ends at position {}, {first} was asked", journal.last());
        return Err(Failure::new(Exit::NoData, what));
    }
    let identity = journal.identity();
    Ok(ExportHead {
        ledger: identity.ledger.to_string(),
        epoch: identity.epoch.0,
        simulated: journal::is_simulated(journal)?,
        first,
        last,
        chain_before: journal.chain_at(Position(first - 1))?.to_string(),
        chain_hash: journal.chain_at(Position(last))?.to_string(),
        written_by: format!("caseledger {}", env!("CARGO_PKG_VERSION")),
    })
}

/// Writes FILE.part, makes it durable, and gives it its name.
fn write(args: &Args, journal: &JournalReader, head: &ExportHead) -> Result<u64, Failure> {
    let part = part_path(&args.to_file);
    let failed = |error: std::io::Error| Failure::file("write", &part, &error);
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let line = HeadLine { export: head.clone() };
    match args.form {
        Format::Ndjson => put_line(&mut out, &line).map_err(failed)?,
        Format::Frames => {
            let bytes = rmp_serde::to_vec_named(&line).map_err(|error| failed(std::io::Error::other(error)))?;
            out.write_all(&bytes).map_err(failed)?;
        }
    }
    let mut events = 0;
    journal::read(journal, "export", Position(head.first), Position(head.last), |position, frame, chain| {
        match args.form {
            Format::Frames => out.write_all(frame).map_err(failed)?,
            Format::Ndjson => {
                let event = journal::decode(position, frame)?;
                put_line(&mut out, &EventLine::of(&event, chain, args.restricted.restricted)?).map_err(failed)?;
            }
        }
        events += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    name(&file, &part, &args.to_file)?;
    Ok(events)
}

/// Makes what was written durable and gives it its name.
fn name(file: &File, part: &Path, name: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("write", part, &error);
    file.sync_all().map_err(failed)?;
    fs::rename(part, name).map_err(failed)?;
    let folder = name.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn put_line(out: &mut impl Write, line: &impl serde::Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn part_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
