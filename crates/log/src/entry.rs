//! One stored event, as read.

use caseledger_events::codec::{self, BadFrame};
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;

/// A frame with its place, checked: the bytes are those that were acknowledged at that position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// Its bytes as stored.
    pub frame: Vec<u8>,
}

impl Entry {
    /// Reads the event, borrowing from the frame.
    pub fn decode(&self) -> Result<Recorded<'_>, BadFrame> {
        codec::decode(&self.frame)
    }
}
