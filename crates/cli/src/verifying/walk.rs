//! Walks the journal and holds every event against the one before it.
//!
//! Hashing and decoding run on several threads; what depends on order is checked on one.

use std::collections::HashMap;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{Epoch, Position, StreamId, Version};
use caseledger_events::readable;
use caseledger_events::system::LedgerEvent;
use caseledger_events::viewed::{AccessHeadEvent, AccessHeadRecorded, VIEWS_STREAM};
use caseledger_proof::{Hash, chain, leaf};

/// What was read of one event on its own.
pub struct Seen {
    position: Position,
    leaf: Hash,
    read: Result<Read, String>,
}

struct Read {
    position: Position,
    stream: StreamId,
    version: Version,
    previous: Position,
    recorded_at: Timestamp,
    ledger: Option<LedgerEvent>,
    access_head: Option<AccessHeadEvent>,
}

impl Seen {
    /// Returns where it stands.
    pub fn position(&self) -> Position {
        self.position
    }
}

/// Hashes and decodes one event; what needs no other event is checked here.
pub fn look(position: Position, frame: &[u8]) -> Seen {
    let read = codec::decode(frame).and_then(|event| {
        readable::facts(&event)?;
        Ok(Read {
            position: event.position,
            stream: event.stream,
            version: event.version,
            previous: event.previous,
            recorded_at: event.recorded_at,
            ledger: LedgerEvent::read(&event)?,
            access_head: AccessHeadEvent::read(&event)?,
        })
    });
    Seen { position, leaf: leaf(frame), read: read.map_err(|error| error.reason) }
}

/// Something that does not hold, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The first position concerned.
    pub position: Position,
    /// What does not hold.
    pub what: String,
}

/// Where the walk stands: what the next event must follow.
pub struct Walk {
    last: Position,
    chain: Hash,
    recorded_at: Timestamp,
    streams: HashMap<StreamId, (Version, Position)>,
    epoch: Epoch,
    simulated: bool,
    /// Chain hashes asked for, by position in order.
    wanted: Vec<Position>,
    found: Vec<(Position, Hash)>,
    /// What the log says of the access ledger.
    access_heads: Vec<AccessHeadRecorded>,
    /// Whether this is the access ledger itself.
    of_views: bool,
}

impl Walk {
    /// Starts before position 1; remembers the chain hashes at the positions wanted, given in ascending order.
    pub fn new(mut wanted: Vec<Position>) -> Walk {
        wanted.reverse();
        Walk {
            last: Position(0),
            chain: Hash::ZERO,
            recorded_at: Timestamp(i64::MIN),
            streams: HashMap::new(),
            epoch: Epoch(1),
            simulated: false,
            wanted,
            found: Vec::new(),
            access_heads: Vec::new(),
            of_views: false,
        }
    }

    /// Starts before position 1 of an access ledger, which holds views alone.
    pub fn of_views(epoch: Epoch, wanted: Vec<Position>) -> Walk {
        Walk { epoch, of_views: true, ..Walk::new(wanted) }
    }

    /// Takes the next event, or says what is wrong with it.
    pub fn step(&mut self, seen: Seen) -> Result<(), Damage> {
        let position = seen.position;
        let damage = |what: String| Damage { position, what };
        if position != self.last.next() {
            return Err(damage(format!("positions {} to {} are missing", self.last.next(), position.0 - 1)));
        }
        let read = seen.read.map_err(|reason| damage(format!("the event does not decode: {reason}")))?;
        self.check_place(&read).map_err(damage)?;
        self.check_ledger(&read, position).map_err(damage)?;
        self.streams.insert(read.stream, (read.version, position));
        if let Some(AccessHeadEvent::AccessHeadRecorded(head)) = read.access_head {
            self.access_heads.push(head);
        }
        self.recorded_at = read.recorded_at;
        self.chain = chain(self.chain, seen.leaf);
        self.last = position;
        while self.wanted.last() == Some(&position) {
            self.wanted.pop();
            self.found.push((position, self.chain));
        }
        Ok(())
    }

