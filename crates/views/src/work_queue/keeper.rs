//! Keeps the work queue of public facts: the case as it is stored, and what is to be done on it.

use caseledger_events::codec::BadFrame;
use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, Code};
use caseledger_events::public::restricts;
use caseledger_projections::moment::Moment;
use caseledger_projections::work_queue::{Deadlines, QueueRow};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, params};

use crate::facts::{FactKeeper, FactRow};
use crate::store::damaged;

/// Folds case events into what is to be done.
pub(super) type QueueKeeper = FactKeeper<QueueRow>;

impl FactRow for QueueRow {
    /// Some 1 KiB each.
    const HELD_MAX: usize = 65_536;
    /// The days that work is due on, each counted once.
    type Memory = Deadlines;

    fn reads(_: &str) -> bool {
        true
    }

    /// Made from the log, the file is the one that the broadcast makes.
    fn counts(event: &Recorded<'_>) -> Result<bool, BadFrame> {
        Ok(!restricts(event)?)
    }

    fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<QueueRow> {
        QueueRow::begin(case, now, read)
    }

    fn apply(&mut self, now: Moment, read: &CaseEvent) {
        QueueRow::apply(self, now, read);
    }

    fn load(db: &Connection, case: CaseId) -> rusqlite::Result<Option<(i64, QueueRow)>> {
        let mut statement = db.prepare_cached("SELECT ref, row FROM work_case WHERE id = ?1")?;
        let held = statement.query_row([case.0], |row| {
            let stored = rmp_serde::from_slice(row.get_ref(1)?.as_blob()?);
            Ok((row.get(0)?, stored.map_err(|_| damaged("a stored row cannot be read".to_owned()))?))
        });
        held.optional()
    }

    fn save(&self, db: &Connection, reference: i64, deadlines: &mut Deadlines) -> rusqlite::Result<()> {
        let case = self.case();
        let stored = rmp_serde::to_vec(self).expect("a row is plain data of known length");
        let mut statement = db.prepare_cached("INSERT OR REPLACE INTO work_case VALUES (?1, ?2, ?3)")?;
        statement.execute(params![reference, case.case.0, stored])?;
        db.prepare_cached("DELETE FROM work WHERE ref = ?1")?.execute([reference])?;
        let mut statement =
            db.prepare_cached("INSERT INTO work VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")?;
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        let code = |code: Option<Code>| code.map(|code| code.to_string());
        for item in self.work(deadlines) {
            statement.execute(params![
                reference,
                item.what.name(),
                item.number,
                item.what.rule(),
                day(item.due_on),
                day(item.last_on),
                code(item.who),
                case.flags.urgent,
                case.number.to_string(),
                case.status.name(),
                code(case.provider),
                code(case.manager),
                code(case.catchment),
                case.school.as_str(),
            ])?;
        }
        Ok(())
    }
}
