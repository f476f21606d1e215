//! Read-model stores: workers, positions, queries.
//!
//! The only crate that names SQLite. [`Views`] runs one worker thread a read model; each has a file of its own, in
//! which rows and the position they stand for change in one transaction. Queries block: call them from a thread
//! that may.

mod case_query;
mod documents;
mod error;
mod status;
mod views;

pub use case_query::{CaseQuery, CaseView, Flag, Sort};
pub use documents::*;
pub use error::{Behind, QueryError, ViewError};
pub use status::{ViewState, ViewStatus};
pub use views::{ViewOptions, Views};
