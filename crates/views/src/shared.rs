//! What a view's worker, its queries and its status share.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caseledger_events::ids::Position;
use caseledger_events::personal::Opener;
use caseledger_log::Reader;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, watch};

use crate::batch::{Feed, Feeder};
use crate::beside::{Beside, Offer};
use crate::error::{Behind, QueryError, RebuildError};
use crate::files::name_of;
use crate::model::Model;
use crate::pool::Pool;
use crate::skips::{Skip, Skips};
use crate::status::{SetAside, ViewState, ViewStatus};

/// The window of the rate.
const RATE_WINDOW: Duration = Duration::from_secs(10);
/// The least time between two samples of the rate.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);

/// How far a view has read, as its queries see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    pub position: Position,
    /// Queries are answered from here on.
    pub target: Position,
    /// The worker reads no further: nothing is worth waiting for.
    pub ended: bool,
}

/// Where a view reads.
pub(crate) struct Source {
    pub reader: Reader,
    /// Opens the sealed parts of what is read.
    pub opener: Arc<dyn Opener>,
}

/// What a view's worker, its queries and its status share.
pub(crate) struct Shared {
    pub model: &'static Model,
    pub reader: Reader,
    pub opener: Arc<dyn Opener>,
    pub pool: Pool,
    /// The events that an operator had the view pass over.
    pub skips: Skips,
    /// Wakes the worker for another reason than new events.
    pub wake: Notify,
    /// The file that is built or kept beside the one in use.
    beside: Mutex<Option<Arc<Beside>>>,
    /// A file that is to take the place of the one in use.
    offer: Mutex<Option<Offer>>,
    progress: watch::Sender<Progress>,
    stop: watch::Sender<bool>,
    inner: Mutex<Inner>,
}

struct Inner {
    file: String,
    state: ViewState,
    last_error: Option<String>,
    set_aside: Vec<SetAside>,
    /// What a query found wrong with which file ([`Pool::generation`]); the worker builds it anew.
    damage: Option<(u64, String)>,
    behind_since: Option<Instant>,
    samples: VecDeque<(Instant, u64)>,
}

impl Shared {
    pub fn new(
        model: &'static Model,
        Source { reader, opener }: Source,
        path: &Path,
        readers: usize,
        skips: Skips,
    ) -> Shared {
        let progress = Progress { position: Position(0), target: Position(u64::MAX), ended: false };
        Shared {
            model,
            reader,
            opener,
            pool: Pool::new(path, readers),
            skips,
            wake: Notify::new(),
            beside: Mutex::new(None),
            offer: Mutex::new(None),
            progress: watch::Sender::new(progress),
            stop: watch::Sender::new(false),
            inner: Mutex::new(Inner {
                file: name_of(path),
                state: ViewState::Following,
                last_error: None,
                set_aside: Vec::new(),
                damage: None,
                behind_since: None,
                samples: VecDeque::new(),
            }),
        }
    }

    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    pub fn stop(&self) {
        self.stop.send_replace(true);
        self.wake.notify_one();
    }

    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the view is to stop.
    pub fn stop_signal(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Says which file is in use and what it stands for.
    pub fn in_use(&self, path: &Path, position: Position, target: Position) {
        self.pool.switch(path);
        let mut inner = self.inner.lock();
        inner.file = name_of(path);
        inner.samples = VecDeque::from([(Instant::now(), position.0)]);
        drop(inner);
        self.progress.send_replace(Progress { position, target, ended: false });
        self.going_on();
    }

    /// Says that the file is given up and another will be read from the beginning.
    pub fn rebuilding(&self) {
        let target = self.reader.durable();
        self.progress.send_replace(Progress { position: Position(0), target, ended: false });
        self.going_on();
    }

    /// Says how far the worker has read.
    pub fn reached(&self, position: Position) {
        self.progress.send_modify(|progress| progress.position = position);
        let caught_up = position >= self.reader.durable();
        let now = Instant::now();
        let mut inner = self.inner.lock();
        inner.behind_since = if caught_up { None } else { inner.behind_since.or(Some(now)) };
        sample(&mut inner.samples, now, position);
    }

    /// Says that there is something to read.
    pub fn behind(&self) {
        self.inner.lock().behind_since.get_or_insert_with(Instant::now);
    }

    /// Says that the worker reads on.
    pub fn going_on(&self) {
        let Progress { position, target, .. } = self.progress();
        let state = if position < target { ViewState::Building { target } } else { ViewState::Following };
        let mut inner = self.inner.lock();
        if inner.state != state {
            inner.state = state;
        }
    }

    /// Says that the worker failed and tries again.
    pub fn retrying(&self, reason: String) {
        let mut inner = self.inner.lock();
        inner.last_error = Some(reason.clone());
        inner.state = ViewState::Retrying { reason };
    }

    /// Says that the worker stopped before an event.
    pub fn stalled(&self, at: Position, reason: String) {
        let mut inner = self.inner.lock();
        inner.last_error = Some(reason.clone());
        inner.state = ViewState::Stalled { at, reason };
        inner.behind_since.get_or_insert_with(Instant::now);
        drop(inner);
        self.progress.send_modify(|progress| progress.ended = true);
    }

    /// Has the event passed over that the view stopped before; the worker goes on.
    pub fn skip(&self, skip: Skip) -> Result<(), RebuildError> {
        let state = self.inner.lock().state.clone();
        match state {
            ViewState::Stalled { at, .. } if at == skip.position => {}
            _ => return Err(RebuildError::NotStalled { position: skip.position }),
        }
        self.skips.add(skip)?;
        self.progress.send_modify(|progress| progress.ended = false);
        self.inner.lock().state = ViewState::Following;
        self.wake.notify_one();
        Ok(())
    }

    /// Returns whether the view stopped before an event and nobody had it passed over.
    pub fn is_stalled(&self) -> bool {
        matches!(self.inner.lock().state, ViewState::Stalled { .. })
    }

    /// Says that the worker is gone.
    pub fn stopped(&self) {
        self.inner.lock().state = ViewState::Stopped;
        self.progress.send_modify(|progress| progress.ended = true);
        self.pool.close();
    }

    /// Notes a file that was set aside.
    pub fn set_aside(&self, aside: SetAside) {
        let mut inner = self.inner.lock();
        inner.last_error = Some(aside.reason.clone());
        inner.set_aside.push(aside);
    }

    /// Lets the worker know that a file is damaged.
    pub fn report_damage(&self, file: u64, reason: String) {
        self.inner.lock().damage = Some((file, reason));
        self.wake.notify_one();
    }

    /// Takes what a query found wrong with the file in use; a word about one that was given up already says nothing.
    pub fn take_damage(&self) -> Option<String> {
        let (file, reason) = self.inner.lock().damage.take()?;
        (file == self.pool.generation()).then_some(reason)
    }

    /// Returns how far the view has read, unless it is still being built.
    pub fn ready(&self) -> Result<Position, QueryError> {
        let Progress { position, target, .. } = self.progress();
        if position < target {
            return Err(QueryError::Building { view: self.model.name, position, target });
        }
        Ok(position)
    }

    /// Waits until the view has read up to a position.
    pub async fn wait_for(&self, wanted: Position, timeout: Duration) -> Result<(), Behind> {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|progress| progress.position >= wanted || progress.ended);
        // Either way the answer is read from where the view stands.
        let _ = tokio::time::timeout(timeout, reached).await;
        let position = self.progress().position;
        if position >= wanted { Ok(()) } else { Err(Behind { position, wanted }) }
    }

