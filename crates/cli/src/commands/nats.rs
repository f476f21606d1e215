//! `caseledger nats`.

mod add;

use caseledger_bus::{
    ApiError, BusUser, CheckError, CheckReport, Connection, ConsumerState, Endpoint, Filler, LogSource, RebuildError,
    RebuildOptions, RebuildStep, StreamSettings, check, make_consumers, rebuild,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::broker;
use crate::cli::Global;
use crate::demo;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};
use crate::progress::Progress;
use crate::settings::{Nats, SettingsArgs};
use crate::shutdown::Signals;

/// Compare the broadcast with the log, or make it anew
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Check(CheckArgs),
    Rebuild(RebuildArgs),
    Consumer(Box<ConsumerArgs>),
}

/// Compare every message of the stream with the event at its position
///
/// Reads the whole stream as the operator and the journal beside it, also while the server runs. What is not in the
/// stream yet is no difference: the relay sends it.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 the stream is a true copy · 1 it is not · 2 no broker is named · 4 no such ledger · 6 no broker answers"
)]
struct CheckArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Delete the stream, make it again with its consumers, and fill it from the log
///
/// The log keeps everything, so nothing is lost: subscribers go on from the positions they had acknowledged, as far as
/// the log agrees with what they saw. May be run beside the server; run it again if it was broken off.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 2 no broker is named · 4 no such ledger · 6 no broker answers · 70 broken off"
)]
struct RebuildArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Make the durable consumers that are listed and missing, and say how each stands
///
/// Nothing that stands is changed. The list is consumers.toml, or the file named with --nats-consumers-file;
/// `nats consumer add NAME` adds one to it.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 all stand as listed · 1 one differs · 2 no broker is named · 6 no broker answers"
)]
struct ConsumerArgs {
    #[command(subcommand)]
    what: Option<ConsumerWhat>,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(clap::Subcommand)]
enum ConsumerWhat {
    Add(add::Args),
}

/// Runs one of the three.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let runtime = crate::runtime()?;
    let nats = |settings: &SettingsArgs| settings_of(settings, global);
    match &args.what {
        What::Check(args) => runtime.block_on(compare(&nats(&args.settings)?, global, output)),
        What::Rebuild(args) => runtime.block_on(anew(&nats(&args.settings)?, global, output)),
        What::Consumer(args) => match &args.what {
            Some(ConsumerWhat::Add(add)) => runtime.block_on(add::run(add, &nats(&add.settings)?, output)),
            None => runtime.block_on(consumers(&nats(&args.settings)?, output)),
        },
    }
}

/// Returns how to reach the broker: as the settings say, else the one a demo started beside the ledger.
fn settings_of(settings: &SettingsArgs, global: &Global) -> Result<Nats, Failure> {
    let nats = settings.resolve(&global.data)?.nats;
    Ok(if nats.url.is_empty() { demo::broker::beside(&global.data).unwrap_or(nats) } else { nats })
}

fn endpoint(nats: &Nats, user: BusUser) -> Result<Endpoint, Failure> {
    broker::endpoint(nats, user).ok_or_else(|| {
        Failure::new(Exit::Usage, "no broker is named")
            .next("name it with --nats-url nats://host:port (and --nats-creds-dir), or in the settings file")
    })
}

fn log(global: &Global) -> Result<LogSource, Failure> {
    Ok(LogSource::from(journal::open(&global.data)?))
}

async fn compare(nats: &Nats, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let log = log(global)?;
    let connection = Connection::open(&endpoint(nats, BusUser::Operator)?).await?;
    let mut progress = Progress::events("nats check", log.last().0);
    let report = check(&log, &connection, StreamSettings::default(), |at, _| progress.set(at.0)).await;
    progress.finish();
    connection.close().await;
    let report = report?;
    if output.json {
        print_json(&report, output)
    } else {
        print_text(&report, output)
    }
    Ok(if report.is_clean() { Exit::Ok } else { Exit::FoundWrong })
}

fn print_json(report: &CheckReport, output: &mut Output) {
    let differences: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    output.json_line(&json!({
        "true_copy": report.is_clean(), "stream_last": report.stream_last, "log_last": report.log_last,
        "compared": report.compared, "differences": differences, "further": report.further,
    }));
}

