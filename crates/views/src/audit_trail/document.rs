//! What the audit trail can be asked, and what it answers.

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// Which acts: all that are given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ActQuery {
    /// Done to this case.
    pub case: Option<CaseId>,
    /// Done by this person, or for them.
    pub person: Option<Code>,
    /// Done for this organisation.
    pub organisation: Option<Code>,
    /// Of this type of event.
    pub kind: Option<String>,
    /// Recorded at this time or later.
    pub since: Option<Timestamp>,
    /// Recorded before this time.
    pub until: Option<Timestamp>,
    /// After this position.
    pub after: Position,
    /// How many at most.
    pub limit: u32,
}

/// That somebody did something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ActItem {
    /// Where it stands in the ledger: `GET /v1/events/{position}` has the event, with the chain hash there.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The New Zealand day it happened.
    pub occurred_on: NaiveDate,
    /// Who did it, in which role, for which organisation.
    pub actor: Actor,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Code>,
    /// What it was done to.
    pub stream: StreamId,
    /// The type of the event.
    pub kind: String,
    /// What all acts of one request share.
    pub request: CorrelationId,
}

/// Acts, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ActPage {
    /// The acts.
    pub items: Vec<ActItem>,
    /// Whether there are more.
    pub more: bool,
    /// The position the page is true at.
    pub as_of: Position,
}
