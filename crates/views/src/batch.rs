//! Reading events into a view's file, in transactions; what stops it, and what is then kept.

use std::path::Path;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_events::personal::Opener;
use caseledger_log::{ReadError, Reader};
use caseledger_proof::{Hash, extend};
use rusqlite::Connection;

use crate::error::ViewError;
use crate::handed::{Handed, What};
use crate::model::{ApplyError, Keeper, Model};
use crate::opening::Opened;
use crate::pass::Member;
use crate::skips::Skips;
use crate::store::{self, Mark, Remedy};

/// Why the worker did not get to the head of the log.
pub(crate) enum Trouble {
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
    pub(crate) fn of_store(at: Position, error: &rusqlite::Error) -> Trouble {
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

/// The most events of one transaction while a file is built: a row that many of them change is written once.
const BUILD_EVENTS: usize = 500_000;

/// Who feeds a file, and is told how it goes.
pub(crate) trait Feeder {
    /// Returns whether to stop after the event under way.
    fn is_stopping(&self) -> bool;

    /// Says that rows and mark were committed.
    fn committed(&self, db: &Connection, mark: &Mark);

    /// Says that the transaction about to be committed deletes what is personal: no other file may keep it.
    fn purges(&self, path: &Path) -> Result<(), ViewError>;
}

/// What a file is fed with, and how far.
pub(crate) struct Feed<'a> {
    pub model: &'static Model,
    pub reader: &'a Reader,
    pub opener: &'a dyn Opener,
    /// The most events of one transaction, once a file holds its history.
    pub batch_events: usize,
    /// The last position to take in; `None` for the head as it is now.
    pub until: Option<Position>,
    pub feeder: &'a dyn Feeder,
    /// The events that an operator had passed over.
    pub skips: &'a Skips,
}

impl Feed<'_> {
    /// Reads on from the position of a file, in transactions of at most `batch_events`.
    ///
    /// A file that is built takes larger ones, and the one that ends its history also makes the indexes for queries:
    /// no query is answered without them, and none of them is kept up event by event before.
    pub fn run(&self, opened: &mut Opened, keeper: &mut dyn Keeper) -> Result<(), Trouble> {
        let mut scan = self.reader.scan(opened.mark.position.next());
        self.load(opened, keeper, |batch, opened| {
            while let Some(group) = scan.next_group()? {
                group.chained().try_for_each(|(position, frame, chain)| {
                    if self.is_beyond(position) {
                        return Ok(());
                    }
                    batch.take(&opened.db, position, frame, chain)?;
                    batch.commit_if_due(opened)
                })?;
                if self.feeder.is_stopping() || self.is_beyond(batch.next.position.next()) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Takes in what a pass over the log hands out, until it ends.
    pub fn run_with(&self, pass: &Member, opened: &mut Opened, keeper: &mut dyn Keeper) -> Result<(), Trouble> {
        let with_parts = keeper.reads_personal();
        self.load(opened, keeper, |batch, opened| {
            while let Some(chunk) = pass.next(|| self.feeder.is_stopping()) {
                chunk.each(with_parts, |handed| {
                    if self.is_beyond(handed.position) {
                        return Ok(());
                    }
                    batch.take_told(&opened.db, &handed)?;
                    batch.commit_if_due(opened)
                })?;
                if self.feeder.is_stopping() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Reads into a file, in transactions, and commits the last one.
    fn load(
        &self,
        opened: &mut Opened,
        keeper: &mut dyn Keeper,
        read: impl FnOnce(&mut Batch<'_>, &mut Opened) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let path = opened.path.clone();
        let Feed { model, opener, batch_events, feeder, skips, .. } = *self;
        let next = opened.mark;
        if next.is_building() {
            store::builds(&opened.db, true).map_err(|error| Trouble::of_store(next.position, &error))?;
        }
        let mut batch = Batch { model, opener, batch_events, feeder, keeper, skips, path: &path, next, count: 0 };
        begin(&opened.db).map_err(|error| Trouble::of_store(batch.next.position, &error))?;
        let ended = read(&mut batch, opened);
        batch.finish(opened, ended)
    }

    fn is_beyond(&self, position: Position) -> bool {
        self.until.is_some_and(|until| position > until)
    }
}

pub(crate) fn begin(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

/// SQLite gives a transaction up by itself after some failures and leaves it open after others.
pub(crate) fn give_up_transaction(db: &Connection) {
    if !db.is_autocommit()
        && let Err(error) = db.execute_batch("ROLLBACK")
    {
        tracing::warn!(%error, "a view's transaction could not be given up");
    }
}

fn other_history(position: Position) -> Trouble {
    Trouble::Damage(format!("the log tells another history than the view from position {position} on"))
}

fn refused(at: Position, error: ApplyError) -> Trouble {
    match error {
        ApplyError::Refused(reason) => Trouble::Refused { at, reason },
        ApplyError::Store(error) => Trouble::of_store(at, &error),
    }
}

/// The transaction under way.
pub(crate) struct Batch<'a> {
    pub model: &'static Model,
    pub opener: &'a dyn Opener,
    pub batch_events: usize,
    pub feeder: &'a dyn Feeder,
    pub keeper: &'a mut dyn Keeper,
    /// The events that an operator had passed over.
    pub skips: &'a Skips,
    /// The file.
    pub path: &'a Path,
    /// What the rows will stand for when it is committed.
    pub next: Mark,
    pub count: usize,
}

impl Batch<'_> {
    /// Takes the event that follows in; passes over one that was taken before, or that an operator had passed over.
    fn take(&mut self, db: &Connection, position: Position, frame: &[u8], chain: Hash) -> Result<(), Trouble> {
        if position <= self.next.position {
            return Ok(());
        }
        self.follows(position)?;
        // Hashing once a batch finds a log that was exchanged under a running view.
        if self.count == 0 && extend(self.next.chain, frame) != chain {
            return Err(other_history(position));
        }
        let taken = match codec::decode(frame) {
            Ok(mut event) => {
                if self.keeper.reads_personal() {
                    self.opener.open(event.correlation, &mut event.parts);
                }
                self.taken(db, position, &event).map(|()| event.recorded_at)
            }
            Err(error) => Err(Trouble::Refused { at: position, reason: error.to_string() }),
        };
        self.passed(position, chain, taken)
    }

    /// Takes in what follows from elsewhere than the log of this machine.
    pub(crate) fn take_told(&mut self, db: &Connection, handed: &Handed<'_>) -> Result<(), Trouble> {
        let position = handed.position;
        if position <= self.next.position {
            return Ok(());
        }
        self.follows(position)?;
        if self.count == 0 && handed.before.is_some_and(|before| before != self.next.chain) {
            return Err(other_history(position));
        }
        let taken = match &handed.what {
            What::Recorded(event) => self.taken(db, position, event).map(|()| event.recorded_at),
            What::Public(event) => {
                let applied = self.keeper.apply_public(db, event);
                applied.map(|()| event.recorded_at).map_err(|error| refused(position, error))
            }
            What::Nothing => Ok(self.next.recorded_at),
            What::Unreadable(reason) => Err(Trouble::Refused { at: position, reason: reason.clone() }),
        };
        self.passed(position, handed.chain, taken)
    }

    fn follows(&self, position: Position) -> Result<(), Trouble> {
        let expected = self.next.position.next();
        if position == expected {
            return Ok(());
        }
        let reason = format!("position {expected} is missing: the log went on with {position}");
        Err(Trouble::Refused { at: expected, reason })
    }

    fn taken(&mut self, db: &Connection, position: Position, event: &Recorded<'_>) -> Result<(), Trouble> {
        if event.position != position {
            let reason = format!("the event there says that it stands at position {}", event.position);
            return Err(Trouble::Refused { at: position, reason });
        }
        self.keeper.apply(db, event).map_err(|error| refused(position, error))
    }

    /// Moves on past what was taken, or past what was refused where an operator said so and why.
    fn passed(&mut self, position: Position, chain: Hash, taken: Result<Timestamp, Trouble>) -> Result<(), Trouble> {
        let recorded_at = match taken {
            Err(Trouble::Refused { .. }) if self.skips.is_skipped(position) => {
                tracing::warn!(view = self.model.name, position = position.0, "an event was passed over, as recorded");
                self.next.recorded_at
            }
            taken => taken?,
        };
        self.next.position = position;
        self.next.chain = chain;
        // A public event that is restricted tells no time; what is known stays.
        self.next.recorded_at = recorded_at;
        self.count += 1;
        Ok(())
    }

    /// Returns whether the transaction should be committed now.
    fn is_due(&self) -> bool {
        let most = if self.next.is_building() { BUILD_EVENTS.max(self.batch_events) } else { self.batch_events };
        self.count >= most || self.ends_building() || self.keeper.is_full()
    }

    /// Commits and begins the next transaction, where one should end.
    pub(crate) fn commit_if_due(&mut self, opened: &mut Opened) -> Result<(), Trouble> {
        if !self.is_due() {
            return Ok(());
        }
        opened.mark = self.commit(&opened.db)?;
        begin(&opened.db).map_err(|error| Trouble::of_store(opened.mark.position, &error))
    }

    /// Commits the last transaction. What came before an event that is refused is good: it is kept.
    pub(crate) fn finish(mut self, opened: &mut Opened, ended: Result<(), Trouble>) -> Result<(), Trouble> {
        if matches!(ended, Ok(()) | Err(Trouble::Refused { .. })) {
            opened.mark = self.commit(&opened.db)?;
        }
        ended
    }

    /// Returns whether the event taken in last is the one that ends the history which is read for the first time.
    fn ends_building(&self) -> bool {
        self.count > 0 && self.next.position == self.next.target
    }

    /// Commits the rows with their position and shows them to queries.
    fn commit(&mut self, db: &Connection) -> Result<Mark, Trouble> {
        let failed = |at: Position| {
            move |error| match error {
                ApplyError::Refused(reason) => Trouble::Unfit { at, reason },
                ApplyError::Store(error) => Trouble::of_store(at, &error),
            }
        };
        self.keeper.flush(db).map_err(failed(self.next.position))?;
        let purged = self.keeper.purged();
        if purged {
            // Before the commit: after a crash the event is taken in again, and they are looked for again.
            self.feeder.purges(self.path)?;
        }
        if self.ends_building() {
            let made = db.execute_batch(self.model.indexes);
            made.map_err(|error| Trouble::of_store(self.next.position, &error))?;
        }
        self.write(db).map_err(failed(self.next.position))?;
        if self.ends_building() {
            store::builds(db, false).map_err(|error| Trouble::of_store(self.next.position, &error))?;
        }
        // A write-ahead log as large as the file would have to be read at the next start.
        if purged || self.ends_building() {
            store::truncate_log(db);
        }
        self.count = 0;
        self.feeder.committed(db, &self.next);
        Ok(self.next)
    }

    fn write(&mut self, db: &Connection) -> Result<(), ApplyError> {
        store::save_mark(db, &self.next)?;
        db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
