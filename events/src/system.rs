//! Events the ledger writes about itself, in `system/LEDGER`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Recorded, Role, Scope};
use crate::ids::{Epoch, Position, StreamId};
use crate::machine::Draft;

/// The stream these events stand in.
pub const LEDGER_STREAM: &str = "LEDGER";

/// What happens to the ledger as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerEvent {
    /// Position 1 of every ledger: says whether its time is simulated.
    LedgerCreated {
        /// Whether recorded times are those of a simulation; a production service refuses such a ledger.
        simulated: bool,
        /// The stored format's number.
        format: u16,
    },
    /// A restore shortened history: the first event of a new epoch.
    HistoryRestored {
        /// The epoch that ended.
        epoch_before: Epoch,
        /// The highest position known to have existed; 0 where it is not known.
        head_before: Position,
        /// The last position kept.
        head_kept: Position,
    },
    /// An operator confirmed a clock that had jumped.
    ClockConfirmed {
        /// The last recorded time before.
        before: Timestamp,
        /// The time the operator confirmed.
        confirmed: Timestamp,
    },
}

impl LedgerEvent {
    /// Every stored name.
    pub const KINDS: [&'static str; 3] = ["ledger_created", "history_restored", "clock_confirmed"];

    /// Returns the stored name.
    pub fn kind(&self) -> &'static str {
        match self {
            LedgerEvent::LedgerCreated { .. } => "ledger_created",
            LedgerEvent::HistoryRestored { .. } => "history_restored",
            LedgerEvent::ClockConfirmed { .. } => "clock_confirmed",
        }
    }

    /// Makes the event ready for the sequencer.
    pub fn draft(&self, occurred_at: Timestamp) -> Draft {
        Draft {
            stream: StreamId::system(LEDGER_STREAM),
            kind: self.kind(),
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("a ledger event is plain data"),
            occurred_at: OccurredAt::Instant(occurred_at),
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<LedgerEvent>, BadFrame> {
        if event.stream != StreamId::system(LEDGER_STREAM) {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

/// Who acts when the ledger writes about itself.
pub fn ledger_actor() -> Actor {
    let code = "LEDGER".parse().expect("a constant that is a code");
    Actor { person: code, role: Role::Operator, organisation: code }
}
