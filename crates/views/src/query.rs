//! What lists of cases can be asked for.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::event::CaseKind;
use caseledger_events::ids::{Code, Position, StudentId};
use caseledger_projections::case_view::CaseStatus;
use caseledger_projections::work_queue::Work;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What calls for attention: a filter of lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The student could not be located.
    NotLocated,
    /// An information request waits for its answer.
    InfoRequestOpen,
    /// A notification waits for the Ministry's check.
    CheckPending,
    /// Said to be overseas, not confirmed.
    OutOfCountryUnconfirmed,
    /// A second active case was found.
    DualActiveSuspected,
    /// The school asked for particular urgency.
    Urgent,
    /// An unmet basic need is a barrier.
    UnmetNeed,
    /// It waits for capacity.
    Waitlisted,
    /// It was carried over from the predecessor system.
    Migrated,
}

/// The order of a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The case opened last comes first.
    #[default]
    OpenedNewest,
    /// The case opened first comes first.
    OpenedOldest,
    /// The case with the latest event comes first.
    ActivityNewest,
    /// The case that has been quiet longest comes first.
    ActivityOldest,
}

/// Which cases, in which order, which page. All filters must hold; one that asks for what the asker is not shown of a
/// case lets it through nowhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaseQuery {
    /// Held by this provider.
    pub provider: Option<Code>,
    /// Referred by this school, or attended last.
    pub school: Option<Code>,
    /// Of students enrolled at this school on the day of `on` (V1).
    pub enrolled_at: Option<Code>,
    /// The New Zealand day enrolment is judged on; the day of the latest event when nothing is said.
    pub on: Option<NaiveDate>,
    /// Worked by this case manager.
    pub manager: Option<Code>,
    /// Standing here.
    pub status: Option<CaseStatus>,
    /// Of this kind.
    pub kind: Option<CaseKind>,
    /// Routed by this catchment.
    pub catchment: Option<Code>,
    /// With this flag up.
    pub flag: Option<Flag>,
    /// Opened on this New Zealand day or later.
    pub opened_from: Option<NaiveDate>,
    /// Opened on this New Zealand day or earlier.
    pub opened_to: Option<NaiveDate>,
    /// Of this student.
    pub student: Option<StudentId>,
    /// The order.
    pub sort: Sort,
    /// Where the page before ended: its `next`.
    pub cursor: Option<String>,
    /// How many rows, up to [`CaseQuery::LIMIT_MAX`]; [`CaseQuery::LIMIT_DEFAULT`] when nothing is said.
    pub limit: Option<u32>,
}

impl CaseQuery {
    /// The most rows of a page.
    pub const LIMIT_MAX: u32 = 500;
    /// The rows of a page when nothing is said.
    pub const LIMIT_DEFAULT: u32 = 50;
}

/// Which work, of the cases the asker's lists hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkQuery {
    /// On cases held by this provider.
    pub provider: Option<Code>,
    /// For this person: named for it, or the case manager where nobody is named.
    pub person: Option<Code>,
    /// Of this kind.
    pub what: Option<Work>,
    /// Due on this day or before.
    pub due_by: Option<NaiveDate>,
    /// Overdue on the New Zealand day of the latest event.
    pub overdue: Option<bool>,
    /// Where the page before ended: its `next`.
    pub cursor: Option<String>,
    /// How many entries, up to [`CaseQuery::LIMIT_MAX`]; [`CaseQuery::LIMIT_DEFAULT`] when nothing is said.
    pub limit: Option<u32>,
}

/// A moment of the past that a case is asked for (design §6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsAt {
    /// As the ledger stood after a position.
    Position(Position),
    /// As known then: what had been recorded by that time.
    Known(Timestamp),
    /// As it was then, as known now: what had happened by that time, whenever it was recorded, in the order of recording.
    Happened(Timestamp),
}

impl AsAt {
    /// Returns whether an event counts.
    pub(crate) fn counts(self, position: Position, occurred_at: OccurredAt, recorded_at: Timestamp) -> bool {
        match self {
            AsAt::Position(last) => position <= last,
            AsAt::Known(time) => recorded_at <= time,
            AsAt::Happened(time) => match occurred_at {
                OccurredAt::Instant(occurred) => occurred <= time,
                OccurredAt::Day(day) => day <= time.auckland(),
            },
        }
    }
}