    /// Checks that a group's record names the chain hash computed up to the position before it.
    pub fn check_link(&self, first: Position, named: Hash) -> Result<(), Damage> {
        if first != self.last.next() || named == self.chain {
            return Ok(());
        }
        let what = format!("its record says the chain hash before it is {named}, computed is {}", self.chain);
        Err(Damage { position: first, what })
    }

    /// Returns the last position walked, and the chain hash computed there.
    pub fn head(&self) -> (Position, Hash) {
        (self.last, self.chain)
    }

    /// Returns when the last event was recorded.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Returns version and position of a stream's last event; zeros where it has none.
    pub fn stream(&self, stream: StreamId) -> (Version, Position) {
        self.streams.get(&stream).copied().unwrap_or_default()
    }

    /// Returns how many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Returns the epoch that the events themselves tell.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns whether recorded times are those of a simulation.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Returns the chain hashes that were asked for and found.
    pub fn found(&self) -> &[(Position, Hash)] {
        &self.found
    }

    /// Returns what the log says of the access ledger, in the order it was recorded.
    pub fn access_heads(&self) -> &[AccessHeadRecorded] {
        &self.access_heads
    }

    fn check_place(&self, read: &Read) -> Result<(), String> {
        if read.position != self.last.next() {
            return Err(format!("the event says of itself that it stands at position {}", read.position));
        }
        let (version, previous) = self.streams.get(&read.stream).copied().unwrap_or_default();
        if read.version != version.next() {
            return Err(format!("it is version {} of {}, which stood at version {version}", read.version, read.stream));
        }
        if read.previous != previous {
            return Err(format!(
                "it names position {} as the one before it in {}, which is {previous}",
                read.previous, read.stream
            ));
        }
        if read.recorded_at < self.recorded_at {
            return Err(format!(
                "it was recorded at {}, before the event that stands before it ({})",
                read.recorded_at, self.recorded_at
            ));
        }
        Ok(())
    }

