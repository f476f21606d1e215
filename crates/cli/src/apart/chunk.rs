//! Events on their way into read models: bytes one after another, with the place and the chain hash of each.

use caseledger_events::ids::Position;
use caseledger_proof::Hash;
use caseledger_views::Handed;

/// What the bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Frames as the log stores them.
    Frames,
    /// Bodies of the broadcast.
    Public,
}

/// The events of a chunk at most: some milliseconds of work for each read model.
pub const CHUNK_EVENTS: usize = 8_192;

/// Some events that follow each other.
pub struct Chunk {
    form: Form,
    bytes: Vec<u8>,
    events: Vec<(Position, Hash, usize)>,
}

impl Chunk {
    /// Begins an empty one.
    pub fn new(form: Form) -> Chunk {
        Chunk { form, bytes: Vec::new(), events: Vec::new() }
    }

    /// Adds the next event.
    pub fn push(&mut self, position: Position, chain: Hash, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.events.push((position, chain, self.bytes.len()));
    }

    /// Returns whether it holds as much as it should.
    pub fn is_full(&self) -> bool {
        self.events.len() >= CHUNK_EVENTS
    }

    /// Returns whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns the last position in it.
    pub fn last(&self) -> Option<Position> {
        self.events.last().map(|(position, ..)| *position)
    }

    /// Reads every event, once for all who take it.
    pub fn handed(&self) -> Vec<Handed<'_>> {
        let mut begin = 0;
        let read = self.events.iter().map(|&(position, chain, end)| {
            let bytes = &self.bytes[std::mem::replace(&mut begin, end)..end];
            match self.form {
                Form::Frames => Handed::frame(position, chain, bytes),
                Form::Public => Handed::public(position, chain, bytes),
            }
        });
        read.collect()
    }
}
