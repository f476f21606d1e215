//! The HTTP interface: routes, problem documents, live feed, OpenAPI.
//!
//! The only crate that knows status codes. One table, in `routes.rs`, makes both the router and
//! the OpenAPI document. A command's road: actor and headers → body read and checked for form → student found through
//! the blind index → the ledger's sequencer → receipt. Queries go to the views; raw events come from the log.

mod actor;
mod admission;
mod answer;
mod command;
mod figures;
mod glass;
mod limits;
mod metrics;
mod on_record;
mod openapi;
mod others;
mod path;
mod problem;
mod query;
mod routes;
mod sealing;
mod standing;
mod state;
mod tail;
mod view_index;

pub use admission::Admissions;
/// The one place axum comes from: whoever serves the router needs its listener.
pub use axum;
pub use figures::Figures;
pub use glass::Glass;
pub use limits::Limits;
pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use problem::Problem;
pub use routes::{FRAMES, NDJSON, router, served};
pub use sealing::CaseStudents;
pub use state::{AppState, HeaderSignIn, HttpSettings, Parts};
pub use view_index::ViewIndex;
