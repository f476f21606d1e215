//! The student plans of a case, a row a revision (E11, M8).

use caseledger_events::envelope::Recorded;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::Code;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CasePart;
use crate::moment::Moment;

/// One plan or revision; its words are the `plan` part of the event at its position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanRow {
    /// 1 for the first plan, counting revisions.
    pub revision: u16,
    /// How many goals it sets.
    pub goals: u8,
    /// The barriers it addresses, by code (Q38).
    pub barriers: Vec<Code>,
    /// When it is to be reviewed.
    pub review_on: Option<NaiveDate>,
    /// When it was recorded.
    pub recorded: Moment,
}

impl CasePart for PlanRow {
    fn key(_: &Recorded<'_>, read: &CaseEvent) -> Option<u64> {
        match read {
            CaseEvent::StudentPlanRecorded(e) => Some(u64::from(e.revision)),
            _ => None,
        }
    }

    fn begins(_: &CaseEvent) -> bool {
        true
    }

    fn evolve(row: Option<Self>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Self> {
        let CaseEvent::StudentPlanRecorded(e) = read else { return row };
        Some(PlanRow {
            revision: e.revision,
            goals: e.goals,
            barriers: e.barriers.clone(),
            review_on: e.review_on,
            recorded: Moment::of(event),
        })
    }
}
