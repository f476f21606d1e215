//! The whole service on one data directory: log, blind index, views, relay, HTTP; opened, run, and closed in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use caseledger_bus::{RelayState, RelayView};
use caseledger_events::dates::Timestamp;
use caseledger_events::world::World;
use caseledger_http::axum::Router;
use caseledger_http::{
    Admissions, AppState, CaseStudents, Glass, HeaderSignIn, HttpSettings, Limits, Metrics, Parts, ViewIndex,
};
use caseledger_identity::Verifier;
use caseledger_log::{AccessLog, Ledger, LedgerOptions, OpenError, StartError, StartReport, StoreOptions};
use caseledger_seal::Keys;
use caseledger_views::{ViewOptions, ViewStatus, Views};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::access_log;
use crate::broker;
use crate::copying::manifest::refuse_backup;
use crate::exit::{Exit, Failure};
use crate::first_operator;
use crate::keys;
use crate::relaying::Relay;
use crate::settings::{Log, Settings};
use crate::sign_in;

/// The folder of the read models in a data directory.
pub const VIEWS_DIR: &str = "views";
/// The folder of the blind index and the keys.
pub const KEYS_DIR: &str = "keys";

/// What time a ledger runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Time {
    /// Real time.
    Real,
    /// Simulated time; a new ledger starts at the time given, and there must be one.
    Simulated(Option<Timestamp>),
}

/// Whether a ledger is made where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It is made.
    Create,
    /// That is an error.
    Refuse,
}

/// An open service; nothing listens yet.
pub struct Service {
    /// The data directory.
    pub dir: PathBuf,
    /// The log and the rules.
    pub ledger: Ledger<World>,
    /// How the broadcast stands.
    pub relay_view: RelayView,
    views: Arc<Views>,
    keys: Arc<Keys>,
    tokens: Option<Arc<Verifier>>,
    access_log: Arc<AccessLog>,
    glass: Arc<Glass>,
    view_index: Arc<ViewIndex>,
    relay: Option<Relay>,
    metrics: Metrics,
    settings: Settings,
    /// Cancelled when the service stops: feeds end and listeners close with it.
    pub stopping: CancellationToken,
}

impl Service {
    /// Opens everything in a data directory; the broadcast only where the settings name a broker.
    pub async fn open(dir: &Path, settings: &Settings, time: Time, missing: Missing) -> Result<Service, Failure> {
        refuse_backup(dir)?;
        let opened = {
            let (dir, settings) = (dir.to_owned(), settings.clone());
            spawn_blocking(move || open_files(&dir, &settings, time, missing))
        };
        let Files { ledger, views, keys, access_log } = opened.await.map_err(|_| panicked())??;
        let stopping = CancellationToken::new();
        first_operator::grant(&ledger, &settings.access).await?;
        let tokens = sign_in::tokens(dir, settings)?;
        if let Some(tokens) = &tokens {
            sign_in::revoke_again(tokens, &ledger).await;
            sign_in::keep_keys_fresh(tokens, &stopping);
        }
        access_log::record_hourly(&ledger, &access_log, &stopping);
        let relay = match broker::relay_options(settings)? {
            Some(options) => Some(Relay::start(options, ledger.reader()).await?),
            None => None,
        };
        let view_index = access_log::index(&access_log);
        let relay_view = relay.as_ref().map_or_else(RelayView::disabled, |relay| relay.handle.view());
        Ok(Service {
            dir: dir.to_owned(),
            ledger,
            relay_view,
            views: Arc::new(views),
            keys,
            tokens,
            access_log,
            glass: Arc::default(),
            view_index,
            relay,
            metrics: Metrics::default(),
            settings: settings.clone(),
            stopping,
        })
    }

    /// Makes the router of a door; `header_sign_in` says of whom the header `Ledger-Actor` is believed there.
    pub fn router(&self, header_sign_in: HeaderSignIn) -> Router {
        let http = &self.settings.http;
        let settings = HttpSettings {
            header_sign_in,
            body_bytes_max: http.body_kib_max as usize * 1024,
            person_requests_per_second: http.person_requests_per_second,
            organisation_requests_per_second: http.organisation_requests_per_second,
            ..HttpSettings::default()
        };
        caseledger_http::router(AppState::new(Parts {
            ledger: self.ledger.clone(),
            views: Arc::clone(&self.views),
            keys: Arc::clone(&self.keys),
            case_students: CaseStudents::default(),
            tokens: self.tokens.clone(),
            access_log: Arc::clone(&self.access_log),
            admissions: Admissions::default(),
            glass: Arc::clone(&self.glass),
            view_index: Arc::clone(&self.view_index),
            relay: self.relay_view.clone(),
            limits: Limits::new(&settings),
            settings,
            stopping: self.stopping.clone(),
            figures: Arc::default(),
            metrics: self.metrics.clone(),
        }))
    }

    /// Returns how the read models stand.
    pub fn views(&self) -> Vec<ViewStatus> {
        self.views.status()
    }

    /// Returns the access ledger, which is closed last: what still runs when the log is closed is reading.
    pub fn access_log(&self) -> Arc<AccessLog> {
        Arc::clone(&self.access_log)
    }