    /// Returns what a file of this view is fed with, up to the head.
    pub fn feed<'a>(&'a self, batch_events: usize, feeder: &'a dyn Feeder) -> Feed<'a> {
        let Shared { model, reader, opener, skips, .. } = self;
        Feed { model, reader, opener: opener.as_ref(), batch_events, until: None, feeder, skips }
    }

    /// Returns the place of the file that is built or kept beside the one in use.
    pub fn beside(&self) -> MutexGuard<'_, Option<Arc<Beside>>> {
        self.beside.lock()
    }

    /// Ends what is built or kept beside, and says why.
    pub fn end_beside(&self, because: &str) {
        if let Some(beside) = &*self.beside.lock() {
            beside.end(because);
        }
        drop(self.take_offer());
    }

    /// Offers a file in the place of the one in use.
    pub fn offer(&self, offer: Offer) {
        *self.offer.lock() = Some(offer);
        self.wake.notify_one();
    }

    /// Takes the file that is to take the place of the one in use.
    pub fn take_offer(&self) -> Option<Offer> {
        self.offer.lock().take()
    }

    pub fn status(&self) -> ViewStatus {
        let progress = self.progress();
        let head = self.reader.durable();
        let lag_events = head.0.saturating_sub(progress.position.0);
        let now = Instant::now();
        let inner = self.inner.lock();
        let since = inner.behind_since.filter(|_| lag_events > 0);
        ViewStatus {
            view: self.model.name,
            version: self.model.version,
            file: inner.file.clone(),
            state: inner.state.clone(),
            position: progress.position,
            head,
            lag_events,
            lag_seconds: since.map_or(0.0, |since| (now - since).as_secs_f64()),
            events_per_second: rate(&inner.samples, now, progress.position, head),
            last_error: inner.last_error.clone(),
            set_aside: inner.set_aside.clone(),
            skips: self.skips.all(),
            beside: self.beside.lock().as_ref().map(|beside| beside.status(head)),
            ready: progress.position >= progress.target && !matches!(inner.state, ViewState::Stopped),
        }
    }
}

/// Notes how far something has read, now and then. The last sample before the window stays: what is built anew reads in
/// steps that take longer than the window.
pub(crate) fn sample(samples: &mut VecDeque<(Instant, u64)>, now: Instant, position: Position) {
    if samples.back().is_none_or(|(at, _)| now - *at >= SAMPLE_EVERY) {
        samples.push_back((now, position.0));
        while samples.get(1).is_some_and(|(at, _)| now - *at > RATE_WINDOW) {
            samples.pop_front();
        }
    }
}

/// Returns the events a second since the oldest sample of the window; of what is behind the head and reads in longer
/// steps, since the last sample before the window.
pub(crate) fn rate(samples: &VecDeque<(Instant, u64)>, now: Instant, position: Position, head: Position) -> f64 {
    let within = samples.iter().find(|(at, _)| now.duration_since(*at) <= RATE_WINDOW);
    let before = samples.front().filter(|_| position < head);
    let Some(&(at, first)) = within.filter(|(_, first)| *first < position.0).or(before) else { return 0.0 };
    let seconds = now.duration_since(at).as_secs_f64();
    if seconds < 0.001 { 0.0 } else { position.0.saturating_sub(first) as f64 / seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_in_steps_longer_than_the_window_has_a_rate() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut samples = VecDeque::new();
        for (at, position) in [(0, 0), (30, 300), (60, 600)] {
            sample(&mut samples, after(at), Position(position));
        }
        let head = Position(1_000);
        assert_eq!(rate(&samples, after(60), Position(600), head), 10.0);
        assert!(rate(&samples, after(75), Position(600), head) > 5.0, "between two steps too");
        assert_eq!(rate(&samples, after(75), Position(600), Position(600)), 0.0, "nothing is read at the head");
    }
}
