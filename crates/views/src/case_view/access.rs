//! Where cases stand for access, and the keys each person's list is found by.

use caseledger_events::access::Standing;
use caseledger_events::ids::CaseId;
use caseledger_events::number::CaseNumber;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::WhichCase;
use crate::store::decode;

/// A case as a query begins with it: its place in the file, and where it stands.
pub(super) type Found = (i64, Standing);

/// Writes the keys that came and takes away those that went; `stored` is what the file holds, before and after.
pub(super) fn save_keys(
    db: &Connection,
    reference: i64,
    stored: &mut Vec<String>,
    keys: Vec<String>,
) -> rusqlite::Result<()> {
    if *stored == keys {
        return Ok(());
    }
    for gone in stored.iter().filter(|key| !keys.contains(key)) {
        let mut statement = db.prepare_cached("DELETE FROM access_key WHERE key = ?1 AND ref = ?2")?;
        statement.execute(params![gone, reference])?;
    }
    for new in keys.iter().filter(|key| !stored.contains(key)) {
        let mut statement = db.prepare_cached("INSERT INTO access_key VALUES (?1, ?2)")?;
        statement.execute(params![new, reference])?;
    }
    *stored = keys;
    Ok(())
}

/// Finds a case by its id or its number.
pub(super) fn find(db: &Connection, which: WhichCase) -> rusqlite::Result<Option<Found>> {
    match which {
        WhichCase::Id(id) => by_id(db, id),
        WhichCase::Number(number) => by_number(db, number),
    }
}

fn by_id(db: &Connection, id: CaseId) -> rusqlite::Result<Option<Found>> {
    let sql = "SELECT ref, standing FROM case_key JOIN case_row USING (ref) WHERE case_key.id = ?1";
    db.prepare_cached(sql)?.query_row(params![id.0], found).optional()
}

fn by_number(db: &Connection, number: CaseNumber) -> rusqlite::Result<Option<Found>> {
    let sql = "SELECT ref, standing FROM case_key JOIN case_row USING (ref) WHERE case_key.number = ?1";
    db.prepare_cached(sql)?.query_row(params![number.0], found).optional()
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok((row.get(0)?, decode(row, 1)?))
}

/// Returns where the case at a place of the file stands.
pub(super) fn standing(db: &Connection, reference: i64) -> rusqlite::Result<Standing> {
    db.prepare_cached("SELECT standing FROM case_row WHERE ref = ?1")?.query_row([reference], |row| decode(row, 0))
}
