//! The timeline of a case: stored as recorded, put into words when it is read.

use caseledger_events::access::{Grant, Level, Written};
use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::Position;
use caseledger_events::parts::Student;
use caseledger_events::personal::{PartKind, Personal};
use caseledger_log::LedgerIdentity;
use caseledger_projections::timeline::StoredEntry;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{personal, read};
use crate::answering::Fault;
use crate::cursor::ListId;
use crate::documents::{PersonalPart, TimelineEntry, TimelinePage};
use crate::store::{AsOf, damaged, number};

/// Stores what the timeline shows of an event.
pub(super) fn store(db: &Connection, reference: i64, event: &Recorded<'_>) -> rusqlite::Result<()> {
    let entry = read::encode(&StoredEntry::of(event));
    let parts = personal::shown(&event.parts).count() as u32;
    let mut statement = db.prepare_cached("INSERT INTO timeline VALUES (?1, ?2, ?3, ?4, ?5)")?;
    statement.execute(params![number(event.position), reference, event.version.0, parts, entry]).map(drop)
}

/// Reads a stored entry back, and what happened.
pub(super) fn stored(bytes: &[u8]) -> rusqlite::Result<(StoredEntry<'_>, CaseEvent)> {
    let unreadable = || damaged("a stored timeline entry cannot be read".to_owned());
    let stored: StoredEntry<'_> = rmp_serde::from_slice(bytes).map_err(|_| unreadable())?;
    let read = stored.event().map_err(|_| unreadable())?;
    Ok((stored, read))
}

/// Returns the New Zealand day of the latest event of any case up to a position: the *today* of a view that stands there.
pub(super) fn day_at(db: &Connection, position: Position) -> rusqlite::Result<Option<NaiveDate>> {
    let sql = "SELECT entry FROM timeline WHERE position <= ?1 ORDER BY position DESC LIMIT 1";
    let mut statement = db.prepare_cached(sql)?;
    let day = |row: &Row<'_>| Ok(stored(row.get_ref(0)?.as_blob()?)?.0.recorded_at.auckland());
    statement.query_row([i64::try_from(position.0).unwrap_or(i64::MAX)], day).optional()
}

/// Reads one page of what a grant shows, oldest entry first; a cursor is the version of the last entry shown.
pub(super) fn page(
    db: &Connection,
    identity: LedgerIdentity,
    reference: i64,
    grant: &Grant,
    cursor: Option<&str>,
    limit: u32,
    as_of: AsOf,
) -> Result<TimelinePage, Fault> {
    let list = ListId::of(identity, &format!("timeline of {}", grant.case()));
    let after = cursor.map(|cursor| list.key(cursor)).transpose()?.unwrap_or(0);
    let mut items = Vec::new();
    let mut more = false;
    let mut statement = db.prepare_cached(
        "SELECT version, parts, entry FROM timeline WHERE ref = ?1 AND version > ?2 ORDER BY version",
    )?;
    let mut rows = statement.query(params![reference, after.cast_signed()])?;
    let mut last = after;
    while let Some(row) = rows.next()? {
        let Some(entry) = entry(db, row, grant)? else { continue };
        if items.len() == limit as usize {
            more = true;
            break;
        }
        last = u64::from(row.get::<_, u32>(0)?);
        items.push(entry);
    }
    Ok(TimelinePage {
        next: more.then(|| list.cursor(last)),
        total: total(db, reference, grant)?,
        items,
        as_of: as_of.position,
    })
}

/// Counts the events that are shown: what is left out is not told by its number either.
fn total(db: &Connection, reference: i64, grant: &Grant) -> rusqlite::Result<u64> {
    if grant.level() == Level::Full {
        return Ok(u64::from(read::by_reference(db, reference)?.version.0));
    }
    let mut total = 0;
    let mut statement = db.prepare_cached("SELECT entry FROM timeline WHERE ref = ?1")?;
    let mut rows = statement.query([reference])?;
    while let Some(row) = rows.next()? {
        let (entry, read) = stored(row.get_ref(0)?.as_blob()?)?;
        total += u64::from(grant.shows_event(&read, &entry.written(&read)));
    }
    Ok(total)
}

fn entry(db: &Connection, row: &Row<'_>, grant: &Grant) -> rusqlite::Result<Option<TimelineEntry>> {
    let parts: u32 = row.get(1)?;
    let (stored, read) = stored(row.get_ref(2)?.as_blob()?)?;
    let written = stored.written(&read);
    if !grant.shows_event(&read, &written) {
        return Ok(None);
    }
    let personal = if parts == 0 || grant.decided().sees().groups().next().is_none() {
        Vec::new()
    } else {
        fields(personal::all(db, stored.position)?, grant, &written)
    };
    let mut row = stored.tell(&read);
    if !matches!(grant.level(), Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver) {
        row.version = None;
    }
    Ok(Some(TimelineEntry { row, personal }))
}

/// Leaves what the grant shows of what was written with an event.
fn fields(parts: Vec<PersonalPart>, grant: &Grant, written: &Written) -> Vec<PersonalPart> {
    let mut shown = Vec::with_capacity(parts.len());
    for mut part in parts {
        if !grant.shows_field(part.group, written) {
            continue;
        }
        if part.name == Student::NAME && !grant.shows_nsn(written) {
            part.body = without_nsn(&part.body);
        }
        shown.push(part);
    }
    shown
}

/// The NSN has users of its own among those who see who the student is (domain §2.5).
fn without_nsn(body: &Personal<serde_json::Value>) -> Personal<serde_json::Value> {
    let mut body = body.reveal().clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("nsn");
    }
    Personal::new(body)
}
