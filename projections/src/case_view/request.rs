//! The information requests of a case (§1.8, R20).

use caseledger_events::event::{Agency, RequestNumber, Whereabouts, WithdrawalReason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It waits for its answer.
    Open,
    /// It was answered.
    Answered,
    /// It was taken back.
    Withdrawn,
}

/// One request; the code as answered is the `answer` part of the event at `answered`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestRow {
    /// Which request of the case.
    pub number: RequestNumber,
    /// Whom it went to.
    pub agency: Agency,
    /// Whether it is a detailed check by CIT (E21).
    pub detailed: bool,
    /// Whether *Gone Overseas* triggered it (R14): then it never pins.
    pub automatic: bool,
    /// Where it stands.
    pub state: RequestState,
    /// When it was made.
    pub opened: Moment,
    /// When it was answered.
    pub answered: Option<Moment>,
    /// What the answer means for the rules.
    pub whereabouts: Option<Whereabouts>,
    /// Whether the code answered is one of those known; an unknown one wants a person's eye (§1.8).
    pub known_code: Option<bool>,
    /// When it was taken back.
    pub withdrawn: Option<Moment>,
    /// Why it was taken back.
    pub withdrawn_because: Option<WithdrawalReason>,
}
