//! A connection to the broker as one user: it comes back by itself and says how it stands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

use crate::endpoint::{BadSeed, BusUser, Endpoint, Patience, read_seed};

/// The oldest server that will do: per-message fences, metadata and the sync interval are as this crate expects.
pub const SERVER_MIN: (i64, i64) = (2, 14);

/// A connection that comes back by itself; dropping it closes it.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    link: watch::Receiver<Link>,
    notes: Arc<Notes>,
    user: BusUser,
    patience: Patience,
}

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Link {
    /// Whether it stands now.
    pub up: bool,
    /// How often it has come to stand.
    pub times: u64,
}

/// Why the broker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The key of the user cannot be used.
    #[error(transparent)]
    Seed(#[from] BadSeed),
    /// The address does not read as one.
    #[error("`{servers}` is no address of a NATS server ({reason}); write nats://host:port")]
    BadAddress {
        /// What was given.
        servers: String,
        /// What the client says.
        reason: String,
    },
    /// No connection stood in time.
    #[error(
        "no connection to {servers} as {user} within {seconds} s ({reason}); is nats-server running there, and does its configuration list this user's public key?"
    )]
    Unreachable {
        /// Where it was tried.
        servers: String,
        /// As whom.
        user: BusUser,
        /// How long.
        seconds: u64,
        /// What the client met last.
        reason: String,
    },
    /// The server is too old.
    #[error("{}", too_old(.version))]
    TooOld {
        /// Its version.
        version: String,
    },
}

/// Returns what to say about a server older than [`SERVER_MIN`].
pub(crate) fn too_old(version: &str) -> String {
    let (major, minor) = SERVER_MIN;
    format!(
        "nats-server {version} is too old: {major}.{minor} or newer is needed (distributions often carry 2.9); \
         `cargo xtask tools` fetches one that will do"
    )
}

/// What the client told about itself, for messages and metrics.
#[derive(Debug, Default)]
struct Notes {
    texts: Mutex<Texts>,
    violations: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Texts {
    /// Why there is no connection; forgotten once there is one.
    trouble: Option<String>,
    /// What the broker refused last, and when.
    refusal: Option<(Instant, String)>,
}

impl Notes {
    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Starts connecting and goes on trying for ever; returns before the connection stands.
    pub async fn start(endpoint: &Endpoint) -> Result<Connection, ConnectError> {
        let user = endpoint.user;
        let patience = endpoint.patience;
        let (link_tx, link) = watch::channel(Link::default());
        let notes = Arc::new(Notes::default());
        let mut options = ConnectOptions::new()
            .name(format!("caseledger-{user}"))
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(move |attempt| delay(attempt, &patience))
            .ping_interval(patience.ping)
            .connection_timeout(patience.connect)
            .request_timeout(Some(patience.request))
            .custom_inbox_prefix(user.inbox_prefix())
            .subscription_capacity(65_536)
            .event_callback({
                let notes = Arc::clone(&notes);
                let link_tx = Arc::new(link_tx);
                move |event| {
                    note(user, &event, &notes, &link_tx);
                    std::future::ready(())
                }
            });
        if let Some(path) = &endpoint.seed_file {
            options = options.nkey(read_seed(path)?);
        }
        let addresses: Vec<&str> = endpoint.servers.split(',').map(str::trim).collect();
        let client = options.connect(addresses).await.map_err(|error| ConnectError::BadAddress {
            servers: endpoint.servers.clone(),
            reason: error.to_string(),
        })?;
        Ok(Connection { client, link, notes, user, patience })
    }

    /// Connects and waits until the connection stands on a server that will do: for commands that run once.
    pub async fn open(endpoint: &Endpoint) -> Result<Connection, ConnectError> {
        let connection = Connection::start(endpoint).await?;
        let mut link = connection.link();
        let wait = endpoint.patience.connect;
        if !matches!(tokio::time::timeout(wait, link.wait_for(|link| link.up)).await, Ok(Ok(_))) {
            return Err(ConnectError::Unreachable {
                servers: endpoint.servers.clone(),
                user: endpoint.user,
                seconds: wait.as_secs(),
                reason: connection.trouble().unwrap_or_else(|| "no answer".to_owned()),
            });
        }
        // What the server says of itself is known a moment after the connection stands, and surely after an answer.
        let _ = tokio::time::timeout(wait, connection.client.flush()).await;
        match connection.version_too_old() {
            Some(version) => Err(ConnectError::TooOld { version }),
            None => Ok(connection),
        }
    }

