//! `caseledger views build`: read models of facts from the journal, as of now or of a moment, in a directory of their own.

use std::path::PathBuf;
use std::str::FromStr;

use caseledger_events::ids::Position;

use super::estimate;
use crate::apart::crew::Crew;
use crate::apart::journal::{FromJournal, Until};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::when::When;

/// Build read models from the journal into a directory of their own, as of now or of a moment of the past
///
/// Reads the journal alone, also while a server runs, decodes each event once for all of them, and writes each with a
/// thread of its own. The files hold facts; the case view, which holds what is personal, is built by the service.
/// A build that is broken off goes on with the next one.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 1 a read model stopped before an event · 4 no such ledger or read model"
)]
pub struct BuildArgs {
    /// The read models; without it all that can be built so
    pub(super) views: Vec<String>,

    /// Directory for the files
    #[arg(long, value_name = "DIR")]
    pub(super) into: PathBuf,

    /// As known at this position, at the end of this day (New Zealand), or at this instant; now when nothing is said
    #[arg(long, value_name = "MOMENT")]
    at: Option<Moment>,

    /// Only say what it will take: events, time, space
    #[arg(long)]
    dry_run: bool,
}

/// A moment of the past: a position or a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    Position(u64),
    Time(When),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        match text.parse() {
            Ok(position) => Ok(Moment::Position(position)),
            Err(_) => text.parse().map(Moment::Time),
        }
    }
}

impl BuildArgs {
    fn until(&self) -> Until {
        match self.at {
            None => Until::default(),
            Some(Moment::Position(position)) => Until { position: Some(Position(position)), recorded: None },
            Some(Moment::Time(when)) => Until { position: None, recorded: Some(when.end()) },
        }
    }
}

/// Builds them.
pub(super) fn run(args: &BuildArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let until = args.until();
    let journal = FromJournal::open(global.data.clone(), until)?;
    let head = journal.end()?;
    if args.dry_run {
        return estimate::tell(args, &journal, head, output);
    }
    let mut crew = Crew::open(&args.into, &args.views, journal.journal().identity(), head)?;
    let beyond = crew.stand_at().into_iter().find(|(at, _)| *at > head);
    if let Some((at, _)) = beyond {
        return Err(Failure::new(
            Exit::Usage,
            format_args!("the files there hold the history up to {at}, past {head}"),
        )
        .next("build a moment of the past --into an empty directory"));
    }
    let known: Vec<_> = crew.stand_at().into_iter().map(|(at, _)| (at, journal.chain_at(at))).collect();
    crew.settle(&known)?;
    let mut progress = Progress::events("building", head.0);
    journal.read(crew.next(), |chunk| {
        crew.take(chunk)?;
        progress.set(chunk.last().unwrap_or_default().0);
        Ok(crew.goes_on())
    })?;
    progress.finish();
    let status = crew.status();
    crew.close();
    for view in &status {
        let reason = view.reason.as_deref().map_or(String::new(), |reason| format!(", stopped: {reason}"));
        match output.json {
            true => output.json_line(view),
            false => output.line(format_args!("{}: position {}{reason}; {}", view.view, view.position, view.file)),
        }
    }
    Ok(if status.iter().any(|view| view.stopped_at.is_some()) { Exit::FoundWrong } else { Exit::Ok })
}
