//! The service levels in SQLite: a row a stint, and the figures read off them.

mod document;
mod keeper;
mod page;

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::access::Scope;
use caseledger_events::ids::Position;

pub use document::*;

use crate::error::{Behind, QueryError};
use crate::model::{Model, Pace};
use crate::shared::Shared;

/// The service levels in the list of models.
pub(crate) const MODEL: Model = Model {
    name: "service_levels",
    version: 1,
    schema: include_str!("service_levels/schema.sql"),
    indexes: include_str!("service_levels/indexes.sql"),
    pace: Pace::SOON,
    keeper: || Box::new(keeper::ServiceKeeper::default()),
};

/// The service levels; cheap to clone. Their queries block, and each answers from one state of the view.
#[derive(Clone)]
pub struct ServiceLevels {
    shared: Arc<Shared>,
}

impl ServiceLevels {
    pub(crate) fn new(shared: Arc<Shared>) -> ServiceLevels {
        ServiceLevels { shared }
    }

    /// Returns whether some lists hold cases whose service levels are theirs to see.
    pub fn reaches(scopes: &[Scope]) -> bool {
        page::condition(scopes).is_some()
    }

    /// Returns the figures of the referrals that some lists reach and a query lets through.
    pub fn levels(&self, scopes: &[Scope], query: &ServiceQuery) -> Result<ServicePage, QueryError> {
        self.shared.answer(|db, as_of| page::page(db, scopes, query, as_of))
    }

    /// Waits until the view has read up to a position (`min_position`).
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), Behind> {
        self.shared.wait_for(position, timeout).await
    }
}
