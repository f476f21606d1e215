//! `caseledger demo`.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::path::Path;
use std::time::Duration;

use caseledger_bus::RelayState;
use caseledger_events::dates::start_of_day;
use caseledger_events::ids::Position;
use chrono::Days;
use tokio::time::timeout;

use crate::cli::Global;
use crate::commands::serve::Server;
use crate::commands::verify;
use crate::demo::broker::{self, Broker};
use crate::demo::marker::Played;
use crate::demo::{ports, story};
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::logging;
use crate::output::{Output, count, thousands};
use crate::progress::Progress;
use crate::service::{Missing, Time, sent_everything};
use crate::settings::{Settings, SettingsArgs};
use crate::shutdown::Signals;
use crate::simulate::{self, Address, Client, Options, Summary, Surprise, situation};

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

    /// How many cases to play
    #[arg(long, value_name = "NUMBER", default_value_t = 120)]
    cases: u32,

    /// The seed: the same one plays the same term
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Surprises that are shown; `caseledger simulate` lists them all.
const SURPRISES_SHOWN: usize = 5;

/// Longer than a broker on a busy machine needs to take what the demo has recorded.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(60);

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
    let signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
    let is_new = refuse_real_time(dir)?;
    let style = output.style;
    output.line(style.bold("Case Ledger demo"));
    let age = if is_new { "new" } else { "goes on" };
    output.line(format_args!("  ledger   {} (simulated time, {age})", dir.display()));
    output.flush();
    let broker = start_broker(dir, &mut settings, output).await?;
    if settings.http.listen == Settings::default().http.listen {
        settings.http.listen.set_port(ports::usual_or_free(settings.http.listen.port()));
    }
    // The day before: the first referrals come as the term begins.
    let start = start_of_day(args.options().term.first - Days::new(1));
    let server = Server::start(dir, &settings, Time::Simulated(Some(start)), Missing::Create).await?;
    let url = format!("http://{}", server.address);
    output.line(format_args!("  serving  {url}"));
    output.flush();
    let well = match show(args, dir, &server, &url, is_new, output).await {
        Ok(well) => well,
        Err(failure) => {
            server.stop().await;
            return Err(failure);
        }
    };
    if args.once {
        server.stop().await;
    } else {
        output.line(format_args!("\nServing until Ctrl-C. {}", style.dim("The ledger stays for the next demo.")));
        output.flush();
        server.until(signals).await;
    }
    if let Some(broker) = broker {
        broker.stop().await;
    }
    Ok(if well { Exit::Ok } else { Exit::FoundWrong })
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
async fn show(
    args: &Args,
    dir: &Path,
    server: &Server,
    url: &str,
    is_new: bool,
    output: &mut Output,
) -> Result<bool, Failure> {
    let client = Client::new(Address::Url(url.to_owned()));
    let style = output.style;
    let (played, surprises, when) = match Played::read(dir) {
        Some(played) => (played, Vec::new(), " in the first demo here"),
        None => {
            let (played, surprises) = play(args, &client, is_new).await?;
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
    let sample = story::sample(&client, played.position).await?;
    if let Some(sample) = &sample {
        sample.print(output);
    }
    let holds = check(dir, server, output).await?;
    print_where_to_look(dir, url, sample.as_ref().map(|sample| sample.number.as_str()), output);
    output.flush();
    Ok(holds && surprises.is_empty())
}

/// Plays a term and the situations; a demo that was cut short goes on where it was.
async fn play(args: &Args, client: &Client, is_new: bool) -> Result<(Played, Vec<Surprise>), Failure> {
    let term = play_term(args, client).await?;
    // Situations already begun are told once more, about other students.
    let seed = if is_new { args.seed } else { situation::fresh_seed(client).await? };
    let (tellings, situations) = play_situations(args, seed, client).await?;
    let as_told = tellings.iter().filter(|telling| telling.surprises.is_empty()).count();
    let mut lines = term_lines(&term);
    let all = tellings.len();
    lines.push(format!("{as_told} of {all} situations from people's work went as told (tests/situations)"));
    let position = term.position.max(situations.position);
    let surprises = term.surprises.iter().chain(&situations.surprises).cloned().collect();
    Ok((Played { seed: args.seed, cases: args.cases, lines, position }, surprises))
}

async fn play_term(args: &Args, client: &Client) -> Result<Summary, Failure> {
    let progress = RefCell::new(None);
    let played = simulate::play_into(client, &args.options(), |at| show_progress(&progress, "  playing ", at)).await;
    finish(progress);
    Ok(played?)
}

async fn play_situations(
    args: &Args,
    seed: u64,
    client: &Client,
) -> Result<(Vec<situation::Telling>, Summary), Failure> {
    let progress = RefCell::new(None);
    let library = situation::library().map_err(simulate::SimulateError::from)?;
    let told = |at| show_progress(&progress, "  telling ", at);
    let options = Options { seed, ..args.options() };
    let played = situation::tell_all(client, &library, &options, told).await;
    finish(progress);
    Ok(played?)
}

fn show_progress(bar: &RefCell<Option<Progress>>, what: &'static str, at: simulate::Progress) {
    bar.borrow_mut().get_or_insert_with(|| Progress::new(what, at.total, "actions")).set(at.done);
}

fn finish(bar: RefCell<Option<Progress>>) {
    if let Some(bar) = bar.into_inner() {
        bar.finish();
    }
}

/// Rules that are named one by one.
const RULES_SHOWN: usize = 6;

fn term_lines(term: &Summary) -> Vec<String> {
    let (cases, recorded) = (count(term.cases, "case"), count(term.total_recorded(), "action"));
    let seconds = term.took.as_secs_f64();
    let mut lines = vec![format!("{cases}, {recorded} recorded in {seconds:.1} s ({})", term.title)];
    if term.repeated > 0 {
        lines.push(format!("{} sent again under the same key: recorded once", count(term.repeated, "action")));
    }
    let mut refused: Vec<_> = term.refused.iter().collect();
    refused.sort_by_key(|((rule, code), times)| (Reverse(**times), rule.clone(), code.clone()));
    lines.push(format!("{} refused by a rule, and nothing of them recorded:", count(term.total_refused(), "action")));
    for ((rule, code), times) in refused.iter().take(RULES_SHOWN) {
        lines.push(format!("  {times:>4}  {rule:<4} {code}"));
    }
    let others = refused.iter().skip(RULES_SHOWN);
    let rest: u64 = others.clone().map(|(_, times)| **times).sum();
    if rest > 0 {
        lines.push(format!("  {rest:>4}  for {} more", count(others.count() as u64, "reason")));
    }
    lines
}

/// Checks the log, and that read model and broadcast have caught up.
async fn check(dir: &Path, server: &Server, output: &mut Output) -> Result<bool, Failure> {
    let style = output.style;
    let relay = &server.service.relay_view;
    let _ = timeout(CATCH_UP_LIMIT, sent_everything(relay)).await;
    let status = relay.snapshot();
    let dir = dir.to_owned();
    let verified = tokio::task::spawn_blocking(move || verify::check(&dir)).await;
    let (walk, damage) = verified.map_err(|_| Failure::new(Exit::Internal, "checking the log ended in a panic"))??;
    let (last, chain) = walk.head();
    output.line(format_args!("\n{}", style.bold("Checked")));
    match &damage {
        None => output.line(format_args!(
            "  log        {} hold, hash {}…",
            count(last.0, "event"),
            &chain.to_string()[..16]
        )),
        Some(damage) => output.line(format_args!(
            "  log        {} at position {}: {}",
            style.bad("damage"),
            damage.position,
            damage.what
        )),
    }
    let views = server.service.views();
    for view in &views {
        output.line(format_args!(
            "  {:<10} position {}, lag {}",
            view.view.replace('_', " "),
            thousands(view.position.0),
            view.lag_events
        ));
    }
    let sent = match (&status.state, status.lag_events()) {
        (RelayState::Disabled, _) => "no broker".to_owned(),
        (RelayState::Ok, Some(lag)) => {
            format!("position {}, lag {lag}", thousands(status.stream_last.unwrap_or_default().0))
        }
        (state, _) => style.bad(state),
    };
    output.line(format_args!("  broadcast  {sent}"));
    let is_sent = matches!(status.state, RelayState::Disabled) || status.lag_events() == Some(0);
    Ok(damage.is_none() && is_sent && views.iter().all(|view| view.lag_events == 0))
}

fn print_where_to_look(dir: &Path, url: &str, case: Option<&str>, output: &mut Output) {
    let style = output.style;
    output.line(format_args!("\n{}", style.bold("Where to look")));
    output.line(format_args!("  {url}/docs     every route, to be tried in the browser"));
    output.line(format_args!("  {url}/v1/feed  what happens, live"));
    output.line(format_args!("  {url}/metrics  for Prometheus"));
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let program = match (&program, &here) {
        (Some(program), Some(here)) => program.strip_prefix(here).unwrap_or(program).display().to_string(),
        _ => "caseledger".to_owned(),
    };
    let data = if dir == Path::new("./.caseledger") { String::new() } else { format!(" --data {}", dir.display()) };
    let case = case.unwrap_or("AS-0000001-3");
    output.line(format_args!("\n{}", style.bold("Three commands to copy")));
    output.line(format_args!("  curl -s -H 'Ledger-Actor: {}' {url}/v1/cases/{case}", story::AUDITOR));
    output.line(format_args!("  {program} replay --case {case} --as-table{data}"));
    output.line(format_args!("  {program} verify{data}"));
}

impl Args {
    fn options(&self) -> Options {
        Options { cases: self.cases, seed: self.seed, ..Options::default() }
    }
}