    /// Closes everything but the access ledger: commands are refused from now on, those queued are finished, both copies closed.
    pub async fn close(self) {
        self.stopping.cancel();
        access_log::record_head(&self.ledger, &self.access_log).await;
        let ledger = self.ledger.clone();
        let closed = spawn_blocking(move || ledger.shutdown());
        if closed.await.is_err() {
            tracing::error!("closing the log panicked; the next start mends what is left");
        }
        if let Some(relay) = self.relay {
            // What the broker does not take in time goes out after the next start.
            let _ = timeout(LAST_WORDS, sent_everything(&self.relay_view)).await;
            relay.stop().await;
        }
        let views = self.views;
        let _ = spawn_blocking(move || views.shutdown()).await;
    }
}

/// Time for the relay to send the last events when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Returns when everything durable is in the stream, or when that cannot be.
pub async fn sent_everything(relay: &RelayView) {
    loop {
        let status = relay.snapshot();
        let is_sending = matches!(status.state, RelayState::Ok | RelayState::Resync | RelayState::Connecting);
        if !is_sending || status.lag_events() == Some(0) {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

struct Files {
    ledger: Ledger<World>,
    views: Views,
    keys: Arc<Keys>,
    access_log: Arc<AccessLog>,
}

fn open_files(dir: &Path, settings: &Settings, time: Time, missing: Missing) -> Result<Files, Failure> {
    let (ledger, report) = open_ledger(dir, &settings.log, time, missing)?;
    say(&report);
    let keys = Arc::new(keys::open(dir, &settings.keys, &ledger)?);
    let views = Views::open(&dir.join(VIEWS_DIR), ledger.reader(), keys.clone(), ViewOptions::default())
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    let access_log = access_log::open(dir, &ledger)?;
    Ok(Files { ledger, views, keys, access_log })
}

/// Opens the log and the keys alone, for a command that owns the directory while it imports.
pub fn open_log(
    dir: &Path,
    settings: &Settings,
    time: Time,
    missing: Missing,
) -> Result<(Ledger<World>, Keys), Failure> {
    let (ledger, report) = open_ledger(dir, &settings.log, time, missing)?;
    say(&report);
    let keys = keys::open(dir, &settings.keys, &ledger)?;
    Ok((ledger, keys))
}

fn open_ledger(dir: &Path, log: &Log, time: Time, missing: Missing) -> Result<(Ledger<World>, StartReport), Failure> {
    let options = || options(log, time);
    let absent = match Ledger::open(dir, options(), World::default()) {
        Err(StartError::Store(OpenError::NoLedger { dir })) => Failure::from(OpenError::NoLedger { dir }),
        Err(StartError::Unfinished) => StartError::Unfinished.into(),
        opened => return Ok(opened?),
    };
    if missing == Missing::Refuse {
        return Err(absent);
    }
    if time == Time::Simulated(None) {
        return Err(absent.next("a new simulation needs the time it starts at: --simulated 2026-02-02T09:00:00+13:00"));
    }
    Ledger::<World>::create(dir, &options())?;
    Ok(Ledger::open(dir, options(), World::default())?)
}

fn options(log: &Log, time: Time) -> LedgerOptions {
    LedgerOptions {
        simulated: match time {
            Time::Real => None,
            // One that exists goes on from its last event, which is later.
            Time::Simulated(start) => Some(start.unwrap_or_default()),
        },
        queue_max: log.queue_commands_max as usize,
        space_floor_bytes: u64::from(log.free_space_floor_mib) << 20,
        ballast_bytes: u64::from(log.ballast_mib) << 20,
        snapshot_every_events: u64::from(log.snapshot_every_events),
        commit_limit: Duration::from_secs(u64::from(log.commit_seconds_max)),
        store: StoreOptions {
            cache_bytes: u64::from(log.cache_mib) << 20,
            segment_bytes: u64::from(log.segment_mib) << 20,
            ..StoreOptions::default()
        },
        ..LedgerOptions::default()
    }
}

/// Says what a start found: everything that was not as it should be is a warning of its own.
fn say(report: &StartReport) {
    for finding in &report.store.findings {
        tracing::warn!(%finding, "the log was mended at the start");
    }
    if report.ballast_dropped {
        tracing::warn!("the disk was full: the ballast file was deleted; free some space");
    }
}

fn panicked() -> Failure {
    Failure::new(Exit::Internal, "opening the ledger ended in a panic")
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        match error {
            StartError::Store(error) => error.into(),
            StartError::Read(error) => error.into(),
            StartError::IsSimulated => {
                Failure::new(Exit::Usage, error).next("add --simulated to go on with the simulation")
            }
            StartError::IsReal => {
                Failure::new(Exit::Usage, error).next("leave --simulated out, or name another directory with --data")
            }
            StartError::NotOurs | StartError::Unfoldable { .. } | StartError::Gap { .. } | StartError::History(_) => {
                Failure::new(Exit::FoundWrong, error)
            }
            StartError::Commit(_) => Failure::new(Exit::LogFailed, error),
            error => Failure::new(Exit::Internal, error),
        }
    }
}
