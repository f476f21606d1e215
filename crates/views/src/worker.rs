//! The worker of a view: reads on from its position, batch by batch, and says what it cannot take.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use caseledger_events::ids::Position;
use tokio::sync::watch;

use rusqlite::Connection;

use crate::batch::{Feed, Feeder, Trouble, give_up_transaction};
use crate::beside::Offer;
use crate::checkpoint::Checkpoint;
use crate::error::ViewError;
use crate::files;
use crate::model::{Keeper, Pace};
use crate::opening::{self, Opened};
use crate::pass::Member;
use crate::shared::Shared;
use crate::store::{self, Mark};

/// The events of one transaction from which on much comes in: of the case view some five thousand a second.
const BUSY: u64 = 50;
/// How long the worker sleeps when nobody wakes it: it looks now and then without being asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a file that proves damaged is built anew before the disk is to blame.
const REBUILDS_MAX: u32 = 3;
/// The first and the longest wait before another try.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// The file in use, which queries read.
struct InUse<'a> {
    shared: &'a Shared,
    checkpoint: &'a Checkpoint,
}

impl Feeder for InUse<'_> {
    fn is_stopping(&self) -> bool {
        self.shared.stopping()
    }

    fn committed(&self, db: &Connection, mark: &Mark) {
        self.shared.reached(mark.position);
        self.checkpoint.committed(db);
    }

    fn purges(&self, path: &Path) -> Result<(), ViewError> {
        // Before the commit: after a crash the event is taken in again, and they are looked for again.
        self.shared.end_beside("a disposal destroyed what is personal while it was built: build it anew");
        files::remove_others(path)
    }
}

/// A file that is brought up to the one in use before it takes its place.
struct Quiet<'a>(&'a Shared);

impl Feeder for Quiet<'_> {
    fn is_stopping(&self) -> bool {
        self.0.stopping()
    }

    fn committed(&self, _: &Connection, _: &Mark) {}

    fn purges(&self, _: &Path) -> Result<(), ViewError> {
        Ok(())
    }
}

/// Reads the log into one view.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    dir: std::path::PathBuf,
    batch_events: usize,
    checkpoint: Arc<Checkpoint>,
    /// `None` after the file was set aside and before another is made.
    opened: Option<Opened>,
    keeper: Box<dyn Keeper>,
    /// The pass over the log that builds several files at once, until it ends.
    pass: Option<Member>,
    /// How often the file was built anew since it last held everything.
    rebuilds: u32,
}

impl Worker {
    pub fn new(
        shared: Arc<Shared>,
        dir: &std::path::Path,
        batch_events: usize,
        checkpoint: Arc<Checkpoint>,
        opened: Opened,
        pass: Option<Member>,
    ) -> Worker {
        let keeper = (shared.model.keeper)();
        let mut worker = Worker {
            shared,
            dir: dir.to_owned(),
            batch_events: batch_events.max(1),
            checkpoint,
            opened: None,
            keeper,
            pass,
            rebuilds: 0,
        };
        worker.take_up(opened);
        worker
    }

