//! The case view: one row a case, with the comments, requests, plans and agreements that belong to it.
//!
//! Facts alone: what people wrote, and who the student is, stays in the personal parts of the events; a row names
//! the position of the event whose part to read.

use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;

mod agreement;
mod beside;
mod comment;
mod file;
mod fold;
mod plan;
mod request;
mod row;

pub use agreement::*;
pub use beside::*;
pub use comment::*;
pub use file::*;
pub use plan::*;
pub use request::*;
pub use row::*;

/// A row that belongs to one case, found by a number within it.
pub trait CasePart: Serialize + DeserializeOwned + Clone + PartialEq {
    /// Returns the number of the row an event of the case changes; `None` where it changes none of this kind.
    fn key(event: &Recorded<'_>, read: &CaseEvent) -> Option<u64>;

    /// Returns whether the event begins its row, so that there is none to be read.
    fn begins(read: &CaseEvent) -> bool;

    /// Folds an event into the row of its [`CasePart::key`].
    fn evolve(row: Option<Self>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Self>;
}

#[cfg(test)]
mod tests;
