//! Keeps rows that public facts alone make, a row a case: from the log, over HTTP, or from the broadcast alike.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use caseledger_events::codec::BadFrame;
use caseledger_events::envelope::Recorded;
use caseledger_events::event::{CaseEvent, event_type};
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_events::public::restricts;
use caseledger_projections::broadcast::PublicEvent;
use caseledger_projections::moment::Moment;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{ApplyError, Keeper};
use crate::store::{decode, encode, number};

/// A row that public facts alone make.
pub(crate) trait FactRow: Serialize + DeserializeOwned + Send {
    /// Reads the row of a case, with its place in the file.
    const LOAD: &'static str;
    /// Writes the row of (place, case).
    const SAVE: &'static str;
    /// The most rows held between two transactions.
    const HELD_MAX: usize;
    /// What is remembered from row to row.
    type Memory: Default + Send;

    /// Returns whether events of a type count.
    fn reads(kind: &str) -> bool;

    /// Begins the row of a case with the event that begins it; `None` for another.
    fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<Self>;

    /// Folds one more event in.
    fn apply(&mut self, now: Moment, read: &CaseEvent);

    /// Writes what people read of the row to its place.
    fn tell(&self, db: &Connection, reference: i64, memory: &mut Self::Memory) -> rusqlite::Result<()>;
}

/// Folds case events into rows, each case written once a transaction.
pub(crate) struct FactKeeper<R: FactRow> {
    held: HashMap<CaseId, Held<R>>,
    changed: Vec<(i64, CaseId)>,
    memory: R::Memory,
}

/// A row in memory.
struct Held<R> {
    reference: i64,
    row: R,
    changed: bool,
}

impl<R: FactRow> Default for FactKeeper<R> {
    fn default() -> Self {
        FactKeeper { held: HashMap::new(), changed: Vec::new(), memory: R::Memory::default() }
    }
}

impl<R: FactRow> Keeper for FactKeeper<R> {
    fn reads_personal(&self) -> bool {
        false
    }

    fn reads_public(&self) -> bool {
        true
    }

    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        let StreamId::Case(case) = event.stream else { return Ok(()) };
        // Made from the log, the file is the one that the broadcast makes.
        if !is_read::<R>(event.kind, event.schema)? || restricts(event).map_err(unreadable)? {
            return Ok(());
        }
        let read = CaseEvent::read(event.kind, event.schema, event.facts).map_err(unreadable)?;
        read.map_or(Ok(()), |read| self.take(db, case, Moment::of(event), &read))
    }

    fn apply_public(&mut self, db: &Connection, event: &PublicEvent<'_>) -> Result<(), ApplyError> {
        let StreamId::Case(case) = event.stream else { return Ok(()) };
        if !is_read::<R>(event.kind, event.schema)? {
            return Ok(());
        }
        let read = event.case_event().map_err(|error| ApplyError::Refused(error.to_string()))?;
        read.map_or(Ok(()), |read| self.take(db, case, event.moment(), &read))
    }

    fn is_full(&self) -> bool {
        self.changed.len() >= R::HELD_MAX
    }

    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError> {
        // In the order of the file, so that a page is written once.
        self.changed.sort_unstable();
        for (_, case) in self.changed.drain(..) {
            if let Some(held) = self.held.get_mut(&case) {
                let mut statement = db.prepare_cached(R::SAVE)?;
                statement.execute(params![held.reference, case.0, encode(&held.row)])?;
                held.row.tell(db, held.reference, &mut self.memory)?;
                held.changed = false;
            }
        }
        if self.held.len() > R::HELD_MAX {
            self.held.clear();
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.held.clear();
        self.changed.clear();
    }
}

impl<R: FactRow> FactKeeper<R> {
    fn take(&mut self, db: &Connection, case: CaseId, now: Moment, read: &CaseEvent) -> Result<(), ApplyError> {
        let nothing =
            || ApplyError::Refused(format!("{} begins no case, and nothing is known of its case", read.kind()));
        let held = match self.held.entry(case) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => match load(db, case)? {
                Some((reference, row)) => place.insert(Held { reference, row, changed: false }),
                None => {
                    let row = R::begin(case, now, read).ok_or_else(nothing)?;
                    let reference = number(now.position);
                    self.changed.push((reference, case));
                    place.insert(Held { reference, row, changed: true });
                    return Ok(());
                }
            },
        };
        held.row.apply(now, read);
        if !std::mem::replace(&mut held.changed, true) {
            self.changed.push((held.reference, case));
        }
        Ok(())
    }
}

fn load<R: FactRow>(db: &Connection, case: CaseId) -> rusqlite::Result<Option<(i64, R)>> {
    let held = |row: &Row<'_>| Ok((row.get(0)?, decode(row, 1)?));
    db.prepare_cached(R::LOAD)?.query_row([case.0], held).optional()
}

fn unreadable(error: BadFrame) -> ApplyError {
    ApplyError::Refused(error.to_string())
}

/// Returns whether an event counts; one of an unknown type is never passed over, for the rows would be silently wrong.
fn is_read<R: FactRow>(kind: &str, schema: u16) -> Result<bool, ApplyError> {
    if event_type(kind).is_some_and(|known| schema <= known.version) {
        return Ok(R::reads(kind));
    }
    Err(ApplyError::Refused(format!(
        "event type {kind} (schema version {schema}) is unknown to this build: start a newer one"
    )))
}
