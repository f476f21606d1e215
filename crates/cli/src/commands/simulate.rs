//! `caseledger simulate`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};
use crate::progress;
use crate::running;
use crate::settings::SettingsArgs;
use crate::simulate::import::Asked;
use crate::simulate::situation::{self, Named, Telling};
use crate::simulate::{self, Address, Client, Options, SimulateError, Span, Summary, TERMS, Term, YEARS, Year};

/// Play a realistic school term or year, or situations people know, into a ledger created for simulation
///
/// Schools refer, the register notifies, providers work their cases, agencies answer, people make mistakes that the rules
/// refuse; all on simulated time. A term and situations go through the public HTTP API. A year goes at full speed into a
/// directory that no server runs on (made where there is none), through the same rules and the same seals; with a server,
/// --url or --rate it goes through HTTP as well. The same seed sends the same commands under the same keys, so a play
/// that was cut short goes on when it is started again. Commands without an answer are tried again under their key.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  caseledger serve --data ./trial --simulated 2026-04-19 &
  caseledger simulate --data ./trial --cases 500 --seed 7 --receipts receipts.ndjson
  caseledger simulate --data ./year --year 2026 --cases 65000        3 million events, imported in a minute
  caseledger simulate --data ./trial --situations                    all of them
  caseledger simulate --data ./trial --situations moved-to-australia closed-stays-closed

Exit codes: 0 every answer was the one expected · 1 some were not, they are listed · 2 there is no such term or
situation · 5 the ledger runs on real time · 6 no answer from the server")]
pub struct Args {
    /// Base URL of the server; without it, the address in the data directory
    #[arg(long = "url", value_name = "URL")]
    base_url: Option<String>,

    /// How many cases; 100, and of an imported year as many as the ledger's policy plans a year (Q35)
    #[arg(long, value_name = "N")]
    cases: Option<u32>,

    /// What chance depends on; situations without it get a new one at every play
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,

    /// School term: 2026-T2, 2026-T3 or 2026-T4
    #[arg(long, value_name = "TERM", default_value = TERMS[0].name, value_parser = term)]
    term: Term,

    /// Play a whole school year: 2026
    #[arg(long, value_name = "YEAR", value_parser = year, conflicts_with_all = ["term", "situations"])]
    year: Option<Year>,

    /// Commands a second at most
    #[arg(long, value_name = "R")]
    rate: Option<f64>,

    /// Commands under way at once
    #[arg(long, value_name = "N", default_value_t = 8)]
    clients: usize,

    /// Seconds a command is tried again while the server does not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience_seconds: u64,

    /// Append every receipt to this file, for `caseledger verify --receipts`
    #[arg(long, value_name = "FILE")]
    receipts: Option<PathBuf>,

    /// Play these situations instead of a term; all where none is named
    #[arg(long, value_name = "NAME", num_args = 0..)]
    situations: Option<Vec<String>>,

    #[command(flatten)]
    settings: SettingsArgs,
}

fn term(name: &str) -> Result<Term, String> {
    let names: Vec<&str> = TERMS.iter().map(|term| term.name).collect();
    Term::named(name).ok_or_else(|| format!("the dates of that term are not known; one of {}", names.join(", ")))
}

fn year(name: &str) -> Result<Year, String> {
    let names: Vec<&str> = YEARS.iter().map(|year| year.name).collect();
    Year::named(name).ok_or_else(|| format!("the terms of that year are not known; one of {}", names.join(", ")))
}

/// Plays.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let span = args.year.map_or(Span::Term(args.term), Span::Year);
    let through_http = args.base_url.is_some() || args.rate.is_some() || running::is_running(&global.data);
    if args.year.is_some() && !through_http {
        return import_year(args, span, global, output);
    }
    let address = match &args.base_url {
        Some(url) => Address::Url(url.clone()),
        None => Address::Dir(running_on(&global.data)?),
    };
    let options = Options {
        cases: args.cases.unwrap_or(Options::default().cases),
        seed: args.seed.unwrap_or(Options::default().seed),
        span,
        rate: args.rate,
        clients: args.clients,
        receipts: args.receipts.clone(),
    };
    let client = Client::new(address).with_patience(Duration::from_secs(args.patience_seconds));
    match &args.situations {
        None => play_term(&client, &options, output),
        Some(names) => play_situations(&client, options, args.seed, names, output),
    }
}

/// Refuses at once where no server runs: waiting is for one that went away in the middle of a play.
fn running_on(dir: &Path) -> Result<PathBuf, Failure> {
    if running::is_running(dir) {
        return Ok(dir.to_owned());
    }
    Err(Failure::new(Exit::Unavailable, format_args!("no server runs on {}", dir.display()))
        .next(format_args!("caseledger serve --data {} --simulated 2026-04-19", dir.display())))
}

