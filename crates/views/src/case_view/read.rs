//! Reading cases: rows from their stored form, and the documents they are joined into.

use caseledger_events::ids::{CaseId, Position};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{AgreementNote, Note, Student};
use caseledger_projections::case_view::{AgreementRow, CaseRow, CommentRow, PlanRow, RequestRow};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{parts, personal};
use crate::documents::{AgreementWithNote, CaseDocument, CaseItem, Comment, Plan, Request, StudentName};
use crate::store::{AsOf, damaged};

/// Returns a row as stored: MessagePack by position, for the file belongs to one version of the shape.
pub(super) fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    rmp_serde::to_vec(row).expect("a row is plain data of known length")
}

/// Reads a stored row back.
pub(super) fn decode<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let bytes = row.get_ref(column)?.as_blob()?;
    rmp_serde::from_slice(bytes).map_err(|_| damaged("a stored row cannot be read".to_owned()))
}

pub(super) fn by_id(db: &Connection, case: CaseId) -> rusqlite::Result<Option<(i64, CaseRow)>> {
    let mut statement =
        db.prepare_cached("SELECT ref, row FROM case_key JOIN case_row USING (ref) WHERE case_key.id = ?1")?;
    statement.query_row(params![case.0], |row| Ok((row.get(0)?, decode(row, 1)?))).optional()
}

pub(super) fn by_number(db: &Connection, number: CaseNumber) -> rusqlite::Result<Option<(i64, CaseRow)>> {
    let mut statement =
        db.prepare_cached("SELECT ref, row FROM case_key JOIN case_row USING (ref) WHERE case_key.number = ?1")?;
    statement.query_row(params![number.0], |row| Ok((row.get(0)?, decode(row, 1)?))).optional()
}

pub(super) fn by_reference(db: &Connection, reference: i64) -> rusqlite::Result<CaseRow> {
    db.prepare_cached("SELECT row FROM case_row WHERE ref = ?1")?.query_row([reference], |row| decode(row, 0))
}

/// Joins a case with everything that belongs to it.
pub(super) fn document(
    db: &Connection,
    reference: i64,
    mut row: CaseRow,
    as_of: AsOf,
) -> rusqlite::Result<CaseDocument> {
    row.speak_of(as_of.day);
    let at = |position: Option<Position>| position.unwrap_or_default();
    Ok(CaseDocument {
        student_details: personal::find(db, at(row.student_at))?,
        contacts: personal::find(db, at(row.contacts_at))?,
        plans: plans(db, reference)?,
        requests: requests(db, reference)?,
        agreements: agreements(db, reference)?,
        comments: comments(db, reference)?,
        row,
        as_of: as_of.position,
    })
}

/// Joins a case with the student's names, as of a day.
pub(super) fn item(db: &Connection, mut row: CaseRow, day: NaiveDate) -> rusqlite::Result<CaseItem> {
    row.speak_of(day);
    let student: Option<Student> = match row.student_at {
        Some(position) => personal::find(db, position)?,
        None => None,
    };
    let student_name = student.map(|student| StudentName {
        family_name: student.family_name,
        given_names: student.given_names,
        preferred_name: student.preferred_name,
        birth_date: student.birth_date,
    });
    Ok(CaseItem { row, student_name })
}

fn plans(db: &Connection, reference: i64) -> rusqlite::Result<Vec<Plan>> {
    let rows = parts::all(db, reference)?.into_iter();
    rows.map(|row: PlanRow| Ok(Plan { words: personal::find(db, row.recorded.position)?, row })).collect()
}

fn requests(db: &Connection, reference: i64) -> rusqlite::Result<Vec<Request>> {
    let rows = parts::all(db, reference)?.into_iter();
    rows.map(|row: RequestRow| {
        let answer = match row.answered {
            Some(answered) => personal::find(db, answered.position)?,
            None => None,
        };
        Ok(Request { answer, row })
    })
    .collect()
}

fn agreements(db: &Connection, reference: i64) -> rusqlite::Result<Vec<AgreementWithNote>> {
    let rows = parts::all(db, reference)?.into_iter();
    rows.map(|row: AgreementRow| {
        let note: Option<AgreementNote> = personal::find(db, row.recorded.position)?;
        Ok(AgreementWithNote { note, row })
    })
    .collect()
}

fn comments(db: &Connection, reference: i64) -> rusqlite::Result<Vec<Comment>> {
    let rows = parts::all(db, reference)?.into_iter();
    rows.map(|row: CommentRow| {
        let note: Option<Note> = personal::find(db, row.written.position)?;
        Ok(Comment { text: note.map(|note| note.text), row })
    })
    .collect()
}
