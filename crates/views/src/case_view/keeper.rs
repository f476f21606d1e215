//! Keeps the tables of the case view: one event in, the rows it changes out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use caseledger_events::access::Standing;
use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, Position, StreamId, Version};
use caseledger_events::keys::KeyEvent;
use caseledger_projections::case_view::{AgreementRow, CaseRow, CommentRow, EnrolmentRow, PlanRow, RequestRow};
use caseledger_projections::work_queue::{self, Deadlines};
use rusqlite::{Connection, params};

use super::key::{self, Key};
use super::parts::Parts;
use super::{access, personal, purge, read, timeline, work};
use crate::model::{ApplyError, Keeper};
use crate::store::{encode, number};

/// The most cases held between two transactions, some 2 KiB each.
const HELD_MAX: usize = 32_768;
/// The most cases that may wait to be written: large transactions are what makes building a file quick.
const CHANGED_MAX: usize = 2 * HELD_MAX;

/// Folds case events into rows, each written once a transaction.
#[derive(Default)]
pub(super) struct CaseKeeper {
    held: HashMap<CaseId, Held>,
    /// Cases changed in the transaction under way, each once, with their place in the file.
    changed: Vec<(i64, CaseId)>,
    comments: Parts<CommentRow>,
    requests: Parts<RequestRow>,
    plans: Parts<PlanRow>,
    agreements: Parts<AgreementRow>,
    /// The days that work is due on, each counted once.
    deadlines: Deadlines,
    /// Whether the transaction under way deleted what is personal.
    purged: bool,
}

/// A case in memory.
struct Held {
    reference: i64,
    row: CaseRow,
    changed: bool,
    /// The filter columns as they stand in the file; `None` for a case that is not there yet.
    stored: Option<Key>,
    /// The enrolments as they stand in the file.
    enrolments: Vec<EnrolmentRow>,
    /// Where it stands for access; `None` only before the event that begins it.
    standing: Option<Standing>,
    /// The keys of access as they stand in the file.
    keys: Vec<String>,
    /// The work as it stands in the file.
    work: work::Stored,
}

impl Keeper for CaseKeeper {
    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        // Reference data and the ledger's events about itself are no part of any case.
        let StreamId::Case(case) = event.stream else { return self.of_no_case(db, event) };
        let read = known(event)?;
        if let Some(reason) = personal::too_many(&event.parts) {
            return Err(ApplyError::Refused(reason));
        }
        let held = match self.held.entry(case) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => place.insert(load_or_begin(db, case, event, &read, &mut self.deadlines)?),
        };
        if let Some(reason) = held.broken(event) {
            return Err(ApplyError::Refused(reason));
        }
        held.row.apply(event, &read);
        held.standing = Standing::evolve(held.standing.take(), event, &read);
        let reference = held.reference;
        if !std::mem::replace(&mut held.changed, true) {
            self.changed.push((reference, case));
        }
        self.comments.apply(db, reference, event, &read)?;
        self.requests.apply(db, reference, event, &read)?;
        self.plans.apply(db, reference, event, &read)?;
        self.agreements.apply(db, reference, event, &read)?;
        timeline::store(db, reference, event)?;
        personal::store(db, reference, event)
    }

    fn is_full(&self) -> bool {
        self.changed.len() >= CHANGED_MAX
    }

    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError> {
        if self.held.len() > HELD_MAX {
            // What this transaction did not touch is the least likely to be needed next.
            self.held.retain(|_, held| held.changed);
        }
        // In the order of the file, so that a page is written once.
        self.changed.sort_unstable();
        for (_, case) in self.changed.drain(..) {
            if let Some(held) = self.held.get_mut(&case) {
                held.save(db, &mut self.deadlines)?;
            }
        }
        self.comments.flush(db)?;
        self.requests.flush(db)?;
        self.plans.flush(db)?;
        self.agreements.flush(db)?;
        if self.held.len() > CHANGED_MAX {
            self.held.clear();
        }
        Ok(())
    }

    fn purged(&mut self) -> bool {
        std::mem::take(&mut self.purged)
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

impl CaseKeeper {
    /// Takes in what is about no case: a disposal takes what is personal out of all cases of its student.
    fn of_no_case(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        let read = KeyEvent::read(event).map_err(|error| ApplyError::Refused(error.to_string()))?;
        if let Some(KeyEvent::StudentDisposed { student, .. }) = read {
            // Cases of this transaction are in the file before they are looked for there.
            self.flush(db)?;
            purge::student(db, student)?;
            self.purged = true;
        }
        Ok(())
    }
}

/// Returns the case as the file holds it, or as an event begins it.
fn load_or_begin(
    db: &Connection,
    case: CaseId,
    event: &Recorded<'_>,
    read: &CaseEvent,
    deadlines: &mut Deadlines,
) -> Result<Held, ApplyError> {
    if let Some((reference, row, standing)) = read::held(db, case)? {
        let (stored, enrolments, keys) = (Some(Key::of(&row)), row.enrolments.clone(), standing.keys());
        let work = (work_queue::work(&row, deadlines), row.flags.urgent);
        return Ok(Held { reference, row, changed: false, stored, enrolments, standing: Some(standing), keys, work });
    }
    let begun = CaseRow::begin(event, read);
    let nothing = || ApplyError::Refused(format!("{} begins no case, and nothing is known of its case", event.kind));
    let mut row = begun.ok_or_else(nothing)?;
    // Nothing has happened to it before the event that is folded in next.
    (row.version, row.last_activity.position) = (Version(0), Position(0));
    Ok(Held {
        reference: number(event.position),
        row,
        changed: false,
        stored: None,
        enrolments: Vec::new(),
        standing: None,
        keys: Vec::new(),
        work: (Vec::new(), false),
    })
}

impl Held {
    fn save(&mut self, db: &Connection, deadlines: &mut Deadlines) -> rusqlite::Result<()> {
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
        self.changed = false;
        let standing = self.standing.as_ref().expect("the event that begins the row begins the standing");
        access::save_keys(db, self.reference, &mut self.keys, standing.keys())?;
        let work = (work_queue::work(&self.row, deadlines), self.row.flags.urgent);
        work::save(db, self.reference, &mut self.work, work)?;
        let mut statement = db.prepare_cached("INSERT OR REPLACE INTO case_row VALUES (?1, ?2, ?3)")?;
        statement.execute(params![self.reference, encode(&self.row), encode(standing)]).map(drop)
    }

    /// Returns why an event does not continue the case as it is held; `None` when it does.
    fn broken(&self, event: &Recorded<'_>) -> Option<String> {
        let (version, previous) = (self.row.version, self.row.last_activity.position);
        let continues = event.version == version.next() && event.previous == previous;
        (!continues).then(|| {
            format!(
                "it is version {} of its case and follows position {}; the view holds version {version}, of position {previous}",
                event.version, event.previous
            )
        })
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
