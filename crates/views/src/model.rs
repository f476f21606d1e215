//! The list of read models, and what each of them brings.

use std::time::Duration;

use caseledger_events::envelope::Recorded;
use caseledger_projections::broadcast::PublicEvent;
use rusqlite::Connection;

use crate::{audit_trail, case_view, service_levels, work_queue};

/// A read model: its name, the shape of its tables, and the code that keeps them.
pub(crate) struct Model {
    /// Its name; begins the names of its files.
    pub name: &'static str,
    /// The version of its shape: raised whenever tables or stored rows change, so that a new file is built.
    pub version: u32,
    /// Its tables, with the indexes that keeping them needs.
    pub schema: &'static str,
    /// The indexes that only queries need: made once a new file holds the whole history, each `IF NOT EXISTS`.
    pub indexes: &'static str,
    /// How often it is brought up to date.
    pub pace: Pace,
    /// Makes what keeps the tables.
    pub keeper: fn() -> Box<dyn Keeper>,
}

/// The least time between the beginnings of two transactions of a read model that keeps up: what arrives meanwhile
/// shares one, which spares the disk and the processors.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// While little comes in.
    pub quiet: Duration,
    /// While much does, which makes room for those who wait for a receipt.
    pub busy: Duration,
}

impl Pace {
    /// For what people look at right after they acted.
    pub const AT_ONCE: Pace = Pace { quiet: Duration::from_millis(10), busy: Duration::from_millis(25) };
    /// For figures and reports; whoever waits for a position waits this much longer.
    pub const SOON: Pace = Pace { quiet: Duration::from_millis(50), busy: Duration::from_millis(250) };
}

/// Every read model of the service.
pub(crate) const MODELS: &[&Model] = &[&case_view::MODEL, &service_levels::MODEL, &audit_trail::MODEL];

/// Those that are kept apart from the service alone: it answers the same from another.
pub(crate) const APART_ALONE: &[&Model] = &[&work_queue::MODEL];

/// Keeps the tables of a read model, in the worker's transaction.
pub(crate) trait Keeper: Send {
    /// Returns whether it reads what is personal; to one that does not, the sealed parts of events stay closed.
    fn reads_personal(&self) -> bool {
        true
    }

    /// Returns whether the broadcast tells all it needs.
    fn reads_public(&self) -> bool {
        false
    }

    /// Takes one public event of the broadcast in, or refuses it without having changed anything.
    fn apply_public(&mut self, _: &Connection, _: &PublicEvent<'_>) -> Result<(), ApplyError> {
        Err(ApplyError::Refused("this read model needs more of an event than the broadcast tells".to_owned()))
    }

    /// Takes one event in, or refuses it without having changed anything.
    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError>;

    /// Returns whether it holds back so much that the transaction should be committed, however few its events are.
    fn is_full(&self) -> bool {
        false
    }

    /// Writes what [`Keeper::apply`] held back; the transaction is committed next.
    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError>;

    /// Returns whether the transaction deleted what is personal, so that no copy of it may stay; asked once.
    fn purged(&mut self) -> bool {
        false
    }

    /// Forgets what is held in memory, because the transaction was rolled back.
    fn forget(&mut self);
}

/// Why an event was not taken in.
#[derive(Debug)]
pub(crate) enum ApplyError {
    /// The event cannot be taken, now or on a second try: the view stops before it.
    Refused(String),
    /// SQLite failed.
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for ApplyError {
    fn from(error: rusqlite::Error) -> Self {
        ApplyError::Store(error)
    }
}
