//! The case view in SQLite: how rows are kept, and the queries they answer.

mod access;
mod alike;
mod fields;
mod keeper;
mod key;
mod limited;
mod list;
mod nearly;
mod parts;
mod personal;
mod purge;
mod reach;
mod read;
mod search;
mod timeline;
mod work;

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::access::{About, Denied, Grant, Level, Scope, Standing};
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::number::CaseNumber;
use rusqlite::Connection;

use crate::answering::Fault;
use crate::documents::{CasePage, CaseThen, SearchHits, ShownCase, TimelinePage, WorkPage};
use crate::error::{Behind, QueryError};
use crate::model::{Model, Pace};
use crate::query::{AsAt, CaseQuery, WorkQuery};
use crate::shared::Shared;
use crate::store::AsOf;

/// The case view in the list of models.
pub(crate) const MODEL: Model = Model {
    name: "case_view",
    version: 7,
    schema: include_str!("case_view/schema.sql"),
    indexes: include_str!("case_view/indexes.sql"),
    pace: Pace::AT_ONCE,
    keeper: || Box::new(keeper::CaseKeeper::default()),
};

/// The case view; cheap to clone. Its queries block, and each answers from one state of the view.
#[derive(Clone)]
pub struct CaseView {
    shared: Arc<Shared>,
}

/// How a case is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhichCase {
    /// By its id.
    Id(CaseId),
    /// By the number people quote (K6).
    Number(CaseNumber),
}

/// What asking for one case came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Asked<T> {
    /// There is no such case.
    Unknown,
    /// There is, and it is not the asker's to see.
    Denied(Denied),
    /// What the grant shows of it; `None` where the grant shows nothing.
    Granted(Grant, Option<T>),
}

impl CaseView {
    pub(crate) fn new(shared: Arc<Shared>) -> CaseView {
        CaseView { shared }
    }

    /// Returns what a grant shows of a case; the grant is decided on the state the answer is read from.
    pub fn case(
        &self,
        which: WhichCase,
        decide: impl FnOnce(&Standing) -> Result<Grant, Denied>,
    ) -> Result<Asked<ShownCase>, QueryError> {
        self.granted(which, decide, |db, reference, standing, grant, as_of| {
            Ok(limited::case(db, reference, standing, grant, as_of)?)
        })
    }

    /// Returns what a grant shows of a case as it was at a moment of the past; the grant is decided on where it stands now.
    ///
    /// Only a grant that shows the case as a whole shows it as it was: another is denied.
    pub fn case_at(
        &self,
        which: WhichCase,
        decide: impl FnOnce(&Standing) -> Result<Grant, Denied>,
        at: AsAt,
    ) -> Result<Asked<CaseThen>, QueryError> {
        let whole = |standing: &Standing| {
            let grant = decide(standing)?;
            let decided = grant.decided();
            match grant.level() {
                Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => Ok(grant),
                _ => Err(Denied::NotThisRole { role: decided.asker.role, operation: decided.operation }),
            }
        };
        self.granted(which, whole, |db, reference, _, grant, as_of| {
            Ok(Some(read::then(db, reference, grant, at, as_of)?))
        })
    }

