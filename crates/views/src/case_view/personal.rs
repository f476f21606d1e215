//! The personal parts, where their events put them, and the index of names.

use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_events::parts::Student;
use caseledger_events::personal::{Group, Part, PartKind, Personal};
use caseledger_log::REQUEST_PART;
use caseledger_projections::names;
use rusqlite::{Connection, OptionalExtension, params};

use crate::documents::PersonalPart;
use crate::model::ApplyError;
use crate::store::number;

/// The ids of the parts of an event: position * 256 and the 255 that follow.
const PARTS_MAX: usize = 256;

fn first_id(position: Position) -> i64 {
    number(position) << 8
}

/// Stores the parts of an event, and the names of the student where it says them.
pub(super) fn store(db: &Connection, reference: i64, event: &Recorded<'_>) -> Result<(), ApplyError> {
    for (id, part) in (first_id(event.position)..).zip(shown(&event.parts)) {
        let mut statement = db.prepare_cached("INSERT INTO case_personal VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let group = part.group.name();
        statement.execute(params![id, reference, part.name, part.version, group, part.body])?;
    }
    match Student::find(&event.parts) {
        Some(student) => Ok(index_names(db, reference, &student)?),
        None => Ok(()),
    }
}

/// Returns the parts that say something; the log's own fingerprint of the request says nothing to people.
pub(super) fn shown(parts: &[Part]) -> impl Iterator<Item = &Part> {
    parts.iter().filter(|part| part.name != REQUEST_PART)
}

/// Returns why the parts of an event cannot be stored; `None` when they can.
pub(super) fn too_many(parts: &[Part]) -> Option<String> {
    (parts.len() > PARTS_MAX).then(|| format!("it carries {} personal parts, {PARTS_MAX} are stored", parts.len()))
}

/// A later referral may tell the names anew: the newest are found.
fn index_names(db: &Connection, reference: i64, student: &Student) -> rusqlite::Result<()> {
    let Student { family_name, given_names, preferred_name, nsn: _, birth_date: _ } = student;
    let mut words: Vec<String> = [Some(family_name), Some(given_names), preferred_name.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|name| names::words(name.reveal()))
        .collect();
    words.sort();
    words.dedup();
    db.prepare_cached("DELETE FROM case_names WHERE rowid = ?1")?.execute([reference])?;
    let mut statement = db.prepare_cached("INSERT INTO case_names (rowid, names) VALUES (?1, ?2)")?;
    statement.execute(params![reference, words.join(" ")]).map(drop)
}

/// Reads one kind of part of the event at a position; `None` where it is absent, purged or unreadable.
pub(super) fn find<K: PartKind>(db: &Connection, position: Position) -> rusqlite::Result<Option<K>> {
    let mut statement =
        db.prepare_cached("SELECT body FROM case_personal WHERE id BETWEEN ?1 AND ?1 + 255 AND part = ?2")?;
    let body: Option<Vec<u8>> =
        statement.query_row(params![first_id(position), K::NAME], |row| row.get(0)).optional()?;
    Ok(body.and_then(|body| rmp_serde::from_slice(&body).ok()))
}

/// Returns which parts the event at a position carries; what they say stays where it is.
pub(super) fn carried(db: &Connection, position: Position) -> rusqlite::Result<Vec<Part>> {
    let sql = "SELECT part, version, part_group FROM case_personal WHERE id BETWEEN ?1 AND ?1 + 255 ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let parts = statement.query_map([first_id(position)], |row| {
        let group = Group::of_name(row.get_ref(2)?.as_str()?);
        Ok(Part { group, name: row.get(0)?, version: row.get(1)?, key: None, body: Vec::new() })
    })?;
    parts.collect()
}

/// Reads every part of the event at a position.
pub(super) fn all(db: &Connection, position: Position) -> rusqlite::Result<Vec<PersonalPart>> {
    let mut statement = db.prepare_cached(
        "SELECT part, version, part_group, body FROM case_personal WHERE id BETWEEN ?1 AND ?1 + 255 ORDER BY id",
    )?;
    let parts = statement.query_map([first_id(position)], |row| {
        let body: Vec<u8> = row.get(3)?;
        Ok(PersonalPart {
            name: row.get(0)?,
            version: row.get(1)?,
            group: Group::of_name(row.get_ref(2)?.as_str()?),
            // What cannot be read is shown as nothing, never as bytes.
            body: Personal::new(rmp_serde::from_slice(&body).unwrap_or_default()),
        })
    })?;
    parts.collect()
}
