//! Read-model stores: workers, positions, queries.
//!
//! The only crate that names SQLite. [`Views`] runs one worker thread a read model; each has a file of its own, in
//! which rows and the position they stand for change in one transaction. Queries block: call them from a thread
//! that may.
//!
//! To add a read model: its pure fold in `projections/`, a module here with its tables and a `model::Keeper`,
//! and one line in `model::MODELS`.

mod answering;
mod apart;
mod audit_trail;
mod batch;
mod beside;
mod case_view;
mod checkpoint;
mod cursor;
mod documents;
mod error;
mod facts;
mod files;
mod handed;
mod model;
mod opening;
mod parity;
mod pass;
mod pool;
mod query;
mod rebuild;
mod service_levels;
mod shared;
mod skips;
mod status;
mod store;
mod views;
mod work_queue;
mod worker;

pub use apart::{Apart, ApartError};
pub use audit_trail::*;
pub use case_view::{Asked, CaseView, WhichCase};
pub use cursor::ListId;
pub use documents::*;
pub use error::{Behind, QueryError, RebuildError, ViewError};
pub use handed::Handed;
pub use query::{AsAt, CaseQuery, Flag, Sort, WorkQuery};
pub use rebuild::Steer;
pub use service_levels::*;
pub use skips::Skip;
pub use status::{BesideState, BesideStatus, Parity, RebuildEstimate, SetAside, TableParity, ViewState, ViewStatus};
pub use views::{ViewOptions, Views};
