//! The worker of a view: reads on from its position, batch by batch, and says what it cannot take.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use caseledger_events::codec;
use caseledger_events::ids::Position;
use caseledger_log::ReadError;
use caseledger_proof::{Hash, extend};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::checkpoint::Checkpoint;
use crate::error::ViewError;
use crate::model::{ApplyError, Keeper};
use crate::opening::{self, Opened};
use crate::shared::Shared;
use crate::store::{self, Mark, Remedy};

/// The least time between the beginnings of two transactions while the worker keeps up: what arrives meanwhile shares
/// one, which spares the disk and the processors at the price of a few milliseconds.
const PACE: Duration = Duration::from_millis(4);
/// How long the worker sleeps when nobody wakes it: it looks now and then without being asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a file that proves damaged is built anew before the disk is to blame.
const REBUILDS_MAX: u32 = 3;
/// The first and the longest wait before another try.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Why the worker did not get to the head of the log.
enum Trouble {
    /// The event at this position cannot be taken: stop before it, keep what came before.
    Refused { at: Position, reason: String },
    /// What the transaction that ends here made does not fit the tables: give it up and stop.
    Unfit { at: Position, reason: String },
    /// The file is wrong: build it anew.
    Damage(String),
    /// Something that may pass: try again.
    Passing(String),
}

impl Trouble {
    /// Returns the trouble that a failure of SQLite makes while the event at a position is taken in.
    fn of_store(at: Position, error: &rusqlite::Error) -> Trouble {
        match store::remedy(error) {
            Remedy::Rebuild => Trouble::Damage(format!("its file is damaged: {error}")),
            Remedy::Wait => Trouble::Passing(format!("SQLite failed: {error}")),
            Remedy::Stop => Trouble::Unfit { at, reason: format!("SQLite refuses what it makes: {error}") },
        }
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Trouble::Passing(error.to_string())
    }
}