    fn check_ledger(&mut self, read: &Read, position: Position) -> Result<(), String> {
        let is_view = read.stream == StreamId::system(VIEWS_STREAM);
        if self.of_views {
            return if is_view { Ok(()) } else { Err(format!("it is of {} and no view", read.stream)) };
        }
        match &read.ledger {
            Some(LedgerEvent::LedgerCreated { simulated, .. }) if position == Position(1) => {
                self.simulated = *simulated;
                Ok(())
            }
            Some(LedgerEvent::LedgerCreated { .. }) => Err("the ledger is said to be created a second time".to_owned()),
            _ if position == Position(1) => Err("it does not say what ledger this is".to_owned()),
            Some(LedgerEvent::HistoryRestored { epoch_before, head_kept, .. }) => {
                if *epoch_before < self.epoch || head_kept.next() != position {
                    return Err(format!(
                        "it says that a restore ended epoch {epoch_before} and kept positions up to {head_kept}, after epoch {} and {} events",
                        self.epoch, self.last
                    ));
                }
                self.epoch = epoch_before.next();
                Ok(())
            }
            Some(LedgerEvent::ClockConfirmed { .. }) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::envelope::{Recorded, Source};
    use caseledger_events::ids::CorrelationId;
    use caseledger_events::machine::Draft;
    use caseledger_events::system::ledger_actor;

    fn frame(position: u64, version: u32, previous: u64, recorded: i64, event: &LedgerEvent) -> Vec<u8> {
        let draft: Draft = event.draft(Timestamp(recorded));
        let event = Recorded {
            position: Position(position),
            stream: draft.stream,
            version: Version(version),
            previous: Position(previous),
            kind: draft.kind,
            schema: draft.schema,
            occurred_at: draft.occurred_at,
            recorded_at: Timestamp(recorded),
            source_recorded_at: None,
            actor: ledger_actor(),
            on_behalf_of: None,
            source: Source::Ledger,
            scope: draft.scope,
            policy: 0,
            correlation: CorrelationId([0; 16]),
            causation: None,
            tag: None,
            salt: [0; 16],
            facts: &draft.facts,
            parts: vec![],
        };
        let mut out = Vec::new();
        codec::encode(&event, &mut out);
        out
    }

    fn created() -> LedgerEvent {
        LedgerEvent::LedgerCreated { simulated: true, format: 0 }
    }

    fn confirmed() -> LedgerEvent {
        LedgerEvent::ClockConfirmed { before: Timestamp(0), confirmed: Timestamp(1) }
    }

    fn restored(epoch: u32, kept: u64) -> LedgerEvent {
        LedgerEvent::HistoryRestored { epoch_before: Epoch(epoch), head_before: Position(9), head_kept: Position(kept) }
    }

    /// Walks frames standing at positions 1, 2, … and returns the walk with the first damage.
    fn walked(frames: &[Vec<u8>]) -> (Walk, Option<Damage>) {
        let mut walk = Walk::new(vec![Position(1), Position(2)]);
        for (i, frame) in frames.iter().enumerate() {
            if let Err(damage) = walk.step(look(Position(i as u64 + 1), frame)) {
                return (walk, Some(damage));
            }
        }
        (walk, None)
    }

    #[test]
    fn a_sound_history_gives_its_head_hash_and_epoch() {
        let frames =
            [frame(1, 1, 0, 5, &created()), frame(2, 2, 1, 5, &restored(1, 1)), frame(3, 3, 2, 6, &confirmed())];
        let (walk, damage) = walked(&frames);
        assert_eq!(damage, None);
        let hash = frames.iter().fold(Hash::ZERO, |hash, frame| caseledger_proof::extend(hash, frame));
        assert_eq!(walk.head(), (Position(3), hash));
        assert_eq!((walk.epoch(), walk.is_simulated(), walk.streams()), (Epoch(2), true, 1));
        assert_eq!(walk.found().len(), 2);
    }

    #[test]
    fn whatever_does_not_follow_is_named_with_its_position() {
        let first = frame(1, 1, 0, 5, &created());
        let table = [
            (frame(3, 2, 1, 5, &confirmed()), "says of itself"),
            (frame(2, 3, 1, 5, &confirmed()), "version 3"),
            (frame(2, 2, 0, 5, &confirmed()), "names position 0"),
            (frame(2, 2, 1, 4, &confirmed()), "recorded at"),
            (frame(2, 2, 1, 5, &created()), "second time"),
            (frame(2, 2, 1, 5, &restored(1, 7)), "restore"),
            (frame(2, 2, 1, 5, &restored(0, 1)), "restore"),
            (b"\x81\xa1pHemi".to_vec(), "does not decode"),
        ];
        for (second, says) in table {
            let damage = walked(&[first.clone(), second]).1.unwrap();
            assert_eq!(damage.position, Position(2), "{damage:?}");
            assert!(damage.what.contains(says) && !damage.what.contains("Hemi"), "{damage:?}");
        }
        let damage = walked(&[frame(1, 1, 0, 5, &confirmed())]).1.unwrap();
        assert!(damage.what.contains("what ledger"), "{damage:?}");
    }

    #[test]
    fn a_record_that_names_another_past_is_found() {
        let (walk, _) = walked(&[frame(1, 1, 0, 5, &created())]);
        assert_eq!(walk.check_link(Position(2), walk.head().1), Ok(()));
        let damage = walk.check_link(Position(2), Hash::ZERO).unwrap_err();
        assert!(damage.position == Position(2) && damage.what.contains("chain hash before it"), "{damage:?}");
    }

    #[test]
    fn a_missing_position_is_found() {
        let mut walk = Walk::new(vec![]);
        let damage = walk.step(look(Position(3), &frame(3, 1, 0, 5, &confirmed()))).unwrap_err();
        assert_eq!(damage.what, "positions 1 to 2 are missing");
    }
}
