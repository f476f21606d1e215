//! A read model built apart from the service: from the journal, over HTTP, or from the broadcast, on any machine.
//!
//! Whoever has the events hands them over in order, with the chain hash at each; rows and position change in one
//! transaction, as in the service, so that a process that is killed goes on where its file stands. Only read models that
//! hold nothing personal are built so: what is personal is opened by the service alone.

use std::fs::File;
use std::path::{Path, PathBuf};

use caseledger_events::ids::{CorrelationId, Position};
use caseledger_events::personal::{Opener, Part};
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;
use rusqlite::Connection;

use crate::batch::{self, Batch, Feeder, Trouble};
use crate::error::ViewError;
use crate::files::{Files, name_of, prepare_dir};
use crate::handed::Handed;
use crate::model::{APART_ALONE, Keeper, MODELS, Model};
use crate::opening::{self, Opened};
use crate::skips::Skips;
use crate::status::SetAside;
use crate::store::{self, Mark};

/// Why a read model apart from the service does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ApartError {
    /// There is no such read model, or it needs what the service alone can open.
    #[error("0 read models that can be built apart from the service are named {view:?}; there are: {known}")]
    Unknown {
        /// What was asked for.
        view: String,
        /// Those there are.
        known: String,
    },
    /// An event cannot be taken; nothing after it was.
    #[error(
        "{view} stopped before position {at}: {reason}; use a newer release, or name the event in {view}.skips beside the file to have it passed over"
    )]
    Stopped {
        /// The read model.
        view: &'static str,
        /// The event.
        at: Position,
        /// Why.
        reason: String,
    },
    /// The file could not be written or read.
    #[error("{view} cannot be written: {reason}; what was committed before is kept")]
    Store {
        /// The read model.
        view: &'static str,
        /// What SQLite or the disk answered.
        reason: String,
    },
    /// The directory or a file in it could not be used.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// A read model's file in the hands of whoever feeds it.
pub struct Apart {
    model: &'static Model,
    dir: PathBuf,
    opened: Opened,
    keeper: Box<dyn Keeper>,
    skips: Skips,
    /// The files are this process's own.
    _held: File,
}

impl Apart {
    /// Returns the names of the read models that can be built so.
    pub fn names() -> Vec<&'static str> {
        models().map(|model| model.name).collect()
    }

    /// Returns the names of those that the broadcast alone makes.
    pub fn public_names() -> Vec<&'static str> {
        models().filter(|model| (model.keeper)().reads_public()).map(|model| model.name).collect()
    }

    /// Opens a read model's file in a directory, or begins one that holds the history up to `head` before it is whole;
    /// returns also what had to be set aside.
    pub fn open(
        dir: &Path,
        view: &str,
        identity: LedgerIdentity,
        head: Position,
    ) -> Result<(Apart, Vec<SetAside>), ApartError> {
        let unknown =
            || ApartError::Unknown { view: view.chars().take(64).collect(), known: Apart::names().join(", ") };
        let model = models().find(|model| model.name == view).ok_or_else(unknown)?;
        prepare_dir(dir)?;
        let held = Files::new(dir, model.name).hold(model.version)?;
        let (found, aside) = opening::current(dir, model, |mark| Ok(opening::foreign(mark, identity)))?;
        let opened = found.map_or_else(|| opening::begin_in_use(dir, model, identity, head), Ok)?;
        let settings = store::copies_back_by_itself(&opened.db, true);
        settings.map_err(|error| ApartError::Store { view: model.name, reason: error.to_string() })?;
        let skips = Skips::load(dir, model.name)?;
        Ok((Apart { model, dir: dir.to_owned(), opened, keeper: (model.keeper)(), skips, _held: held }, aside))
    }

    /// Returns its name.
    pub fn name(&self) -> &'static str {
        self.model.name
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// Returns the last position it holds, and the chain hash there: what is handed over must continue it.
    pub fn stands_at(&self) -> (Position, Hash) {
        (self.opened.mark.position, self.opened.mark.chain)
    }

    /// Sets the file aside, because the log tells another history, and begins another.
    pub fn begin_anew(&mut self, head: Position, reason: String) -> Result<SetAside, ApartError> {
        self.keeper.forget();
        let aside = opening::set_aside(&self.dir, self.model, &self.opened.path, reason)?;
        self.opened = opening::begin_in_use(&self.dir, self.model, self.opened.mark.identity, head)?;
        Ok(aside)
    }

    /// Takes events in, in one transaction or several, and commits them; what was taken before is passed over.
    ///
    /// After an error that names an event everything before it is kept.
    pub fn take(&mut self, events: &[Handed<'_>]) -> Result<(), ApartError> {
        let view = self.model.name;
        if events.last().is_none_or(|last| last.position <= self.opened.mark.position) {
            return Ok(());
        }
        let failed = |error: rusqlite::Error| ApartError::Store { view, reason: error.to_string() };
        batch::begin(&self.opened.db).map_err(failed)?;
        let taken = self.take_in(events);
        if !matches!(taken, Ok(()) | Err(Trouble::Refused { .. })) {
            self.keeper.forget();
        }
        batch::give_up_transaction(&self.opened.db);
        taken.map_err(|trouble| match trouble {
            Trouble::Refused { at, reason } | Trouble::Unfit { at, reason } => ApartError::Stopped { view, at, reason },
            Trouble::Damage(reason) | Trouble::Passing(reason) => ApartError::Store { view, reason },
        })
    }

    fn take_in(&mut self, events: &[Handed<'_>]) -> Result<(), Trouble> {
        let Apart { model, opened, keeper, skips, .. } = self;
        let path = opened.path.clone();
        let (next, feeder) = (opened.mark, Silent);
        let mut batch = Batch {
            model,
            opener: &Silent,
            batch_events: usize::MAX,
            feeder: &feeder,
            keeper: keeper.as_mut(),
            skips,
            path: &path,
            next,
            count: 0,
        };
        let ended = events.iter().try_for_each(|event| {
            batch.take_told(&opened.db, event)?;
            batch.commit_if_due(opened)
        });
        batch.finish(opened, ended)
    }

    /// Closes the file; the write-ahead log goes with it.
    pub fn close(self) {
        let Apart { opened, model, .. } = self;
        if let Err((_, error)) = opened.db.close() {
            tracing::warn!(view = model.name, file = name_of(&opened.path), %error, "view file was not closed cleanly");
        }
    }
}

/// Returns the read models that hold nothing personal.
fn models() -> impl Iterator<Item = &'static Model> {
    let open = MODELS.iter().copied().filter(|model| !(model.keeper)().reads_personal());
    open.chain(APART_ALONE.iter().copied())
}

/// Opens nothing and tells nobody.
struct Silent;

impl Opener for Silent {
    fn open(&self, _: CorrelationId, _: &mut Vec<Part>) {}
}

impl Feeder for Silent {
    fn is_stopping(&self) -> bool {
        false
    }

    fn committed(&self, _: &Connection, _: &Mark) {}

    fn purges(&self, _: &Path) -> Result<(), ViewError> {
        Ok(())
    }
}
