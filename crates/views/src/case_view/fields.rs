//! The personal fields of a case, each asked of the grant before it is read.

use caseledger_events::access::{Grant, Sight, Written};
use caseledger_events::ids::Position;
use caseledger_events::parts::{AgencyAnswer, Note, Student};
use caseledger_events::personal::{Group, PartKind, Personal};
use caseledger_projections::case_view::{CommentRow, RequestRow};
use rusqlite::Connection;

use super::{personal, timeline};
use crate::documents::StudentName;
use crate::store::number;

/// What one grant shows of what people wrote.
pub(super) struct Fields<'a> {
    pub db: &'a Connection,
    pub grant: &'a Grant,
}

impl Fields<'_> {
    /// Reads one kind of part of the event at a position, where the grant shows it.
    pub fn find<K: PartKind>(&self, at: Option<Position>) -> rusqlite::Result<Option<K>> {
        match at {
            Some(at) if self.shows(K::GROUP, at)? => personal::find(self.db, at),
            _ => Ok(None),
        }
    }

    /// Returns whether the grant shows a group of the personal fields of the event at a position.
    pub fn shows(&self, group: Group, at: Position) -> rusqlite::Result<bool> {
        if self.grant.sees(group) == Sight::No {
            return Ok(false);
        }
        Ok(self.written(at)?.is_some_and(|written| self.grant.shows_field(group, &written)))
    }

    /// Reads who the student is; the NSN has users of its own (domain §2.5).
    pub fn student(&self, at: Option<Position>) -> rusqlite::Result<Option<Student>> {
        let Some(mut student) = self.find::<Student>(at)? else { return Ok(None) };
        let written = at.map(|at| self.written(at)).transpose()?.flatten();
        if !written.is_some_and(|written| self.grant.shows_nsn(&written)) {
            student.nsn = None;
        }
        Ok(Some(student))
    }

    /// Reads the student's names, as lists show them.
    pub fn name(&self, at: Option<Position>) -> rusqlite::Result<Option<StudentName>> {
        Ok(self.find(at)?.map(|student: Student| StudentName {
            family_name: student.family_name,
            given_names: student.given_names,
            preferred_name: student.preferred_name,
            birth_date: student.birth_date,
        }))
    }

    /// Reads the text of a comment, where the grant shows it.
    pub fn comment(&self, row: &CommentRow) -> rusqlite::Result<Option<Personal<String>>> {
        if !self.grant.shows_field(Note::GROUP, &whose(row)) {
            return Ok(None);
        }
        let note: Option<Note> = personal::find(self.db, row.written.position)?;
        Ok(note.map(|note| note.text))
    }

    /// Reads an agency's answer as it came, where the grant shows it.
    pub fn answer(&self, row: &RequestRow) -> rusqlite::Result<Option<AgencyAnswer>> {
        self.find(row.answered.map(|answered| answered.position))
    }

    /// Returns whose the personal fields of an event are.
    fn written(&self, at: Position) -> rusqlite::Result<Option<Written>> {
        let mut statement = self.db.prepare_cached("SELECT entry FROM timeline WHERE position = ?1")?;
        let mut rows = statement.query([number(at)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (entry, read) = timeline::stored(row.get_ref(0)?.as_blob()?)?;
        Ok(Some(entry.written(&read)))
    }
}

/// Returns whose the text of a comment is.
pub(super) fn whose(row: &CommentRow) -> Written {
    Written { by: row.by.organisation, at: row.written.position, comment: Some(row.number), agency: None }
}
