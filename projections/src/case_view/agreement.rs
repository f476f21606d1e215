//! The agreements of providers that moves rest on (R16, R17, E26), a row an event that tells of some.

use caseledger_events::envelope::Recorded;
use caseledger_events::event::{Agreement, CaseEvent};
use caseledger_events::ids::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CasePart;
use crate::moment::Moment;

/// Agreements told by one event; what was said is the `agreement` part of the event at its position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgreementRow {
    /// The provider that would take the case.
    pub target: Option<Code>,
    /// Who agreed, when and how.
    pub agreements: Vec<Agreement>,
    /// Whether they were told with a move to CIT (E23), not before it (E26).
    pub with_move: bool,
    /// When they were recorded.
    pub recorded: Moment,
}

impl CasePart for AgreementRow {
    fn key(event: &Recorded<'_>, read: &CaseEvent) -> Option<u64> {
        let tells = match read {
            CaseEvent::ProviderAgreementRecorded(_) => true,
            CaseEvent::ReallocatedToCit(e) => !e.agreements.is_empty(),
            _ => false,
        };
        tells.then_some(event.position.0)
    }

    fn begins(_: &CaseEvent) -> bool {
        true
    }

    fn evolve(row: Option<Self>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Self> {
        let recorded = Moment::of(event);
        match read {
            CaseEvent::ProviderAgreementRecorded(e) => {
                Some(AgreementRow { target: Some(e.target), agreements: vec![e.agreement], with_move: false, recorded })
            }
            CaseEvent::ReallocatedToCit(e) => {
                Some(AgreementRow { target: e.target, agreements: e.agreements.clone(), with_move: true, recorded })
            }
            _ => row,
        }
    }
}