    /// Returns how the connection stands, now and later.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Returns whether the connection stands: nothing is sent while it does not.
    pub fn is_up(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// Returns why the connection does not stand, where the client has said so.
    pub fn trouble(&self) -> Option<String> {
        self.notes.texts().trouble.clone()
    }

    /// Returns what the broker has refused since a moment: a forbidden subject is no error, only an answer that never comes.
    pub(crate) fn refused_since(&self, since: Instant) -> Option<String> {
        self.notes.texts().refusal.as_ref().filter(|(at, _)| *at >= since).map(|(_, text)| text.clone())
    }

    /// Returns how often the broker refused this user something.
    pub fn violations(&self) -> u64 {
        self.notes.violations.load(Ordering::Relaxed)
    }

    /// Returns how many messages this client dropped because they were not taken in time.
    pub fn dropped(&self) -> u64 {
        self.notes.dropped.load(Ordering::Relaxed)
    }

    /// Returns the server's version when it is older than [`SERVER_MIN`].
    pub fn version_too_old(&self) -> Option<String> {
        let (major, minor) = SERVER_MIN;
        let version = self.client.server_info().version;
        // Empty until the server has said something.
        (!version.is_empty() && !self.client.is_server_compatible(major, minor, 0)).then_some(version)
    }

    /// Returns who is connected.
    pub fn user(&self) -> BusUser {
        self.user
    }

    /// Returns how long to wait for what.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Returns the client for what goes past JetStream.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns JetStream as this user reaches it.
    pub(crate) fn jetstream(&self) -> jetstream::Context {
        let builder = jetstream::ContextBuilder::new().timeout(self.patience.request);
        match self.user.domain() {
            Some(domain) => builder.domain(domain).build(self.client.clone()),
            None => builder.build(self.client.clone()),
        }
    }

    /// Sends what is buffered and closes, within the patience for settling.
    pub async fn close(self) {
        if self.is_up() {
            // Best effort: a broker that does not answer now has had everything it acknowledged.
            let _ = tokio::time::timeout(self.patience.settle, self.client.drain()).await;
        }
    }
}

fn delay(attempt: usize, patience: &Patience) -> Duration {
    if attempt <= 1 {
        return patience.retry_min;
    }
    let doublings = u32::try_from(attempt - 1).unwrap_or(u32::MAX).min(16);
    patience.retry_min.saturating_mul(1 << doublings).min(patience.retry_max)
}

fn note(user: BusUser, event: &Event, notes: &Notes, link: &watch::Sender<Link>) {
    match event {
        Event::Connected => {
            notes.texts().trouble = None;
            link.send_modify(|link| *link = Link { up: true, times: link.times + 1 });
            tracing::info!(%user, "connected to the broker");
        }
        Event::Disconnected => {
            link.send_modify(|link| link.up = false);
            tracing::warn!(%user, "the connection to the broker broke; trying to connect again");
        }
        Event::SlowConsumer(_) => {
            notes.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%user, "a message from the broker was dropped because it was not taken in time");
        }
        Event::ServerError(error) => {
            let text = error.to_string();
            if text.to_lowercase().contains("permissions violation") {
                notes.violations.fetch_add(1, Ordering::Relaxed);
            }
            notes.texts().refusal = Some((Instant::now(), text.clone()));
            tracing::error!(%user, error = text, "the broker refused something");
        }
        Event::ClientError(error) => {
            let text = error.to_string();
            // Repeated on every attempt: said once in a warning, then only where somebody looks closely.
            if notes.texts().trouble.replace(text.clone()).as_ref() == Some(&text) {
                tracing::debug!(%user, error = text, "still no connection to the broker");
            } else {
                tracing::warn!(%user, error = text, "no connection to the broker; trying again");
            }
        }
        Event::LameDuckMode => tracing::warn!(%user, "the broker is about to shut down"),
        Event::Draining | Event::Closed => tracing::debug!(%user, %event, "the connection to the broker ends"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_slower_up_to_a_limit() {
        let patience =
            Patience { retry_min: Duration::from_millis(50), retry_max: Duration::from_secs(2), ..Patience::default() };
        let millis: Vec<_> = [0, 1, 2, 3, 6, 7, 1000, usize::MAX].map(|n| delay(n, &patience).as_millis()).into();
        assert_eq!(millis, [50, 50, 100, 200, 1600, 2000, 2000, 2000]);
    }

    #[test]
    fn an_old_server_is_told_what_to_do() {
        let text = ConnectError::TooOld { version: "2.9.10".into() }.to_string();
        assert!(text.contains("2.9.10") && text.contains("2.14") && text.contains("cargo xtask tools"), "{text}");
    }
}
