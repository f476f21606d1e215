//! The work queue of public facts in SQLite, for other machines: what is to be done on each case, a row a piece of work.
//!
//! The service answers its own work queue from the case view, by the same keys of access; this one is kept apart from it
//! (`caseledger worker`, `caseledger views build`), also from the broadcast alone.

mod keeper;

use crate::model::{Model, Pace};

/// The work queue in the list of models.
pub(crate) const MODEL: Model = Model {
    name: "work_queue",
    version: 2,
    schema: include_str!("work_queue/schema.sql"),
    indexes: include_str!("work_queue/indexes.sql"),
    pace: Pace::SOON,
    keeper: || Box::new(keeper::QueueKeeper::default()),
};