impl From<ViewError> for Trouble {
    fn from(error: ViewError) -> Self {
        Trouble::Passing(error.to_string())
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
    ) -> Worker {
        let keeper = (shared.model.keeper)();
        let mut worker = Worker {
            shared,
            dir: dir.to_owned(),
            batch_events: batch_events.max(1),
            checkpoint,
            opened: None,
            keeper,
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
                    break;
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
                    thread::sleep(pause.min(LOOK_EVERY));
                    pause
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
            let Some(opened) = &mut self.opened else { return Ok(()) };
            let head = self.shared.reader.durable();
            if opened.mark.position >= head {
                return Ok(());
            }
            self.shared.behind();
            let read = run_to_head(opened, self.keeper.as_mut(), &self.shared, &self.checkpoint, self.batch_events);
            if read.is_err() {
                self.keeper.forget();
                give_up_transaction(&opened.db);
            }
            read?;
            thread::sleep(PACE.saturating_sub(begun.elapsed()));
        }
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

/// Reads from the position of a file to the head as it is now, in transactions of at most `batch_events`.
fn run_to_head(
    opened: &mut Opened,
    keeper: &mut dyn Keeper,
    shared: &Shared,
    checkpoint: &Checkpoint,
    batch_events: usize,
) -> Result<(), Trouble> {
    let mut batch = Batch { keeper, next: opened.mark, count: 0 };
    let mut scan = shared.reader.scan(opened.mark.position.next());
    begin(&opened.db).map_err(|error| Trouble::of_store(batch.next.position, &error))?;
    let ended = loop {
        let group = match scan.next_group() {
            Ok(Some(group)) => group,
            Ok(None) => break Ok(()),
            Err(error) => break Err(Trouble::from(error)),
        };
        let taken = group.chained().try_for_each(|(position, frame, chain)| {
            batch.take(&opened.db, position, frame, chain)?;
            if batch.count >= batch_events {
                opened.mark = batch.commit(&opened.db, shared, checkpoint)?;
                begin(&opened.db).map_err(|error| Trouble::of_store(position, &error))?;
            }
            Ok(())
        });
        if taken.is_err() || shared.stopping() {
            break taken;
        }
    };
    // What came before an event that is refused is good: it is kept.
    if matches!(ended, Ok(()) | Err(Trouble::Refused { .. })) {
        opened.mark = batch.commit(&opened.db, shared, checkpoint)?;
    }
    ended
}

fn begin(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

/// SQLite gives a transaction up by itself after some failures and leaves it open after others.
fn give_up_transaction(db: &Connection) {
    if !db.is_autocommit()
        && let Err(error) = db.execute_batch("ROLLBACK")
    {
        tracing::warn!(%error, "a view's transaction could not be given up");
    }
}

/// The transaction under way.
struct Batch<'a> {
    keeper: &'a mut dyn Keeper,
    /// What the rows will stand for when it is committed.
    next: Mark,
    count: usize,
}

impl Batch<'_> {
    /// Takes the event that follows in; passes over one that was taken before.
    fn take(&mut self, db: &Connection, position: Position, frame: &[u8], chain: Hash) -> Result<(), Trouble> {
        if position <= self.next.position {
            return Ok(());
        }
        let stalled = |reason: String| Trouble::Refused { at: position, reason };
        let expected = self.next.position.next();
        if position != expected {
            let reason = format!("position {expected} is missing: the log went on with {position}");
            return Err(Trouble::Refused { at: expected, reason });
        }
        // Hashing once a batch finds a log that was exchanged under a running view.
        if self.count == 0 && extend(self.next.chain, frame) != chain {
            return Err(Trouble::Damage(format!(
                "the log tells another history than the view from position {position} on"
            )));
        }
        let event = codec::decode(frame).map_err(|error| stalled(error.to_string()))?;
        if event.position != position {
            return Err(stalled(format!("the event there says that it stands at position {}", event.position)));
        }
        match self.keeper.apply(db, &event) {
            Ok(()) => {}
            Err(ApplyError::Refused(reason)) => return Err(stalled(reason)),
            Err(ApplyError::Store(error)) => return Err(Trouble::of_store(position, &error)),
        }
        self.next.position = position;
        self.next.chain = chain;
        self.next.recorded_at = event.recorded_at;
        self.count += 1;
        Ok(())
    }

    /// Commits the rows with their position and shows them to queries.
    fn commit(&mut self, db: &Connection, shared: &Shared, checkpoint: &Checkpoint) -> Result<Mark, Trouble> {
        self.write(db).map_err(|error| match error {
            ApplyError::Refused(reason) => Trouble::Unfit { at: self.next.position, reason },
            ApplyError::Store(error) => Trouble::of_store(self.next.position, &error),
        })?;
        self.count = 0;
        shared.reached(self.next.position);
        checkpoint.committed(db);
        Ok(self.next)
    }

    fn write(&mut self, db: &Connection) -> Result<(), ApplyError> {
        self.keeper.flush(db)?;
        store::save_mark(db, &self.next)?;
        db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use caseledger_events::ids::{Epoch, LedgerId};
    use caseledger_log::LedgerIdentity;

    use super::*;

    /// Takes everything, and counts.
    #[derive(Default)]
    struct Counter(usize);

    impl Keeper for Counter {
        fn apply(&mut self, _: &Connection, _: &caseledger_events::envelope::Recorded<'_>) -> Result<(), ApplyError> {
            self.0 += 1;
            Ok(())
        }

        fn flush(&mut self, _: &Connection) -> Result<(), ApplyError> {
            Ok(())
        }

        fn forget(&mut self) {}
    }

    fn frames(count: usize) -> Vec<Vec<u8>> {
        let mut tape = caseledger_projections::testing::Tape::new();
        caseledger_projections::testing::Term::new(1, 20).play(&mut tape, count);
        tape.frames().to_vec()
    }

    fn mark() -> Mark {
        Mark::start(LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(0) }, Position(0))
    }

    fn take(batch: &mut Batch<'_>, position: u64, frame: &[u8]) -> Result<(), Trouble> {
        let db = Connection::open_in_memory().unwrap();
        let chain = extend(batch.next.chain, frame);
        batch.take(&db, Position(position), frame, chain)
    }

    #[test]
    fn an_event_taken_before_is_passed_over() {
        let frames = frames(2);
        let mut counter = Counter::default();
        let mut batch = Batch { keeper: &mut counter, next: mark(), count: 0 };
        assert!(take(&mut batch, 1, &frames[0]).is_ok());
        assert!(take(&mut batch, 1, &frames[0]).is_ok());
        assert!(take(&mut batch, 2, &frames[1]).is_ok());
        assert!(take(&mut batch, 1, &frames[0]).is_ok());
        assert_eq!((batch.next.position, batch.count), (Position(2), 2));
        assert_eq!(counter.0, 2);
    }

    #[test]
    fn a_missing_event_stops_the_view_before_it() {
        let frames = frames(3);
        let mut counter = Counter::default();
        let mut batch = Batch { keeper: &mut counter, next: mark(), count: 0 };
        assert!(take(&mut batch, 1, &frames[0]).is_ok());
        match take(&mut batch, 3, &frames[2]) {
            Err(Trouble::Refused { at, reason }) => {
                assert_eq!(at, Position(2));
                assert!(reason.contains("position 2 is missing"), "{reason}");
            }
            _ => panic!("a gap was taken"),
        }
        assert_eq!(batch.next.position, Position(1));
    }

    #[test]
    fn an_event_at_a_wrong_place_stops_the_view_before_it() {
        let frames = frames(2);
        let mut counter = Counter::default();
        let mut batch = Batch { keeper: &mut counter, next: mark(), count: 0 };
        match take(&mut batch, 1, &frames[1]) {
            Err(Trouble::Refused { at, reason }) => {
                assert_eq!(at, Position(1));
                assert!(reason.contains("stands at position 2"), "{reason}");
            }
            _ => panic!("an event at a wrong place was taken"),
        }
    }

    #[test]
    fn a_log_that_tells_another_history_is_noticed_while_the_view_runs() {
        let frames = frames(1);
        let mut counter = Counter::default();
        let mut batch = Batch { keeper: &mut counter, next: mark(), count: 0 };
        let db = Connection::open_in_memory().unwrap();
        let taken = batch.take(&db, Position(1), &frames[0], Hash([7; 32]));
        assert!(matches!(taken, Err(Trouble::Damage(_))));
    }
}
