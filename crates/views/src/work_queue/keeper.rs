//! Keeps the work queue of public facts: the case as it is stored, and what is to be done on it.

use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, Code};
use caseledger_projections::moment::Moment;
use caseledger_projections::work_queue::{Deadlines, QueueRow};
use chrono::NaiveDate;
use rusqlite::{Connection, params};

use crate::facts::{FactKeeper, FactRow};

/// Folds case events into what is to be done.
pub(super) type QueueKeeper = FactKeeper<QueueRow>;

impl FactRow for QueueRow {
    const LOAD: &'static str = "SELECT ref, row FROM work_case WHERE id = ?1";
    const SAVE: &'static str = "INSERT OR REPLACE INTO work_case VALUES (?1, ?2, ?3)";
    /// Some 1 KiB each.
    const HELD_MAX: usize = 65_536;
    /// The days that work is due on, each counted once.
    type Memory = Deadlines;

    fn reads(_: &str) -> bool {
        true
    }

    fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<QueueRow> {
        QueueRow::begin(case, now, read)
    }

    fn apply(&mut self, now: Moment, read: &CaseEvent) {
        QueueRow::apply(self, now, read);
    }

    fn tell(&self, db: &Connection, reference: i64, deadlines: &mut Deadlines) -> rusqlite::Result<()> {
        let case = self.case();
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
