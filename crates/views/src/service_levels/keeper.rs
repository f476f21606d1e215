//! Keeps the service levels: one event in, the stints of its case out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use caseledger_events::envelope::Recorded;
use caseledger_events::event::{CaseEvent, CaseKind, event_type};
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_projections::broadcast::PublicEvent;
use caseledger_projections::business::BusinessDays;
use caseledger_projections::moment::Moment;
use caseledger_projections::service_levels::{READ, ServiceRow, Step, Stint};
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ApplyError, Keeper};
use crate::store::{damaged, number};

/// The most cases held between two transactions, some 400 bytes each.
const HELD_MAX: usize = 131_072;

/// Folds case events into stints, each case written once a transaction.
#[derive(Default)]
pub(super) struct ServiceKeeper {
    held: HashMap<CaseId, Held>,
    changed: Vec<(i64, CaseId)>,
}

/// A case in memory.
struct Held {
    reference: i64,
    row: ServiceRow,
    changed: bool,
}

impl Keeper for ServiceKeeper {
    fn reads_personal(&self) -> bool {
        false
    }

    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        let StreamId::Case(case) = event.stream else { return Ok(()) };
        if !is_read(event.kind, event.schema)? {
            return Ok(());
        }
        let read = CaseEvent::read(event.kind, event.schema, event.facts);
        let read = read.map_err(|error| ApplyError::Refused(error.to_string()))?;
        read.map_or(Ok(()), |read| self.take(db, case, Moment::of(event), &read))
    }

    fn apply_public(&mut self, db: &Connection, event: &PublicEvent<'_>) -> Result<(), ApplyError> {
        let StreamId::Case(case) = event.stream else { return Ok(()) };
        if !is_read(event.kind, event.schema)? {
            return Ok(());
        }
        let read = event.case_event().map_err(|error| ApplyError::Refused(error.to_string()))?;
        read.map_or(Ok(()), |read| self.take(db, case, event.moment(), &read))
    }

    fn is_full(&self) -> bool {
        self.changed.len() >= HELD_MAX
    }

    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError> {
        // In the order of the file, so that a page is written once.
        self.changed.sort_unstable();
        for (_, case) in self.changed.drain(..) {
            if let Some(held) = self.held.get_mut(&case) {
                save(db, held.reference, &held.row)?;
                held.changed = false;
            }
        }
        if self.held.len() > HELD_MAX {
            self.held.clear();
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.held.clear();
        self.changed.clear();
    }
}

impl ServiceKeeper {
    fn take(&mut self, db: &Connection, case: CaseId, now: Moment, read: &CaseEvent) -> Result<(), ApplyError> {
        let nothing =
            || ApplyError::Refused(format!("{} begins no case, and nothing is known of its case", read.kind()));
        let held = match self.held.entry(case) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => match load(db, case)? {
                Some((reference, row)) => place.insert(Held { reference, row, changed: false }),
                None => {
                    let row = ServiceRow::evolve(None, case, now, read).ok_or_else(nothing)?;
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

/// Returns whether an event counts; one of an unknown type is never passed over, for the figures would be silently wrong.
fn is_read(kind: &str, schema: u16) -> Result<bool, ApplyError> {
    if READ.contains(&kind) {
        return Ok(true);
    }
    if event_type(kind).is_some_and(|known| schema <= known.version) {
        return Ok(false);
    }
    Err(ApplyError::Refused(format!(
        "event type {kind} (schema version {schema}) is unknown to this build: start a newer one"
    )))
}

fn load(db: &Connection, case: CaseId) -> rusqlite::Result<Option<(i64, ServiceRow)>> {
    let mut statement = db.prepare_cached("SELECT ref, row FROM service_case WHERE id = ?1")?;
    let held = statement.query_row([case.0], |row| {
        let stored = rmp_serde::from_slice(row.get_ref(1)?.as_blob()?);
        Ok((row.get(0)?, stored.map_err(|_| damaged("a stored row cannot be read".to_owned()))?))
    });
    held.optional()
}

fn save(db: &Connection, reference: i64, row: &ServiceRow) -> rusqlite::Result<()> {
    let stored = rmp_serde::to_vec(row).expect("a row is plain data of known length");
    let mut statement = db.prepare_cached("INSERT OR REPLACE INTO service_case VALUES (?1, ?2, ?3)")?;
    statement.execute(params![reference, row.case.0, stored])?;
    let mut statement = db.prepare_cached(
        "INSERT OR REPLACE INTO service VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
            ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
    )?;
    for (place, stint) in (0_i64..).zip(&row.stints) {
        let last = place + 1 == row.stints.len() as i64;
        let code = |code: Option<caseledger_events::ids::Code>| code.map(|code| code.to_string());
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
        let step = |step: Step| (day(step.done(stint)), days(step, stint));
        let [allocated, assigned, begun, met, engaged, planned] = Step::ALL.map(step);
        statement.execute(params![
            reference,
            place,
            row.number.to_string(),
            kind_name(row.kind),
            row.status.name(),
            code(stint.provider),
            code(stint.manager),
            code(stint.catchment),
            row.school.as_str(),
            row.migrated,
            row.urgent,
            row.waitlisted && last,
            row.reachable,
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
            row.absent_half_days,
            row.open_half_days,
        ])?;
    }
    Ok(())
}

pub(super) fn kind_name(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::ChronicAbsence => "chronic_absence",
        CaseKind::NonEnrolment => "non_enrolment",
    }
}

/// Returns the business days a step took; `None` while it is not done.
fn days(step: Step, stint: &Stint) -> Option<u32> {
    BusinessDays::national().between(step.from(stint.came_on, stint.allocated_on)?, step.done(stint)?)
}
