//! An event on its way into a file, from elsewhere than a reading of its own.

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_projections::broadcast::{self, PublicEvent, Told};
use caseledger_proof::Hash;

/// An event as it is handed over: decoded once for all read models that take it.
pub struct Handed<'a> {
    pub(crate) position: Position,
    /// The chain hash before it, where that is known.
    pub(crate) before: Option<Hash>,
    pub(crate) chain: Hash,
    pub(crate) what: What<'a>,
}

impl<'a> Handed<'a> {
    /// Reads a frame as the log stores it; one that cannot be read stops whoever takes it.
    pub fn frame(position: Position, chain: Hash, frame: &'a [u8]) -> Handed<'a> {
        let what = match codec::decode(frame) {
            Ok(event) => What::Recorded(event),
            Err(error) => What::Unreadable(error.to_string()),
        };
        Handed { position, before: None, chain, what }
    }

    /// Reads the body of a message of the broadcast; one that cannot be read stops whoever takes it.
    pub fn public(position: Position, chain: Hash, body: &'a [u8]) -> Handed<'a> {
        let what = match broadcast::read(body) {
            Ok(Told::Restricted(at)) if at == position => What::Nothing,
            Ok(Told::Event(event)) if event.position == position => What::Public(event),
            Ok(_) => What::Unreadable("the message there says that it stands elsewhere".to_owned()),
            Err(error) => What::Unreadable(error.to_string()),
        };
        Handed { position, before: None, chain, what }
    }

    /// Returns when it was recorded, where it says so.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        match &self.what {
            What::Recorded(event) => Some(event.recorded_at),
            What::Public(event) => Some(event.recorded_at),
            What::Nothing | What::Unreadable(_) => None,
        }
    }
}

/// What is known of an event.
#[allow(
    clippy::large_enum_variant,
    reason = "thousands are held at once, and a box each would cost more than the room"
)]
pub(crate) enum What<'a> {
    /// As the log has it; what is personal is open where that was asked for.
    Recorded(Recorded<'a>),
    /// Its public facts.
    Public(PublicEvent<'a>),
    /// That it is there.
    Nothing,
    /// That it cannot be read, and why.
    Unreadable(String),
}
