//! The case view: one row a case, with the comments, requests, plans and agreements that belong to it.
//!
//! Facts alone: what people wrote, and who the student is, stays in the personal parts of the events; a row names
//! the position of the event whose part to read.

mod agreement;
mod comment;
mod plan;
mod request;
mod row;

pub use agreement::*;
pub use comment::*;
pub use plan::*;
pub use request::*;
pub use row::*;
