//! The relay: tails the log into the stream, so that stream sequence equals ledger position.
//!
//! It keeps no state. At every start, and after anything unexpected, it asks the stream where it stands, compares the
//! chain hash there with the log, and publishes on from the next position; each message is fenced with
//! `Nats-Expected-Last-Sequence`, so a gap, a double or a reordering cannot be stored. What does not agree halts it.

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::connection::{ConnectError, Connection};
use crate::endpoint::Endpoint;
use crate::feed::Feed;
use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::maker::{Maker, make_stream};
use crate::resync::{Trouble, standing};
use crate::session::{End, Session, WINDOW_MAX};
use crate::status::{RelayState, RelayStatus};
use crate::stream::StreamSettings;

/// How a relay is set up.
#[derive(Clone, Debug)]
pub struct RelayOptions {
    /// The broker, as the user `relay`.
    pub endpoint: Endpoint,
    /// How the stream is to be set up.
    pub stream: StreamSettings,
    /// Who makes the stream where there is none; without one the relay waits until somebody has made it.
    pub maker: Option<Maker>,
    /// Messages in flight at once, up to [`WINDOW_MAX`].
    pub window: usize,
}

impl RelayOptions {
    /// Makes options with the window of the service.
    pub fn new(endpoint: Endpoint, maker: Option<Maker>) -> Self {
        RelayOptions { endpoint, stream: StreamSettings::default(), maker, window: WINDOW_MAX }
    }
}

/// A running relay.
#[derive(Debug)]
pub struct RelayHandle {
    view: RelayView,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What others may see of a relay and ask of it; cheap to clone.
#[derive(Clone)]
pub struct RelayView {
    log: Option<LogSource>,
    status: watch::Receiver<RelayStatus>,
    recheck: Arc<Notify>,
}

impl std::fmt::Debug for RelayView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RelayView").field(&self.snapshot()).finish()
    }
}

impl RelayView {
    /// Returns a view that says `disabled`: for a service without a broker.
    pub fn disabled() -> RelayView {
        let (_, status) = watch::channel(RelayStatus::default());
        RelayView { log: None, status, recheck: Arc::default() }
    }

    /// Returns how the relay stands now.
    pub fn snapshot(&self) -> RelayStatus {
        let mut status = self.status.borrow().clone();
        if let Some(log) = &self.log {
            status.log_last = log.last();
        }
        status
    }

    /// Returns a watch that changes with the relay; its `log_last` is that of the last change.
    pub fn watch(&self) -> watch::Receiver<RelayStatus> {
        self.status.clone()
    }

    /// Looks at once whether the reason of a halt or of trouble is gone: an operator's act.
    pub fn recheck(&self) {
        self.recheck.notify_one();
    }
}

impl RelayHandle {
    /// Starts a relay; it goes on until told to stop, whatever the broker does.
    ///
    /// Fails only where no broker could help: a seed that cannot be read, an address that is none.
    pub async fn start(
        options: RelayOptions,
        log: impl Into<LogSource>,
        stop: CancellationToken,
    ) -> Result<RelayHandle, ConnectError> {
        let log = log.into();
        let connection = Connection::start(&options.endpoint).await?;
        let initial = RelayStatus { state: RelayState::Connecting, log_last: log.last(), ..RelayStatus::default() };
        let (status, watched) = watch::channel(initial);
        let recheck = Arc::new(Notify::new());
        let view = RelayView { log: Some(log.clone()), status: watched, recheck: Arc::clone(&recheck) };
        let relay = Relay { api: Api::new(&connection), connection, options, log, status, recheck, stop: stop.clone() };
        Ok(RelayHandle { view, stop, task: tokio::spawn(relay.run()) })
    }

    /// Returns what others may see.
    pub fn view(&self) -> RelayView {
        self.view.clone()
    }

    /// Stops sending, waits for what is in flight, closes the connection.
    pub async fn stop(self) {
        self.stop.cancel();
        self.finished().await;
    }

