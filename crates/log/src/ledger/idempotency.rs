//! The newest idempotency tags, held by the sequencer; older ones are looked up in the log before queuing.
//!
//! No window is left between the two: a command says up to which position the log was searched for its tag, and
//! the sequencer sends back one whose search ended before the oldest tag it still holds.

use std::collections::HashMap;

use caseledger_events::envelope::Recorded;
use caseledger_events::ids::{Position, Tag};
use caseledger_events::personal::{Group, Part};

/// The name of the part that keeps the fingerprint of a command's body in its first event.
pub const REQUEST_PART: &str = "request";

/// Makes the part that tells a repeat from another body under the same key.
pub(crate) fn request_part(fingerprint: &[u8; 32]) -> Part {
    Part { group: Group::Narrative, name: REQUEST_PART.to_owned(), version: 1, key: None, body: fingerprint.to_vec() }
}

/// Returns whether an event is the first of a command with this fingerprint.
pub(crate) fn is_same_request(event: &Recorded<'_>, fingerprint: &[u8; 32]) -> bool {
    event.parts.iter().any(|part| part.name == REQUEST_PART && part.body == fingerprint)
}

/// Two generations of tags, each with the position of its command's first event.
pub(crate) struct RecentTags {
    older: HashMap<Tag, Position>,
    newer: HashMap<Tag, Position>,
    complete_after: Position,
    newer_after: Position,
    generation: usize,
}

impl RecentTags {
    /// Starts empty, about to be told every tag after a position; holds two generations of so many tags.
    pub(crate) fn after(position: Position, generation: usize) -> RecentTags {
        RecentTags {
            older: HashMap::new(),
            newer: HashMap::new(),
            complete_after: position,
            newer_after: position,
            generation,
        }
    }

    /// Returns the position of the first event of the command with this tag.
    pub(crate) fn find(&self, tag: Tag) -> Option<Position> {
        self.newer.get(&tag).or_else(|| self.older.get(&tag)).copied()
    }

    /// Notes a command's tag; of several events with the same tag the first counts.
    pub(crate) fn note(&mut self, tag: Tag, first: Position) {
        if !self.older.contains_key(&tag) {
            self.newer.entry(tag).or_insert(first);
        }
    }

    /// Returns the position after which every tag is held here.
    pub(crate) fn complete_after(&self) -> Position {
        self.complete_after
    }

    /// Forgets the older generation when the newer is full and the log answers for all the older holds.
    ///
    /// `searchable` is the position up to which the log finds tags, `head` the position of the newest tag noted.
    pub(crate) fn turn(&mut self, searchable: Position, head: Position) {
        if self.newer.len() >= self.generation && searchable >= self.newer_after {
            self.older = std::mem::take(&mut self.newer);
            self.complete_after = self.newer_after;
            self.newer_after = head;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(n: u64) -> Tag {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        Tag(bytes)
    }

    #[test]
    fn every_tag_is_held_here_or_searchable_in_the_log() {
        let mut tags = RecentTags::after(Position(0), 10);
        for n in 1..=1_000 {
            tags.note(tag(n), Position(n));
            let searchable = Position(n.saturating_sub(17));
            tags.turn(searchable, Position(n));
            assert!(tags.complete_after() <= searchable, "at {n}");
            for known in tags.complete_after().0 + 1..=n {
                assert_eq!(tags.find(tag(known)), Some(Position(known)), "at {n}");
            }
        }
        assert_eq!(tags.find(tag(1)), None, "old tags are forgotten");
        assert!(tags.older.len() + tags.newer.len() < 60);
    }

    #[test]
    fn of_the_events_of_one_command_the_first_counts() {
        let mut tags = RecentTags::after(Position(0), 10);
        tags.note(tag(1), Position(5));
        tags.note(tag(1), Position(6));
        assert_eq!(tags.find(tag(1)), Some(Position(5)));
    }
}
