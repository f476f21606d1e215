//! The work queue from public facts alone: what a read model on another machine folds from the broadcast.
//!
//! Left out is what restricted events alone tell: that an agency's answer is waited for, or is to be read.

use caseledger_events::event::CaseEvent;
use caseledger_events::ids::CaseId;
use serde::{Deserialize, Serialize};

use super::{Deadlines, WorkItem, work};
use crate::case_view::CaseRow;
use crate::moment::Moment;

/// A case as far as public facts tell of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueRow(CaseRow);

impl QueueRow {
    /// Begins a row from the event that begins a case, and folds that in; `None` for an event that begins none.
    pub fn begin(case: CaseId, now: Moment, read: &CaseEvent) -> Option<QueueRow> {
        let mut row = QueueRow(CaseRow::begin_facts(case, now, read)?);
        row.apply(now, read);
        Some(row)
    }

    /// Folds one public event into the row.
    pub fn apply(&mut self, now: Moment, read: &CaseEvent) {
        self.0.apply_facts(now, read);
    }

    /// Returns the case; version and personal parts of it are unknown.
    pub fn case(&self) -> &CaseRow {
        &self.0
    }

    /// Lists what is to be done, but for what restricted events alone tell.
    pub fn work(&self, deadlines: &mut Deadlines) -> Vec<WorkItem> {
        let mut items = work(&self.0, deadlines);
        items.retain(|item| !item.what.tells_of_restricted());
        items
    }
}
