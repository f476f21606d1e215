//! Keeps the service levels: the stints of each case, as they are stored and as people read them.

use caseledger_events::event::CaseEvent;
use caseledger_events::ids::CaseId;
use caseledger_projections::business::BusinessDays;
use caseledger_projections::moment::Moment;
use caseledger_projections::service_levels::{READ, ServiceRow, Step, Stint};
use rusqlite::{Connection, params};

use crate::facts::{FactKeeper, FactRow};

/// Folds case events into stints.
pub(super) type ServiceKeeper = FactKeeper<ServiceRow>;

impl FactRow for ServiceRow {
    const LOAD: &'static str = "SELECT ref, row FROM service_case WHERE id = ?1";
    const SAVE: &'static str = "INSERT OR REPLACE INTO service_case VALUES (?1, ?2, ?3)";
    /// Some 400 bytes each.
    const HELD_MAX: usize = 131_072;
    type Memory = ();

    fn reads(kind: &str) -> bool {
        READ.contains(&kind)
    }

    fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<ServiceRow> {
        ServiceRow::evolve(None, case, now, read)
    }

    fn apply(&mut self, now: Moment, read: &CaseEvent) {
        ServiceRow::apply(self, now, read);
    }

    fn tell(&self, db: &Connection, reference: i64, (): &mut ()) -> rusqlite::Result<()> {
        let mut statement = db.prepare_cached(
            "INSERT OR REPLACE INTO service VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
                ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
        )?;
        for (place, stint) in (0_i64..).zip(&self.stints) {
            let last = place + 1 == self.stints.len() as i64;
            let code = |code: Option<caseledger_events::ids::Code>| code.map(|code| code.to_string());
            let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
            let step = |step: Step| (day(step.done(stint)), days(step, stint));
            let [allocated, assigned, begun, met, engaged, planned] = Step::ALL.map(step);
            statement.execute(params![
                reference,
                place,
                self.number.to_string(),
                self.kind.name(),
                self.status.name(),
                code(stint.provider),
                code(stint.manager),
                code(stint.catchment),
                self.school.as_str(),
                self.migrated,
                self.urgent,
                self.waitlisted && last,
                self.reachable,
                stint.came_on.to_string(),
                allocated.0,
                allocated.1,
                assigned.0,
                assigned.1,
                begun.0,
                begun.1,
                met.0,
                met.1,
                engaged.0,
                engaged.1,
                planned.0,
                planned.1,
                day(stint.left_on),
                stint.left.map(|left| left.name()),
                self.absent_half_days,
                self.open_half_days,
            ])?;
        }
        Ok(())
    }
}

/// Returns the business days a step took; `None` while it is not done.
fn days(step: Step, stint: &Stint) -> Option<u32> {
    BusinessDays::national().between(step.from(stint.came_on, stint.allocated_on)?, step.done(stint)?)
}
