//! `caseledger worker`: read models on any machine, from the journal, over HTTP, or from the broadcast alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caseledger_bus::BusUser;
use caseledger_events::ids::Position;
use caseledger_views::Apart;
use clap::ValueEnum;
use futures::FutureExt;

use crate::apart::chunk::Chunk;
use crate::apart::crew::{Crew, HandStatus};
use crate::apart::http::FromHttp;
use crate::apart::journal::{FromJournal, Until};
use crate::apart::nats::{self, FromNats};
use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, thousands};
use crate::progress::Progress;
use crate::settings::{Nats, SettingsArgs};
use crate::shutdown::Signals;
use crate::{broker, demo};

/// Keep read models on this machine, from the journal, over HTTP, or from the broadcast
///
/// Writes SQLite files of facts that any tool opens. Each event is taken exactly once: rows and position change in one
/// transaction, and a worker that is killed goes on where its files stand. A read model that meets an event it cannot
/// take stops before it and says so in worker.json; the others go on. From the broadcast those are built that need
/// public facts alone, service levels and work queue; the audit trail needs the journal or HTTP.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger worker --from journal --into ./models              all of them, beside a server
  caseledger worker --views service_levels --from nats --into ./models --nats-url nats://127.0.0.1:4222
  caseledger worker --from http --url http://127.0.0.1:8400 --into ./models --once

Exit codes: 0 ended, or all caught up with --once · 1 a read model stopped before an event · 4 no such ledger or read model · 5 refused · 6 no answer"
)]
pub struct Args {
    /// The read models, separated by commas; without it all that can be built so
    #[arg(long, value_name = "VIEWS", value_delimiter = ',')]
    views: Vec<String>,

    /// Where events come from
    #[arg(id = "origin", long = "from", value_name = "ORIGIN")]
    from: Origin,

    /// Directory for the files
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// The service, for --from http
    #[arg(id = "service", long = "url", value_name = "URL", required_if_eq("origin", "http"))]
    url: Option<String>,

    /// End when all events that are there now are taken
    #[arg(long)]
    once: bool,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Where events come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Origin {
    /// The journal of --data, also while a server owns it
    Journal,
    /// GET /v1/events of a service
    Http,
    /// The stream of a broker, public facts alone
    Nats,
}

/// The file that says how the read models stand.
const STATUS: &str = "worker.json";
/// How often it is written while much comes in.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// How long it is slept where nothing is new.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Feeds the read models until a signal ends it, or everything is taken.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    crate::runtime()?.block_on(async {
        let signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
        let crew = match args.from {
            Origin::Journal => from_journal(args, global, signals).await?,
            Origin::Http => from_http(args, signals).await?,
            Origin::Nats => from_nats(args, global, signals).await?,
        };
        let status = crew.status();
        crew.close();
        Ok(told(&status, output))
    })
}

async fn from_journal(args: &Args, global: &Global, mut signals: Signals) -> Result<Crew, Failure> {
    let mut journal = FromJournal::open(global.data.clone(), Until::default())?;
    let head = journal.journal().last();
    let mut feeding = Feeding::open(args, journal.journal().identity(), head)?;
    let known: Vec<_> = feeding.crew.stand_at().into_iter().map(|(at, _)| (at, journal.chain_at(at))).collect();
    feeding.crew.settle(&known)?;
    while feeding.goes_on() {
        // What reads and writes files waits for them; a signal is looked for between two chunks.
        let mut ended = false;
        journal.read(feeding.crew.next(), |chunk| {
            feeding.take(chunk)?;
            ended = is_ended(&mut signals);
            Ok(!ended && feeding.crew.goes_on())
        })?;
        if ended || wait(&mut signals, LOOK_EVERY).await {
            break;
        }
        journal.look()?;
    }
    feeding.finish()
}

async fn from_http(args: &Args, mut signals: Signals) -> Result<Crew, Failure> {
    let http = FromHttp::new(args.url.as_deref().unwrap_or_default(), args.asking.read()?);
    let (identity, head) = http.ledger().await?;
    let mut feeding = Feeding::open(args, identity, head)?;
    let mut known = Vec::new();
    for (at, _) in feeding.crew.stand_at() {
        known.push((at, http.chain_at(at).await?));
    }
    feeding.crew.settle(&known)?;
    let mut ended = false;
    while !ended && feeding.goes_on() {
        let next = feeding.crew.next();
        let after = Position(next.0 - 1);
        let chain = http.chain_at(after).await?.unwrap_or(caseledger_proof::Hash::ZERO);
        let mut frames = http.frames(after, chain).await?;
        while !ended && let Some(chunk) = frames.next().await? {
            feeding.take(&chunk)?;
            ended = is_ended(&mut signals) || !feeding.crew.goes_on();
        }
        ended = ended || wait(&mut signals, LOOK_EVERY).await;
    }
    feeding.finish()
}

