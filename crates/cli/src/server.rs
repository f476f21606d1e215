//! A service with its doors open: the HTTP address and the control socket.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use caseledger_http::HeaderSignIn;
use futures::future::join_all;
use tokio::time::{sleep, timeout};

use crate::access_log;
use crate::exit::{Exit, Failure};
use crate::listening::{self, Serving};
use crate::running;
use crate::service::{Missing, Service, Time};
use crate::settings::Settings;
use crate::shutdown::Signals;
use crate::sign_in;
use crate::tls;

/// How long a directory is waited for that another command has locked for a moment.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a service; a directory that no server runs on is in use for a moment only, by `verify` or an import.
async fn open(dir: &Path, settings: &Settings, time: Time, missing: Missing) -> Result<Service, Failure> {
    let began = Instant::now();
    loop {
        match Service::open(dir, settings, time, missing).await {
            Err(failure) if failure.exit == Exit::Busy && began.elapsed() < PATIENCE && !running::is_running(dir) => {
                sleep(Duration::from_millis(100)).await;
            }
            opened => return opened,
        }
    }
}

/// A service with its doors open.
pub struct Server {
    /// What is served.
    pub service: Service,
    /// The address taken.
    pub address: SocketAddr,
    doors: [Serving; 2],
    drain: Duration,
}

impl Server {
    /// Opens the service and its doors.
    pub async fn start(dir: &Path, settings: &Settings, time: Time, missing: Missing) -> Result<Server, Failure> {
        tls::refuse_clear(&settings.http)?;
        let service = open(dir, settings, time, missing).await?;
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

    async fn open_doors(service: &Service, settings: &Settings) -> Result<(SocketAddr, [Serving; 2]), Failure> {
        let tls = tls::acceptor(&settings.http)?;
        let listener = listening::bind(settings.http.listen).await?;
        let address = listener.local_addr().map_err(|error| Failure::new(Exit::Internal, error))?;
        let loopback = address.ip().is_loopback();
        let header = match loopback && sign_in::identity(settings).development {
            true => HeaderSignIn::Anybody,
            false => HeaderSignIn::Nobody,
        };
        let on_socket = sign_in::on_the_control_socket(settings);
        let control = listening::serve_control(&service.dir, service.router(on_socket), &service.stopping)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let http = match tls {
            Some(tls) => listening::serve_tls(listener, tls, service.router(header), &service.stopping)?,
            None => listening::serve(listener, service.router(header), &service.stopping),
        };
        listening::write_address(&service.dir, address)?;
        if settings.nats.url.is_empty() {
            tracing::warn!("no broker is configured: nothing is broadcast (--nats-url)");
        }
        if !loopback {
            tracing::warn!(%address, "not a loopback address: tokens of pinned issuers alone are taken (docs/tokens.md)");
        }
        tracing::info!(%address, "serving; {scheme}://{address}/docs describes the interface");
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
        let access_log = service.access_log();
        service.close().await;
        // Closing the log has answered every command; what still runs now is reading.
        if timeout(drain, join_all(doors)).await.is_err() {
            tracing::warn!(seconds = drain.as_secs(), "some requests did not finish in time and were cut off");
        }
        access_log::close(access_log).await;
        tracing::info!(%address, "stopped");
    }
}
