//! The information requests of a case (§1.8, R20).

use caseledger_events::envelope::Recorded;
use caseledger_events::event::{Agency, CaseEvent, RequestNumber, Whereabouts, WithdrawalReason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CasePart;
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
    /// Which request of the case; null where not all are shown.
    #[serde(serialize_with = "super::row::told")]
    #[schemars(with = "Option<RequestNumber>")]
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

impl CasePart for RequestRow {
    fn key(_: &Recorded<'_>, read: &CaseEvent) -> Option<u64> {
        let number = match read {
            CaseEvent::InformationRequestOpened(e) => e.request,
            CaseEvent::DetailedImmigrationCheckRequested(e) => e.request,
            CaseEvent::InformationRequestAnswered(e) => e.request,
            CaseEvent::InformationRequestWithdrawn(e) => e.request,
            _ => return None,
        };
        Some(u64::from(number.0))
    }

    fn begins(read: &CaseEvent) -> bool {
        matches!(read, CaseEvent::InformationRequestOpened(_) | CaseEvent::DetailedImmigrationCheckRequested(_))
    }

    fn evolve(row: Option<Self>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Self> {
        let at = Moment::of(event);
        match (row, read) {
            (_, CaseEvent::InformationRequestOpened(e)) => {
                Some(RequestRow { automatic: e.automatic, ..opened(e.request, e.agency, at) })
            }
            (_, CaseEvent::DetailedImmigrationCheckRequested(e)) => {
                Some(RequestRow { detailed: true, ..opened(e.request, Agency::Inz, at) })
            }
            (Some(row), CaseEvent::InformationRequestAnswered(e)) => Some(RequestRow {
                state: RequestState::Answered,
                answered: Some(at),
                whereabouts: Some(e.whereabouts),
                known_code: Some(e.known_code),
                ..row
            }),
            (Some(row), CaseEvent::InformationRequestWithdrawn(e)) => Some(RequestRow {
                state: RequestState::Withdrawn,
                withdrawn: Some(at),
                withdrawn_because: Some(e.reason),
                ..row
            }),
            (row, _) => row,
        }
    }
}

fn opened(number: RequestNumber, agency: Agency, at: Moment) -> RequestRow {
    RequestRow {
        number,
        agency,
        detailed: false,
        automatic: false,
        state: RequestState::Open,
        opened: at,
        answered: None,
        whereabouts: None,
        known_code: None,
        withdrawn: None,
        withdrawn_because: None,
    }
}
