//! Answering a query from one state of a view.

use rusqlite::Connection;

use crate::error::QueryError;
use crate::shared::Shared;
use crate::store::{self, AsOf, Remedy};

/// Why a query failed inside its transaction.
pub(crate) enum Fault {
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

impl Shared {
    /// Runs a query on one state of the view, which it is told; damage it finds is reported to the worker.
    pub fn answer<T>(&self, query: impl FnOnce(&Connection, AsOf) -> Result<T, Fault>) -> Result<T, QueryError> {
        self.ready()?;
        let file = self.pool.generation();
        let answer = self.pool.with(|db| {
            let tx = db.unchecked_transaction()?;
            let as_of = store::as_of(&tx)?;
            query(&tx, as_of)
        });
        match answer.map_err(Fault::Store).and_then(|answer| answer) {
            Ok(answer) => Ok(answer),
            Err(Fault::Query(error)) => Err(error),
            Err(Fault::Store(error)) => Err(self.failed(&error, file)),
        }
    }

    fn failed(&self, error: &rusqlite::Error, file: u64) -> QueryError {
        let reason = error.to_string();
        if store::remedy(error) == Remedy::Rebuild {
            self.report_damage(file, format!("a query found its file damaged: {reason}"));
        }
        QueryError::Store { view: self.model.name, reason }
    }
}
