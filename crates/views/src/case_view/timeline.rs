//! The timeline of a case: stored as recorded, put into words when it is read.

use caseledger_events::envelope::Recorded;
use caseledger_events::ids::CaseId;
use caseledger_log::LedgerIdentity;
use caseledger_projections::timeline::StoredEntry;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Fault, personal, read};
use crate::cursor::ListId;
use crate::documents::{TimelineEntry, TimelinePage};
use crate::store::{AsOf, damaged, number};

/// Stores what the timeline shows of an event.
pub(super) fn store(db: &Connection, reference: i64, event: &Recorded<'_>) -> rusqlite::Result<()> {
    let entry = read::encode(&StoredEntry::of(event));
    let parts = personal::shown(&event.parts).count() as u32;
    let mut statement = db.prepare_cached("INSERT INTO timeline VALUES (?1, ?2, ?3, ?4, ?5)")?;
    statement.execute(params![number(event.position), reference, event.version.0, parts, entry]).map(drop)
}

/// Reads one page, oldest entry first; a cursor is the version of the last entry shown.
pub(super) fn page(
    db: &Connection,
    identity: LedgerIdentity,
    case: CaseId,
    cursor: Option<&str>,
    limit: u32,
    as_of: AsOf,
) -> Result<Option<TimelinePage>, Fault> {
    let list = ListId::of(identity, &format!("timeline of {case}"));
    let after = cursor.map(|cursor| list.key(cursor)).transpose()?.unwrap_or(0);
    let head = db
        .prepare_cached("SELECT ref FROM case_key WHERE id = ?1")?
        .query_row(params![case.0], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(reference) = head else { return Ok(None) };
    let total = read::by_reference(db, reference)?.version.0;
    let mut statement = db.prepare_cached(
        "SELECT version, parts, entry FROM timeline WHERE ref = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
    )?;
    let rows = statement.query_map(params![reference, after.cast_signed(), limit], |row| entry(db, row))?;
    let items = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let last = items.last().map_or(total, |item| item.row.version.0);
    let next = (last < total).then(|| list.cursor(u64::from(last)));
    Ok(Some(TimelinePage { items, next, total: u64::from(total), as_of: as_of.position }))
}

fn entry(db: &Connection, row: &Row<'_>) -> rusqlite::Result<TimelineEntry> {
    let parts: u32 = row.get(1)?;
    let bytes = row.get_ref(2)?.as_blob()?;
    let unreadable = || damaged("a stored timeline entry cannot be read".to_owned());
    let stored: StoredEntry<'_> = rmp_serde::from_slice(bytes).map_err(|_| unreadable())?;
    let row = stored.read().map_err(|_| unreadable())?;
    let personal = if parts == 0 { Vec::new() } else { personal::all(db, row.position)? };
    Ok(TimelineEntry { row, personal })
}
