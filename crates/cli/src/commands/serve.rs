//! `caseledger serve`.

use std::time::Duration;

use tokio::time::timeout;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::listening::{self, Serving};
use crate::logging;
use crate::service::{Missing, Service, Time};
use crate::settings::{Settings, SettingsArgs};
use crate::shutdown::Signals;
use crate::when::When;

/// Run the server
///
/// Opens the ledger in the data directory, makes one where there is none, and serves HTTP. The address taken is written
/// to http.addr there. Without a broker it works and says that nothing is broadcast. SIGTERM or Ctrl-C: commands are
/// refused, live feeds end, what is queued is finished, everything is closed; a second signal ends at once.
///
/// Settings come from flags, then environment variables, then the settings file, then defaults.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger serve
  caseledger serve --listen 127.0.0.1:0 --nats-url nats://127.0.0.1:4222 --nats-creds-dir /etc/caseledger/nats
  caseledger serve --data ./trial --simulated 2026-02-02T09:00:00+13:00

Exit codes: 0 stopped in order · 1 the ledger is damaged · 2 a setting makes no sense · 3 another process owns the
directory or the address · 74 the log could not be written · 130, 143 ended at once by a second signal"
)]
pub struct Args {
    /// Serve a simulation: time stands still until it is told to move. Names the time a new one starts at
    #[arg(long, value_name = "TIME", num_args = 0..=1)]
    simulated: Option<Option<When>>,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Serves until a signal comes.
pub fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    logging::start(&settings.logging)?;
    let time = args.simulated.map_or(Time::Real, |start| Time::Simulated(start.map(When::begin)));
    crate::runtime()?.block_on(async {
        let signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
        let server = Server::start(&global.data, &settings, time, Missing::Create).await?;
        server.until(signals).await;
        Ok(Exit::Ok)
    })
}

/// A service with its doors open.
pub struct Server {
    /// What is served.
    pub service: Service,
    /// The address taken.
    pub address: std::net::SocketAddr,
    doors: [Serving; 2],
    drain: Duration,
}

impl Server {
    /// Opens the service and its doors.
    pub async fn start(
        dir: &std::path::Path,
        settings: &Settings,
        time: Time,
        missing: Missing,
    ) -> Result<Server, Failure> {
        let service = Service::open(dir, settings, time, missing).await?;
        match Self::open_doors(&service, settings).await {
            Ok((address, doors)) => {
                let drain = Duration::from_secs(u64::from(settings.http.drain_seconds));
                Ok(Server { service, address, doors, drain })
            }
            Err(failure) => {
                service.close().await;
                Err(failure)
            }
        }
    }

    async fn open_doors(
        service: &Service,
        settings: &Settings,
    ) -> Result<(std::net::SocketAddr, [Serving; 2]), Failure> {
        let listener = listening::bind(settings.http.listen).await?;
        let address = listener.local_addr().map_err(|error| Failure::new(Exit::Internal, error))?;
        let loopback = address.ip().is_loopback();
        let control = listening::serve_control(&service.dir, service.router(true), &service.stopping)?;
        let http = listening::serve(listener, service.router(loopback), &service.stopping);
        listening::write_address(&service.dir, address)?;
        if settings.nats.url.is_empty() {
            tracing::warn!("no broker is configured: nothing is broadcast (--nats-url)");
        }
        if !loopback {
            tracing::warn!(%address, "not a loopback address: development logins are refused");
        }
        tracing::info!(%address, "serving; http://{address}/docs describes the interface");
        Ok((address, [http, control]))
    }

    /// Serves until a signal comes, then ends in order; the next signal ends at once.
    pub async fn until(self, mut signals: Signals) {
        let which = signals.next().await;
        tracing::info!(signal = ?which, "stopping: commands are refused, what is queued is finished");
        signals.end_at_once_on_next();
        self.stop().await;
    }

    /// Ends in order.
    pub async fn stop(self) {
        let Server { service, address, doors, drain } = self;
        // While the directory is still ours: the next owner writes its own.
        listening::forget(&service.dir);
        service.close().await;
        for door in doors {
            // Closing the log has answered every command; what still runs now is reading.
            if timeout(drain, door).await.is_err() {
                tracing::warn!(seconds = drain.as_secs(), "some requests did not finish in time and were cut off");
            }
        }
        tracing::info!(%address, "stopped");
    }
}