/// Imports a year: nobody waits for a single answer, so there are no receipts to keep.
fn import_year(args: &Args, span: Span, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    if args.receipts.is_some() {
        return Err(Failure::new(Exit::Usage, "an import gives no receipts to keep")
            .next("leave --receipts out, or play the year through HTTP: start a server on the directory first"));
    }
    let seed = args.seed.unwrap_or(Options::default().seed);
    let settings = args.settings.resolve(&global.data)?;
    let days = (span.last() - span.first()).num_days();
    let mut bar = progress::Progress::new("importing", days.unsigned_abs(), "days");
    let asked = Asked { cases: args.cases, seed, span };
    let summary = simulate::import::run(&global.data, &settings, asked, |day| {
        bar.set((day - span.first()).num_days().unsigned_abs());
    })?;
    bar.finish();
    say(&summary, output);
    Ok(exit(&summary))
}

fn say(summary: &Summary, output: &mut Output) {
    if output.json { output.json_line(&summary.json()) } else { output.line(summary) }
}

fn play_term(client: &Client, options: &Options, output: &mut Output) -> Result<Exit, Failure> {
    let bar = Bar::new("playing");
    let summary = crate::runtime()?.block_on(simulate::play_into(client, options, |p| bar.set(p)))?;
    bar.finish();
    say(&summary, output);
    Ok(exit(&summary))
}

fn play_situations(
    client: &Client,
    mut options: Options,
    seed: Option<u64>,
    names: &[String],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let situations = chosen(names)?;
    let bar = Bar::new("situations");
    let (tellings, summary) = crate::runtime()?.block_on(async {
        options.seed = match seed {
            Some(seed) => seed,
            None => situation::fresh_seed(client).await?,
        };
        situation::tell_all(client, &situations, &options, |p| bar.set(p)).await
    })?;
    bar.finish();
    for telling in &tellings {
        tell(telling, output);
    }
    say(&summary, output);
    Ok(exit(&summary))
}

fn chosen(names: &[String]) -> Result<Vec<Named>, Failure> {
    let all = situation::library().map_err(SimulateError::from)?;
    for name in names {
        if !all.iter().any(|named| named.name == name) {
            let known: Vec<&str> = all.iter().map(|named| named.name).collect();
            return Err(Failure::new(Exit::Usage, format_args!("there is no situation `{name}`"))
                .next(format_args!("one of: {}", known.join(", "))));
        }
    }
    Ok(all.into_iter().filter(|named| names.is_empty() || names.iter().any(|name| name == named.name)).collect())
}

fn tell(telling: &Telling, output: &mut Output) {
    let Telling { name, title, steps, surprises } = telling;
    if output.json {
        let surprises: Vec<String> = surprises.iter().map(ToString::to_string).collect();
        output.json_line(&json!({"situation": name, "title": title, "steps": steps, "surprises": surprises}));
        return;
    }
    let style = output.style;
    let mark = if surprises.is_empty() { style.good("as told") } else { style.bad("NOT as told") };
    output.line(format_args!(
        "{mark}  {title} {}",
        style.dim(format_args!("({name}, {})", count(*steps as u64, "step")))
    ));
}

fn exit(summary: &Summary) -> Exit {
    if summary.surprised == 0 { Exit::Ok } else { Exit::FoundWrong }
}

/// Progress of a play, whose length is known with its first step.
struct Bar {
    what: &'static str,
    shown: RefCell<Option<progress::Progress>>,
}

impl Bar {
    fn new(what: &'static str) -> Bar {
        Bar { what, shown: RefCell::new(None) }
    }

    fn set(&self, now: simulate::Progress) {
        let mut shown = self.shown.borrow_mut();
        shown.get_or_insert_with(|| progress::Progress::events(self.what, now.total)).set(now.done);
    }

    fn finish(self) {
        if let Some(shown) = self.shown.into_inner() {
            shown.finish();
        }
    }
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Failure {
        let exit = match &error {
            SimulateError::Client(_) | SimulateError::Busy { .. } => Exit::Unavailable,
            SimulateError::RealTime
            | SimulateError::Clock { .. }
            | SimulateError::Reference { .. }
            | SimulateError::Grants { .. } => Exit::Refused,
            SimulateError::Situation(_) | SimulateError::TermIsOver { .. } => Exit::Usage,
            SimulateError::Receipts(_) => Exit::Internal,
        };
        let next = match &error {
            SimulateError::RealTime => Some("caseledger serve --data ./trial --simulated 2026-04-19"),
            SimulateError::Client(_) | SimulateError::Busy { .. } => {
                Some("start the same play again when the server answers: it goes on where it stopped")
            }
            _ => None,
        };
        let failure = Failure::new(exit, &error);
        match next {
            Some(next) => failure.next(next),
            None => failure,
        }
    }
}
