//! Keeps the tables of the case view: one event in, the rows it changes out.

use std::collections::{BTreeSet, HashMap};

use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_projections::case_view::{AgreementRow, CaseRow, CommentRow, EnrolmentRow, PlanRow, RequestRow};
use rusqlite::{Connection, params};

use super::key::{self, Key};
use super::parts::Parts;
use super::{personal, read, timeline};
use crate::model::{ApplyError, Keeper};
use crate::store::number;

/// The most cases held between two transactions, some 1 KiB each.
const HELD_MAX: usize = 32_768;

/// Folds case events into rows, each written once a transaction.
#[derive(Default)]
pub(super) struct CaseKeeper {
    held: HashMap<CaseId, Held>,
    changed: BTreeSet<CaseId>,
    comments: Parts<CommentRow>,
    requests: Parts<RequestRow>,
    plans: Parts<PlanRow>,
    agreements: Parts<AgreementRow>,
}

/// A case in memory.
struct Held {
    reference: i64,
    row: CaseRow,
    /// The filter columns as they stand in the file; `None` for a case that is not there yet.
    stored: Option<Key>,
    /// The enrolments as they stand in the file.
    enrolments: Vec<EnrolmentRow>,
}

impl Keeper for CaseKeeper {
    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        // Reference data and the ledger's events about itself are no part of any case.
        let StreamId::Case(case) = event.stream else { return Ok(()) };
        let read = known(event)?;
        if !self.held.contains_key(&case)
            && let Some((reference, row)) = read::by_id(db, case)?
        {
            let (stored, enrolments) = (Some(Key::of(&row)), row.enrolments.clone());
            self.held.insert(case, Held { reference, row, stored, enrolments });
        }
        let held = self.held.remove(&case);
        if let Some(reason) = broken(held.as_ref(), event).or_else(|| personal::too_many(&event.parts)) {
            self.held.extend(held.map(|held| (case, held)));
            return Err(ApplyError::Refused(reason));
        }
        let (reference, stored, enrolments, row) = match held {
            Some(Held { reference, row, stored, enrolments }) => (reference, stored, enrolments, Some(row)),
            None => (number(event.position), None, Vec::new(), None),
        };
        let Some(row) = CaseRow::evolve(row, event, &read) else {
            return Err(ApplyError::Refused(format!(
                "{} begins no case, and nothing is known of its case",
                event.kind
            )));
        };
        self.held.insert(case, Held { reference, row, stored, enrolments });
        self.changed.insert(case);
        self.comments.apply(db, reference, event, &read)?;
        self.requests.apply(db, reference, event, &read)?;
        self.plans.apply(db, reference, event, &read)?;
        self.agreements.apply(db, reference, event, &read)?;
        timeline::store(db, reference, event)?;
        personal::store(db, reference, event)
    }

    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError> {
        for case in std::mem::take(&mut self.changed) {
            let Some(held) = self.held.get_mut(&case) else { continue };
            held.save(db)?;
        }
        self.comments.flush(db)?;
        self.requests.flush(db)?;
        self.plans.flush(db)?;
        self.agreements.flush(db)?;
        if self.held.len() > HELD_MAX {
            self.held.clear();
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.held.clear();
        self.changed.clear();
        self.comments.forget();
        self.requests.forget();
        self.plans.forget();
        self.agreements.forget();
    }
}

impl Held {
    fn save(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let key = Key::of(&self.row);
        if self.stored.as_ref() == Some(&key) {
            key::save_activity(db, self.reference, &self.row)?;
        } else {
            key.save(db, self.reference, &self.row)?;
            self.stored = Some(key);
        }
        if self.enrolments != self.row.enrolments {
            key::save_enrolments(db, self.reference, &self.row)?;
            self.enrolments.clone_from(&self.row.enrolments);
        }
        let mut statement = db.prepare_cached("INSERT OR REPLACE INTO case_row VALUES (?1, ?2)")?;
        statement.execute(params![self.reference, read::encode(&self.row)]).map(drop)
    }
}

/// Reads the facts of an event; one of an unknown type is never passed over, for the view would be silently wrong.
fn known(event: &Recorded<'_>) -> Result<CaseEvent, ApplyError> {
    match CaseEvent::read(event.kind, event.schema, event.facts) {
        Ok(Some(read)) => Ok(read),
        Ok(None) => Err(ApplyError::Refused(format!(
            "event type {} (schema version {}) is unknown to this build: start a newer one",
            event.kind, event.schema
        ))),
        Err(error) => Err(ApplyError::Refused(error.to_string())),
    }
}

/// Returns why an event does not continue the case as it is held; `None` when it does.
fn broken(held: Option<&Held>, event: &Recorded<'_>) -> Option<String> {
    let (version, previous) = held.map_or((0, 0), |held| (held.row.version.0, held.row.last_activity.position.0));
    let continues = event.version.0 == version + 1 && event.previous.0 == previous;
    (!continues).then(|| {
        format!(
            "it is version {} of its case and follows position {}; the view holds version {version}, of position {previous}",
            event.version, event.previous
        )
    })
}
