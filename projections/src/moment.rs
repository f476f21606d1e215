//! When something happened and when it was recorded, with the place of the event that says so.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event's place and its two times: measures need both (M6, M7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When it happened in the world.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
    /// The position of the event.
    pub position: Position,
}

impl Moment {
    /// Returns the moment of an event.
    pub fn of(event: &Recorded<'_>) -> Moment {
        Moment { occurred_at: event.occurred_at, recorded_at: event.recorded_at, position: event.position }
    }
}

/// Keeps the moment that lies on the earlier New Zealand day; of two on one day, the one recorded first.
///
/// A late record may tell of a meeting before the one that was known as the first.
pub fn keep_earliest(known: &mut Option<Moment>, new: Moment) {
    match known {
        Some(first) if first.occurred_at.auckland() <= new.occurred_at.auckland() => {}
        _ => *known = Some(new),
    }
}
