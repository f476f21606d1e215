//! Keeps the audit trail: one event in, one row out.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::LazyLock;

use caseledger_events::envelope::{Actor, Recorded};
use caseledger_events::ids::{Code, StreamId};
use caseledger_projections::audit_trail::Act;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Params, params};

use crate::model::{ApplyError, Keeper};
use crate::store::number;

/// The most streams whose number is remembered, some 60 bytes each.
const STREAMS_MAX: usize = 1_000_000;
/// The rows that one statement writes while much comes in: a statement costs as much as several rows.
const ROWS: usize = 50;

static ADD_ONE: &str = "INSERT INTO act VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
static ADD_ROWS: LazyLock<String> =
    LazyLock::new(|| format!("{ADD_ONE}{}", ", (?, ?, ?, ?, ?, ?, ?, ?)".repeat(ROWS - 1)));

/// Writes a row an event; remembers the numbers of names.
#[derive(Default)]
pub(super) struct AuditKeeper {
    who: HashMap<(Code, &'static str, Code), i64>,
    targets: HashMap<StreamId, i64>,
    /// The numbers of a type: of its public and of its restricted events.
    what: HashMap<String, [Option<i64>; 2]>,
    /// Rows that are not written yet.
    rows: Vec<ActRow>,
}

/// A row of `act`, in the order of its columns.
struct ActRow {
    position: i64,
    recorded_at: i64,
    occurred_on: NaiveDate,
    who: i64,
    on_behalf_of: Option<Code>,
    target: i64,
    what: i64,
    request: [u8; 16],
}

impl Keeper for AuditKeeper {
    fn reads_personal(&self) -> bool {
        false
    }

    fn apply(&mut self, db: &Connection, event: &Recorded<'_>) -> Result<(), ApplyError> {
        let act = Act::of(event).map_err(|error| ApplyError::Refused(error.to_string()))?;
        let position = number(act.position);
        let who = self.who(db, act.actor, position)?;
        let target = self.target(db, act.stream, position)?;
        let what = self.what(db, &act, position)?;
        self.rows.push(ActRow {
            position,
            recorded_at: act.recorded_at.0,
            occurred_on: act.occurred_at.auckland(),
            who,
            on_behalf_of: act.on_behalf_of,
            target,
            what,
            request: act.request.0,
        });
        if self.rows.len() == ROWS {
            write(db, &ADD_ROWS, &self.rows)?;
            self.rows.clear();
        }
        Ok(())
    }

    fn flush(&mut self, db: &Connection) -> Result<(), ApplyError> {
        self.rows.iter().try_for_each(|row| write(db, ADD_ONE, std::slice::from_ref(row)))?;
        self.rows.clear();
        if self.targets.len() > STREAMS_MAX {
            self.targets.clear();
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.who.clear();
        self.targets.clear();
        self.what.clear();
        self.rows.clear();
    }
}

impl AuditKeeper {
    fn who(&mut self, db: &Connection, actor: Actor, position: i64) -> rusqlite::Result<i64> {
        let Actor { person, role, organisation } = actor;
        numbered(&mut self.who, (person, role.name(), organisation), || {
            let (person, role, organisation) = (person.as_str(), role.name(), organisation.as_str());
            let find = "SELECT id FROM who WHERE person = ?1 AND role = ?2 AND organisation = ?3";
            match found(db, find, params![person, role, organisation])? {
                Some(found) => Ok(found),
                None => {
                    add(db, "INSERT INTO who VALUES (?1, ?2, ?3, ?4)", params![position, person, role, organisation])
                }
            }
        })
    }

    fn target(&mut self, db: &Connection, stream: StreamId, position: i64) -> rusqlite::Result<i64> {
        numbered(&mut self.targets, stream, || {
            let stream = stream.to_string();
            match found(db, "SELECT id FROM target WHERE stream = ?1", params![stream])? {
                Some(found) => Ok(found),
                None => add(db, "INSERT INTO target VALUES (?1, ?2)", params![position, stream]),
            }
        })
    }

    fn what(&mut self, db: &Connection, act: &Act<'_>, position: i64) -> rusqlite::Result<i64> {
        let (kind, restricted) = (act.kind, act.restricted);
        if let Some(known) = self.what.get(kind).and_then(|known| known[usize::from(restricted)]) {
            return Ok(known);
        }
        let find = "SELECT id FROM what WHERE kind = ?1 AND restricted = ?2";
        let id = match found(db, find, params![kind, restricted])? {
            Some(found) => found,
            None => add(db, "INSERT INTO what VALUES (?1, ?2, ?3)", params![position, kind, restricted])?,
        };
        self.what.entry(kind.to_owned()).or_default()[usize::from(restricted)] = Some(id);
        Ok(id)
    }
}

/// Writes rows by a statement that takes so many.
fn write(db: &Connection, sql: &str, rows: &[ActRow]) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    for (row, first) in rows.iter().zip((1..).step_by(8)) {
        let day = row.occurred_on.to_string();
        statement.raw_bind_parameter(first, row.position)?;
        statement.raw_bind_parameter(first + 1, row.recorded_at)?;
        statement.raw_bind_parameter(first + 2, day.as_str())?;
        statement.raw_bind_parameter(first + 3, row.who)?;
        statement.raw_bind_parameter(first + 4, row.on_behalf_of.as_ref().map(Code::as_str))?;
        statement.raw_bind_parameter(first + 5, row.target)?;
        statement.raw_bind_parameter(first + 6, row.what)?;
        statement.raw_bind_parameter(first + 7, row.request)?;
    }
    statement.raw_execute().map(drop)
}

/// Returns the number of a name that is remembered, or finds it and remembers it.
fn numbered<K: Hash + Eq>(
    known: &mut HashMap<K, i64>,
    key: K,
    find: impl FnOnce() -> rusqlite::Result<i64>,
) -> rusqlite::Result<i64> {
    if let Some(&found) = known.get(&key) {
        return Ok(found);
    }
    let found = find()?;
    known.insert(key, found);
    Ok(found)
}

fn found(db: &Connection, find: &str, values: impl Params) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached(find)?.query_row(values, |row| row.get(0)).optional()
}

fn add(db: &Connection, add: &str, values: impl Params) -> rusqlite::Result<i64> {
    db.prepare_cached(add)?.execute(values)?;
    Ok(db.last_insert_rowid())
}
