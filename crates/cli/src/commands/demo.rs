//! `caseledger demo`.

use std::path::Path;

use caseledger_events::dates::start_of_day;
use caseledger_events::ids::Position;
use caseledger_log::DirLock;
use chrono::Days;

use crate::cli::Global;
use crate::demo::broker::{self, Broker};
use crate::demo::marker::Played;
use crate::demo::play::play;
use crate::demo::{look, ports, story};
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::logging;
use crate::output::Output;
use crate::server::Server;
use crate::service::{Missing, Time};
use crate::settings::{Settings, SettingsArgs};
use crate::shutdown::Signals;
use crate::simulate::{self, Address, Client, Options};

/// Show it: a broker, a term of cases through the public interface, and where to look
///
/// Plays a realistic term on simulated time into a ledger of its own, some actions refused as the rules say, then the
/// situations people described, and serves the result until Ctrl-C. A second demo in the same directory goes on with
/// what is there. Nothing but nats-server is started, and that ends with the demo; without one it runs all the same.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger demo
  caseledger demo --once --data /tmp/demo    play, check, end: 0 when everything holds

Exit codes: 0 done · 1 something is not as it should be · 2 the directory holds a ledger on real time · 3 it is in use"
)]
pub struct Args {
    /// End when the term is played and everything is checked
    #[arg(long)]
    once: bool,

    /// How many cases to play; 120 when nothing is said
    #[arg(long, value_name = "NUMBER")]
    cases: Option<u32>,

    /// The seed: the same one plays the same term; 1 when nothing is said
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// How many cases are played when nothing is said.
const CASES: u32 = 120;

/// The seed when nothing is said.
const SEED: u64 = 1;

/// Surprises that are shown; `caseledger simulate` lists them all.
const SURPRISES_SHOWN: usize = 5;

/// Starts, plays, shows, serves.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let mut settings = args.settings.resolve(&global.data)?;
    if settings.logging.level == "info" {
        // The demo says itself what happens.
        settings.logging.level = "error".to_owned();
    }
    logging::start(&settings.logging)?;
    crate::runtime()?.block_on(demo(args, &global.data, settings, output))
}

async fn demo(args: &Args, dir: &Path, mut settings: Settings, output: &mut Output) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
    let is_new = refuse_other_uses(dir)?;
    let style = output.style;
    output.line(style.bold("Case Ledger demo"));
    let age = if is_new { "new" } else { "goes on" };
    output.line(format_args!("  ledger   {} (simulated time, {age})", dir.display()));
    output.flush();
    let broker = start_broker(dir, &mut settings, output).await?;
    if settings.http.listen == Settings::default().http.listen {
        settings.http.listen.set_port(ports::usual_or_free(settings.http.listen.port()));
    }
    if settings.access.first_operator.is_empty() {
        // Everybody of the demo acts by a grant, as in a service people use.
        settings.access.first_operator = simulate::FIRST_OPERATOR.to_owned();
    }
    // The day before: the first referrals come as the term begins.
    let start = start_of_day(args.options().span.first() - Days::new(1));
    let server = Server::start(dir, &settings, Time::Simulated(Some(start)), Missing::Create).await?;
    let shown = tokio::select! {
        shown = show(args, dir, &server, is_new, output) => shown,
        which = signals.next() => {
            // A play that is cut short goes on with the next demo.
            end(server, broker).await;
            std::process::exit(which.exit_code());
        }
    };
    let Ok(well) = shown else {
        end(server, broker).await;
        return shown.map(|_| Exit::Ok);
    };
    if !args.once {
        output.line(format_args!("\nServing until Ctrl-C. {}", style.dim("The ledger stays for the next demo.")));
        output.flush();
        signals.next().await;
        signals.end_at_once_on_next();
    }
    end(server, broker).await;
    Ok(if well { Exit::Ok } else { Exit::FoundWrong })
}

/// Ends what was started; the broker last, so that it is sent everything.
async fn end(server: Server, broker: Option<Broker>) {
    server.stop().await;
    if let Some(broker) = broker {
        broker.stop().await;
    }
}

