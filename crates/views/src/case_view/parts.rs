//! The rows that belong to a case, kept by their number within it.

use std::collections::BTreeMap;

use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_projections::case_view::{AgreementRow, CasePart, CommentRow, PlanRow, RequestRow};
use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::store::{decode, encode};

/// How one kind of row is stored.
pub(super) trait PartShape: CasePart {
    /// Reads the row of (case, number).
    const LOAD: &'static str;
    /// Writes the row of (case, number).
    const SAVE: &'static str;
    /// Reads the rows of a case with their numbers.
    const ALL: &'static str;

    /// Runs [`PartShape::SAVE`].
    fn save(&self, statement: &mut Statement<'_>, reference: i64, number: i64, row: &[u8]) -> rusqlite::Result<usize> {
        statement.execute(params![reference, number, row])
    }
}

impl PartShape for CommentRow {
    const LOAD: &'static str = "SELECT row FROM comment WHERE ref = ?1 AND number = ?2";
    const SAVE: &'static str = "INSERT OR REPLACE INTO comment VALUES (?1, ?2, ?3, ?4)";
    const ALL: &'static str = "SELECT number, row FROM comment WHERE ref = ?1";

    fn save(&self, statement: &mut Statement<'_>, reference: i64, number: i64, row: &[u8]) -> rusqlite::Result<usize> {
        statement.execute(params![reference, number, self.visible_to_school, row])
    }
}

impl PartShape for RequestRow {
    const LOAD: &'static str = "SELECT row FROM request WHERE ref = ?1 AND number = ?2";
    const SAVE: &'static str = "INSERT OR REPLACE INTO request VALUES (?1, ?2, ?3)";
    const ALL: &'static str = "SELECT number, row FROM request WHERE ref = ?1";
}

impl PartShape for PlanRow {
    const LOAD: &'static str = "SELECT row FROM plan WHERE ref = ?1 AND number = ?2";
    const SAVE: &'static str = "INSERT OR REPLACE INTO plan VALUES (?1, ?2, ?3)";
    const ALL: &'static str = "SELECT number, row FROM plan WHERE ref = ?1";
}

impl PartShape for AgreementRow {
    const LOAD: &'static str = "SELECT row FROM agreement WHERE ref = ?1 AND number = ?2";
    const SAVE: &'static str = "INSERT OR REPLACE INTO agreement VALUES (?1, ?2, ?3)";
    const ALL: &'static str = "SELECT number, row FROM agreement WHERE ref = ?1";
}

/// Rows of one kind that changed in the transaction under way.
pub(super) struct Parts<P>(BTreeMap<(i64, i64), P>);

impl<P> Default for Parts<P> {
    fn default() -> Self {
        Parts(BTreeMap::new())
    }
}

impl<P: PartShape> Parts<P> {
    /// Folds an event into the row it changes, if it changes one of this kind.
    pub fn apply(
        &mut self,
        db: &Connection,
        reference: i64,
        event: &Recorded<'_>,
        read: &CaseEvent,
    ) -> rusqlite::Result<()> {
        let Some(number) = P::key(event, read) else { return Ok(()) };
        let key = (reference, number.cast_signed());
        let row = match self.0.remove(&key) {
            None if !P::begins(read) => load(db, key)?,
            row => row,
        };
        self.0.extend(P::evolve(row, event, read).map(|row| (key, row)));
        Ok(())
    }

    /// Writes what changed.
    pub fn flush(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut statement = db.prepare_cached(P::SAVE)?;
        for ((reference, number), row) in std::mem::take(&mut self.0) {
            row.save(&mut statement, reference, number, &encode(&row))?;
        }
        Ok(())
    }

    /// Forgets what is held.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

fn load<P: PartShape>(db: &Connection, (reference, number): (i64, i64)) -> rusqlite::Result<Option<P>> {
    let mut statement = db.prepare_cached(P::LOAD)?;
    let row = statement.query_row(params![reference, number], |row| decode(row, 0)).optional()?;
    Ok(row)
}

/// Returns the rows of a case by their numbers.
pub(super) fn all<P: PartShape>(db: &Connection, reference: i64) -> rusqlite::Result<BTreeMap<u64, P>> {
    let mut statement = db.prepare_cached(P::ALL)?;
    let rows = statement.query_map([reference], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), decode(row, 1)?)))?;
    rows.collect()
}
