//! The case view in SQLite: how rows are kept, and the queries they answer.

mod keeper;
mod key;
mod list;
mod parts;
mod personal;
mod purge;
mod read;
mod search;
mod timeline;

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::ids::{CaseId, Position};
use caseledger_events::number::CaseNumber;
use rusqlite::Connection;

use crate::documents::{CaseDocument, CasePage, SearchHits, TimelinePage};
use crate::error::{Behind, QueryError};
use crate::model::Model;
use crate::query::CaseQuery;
use crate::shared::Shared;
use crate::store::{self, AsOf, Remedy};

/// The case view in the list of models.
pub(crate) const MODEL: Model = Model {
    name: "case_view",
    version: 1,
    schema: include_str!("case_view/schema.sql"),
    keeper: || Box::new(keeper::CaseKeeper::default()),
};

/// The case view; cheap to clone. Its queries block, and each answers from one state of the view.
#[derive(Clone)]
pub struct CaseView {
    shared: Arc<Shared>,
}

/// Why a query failed inside its transaction.
enum Fault {
    Query(QueryError),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Store(error)
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Fault::Query(error)
    }
}

impl CaseView {
    pub(crate) fn new(shared: Arc<Shared>) -> CaseView {
        CaseView { shared }
    }

    /// Returns a case with everything that belongs to it.
    pub fn case(&self, case: CaseId) -> Result<Option<CaseDocument>, QueryError> {
        self.read(|db, as_of| match read::by_id(db, case)? {
            Some((reference, row)) => Ok(Some(read::document(db, reference, row, as_of)?)),
            None => Ok(None),
        })
    }

    /// Returns a case by the number people quote.
    pub fn case_by_number(&self, number: CaseNumber) -> Result<Option<CaseDocument>, QueryError> {
        self.read(|db, as_of| match read::by_number(db, number)? {
            Some((reference, row)) => Ok(Some(read::document(db, reference, row, as_of)?)),
            None => Ok(None),
        })
    }

    /// Returns one page of a case's timeline, oldest first; `None` for an unknown case.
    pub fn timeline(
        &self,
        case: CaseId,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Option<TimelinePage>, QueryError> {
        let limit = limit_of(limit)?;
        let identity = self.shared.reader.identity();
        self.read(|db, as_of| timeline::page(db, identity, case, cursor, limit, as_of))
    }

    /// Returns one page of the cases a query lets through.
    pub fn list(&self, query: &CaseQuery) -> Result<CasePage, QueryError> {
        let limit = limit_of(query.limit)?;
        let identity = self.shared.reader.identity();
        self.read(|db, as_of| list::page(db, identity, query, limit, as_of))
    }

    /// Finds cases by the student's name: every word must begin a name; macrons and double vowels are one.
    pub fn search(&self, text: &str, limit: u32) -> Result<SearchHits, QueryError> {
        let limit = limit_of(Some(limit))?;
        self.read(|db, as_of| search::hits(db, text, limit, as_of))
    }

    /// Returns how far the view has read.
    pub fn position(&self) -> Position {
        self.shared.progress().position
    }

    /// Waits until the view has read up to a position (`min_position`).
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), Behind> {
        self.shared.wait_for(position, timeout).await
    }

    /// Runs a query on one state of the view, which it is told.
    fn read<T>(&self, query: impl FnOnce(&Connection, AsOf) -> Result<T, Fault>) -> Result<T, QueryError> {
        self.shared.ready()?;
        let answer = self.shared.pool.with(|db| {
            let tx = db.unchecked_transaction()?;
            let as_of = store::as_of(&tx)?;
            query(&tx, as_of)
        });
        match answer.map_err(Fault::Store).and_then(|answer| answer) {
            Ok(answer) => Ok(answer),
            Err(Fault::Query(error)) => Err(error),
            Err(Fault::Store(error)) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> QueryError {
        let reason = error.to_string();
        if store::remedy(error) == Remedy::Rebuild {
            self.shared.report_damage(format!("a query found its file damaged: {reason}"));
        }
        QueryError::Store { view: MODEL.name, reason }
    }
}

fn limit_of(limit: Option<u32>) -> Result<u32, QueryError> {
    match limit.unwrap_or(CaseQuery::LIMIT_DEFAULT) {
        limit @ 1..=CaseQuery::LIMIT_MAX => Ok(limit),
        limit => Err(QueryError::BadLimit { limit, limit_max: CaseQuery::LIMIT_MAX }),
    }
}
