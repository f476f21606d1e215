//! The audit trail in SQLite: who did what to which case, when, in which role.

mod document;
mod keeper;
mod page;

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::access::Pass;
use caseledger_events::ids::Position;

pub use document::*;

use crate::error::{Behind, QueryError};
use crate::model::{Model, Pace};
use crate::query::CaseQuery;
use crate::shared::Shared;

/// The audit trail in the list of models.
pub(crate) const MODEL: Model = Model {
    name: "audit_trail",
    version: 1,
    schema: include_str!("audit_trail/schema.sql"),
    indexes: include_str!("audit_trail/indexes.sql"),
    pace: Pace::SOON,
    keeper: || Box::new(keeper::AuditKeeper::default()),
};

/// The audit trail; cheap to clone. Its queries block, and each answers from one state of the view.
#[derive(Clone)]
pub struct AuditTrail {
    shared: Arc<Shared>,
}

impl AuditTrail {
    pub(crate) fn new(shared: Arc<Shared>) -> AuditTrail {
        AuditTrail { shared }
    }

    /// Returns the acts after a position that a query lets through, oldest first; restricted ones for those who see them.
    pub fn acts(&self, pass: &Pass, query: &ActQuery) -> Result<ActPage, QueryError> {
        let limit = query.limit;
        if !(1..=CaseQuery::LIMIT_MAX).contains(&limit) {
            return Err(QueryError::BadLimit { limit, limit_max: CaseQuery::LIMIT_MAX });
        }
        let shows_restricted = pass.decided().level().shows_restricted();
        self.shared.answer(|db, as_of| Ok(page::page(db, query, shows_restricted, as_of)?))
    }

    /// Waits until the view has read up to a position (`min_position`).
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), Behind> {
        self.shared.wait_for(position, timeout).await
    }
}