    /// Waits until the relay has ended: told to stop, or at the end of a log that does not grow.
    pub async fn finished(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the relay ended by a defect; nothing is lost, a new start goes on where the stream stands");
        }
    }
}

struct Relay {
    connection: Connection,
    api: Api,
    options: RelayOptions,
    log: LogSource,
    status: watch::Sender<RelayStatus>,
    recheck: Arc<Notify>,
    stop: CancellationToken,
}

/// What one session leaves to the next; all of it may be forgotten.
struct Course {
    /// Messages in flight at once.
    window: usize,
    /// The last position known to be right in the stream.
    verified: Position,
}

/// How often in a row something went wrong without any event going out in between.
#[derive(Default)]
struct Trials(u32);

impl Relay {
    async fn run(self) {
        let mut trials = Trials::default();
        let mut course = Course { window: self.options.window, verified: Position(0) };
        while self.wait_until_up().await {
            match self.round(&mut trials, &mut course).await {
                End::Stopped | End::Finished => break,
                End::Look => {}
                End::Resync(reason) => {
                    self.status.send_modify(|status| {
                        status.resyncs += 1;
                        status.state = RelayState::Resync;
                    });
                    tracing::warn!(reason, "the relay asks the stream where it stands");
                    self.pause(trials.before_resync(&self.options.endpoint)).await;
                }
                End::Later(reason) => self.degraded(reason, trials.next(&self.options.endpoint)).await,
                End::TooFast(reason) => {
                    course.window = (course.window / 2).max(8);
                    self.degraded(reason, trials.next(&self.options.endpoint)).await;
                }
                End::Halt(halt) => self.halted(halt).await,
            }
        }
        tracing::info!(stream_last = self.status.borrow().stream_last.map(|last| last.0), "the relay has stopped");
        self.connection.close().await;
    }

    /// Asks the stream where it stands, then publishes on from there.
    async fn round(&self, trials: &mut Trials, course: &mut Course) -> End {
        let last = match self.find_standing(course.verified).await {
            Ok(last) => last,
            Err(end) => return end,
        };
        course.verified = last;
        let mut session = match Session::open(&self.connection, &self.status, course.window).await {
            Ok(session) => session,
            Err(end) => return end,
        };
        self.status.send_modify(|status| {
            status.state = RelayState::Ok;
            status.stream_last = Some(last);
            status.log_last = self.log.last();
        });
        tracing::info!(
            stream_last = last.0,
            log_last = self.log.last().0,
            "the stream agrees with the log; publishing"
        );
        let mut feed = Feed::start(self.log.clone(), last.next());
        let end = session.run(&mut feed, &self.stop, &self.recheck).await;
        course.verified.0 += session.acknowledged();
        if session.acknowledged() > 0 {
            *trials = Trials::default();
        }
        if session.acknowledged() > 100 * WINDOW_MAX as u64 {
            course.window = (course.window * 2).min(self.options.window);
        }
        end
    }

    async fn find_standing(&self, verified: Position) -> Result<Position, End> {
        self.status.send_if_modified(|status| {
            // A halt stays one until the reason is known to be gone; a quiet look is no event.
            let shown = !matches!(status.state, RelayState::Halted { .. } | RelayState::Ok);
            if shown {
                status.state = RelayState::Resync;
            }
            shown
        });
        let mut link = self.connection.link();
        link.mark_unchanged();
        let found = tokio::select! {
            () = self.stop.cancelled() => return Err(End::Stopped),
            _ = link.changed() => return Err(End::Later("the connection broke".to_owned())),
            found = standing(&self.api, &self.log, self.options.stream, verified) => found,
        };
        // Known only now: the server has just answered, so what the client knows of it is of this connection.
        if let Some(version) = self.connection.version_too_old() {
            return Err(End::Halt(Halt::ServerTooOld { version }));
        }
        match found {
            Ok(Some(last)) => Ok(last),
            Ok(None) => Err(self.without_stream().await),
            Err(Trouble::Later(reason)) => Err(End::Later(reason)),
            Err(Trouble::Halt(halt)) => Err(End::Halt(halt)),
        }
    }

