//! The agreements of providers that moves rest on (R16, R17, E26).

use caseledger_events::event::Agreement;
use caseledger_events::ids::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// One agreement; what was said is the `agreement` part of the event at its position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgreementRow {
    /// Which agreement of its event, from 0.
    pub ordinal: u8,
    /// The provider that would take the case.
    pub target: Option<Code>,
    /// Who agreed, when and how.
    pub agreement: Agreement,
    /// Whether it was told with a move to CIT (E23), not before it (E26).
    pub with_move: bool,
    /// When it was recorded.
    pub recorded: Moment,
}
