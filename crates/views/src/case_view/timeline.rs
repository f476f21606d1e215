//! The timeline of a case: stored as recorded, put into words when it is read.

use caseledger_events::access::{Grant, Written};
use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::Position;
use caseledger_events::parts::Student;
use caseledger_events::personal::{PartKind, Personal};
use caseledger_log::LedgerIdentity;
use caseledger_projections::moment::Moment;
use caseledger_projections::timeline::{StoredEntry, TimelineRow};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::personal;
use crate::answering::Fault;
use crate::cursor::ListId;
use crate::documents::{PersonalPart, TimelineEntry, TimelinePage};
use crate::query::AsAt;
use crate::store::{AsOf, damaged, encode_borrowed, number};

/// Stores what the timeline shows of an event.
pub(super) fn store(db: &Connection, reference: i64, event: &Recorded<'_>) -> rusqlite::Result<()> {
    let entry = encode_borrowed(&StoredEntry::of(event));
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

/// Returns the last event that a grant shows of those that were folded in up to a position.
pub(super) fn last_shown(
    db: &Connection,
    reference: i64,
    grant: &Grant,
    at: Option<AsAt>,
    last: Position,
) -> rusqlite::Result<Option<Moment>> {
    let sql = "SELECT entry FROM timeline WHERE ref = ?1 AND position <= ?2 ORDER BY position DESC";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![reference, number(last)])?;
    while let Some(row) = rows.next()? {
        let (entry, read) = stored(row.get_ref(0)?.as_blob()?)?;
        let counts = at.is_none_or(|at| at.counts(entry.position, entry.occurred_at, entry.recorded_at));
        if counts && grant.shows_event(&read, &entry.written(&read)) {
            let StoredEntry { occurred_at, recorded_at, position, .. } = entry;
            return Ok(Some(Moment { occurred_at, recorded_at, position }));
        }
    }
    Ok(None)
}

/// Reads one page of what a grant shows, oldest entry first; a cursor says how many entries were shown before it.
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
    let before = cursor.map(|cursor| list.key(cursor)).transpose()?.unwrap_or(0);
    let (items, total) = shown(db, reference, grant, before, limit as usize)?;
    let last = before + items.len() as u64;
    Ok(TimelinePage { next: (last < total).then(|| list.cursor(last)), total, items, as_of: as_of.position })
}

/// Reads so many of the entries that a grant shows, after some of them, and counts them all. What is left out is not told
/// by its number either: neither by the count, nor by a cursor.
fn shown(
    db: &Connection,
    reference: i64,
    grant: &Grant,
    before: u64,
    most: usize,
) -> rusqlite::Result<(Vec<TimelineEntry>, u64)> {
    let mut statement = db.prepare_cached("SELECT parts, entry FROM timeline WHERE ref = ?1 ORDER BY version")?;
    let mut rows = statement.query(params![reference])?;
    let (mut items, mut total, mut began) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let (stored, read) = stored(row.get_ref(1)?.as_blob()?)?;
        let began = *began.get_or_insert_with(|| stored.occurred_at.auckland());
        if !grant.shows_event(&read, &stored.written(&read)) {
            continue;
        }
        total += 1;
        if total > before && items.len() < most {
            items.push(entry(db, row.get(0)?, (&stored, &read, began), grant)?);
        }
    }
    Ok((items, total))
}

fn entry(
    db: &Connection,
    parts: u32,
    (stored, read, began): (&StoredEntry<'_>, &CaseEvent, NaiveDate),
    grant: &Grant,
) -> rusqlite::Result<TimelineEntry> {
    let personal = if parts == 0 || grant.decided().sees().groups().next().is_none() {
        Vec::new()
    } else {
        fields(personal::all(db, stored.position)?, grant, &stored.written(read))
    };
    let row = match grant.level().shows_restricted() {
        true => stored.tell(read, began),
        false => TimelineRow::uncounted(stored, read, began),
    };
    Ok(TimelineEntry { row, personal })
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