/// Refuses a directory that is in use or holds somebody's real ledger; returns whether there is no ledger yet.
fn refuse_other_uses(dir: &Path) -> Result<bool, Failure> {
    if dir.exists() {
        // Taken for a moment: the broker beside a demo that runs must not be touched.
        drop(DirLock::acquire(dir)?);
    }
    refuse_real_time(dir)
}

/// Refuses a directory that holds somebody's real ledger; returns whether there is none yet.
fn refuse_real_time(dir: &Path) -> Result<bool, Failure> {
    let journal = match journal::open(dir) {
        Err(failure) if failure.exit == Exit::NoData => return Ok(true),
        journal => journal?,
    };
    if journal.last() == Position(0) || journal::is_simulated(&journal)? {
        return Ok(journal.last() == Position(0));
    }
    Err(Failure::new(
        Exit::Usage,
        format_args!("{} holds a ledger on real time; no demo is played into it", dir.display()),
    )
    .next("name another directory: caseledger demo --data ./demo"))
}

/// Starts a broker beside the ledger, unless the settings name one or none is to be had.
async fn start_broker(dir: &Path, settings: &mut Settings, output: &mut Output) -> Result<Option<Broker>, Failure> {
    if !settings.nats.url.is_empty() {
        output.line(format_args!("  broker   {} (as the settings say)", settings.nats.url));
        return Ok(None);
    }
    let found = match broker::find() {
        Ok(found) => found,
        Err(why) => {
            output.line(format_args!("  broker   none, so nothing is broadcast: {why}"));
            return Ok(None);
        }
    };
    let broker = Broker::start(&found, dir).await?;
    output.line(format_args!("  broker   nats-server {} on {}", found.version, broker.url()));
    settings.nats = broker.settings();
    Ok(Some(broker))
}

/// Plays, then shows what came of it; returns whether everything is as it should be.
async fn show(args: &Args, dir: &Path, server: &Server, is_new: bool, output: &mut Output) -> Result<bool, Failure> {
    let url = format!("http://{}", server.address);
    output.line(format_args!("  serving  {url}"));
    output.flush();
    let client = Client::new(Address::Url(url.clone()));
    let style = output.style;
    let (played, surprises, when) = match Played::read(dir) {
        Some(played) => {
            if let Some(passed_over) = args.passed_over(&played) {
                output.line(format_args!("  {}     {passed_over}", style.bad("note")));
            }
            (played, Vec::new(), " in the first demo here")
        }
        None => {
            let (played, surprises) = play(&args.options(), &client, is_new).await?;
            (played, surprises, "")
        }
    };
    output.line(format_args!("\n{}{when}", style.bold("What happened")));
    played.lines.iter().for_each(|line| output.line(format_args!("  {line}")));
    for surprise in surprises.iter().take(SURPRISES_SHOWN) {
        output.line(format_args!("  {} {surprise}", style.bad("not as told:")));
    }
    if surprises.is_empty() {
        played.write(dir)?;
    }
    simulate::grants::to_the_cast(&client).await?;
    let sample = story::sample(&client, played.position).await?;
    if let Some(sample) = &sample {
        sample.print(output);
    }
    let holds = look::check(dir, server, output).await?;
    match args.once {
        true => look::print_what_is_left(dir, sample.as_ref(), output),
        false => look::print_where_to_look(dir, &url, sample.as_ref(), output),
    }
    output.flush();
    Ok(holds && surprises.is_empty())
}

impl Args {
    fn options(&self) -> Options {
        Options { cases: self.cases.unwrap_or(CASES), seed: self.seed.unwrap_or(SEED), ..Options::default() }
    }

    /// Returns what was asked for of a term, where one of another size or seed is played already.
    fn passed_over(&self, played: &Played) -> Option<String> {
        let cases = self.cases.filter(|&cases| cases != played.cases).map(|_| "--cases");
        let seed = self.seed.filter(|&seed| seed != played.seed).map(|_| "--seed");
        let asked: Vec<&str> = cases.into_iter().chain(seed).collect();
        (!asked.is_empty()).then(|| {
            let (asked, Played { cases, seed, .. }) = (asked.join(" and "), played);
            format!("{asked} passed over: a term of {cases} cases with seed {seed} is played here already; name another --data for another")
        })
    }
}