    async fn without_stream(&self) -> End {
        let Some(maker) = &self.options.maker else {
            return End::Later(
                "there is no stream LEDGER; make it with `caseledger nats rebuild`, as the operator".to_owned(),
            );
        };
        match make_stream(maker, self.log.identity(), self.options.stream).await {
            Ok(()) => End::Resync("the stream was made".to_owned()),
            Err(error) => End::Later(format!("cannot make the stream LEDGER: {error}")),
        }
    }

    /// Returns false when told to stop.
    async fn wait_until_up(&self) -> bool {
        let mut link = self.connection.link();
        let mut silent = 0;
        // The client's own word and its event: waiting for both, no late event is taken for news of the next session.
        while !self.stop.is_cancelled() {
            let told = link.borrow_and_update().up;
            match (self.connection.is_up(), told) {
                (true, true) => return true,
                // An event may have been lost.
                (true, false) if silent > 4 => return true,
                (true, false) => silent += 1,
                (false, _) => self.show_down().await,
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                _ = link.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
        false
    }

    async fn show_down(&self) {
        let reason = self.connection.trouble().unwrap_or_else(|| "no connection to the broker".to_owned());
        self.show(RelayState::Degraded { reason }).await;
    }

    async fn degraded(&self, reason: String, wait: Duration) {
        tracing::warn!(reason, wait_ms = wait.as_millis(), "the relay cannot publish now; the log keeps everything");
        self.show(RelayState::Degraded { reason }).await;
        self.pause(wait).await;
    }

    async fn halted(&self, reason: Halt) {
        let state = RelayState::Halted { reason };
        if self.status.borrow().state != state {
            tracing::error!(%state, "the relay publishes nothing until this is put right");
        }
        self.status.send_modify(|status| status.halts += 1);
        self.show(state).await;
        let mut link = self.connection.link();
        link.mark_unchanged();
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.recheck.notified() => {}
            _ = link.changed() => {}
            () = tokio::time::sleep(self.options.endpoint.patience.recheck) => {}
        }
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.recheck.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    /// Shows a state in which nothing goes out, with the age of what waits.
    async fn show(&self, state: RelayState) {
        let stream_last = self.status.borrow().stream_last;
        let oldest = match stream_last {
            Some(last) => recorded_at(self.log.clone(), last.next()).await,
            None => None,
        };
        self.status.send_modify(|status| {
            status.state = state;
            status.log_last = self.log.last();
            status.oldest_unpublished = oldest;
            status.violations = self.connection.violations();
        });
    }
}

/// Returns when an event was recorded; `None` where it is not in the log.
async fn recorded_at(log: LogSource, position: Position) -> Option<Timestamp> {
    if position > log.last() {
        return None;
    }
    let read = move || {
        let mut scan = log.scan(position);
        let group = scan.next_group().ok().flatten()?;
        let (_, frame) = group.frames().next()?;
        caseledger_events::codec::decode(frame).ok().map(|event| event.recorded_at)
    };
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

impl Trials {
    /// Returns how long to wait before the next attempt: longer each time, never the same for two relays.
    fn next(&mut self, endpoint: &Endpoint) -> Duration {
        let patience = endpoint.patience;
        let wait = patience.retry_min.saturating_mul(1 << self.0.min(16)).min(patience.retry_max);
        self.0 = self.0.saturating_add(1);
        wait.mul_f64(0.5 + 0.5 * chance())
    }

    /// Returns the same, but nothing the first time: one answer that was not expected is asked after at once.
    fn before_resync(&mut self, endpoint: &Endpoint) -> Duration {
        if self.0 == 0 {
            self.0 = 1;
            return Duration::ZERO;
        }
        self.next(endpoint)
    }
}

/// Returns a number from 0 to 1 that differs between processes and calls.
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}