    /// Returns one page of what a grant shows of a case's timeline, oldest first.
    pub fn timeline(
        &self,
        which: WhichCase,
        decide: impl FnOnce(&Standing) -> Result<Grant, Denied>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Asked<TimelinePage>, QueryError> {
        let limit = limit_of(limit)?;
        let identity = self.shared.reader.identity();
        self.granted(which, decide, |db, reference, _, grant, as_of| {
            timeline::page(db, identity, reference, grant, cursor, limit, as_of).map(Some)
        })
    }

    /// Returns one page of the cases of some lists that a query lets through, each once, by the first list that has it.
    pub fn list(&self, scopes: &[Scope], query: &CaseQuery) -> Result<CasePage, QueryError> {
        let limit = limit_of(query.limit)?;
        let identity = self.shared.reader.identity();
        self.shared.answer(|db, as_of| list::page(db, identity, scopes, query, limit, as_of))
    }

    /// Finds cases of some lists by the student's name or the case's number: every word must begin a name; macrons and
    /// double vowels are one, and where few are found names with one slip of a key are looked for too.
    pub fn search(&self, scopes: &[Scope], text: &str, limit: u32) -> Result<SearchHits, QueryError> {
        let limit = limit_of(Some(limit))?;
        self.shared.answer(|db, as_of| search::hits(db, scopes, text, limit, as_of))
    }

    /// Finds the cases of a student, as far as some lists show who the student is.
    pub fn search_student(&self, scopes: &[Scope], student: StudentId, limit: u32) -> Result<SearchHits, QueryError> {
        let limit = limit_of(Some(limit))?;
        self.shared.answer(|db, as_of| search::of_student(db, scopes, student, limit, as_of))
    }

    /// Finds cases of some lists that seem to be of the student of a case of them, under another id (K5, R27): of the same or
    /// nearly the same names, born on the same day.
    pub fn search_alike(&self, scopes: &[Scope], which: WhichCase, limit: u32) -> Result<SearchHits, QueryError> {
        let limit = limit_of(Some(limit))?;
        self.shared.answer(|db, as_of| alike::hits(db, scopes, which, limit, as_of))
    }

    /// Returns what is to be done on the cases of some lists, urgent first, then by the day it is due.
    pub fn work(&self, scopes: &[Scope], query: &WorkQuery) -> Result<WorkPage, QueryError> {
        let limit = limit_of(query.limit)?;
        let identity = self.shared.reader.identity();
        self.shared.answer(|db, as_of| work::page(db, identity, scopes, query, limit, as_of))
    }

    /// Returns where a case stands for access: for those who decide, and show nothing of it.
    pub fn standing(&self, which: WhichCase) -> Result<Option<Standing>, QueryError> {
        self.shared.answer(|db, _| Ok(access::find(db, which)?.map(|(_, standing)| standing)))
    }

    /// Returns whom a case is about: for those who decide, and show nothing of it.
    pub fn student_of(&self, which: WhichCase) -> Result<Option<StudentId>, QueryError> {
        self.shared.answer(|db, _| {
            let Some((reference, _)) = access::find(db, which)? else { return Ok(None) };
            Ok(Some(read::by_reference(db, reference)?.student))
        })
    }

    /// Returns the cases of a student, oldest first: for those who decide, and show nothing of them.
    pub fn cases_of(&self, student: StudentId) -> Result<Vec<CaseId>, QueryError> {
        self.shared.answer(|db, _| {
            let mut statement = db.prepare_cached("SELECT id FROM case_key WHERE student = ?1 ORDER BY ref")?;
            let ids = statement.query_map([student.0], |row| row.get(0).map(CaseId))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Returns how far the view has read.
    pub fn position(&self) -> Position {
        self.shared.progress().position
    }

    /// Waits until the view has read up to a position (`min_position`).
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), Behind> {
        self.shared.wait_for(position, timeout).await
    }

    /// Runs a query about one case, once a grant for it is decided.
    fn granted<T>(
        &self,
        which: WhichCase,
        decide: impl FnOnce(&Standing) -> Result<Grant, Denied>,
        query: impl FnOnce(&Connection, i64, &Standing, &Grant, AsOf) -> Result<Option<T>, Fault>,
    ) -> Result<Asked<T>, QueryError> {
        self.shared.answer(|db, as_of| {
            let Some((reference, standing)) = access::find(db, which)? else { return Ok(Asked::Unknown) };
            let grant = match decide(&standing) {
                Ok(grant) => grant,
                Err(denied) => return Ok(Asked::Denied(denied)),
            };
            // A grant for another case, or for a list, shows nothing of this one.
            if grant.case() != standing.case || grant.decided().operation.about() != About::Case {
                return Ok(Asked::Denied(Denied::Secret));
            }
            let shown = query(db, reference, &standing, &grant, as_of)?;
            Ok(Asked::Granted(grant, shown))
        })
    }
}

fn limit_of(limit: Option<u32>) -> Result<u32, QueryError> {
    match limit.unwrap_or(CaseQuery::LIMIT_DEFAULT) {
        limit @ 1..=CaseQuery::LIMIT_MAX => Ok(limit),
        limit => Err(QueryError::BadLimit { limit, limit_max: CaseQuery::LIMIT_MAX }),
    }
}