    /// Runs until the view is stopped.
    pub fn run(mut self) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else {
            return self.shared.stalled(Position(0), "the worker's timer could not be started".to_owned());
        };
        let mut log = self.shared.reader.watch();
        let mut pause = RETRY.0;
        while !self.shared.stopping() {
            let longest = match self.go_on() {
                Ok(()) => {
                    pause = RETRY.0;
                    self.rebuilds = 0;
                    self.shared.going_on();
                    LOOK_EVERY
                }
                Err(Trouble::Refused { at, reason } | Trouble::Unfit { at, reason }) => {
                    tracing::error!(view = self.name(), position = at.0, reason, "view stopped before an event");
                    self.shared.stalled(at, reason);
                    runtime.block_on(self.stay_until_skipped());
                    Duration::ZERO
                }
                Err(Trouble::Damage(reason)) => match self.give_up_file(&reason) {
                    Ok(()) => continue,
                    Err(reason) => {
                        tracing::error!(view = self.name(), reason, "view stopped: its file cannot be replaced");
                        self.shared.stalled(self.shared.progress().position.next(), reason);
                        break;
                    }
                },
                Err(Trouble::Passing(reason)) => {
                    tracing::warn!(view = self.name(), reason, "view could not go on and tries again");
                    self.shared.retrying(reason);
                    pause = (pause * 2).min(RETRY.1);
                    // New events must not make it try more often.
                    thread::sleep(pause);
                    Duration::ZERO
                }
            };
            runtime.block_on(self.sleep(&mut log, longest));
        }
        // A view that stopped before an event goes on answering queries until the service ends.
        let mut stop = self.shared.stop_signal();
        let _ = runtime.block_on(stop.wait_for(|stop| *stop));
        self.close();
    }

    fn name(&self) -> &'static str {
        self.shared.model.name
    }

    /// Sleeps until there is something to read or to do.
    async fn sleep(&self, log: &mut watch::Receiver<Position>, longest: Duration) {
        tokio::select! {
            // A log that is closed wakes nobody any more, and must not be asked without a pause.
            Ok(()) = log.changed() => {}
            () = self.shared.wake.notified() => {}
            () = tokio::time::sleep(longest) => {}
        }
    }

    /// A view that stopped before an event goes on answering queries until that event is passed over, or the service ends.
    async fn stay_until_skipped(&self) {
        let mut stop = self.shared.stop_signal();
        while self.shared.is_stalled() && !self.shared.stopping() {
            tokio::select! {
                () = self.shared.wake.notified() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Reads on to the head of the log.
    fn go_on(&mut self) -> Result<(), Trouble> {
        if let Some(reason) = self.shared.take_damage() {
            return Err(Trouble::Damage(reason));
        }
        if self.opened.is_none() {
            let fresh = opening::build(&self.dir, self.shared.model, &self.shared.reader)?;
            self.take_up(fresh);
        }
        while !self.shared.stopping() {
            let begun = Instant::now();
            if let Some(offer) = self.shared.take_offer() {
                self.change_over(offer)?;
            }
            let Some(opened) = &mut self.opened else { return Ok(()) };
            let head = self.shared.reader.durable();
            let before = opened.mark.position;
            if before >= head {
                return Ok(());
            }
            self.shared.behind();
            let feeder = InUse { shared: &self.shared, checkpoint: &self.checkpoint };
            let feed = self.shared.feed(self.batch_events, &feeder);
            let read = match self.pass.take() {
                Some(pass) => feed.run_with(&pass, opened, self.keeper.as_mut()),
                None => feed.run(opened, self.keeper.as_mut()),
            };
            if read.is_err() {
                self.keeper.forget();
                give_up_transaction(&opened.db);
            }
            let taken = opened.mark.position.0.saturating_sub(before.0);
            read?;
            let Pace { quiet, busy } = self.shared.model.pace;
            let pace = if taken >= BUSY { busy } else { quiet };
            thread::sleep(pace.saturating_sub(begun.elapsed()));
        }
        Ok(())
    }

    /// Puts a file that was built beside into use, once it holds what the one in use holds, and gives that one back.
    fn change_over(&mut self, offer: Offer) -> Result<(), Trouble> {
        let Offer { opened: mut fresh, give_back } = offer;
        let Some(position) = self.opened.as_ref().map(|opened| opened.mark.position) else { return Ok(()) };
        self.keeper.forget();
        let quiet = Quiet(&self.shared);
        let feed = Feed { until: Some(position), ..self.shared.feed(self.batch_events, &quiet) };
        feed.run(&mut fresh, self.keeper.as_mut())?;
        files::Files::new(&self.dir, self.name()).point(&fresh.path)?;
        let Some(old) = self.opened.take() else { return Ok(()) };
        tracing::info!(view = self.name(), file = files::name_of(&fresh.path), "another file was put into use");
        store::copies_back_by_itself(&old.db, true).map_err(|error| Trouble::Passing(error.to_string()))?;
        store::copies_back_by_itself(&fresh.db, false).map_err(|error| Trouble::Passing(error.to_string()))?;
        self.take_up(fresh);
        // Nobody to give it back to: it is closed.
        let _ = give_back.send(old);
        Ok(())
    }

    fn take_up(&mut self, opened: Opened) {
        self.keeper.forget();
        self.checkpoint.switch(Some(&opened.path));
        self.shared.in_use(&opened.path, opened.mark.position, opened.mark.target);
        self.opened = Some(opened);
    }

    /// Sets a damaged file aside; another is built on the next round. Says why not, where that cannot help.
    fn give_up_file(&mut self, reason: &str) -> Result<(), String> {
        self.rebuilds += 1;
        if self.rebuilds > REBUILDS_MAX {
            return Err(format!("{reason}; it was built anew {REBUILDS_MAX} times: check the disk"));
        }
        self.keeper.forget();
        self.checkpoint.switch(None);
        let Some(Opened { path, db, .. }) = self.opened.take() else { return Ok(()) };
        // Queries must not go on finding the old file damaged while another is built.
        self.shared.pool.close();
        drop(db);
        self.shared.rebuilding();
        let aside = opening::set_aside(&self.dir, self.shared.model, &path, reason.to_owned())
            .map_err(|error| format!("{reason}, and its file cannot be moved out of the way: {error}"))?;
        self.shared.set_aside(aside);
        Ok(())
    }

    fn close(&mut self) {
        self.checkpoint.switch(None);
        self.shared.stopped();
        if let Some(opened) = self.opened.take() {
            // Closing the last connection copies the write-ahead log back and removes it.
            if let Err((_, error)) = opened.db.close() {
                tracing::warn!(view = self.name(), %error, "view file was not closed cleanly");
            }
        }
    }
}
