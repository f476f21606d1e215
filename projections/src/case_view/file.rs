//! A whole case in memory: the row with everything that belongs to it.

use std::collections::BTreeMap;

use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;

use super::{AgreementRow, CasePart, CaseRow, CommentRow, PlanRow, RequestRow};

/// One case folded in memory, the parts by their number.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CaseFile {
    /// The case.
    pub row: Option<CaseRow>,
    /// Its comments.
    pub comments: BTreeMap<u64, CommentRow>,
    /// Its information requests.
    pub requests: BTreeMap<u64, RequestRow>,
    /// Its plans and revisions.
    pub plans: BTreeMap<u64, PlanRow>,
    /// The agreements of providers on it.
    pub agreements: BTreeMap<u64, AgreementRow>,
}

impl CaseFile {
    /// Folds one event in.
    pub fn evolve(&mut self, event: &Recorded<'_>, read: &CaseEvent) {
        self.row = CaseRow::evolve(self.row.take(), event, read);
        take(&mut self.comments, event, read);
        take(&mut self.requests, event, read);
        take(&mut self.plans, event, read);
        take(&mut self.agreements, event, read);
    }
}

fn take<P: CasePart>(rows: &mut BTreeMap<u64, P>, event: &Recorded<'_>, read: &CaseEvent) {
    let Some(key) = P::key(event, read) else { return };
    if let Some(row) = P::evolve(rows.remove(&key), event, read) {
        rows.insert(key, row);
    }
}