async fn from_nats(args: &Args, global: &Global, mut signals: Signals) -> Result<Crew, Failure> {
    let settings = args.settings.resolve(&global.data)?.nats;
    let settings =
        if settings.url.is_empty() { demo::broker::beside(&global.data).unwrap_or(settings) } else { settings };
    let nats = FromNats::open(&endpoint(&settings)?).await?;
    let mut feeding = Feeding::open(args, nats.identity(), nats.head())?;
    let mut known = Vec::new();
    for (at, _) in feeding.crew.stand_at() {
        known.push((at, nats.chain_at(at).await?));
    }
    feeding.crew.settle(&known)?;
    let mut follower = nats.follow(feeding.crew.next()).await?;
    while feeding.goes_on() {
        let chunk = tokio::select! {
            chunk = nats::next(&mut follower) => chunk?,
            _ = signals.next() => break,
        };
        feeding.take(&chunk)?;
    }
    nats.close().await;
    feeding.finish()
}

fn endpoint(nats: &Nats) -> Result<caseledger_bus::Endpoint, Failure> {
    broker::endpoint(nats, BusUser::Projector).ok_or_else(|| {
        Failure::new(Exit::Usage, "no broker is named")
            .next("name it with --nats-url nats://host:port (and --nats-creds-dir), or in the settings file")
    })
}

/// The crew at work: how far, until when, and what its status file says.
struct Feeding {
    crew: Crew,
    into: PathBuf,
    /// The head when it began: where `--once` ends.
    until: Option<Position>,
    progress: Progress,
    written: Instant,
}

impl Feeding {
    fn open(args: &Args, identity: caseledger_log::LedgerIdentity, head: Position) -> Result<Feeding, Failure> {
        let views = if args.views.is_empty() && args.from == Origin::Nats {
            Apart::public_names().into_iter().map(str::to_owned).collect()
        } else {
            args.views.clone()
        };
        let crew = Crew::open(&args.into, &views, identity, head)?;
        let feeding = Feeding {
            crew,
            into: args.into.clone(),
            until: args.once.then_some(head),
            progress: Progress::events("building", head.0),
            written: Instant::now(),
        };
        feeding.write_status()?;
        Ok(feeding)
    }

    fn take(&mut self, chunk: &Chunk) -> Result<(), Failure> {
        self.crew.take(chunk)?;
        self.progress.set(self.crew.next().0 - 1);
        if self.written.elapsed() >= STATUS_EVERY {
            self.write_status()?;
            self.written = Instant::now();
        }
        Ok(())
    }

    fn goes_on(&self) -> bool {
        self.crew.goes_on() && self.until.is_none_or(|until| self.crew.next() <= until)
    }

    fn finish(self) -> Result<Crew, Failure> {
        self.write_status()?;
        self.progress.finish();
        Ok(self.crew)
    }

    fn write_status(&self) -> Result<(), Failure> {
        write(&self.into.join(STATUS), &self.crew.status())
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, status: &[HandStatus]) -> Result<(), Failure> {
    let fresh = path.with_extension("json.new");
    let text = serde_json::to_vec_pretty(&serde_json::json!({ "views": status })).unwrap_or_default();
    let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    written.map_err(|error| Failure::file("write", path, &error))
}

fn told(status: &[HandStatus], output: &mut Output) -> Exit {
    for view in status {
        if output.json {
            output.json_line(view);
            continue;
        }
        let (at, head) = (thousands(view.position.0), thousands(view.head.0));
        let reason = view.reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
        let rate = thousands(view.events_per_second);
        output.line(format_args!(
            "{} is {}{reason}, at {at} of {head}, {rate} events/s; {}",
            view.view, view.state, view.file
        ));
    }
    if status.iter().any(|view| view.stopped_at.is_some()) { Exit::FoundWrong } else { Exit::Ok }
}

/// Returns whether a signal came.
fn is_ended(signals: &mut Signals) -> bool {
    signals.next().now_or_never().is_some()
}

/// Waits a while; returns whether a signal came.
async fn wait(signals: &mut Signals, long: Duration) -> bool {
    tokio::time::timeout(long, signals.next()).await.is_ok()
}