fn print_text(report: &CheckReport, output: &mut Output) {
    let style = output.style;
    for difference in &report.differences {
        output.line(format_args!("{} {difference}", style.bad("differs:")));
    }
    if report.further > 0 {
        output.line(format_args!("and {} more", count(report.further, "difference")));
    }
    let behind = report.log_last.0.saturating_sub(report.stream_last.0);
    let waiting = if behind == 0 { String::new() } else { format!("; {} not sent yet", count(behind, "event")) };
    let compared = count(report.compared, "message");
    match report.is_clean() {
        true => output.line(format_args!(
            "{} {compared} compared, each is the event at its position{waiting}",
            style.good("ok:")
        )),
        false => {
            output.line(format_args!("{} {compared} compared{waiting}", style.bad("not ok:")));
            output.line("next: `caseledger nats rebuild` makes the stream anew from the log");
        }
    }
}

async fn anew(nats: &Nats, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let log = log(global)?;
    let options = RebuildOptions {
        operator: endpoint(nats, BusUser::Operator)?,
        filler: Filler::Own(endpoint(nats, BusUser::Relay)?),
        stream: StreamSettings::default(),
        consumers: broker::consumers(nats)?,
        notes: global.data.join("nats-rebuild.json"),
    };
    let stop = CancellationToken::new();
    let mut signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
    let asked = stop.clone();
    tokio::spawn(async move {
        signals.next().await;
        asked.cancel();
        signals.end_at_once_on_next();
    });
    let mut progress = Progress::events("nats rebuild", log.last().0);
    let rebuilt = rebuild(&log, &options, &stop, |step| match step {
        RebuildStep::Filling { at, .. } => progress.set(at.0),
        step => say(&step, output),
    })
    .await;
    progress.finish();
    rebuilt?;
    if !output.json {
        output.line(format_args!("{} the stream holds positions 1 to {}", output.style.good("ok:"), log.last()));
    }
    Ok(Exit::Ok)
}

fn say(step: &RebuildStep, output: &mut Output) {
    let json = output.json;
    match step {
        RebuildStep::Noted { consumers } if json => output.json_line(&json!({"step": "noted", "consumers": consumers})),
        RebuildStep::Noted { consumers } => {
            for (name, position) in consumers {
                output.line(format_args!("consumer {name} had acknowledged up to position {position}"));
            }
        }
        RebuildStep::Made if json => output.json_line(&json!({"step": "made"})),
        RebuildStep::Made => output.line("the old stream is gone, an empty one stands"),
        RebuildStep::Consumer { name, after } if json => {
            output.json_line(&json!({"step": "consumer", "name": name, "after": after}));
        }
        RebuildStep::Consumer { name, after } => {
            output.line(format_args!("consumer {name} goes on after position {after}"));
        }
        RebuildStep::Filling { .. } => {}
    }
    output.flush();
}

async fn consumers(nats: &Nats, output: &mut Output) -> Result<Exit, Failure> {
    let specs = broker::consumers(nats)?;
    let connection = Connection::open(&endpoint(nats, BusUser::Operator)?).await?;
    let states = make_consumers(&connection, &specs).await;
    connection.close().await;
    let states = states.map_err(unavailable)?;
    for (name, state) in &states {
        match output.json {
            true => output.json_line(&json!({"consumer": name, "state": state.to_string()})),
            false => output.line(format_args!("{name}: {state}")),
        }
    }
    Ok(exit_of(&states))
}

fn exit_of(states: &[(String, ConsumerState)]) -> Exit {
    let differs = states.iter().any(|(_, state)| matches!(state, ConsumerState::Differs(_)));
    if differs { Exit::FoundWrong } else { Exit::Ok }
}

fn unavailable(error: ApiError) -> Failure {
    Failure::new(Exit::Unavailable, error)
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Failure {
        let exit = match &error {
            CheckError::NoStream => Exit::NoData,
            CheckError::Api(_) | CheckError::Stalled { .. } => Exit::Unavailable,
            CheckError::Log(_) => Exit::FoundWrong,
        };
        Failure::new(exit, error)
    }
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Failure {
        match error {
            RebuildError::Connect(error) => error.into(),
            error @ (RebuildError::Api(_) | RebuildError::Unknown(_)) => Failure::new(Exit::Unavailable, error),
            error => Failure::new(Exit::Internal, error),
        }
    }
}
