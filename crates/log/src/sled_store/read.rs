//! Reads from sled, each checked for checksum, place and continuity.

use caseledger_events::ids::Position;
use caseledger_proof::{Hash, extend};

use super::chunk::{ANCHOR_EVERY, Chunk, chain_after, chunk_frames, chunk_key, part_key, position_of};
use super::{SledFault, SledStore, guarded};
use crate::frame_group::Group;
use crate::journal::rebuild::OtherCopy;

/// One value with its key, checked.
struct Stored {
    first: Position,
    /// Chain hash before its first frame, where it is carried.
    before: Option<Hash>,
    frames: Frames,
}

enum Frames {
    /// A value of packed frames, and where they begin in it.
    Packed(sled::IVec, usize),
    /// One frame put together from its parts.
    Long(Vec<u8>),
}

impl Stored {
    fn count(&self) -> u64 {
        match &self.frames {
            Frames::Packed(value, from) => chunk_frames(&value[*from..]).count() as u64,
            Frames::Long(_) => 1,
        }
    }

    fn last(&self) -> Position {
        Position(self.first.0 + self.count() - 1)
    }

    fn each(&self, mut take: impl FnMut(Position, &[u8])) {
        match &self.frames {
            Frames::Packed(value, from) => chunk_frames(&value[*from..])
                .enumerate()
                .for_each(|(n, frame)| take(Position(self.first.0 + n as u64), frame)),
            Frames::Long(frame) => take(self.first, frame),
        }
    }

    /// Returns the chain hash at a position of this value, from the one before it.
    fn chain_from(&self, before: Hash, position: Position) -> Hash {
        match &self.frames {
            Frames::Packed(value, from) => {
                chain_after(before, &value[*from..], (position.0 + 1 - self.first.0) as usize)
            }
            Frames::Long(frame) => extend(before, frame),
        }
    }
}

impl SledStore {
    /// Reads the frame at a position.
    pub fn read(&self, position: Position) -> Result<Vec<u8>, SledFault> {
        let stored = self.holding(position)?;
        let mut found = None;
        stored.each(|at, frame| {
            if at == position {
                found = Some(frame.to_vec());
            }
        });
        found.ok_or(SledFault::Missing("no value of sled holds this position"))
    }

    /// Returns the chain hash at a position; [`Hash::ZERO`] at 0.
    pub fn chain_at(&self, position: Position) -> Result<Hash, SledFault> {
        if position == Position(0) {
            return Ok(Hash::ZERO);
        }
        self.chain_in(&self.holding(position)?, position)
    }

    /// Returns the last position and the chain hash there; position 0 while it is empty.
    pub fn head(&self) -> Result<(Position, Hash), SledFault> {
        let Some(newest) = self.at_or_before(Position(u64::MAX))? else { return Ok((Position(0), Hash::ZERO)) };
        Ok((newest.last(), self.chain_in(&newest, newest.last())?))
    }

    /// Returns the chain hash at a position of a value, from the nearest value at or before it that carries one.
    fn chain_in(&self, stored: &Stored, position: Position) -> Result<Hash, SledFault> {
        if let Some(before) = stored.before {
            return Ok(stored.chain_from(before, position));
        }
        let anchor = Position((stored.first.0 / ANCHOR_EVERY * ANCHOR_EVERY).max(1));
        let mut at = self.holding(anchor)?;
        let mut chain = at.before.ok_or_else(|| damaged("a value lacks the chain hash it should carry"))?;
        while at.first < stored.first {
            // A value that was repaired may reach into the one after it.
            let last = at.last().min(Position(stored.first.0 - 1));
            chain = at.chain_from(chain, last);
            let next = last.next();
            if next == stored.first {
                break;
            }
            at = self.holding(next)?;
            if at.first != next {
                return Err(damaged("two values hold the same position"));
            }
        }
        Ok(stored.chain_from(chain, position))
    }

    /// Returns the position after the frames before a gap, and the position the next value starts at.
    pub fn gap_around(&self, position: Position) -> Result<(Position, Option<Position>), SledFault> {
        let before = match self.at_or_before(position) {
            Ok(Some(stored)) if stored.last() < position => stored.last().next(),
            Ok(Some(stored)) => stored.first,
            Ok(None) => Position(1),
            // The damaged value itself is replaced, from the position it starts at.
            Err(SledFault::Damaged(_)) => self.key_at_or_before(position)?.unwrap_or(Position(1)),
            Err(fault) => return Err(fault),
        };
        let next = self.with(|db| Ok(db.range(gap_end_key(position)..).next().transpose()?))?;
        Ok((before, next.and_then(|(key, _)| position_of(&key)).filter(|next| next.0 < u64::MAX >> 1)))
    }

    /// Asks for values to be written with the next commit.
    pub fn repair_later(&self, group: &Group) {
        let mut repairs = self.repairs.lock();
        self.codec.encode(&group.shared_body(), |key, value| repairs.push((key.to_vec(), value.to_vec())));
    }

    /// Returns the value that holds a position.
    fn holding(&self, position: Position) -> Result<Stored, SledFault> {
        let stored = self.at_or_before(position)?;
        let stored = stored.filter(|stored| stored.last() >= position);
        stored.ok_or(SledFault::Missing("no value of sled holds this position"))
    }

    /// Returns the last value that starts at or before a position.
    fn at_or_before(&self, position: Position) -> Result<Option<Stored>, SledFault> {
        self.with(|db| {
            let Some((key, value)) = db.get_lt(gap_end_key(position))? else { return Ok(None) };
            let first = position_of(&key).ok_or_else(|| damaged("a key of sled has no position"))?;
            if key.len() == 8 {
                return self.stored(db, first, value).map(Some);
            }
            // The key is of a later part of a long frame; its first part says how many there are.
            let head = db.get(chunk_key(first))?.ok_or_else(|| damaged("a long frame lacks its first part"))?;
            self.stored(db, first, head).map(Some)
        })
    }

    fn key_at_or_before(&self, position: Position) -> Result<Option<Position>, SledFault> {
        self.with(|db| Ok(db.get_lt(gap_end_key(position))?.and_then(|(key, _)| position_of(&key))))
    }

    fn stored(&self, db: &sled::Db, first: Position, value: sled::IVec) -> Result<Stored, SledFault> {
        let chunk = self.codec.decode(&chunk_key(first), &value);
        match chunk.ok_or_else(|| damaged("a value of sled has a wrong checksum"))? {
            Chunk::Frames { before, frames } => {
                let from = value.len() - frames.len();
                Ok(Stored { first, before, frames: Frames::Packed(value, from) })
            }
            Chunk::Long { before, length, head } => {
                let mut frame = head.to_vec();
                let mut part = 1;
                while frame.len() < length {
                    let key = part_key(first, part);
                    let value = db.get(key)?.ok_or_else(|| damaged("a long frame lacks a part"))?;
                    let Some(Chunk::Part(bytes)) = self.codec.decode(&key, &value) else {
                        return Err(damaged("a part of a long frame has a wrong checksum"));
                    };
                    frame.extend_from_slice(bytes);
                    part += 1;
                }
                Ok(Stored { first, before: Some(before), frames: Frames::Long(frame) })
            }
            Chunk::Part(_) => Err(damaged("a part of a long frame stands where a chunk should")),
        }
    }

    /// Reads behind the gate; damage and panics leave word for the next opening.
    fn with<T>(&self, read: impl FnOnce(&sled::Db) -> Result<T, SledFault>) -> Result<T, SledFault> {
        let _inside = self.gate.enter();
        let result = guarded(|| {
            let db = self.db.read();
            read(db.as_ref().ok_or(SledFault::Closed)?)
        });
        if let Err(SledFault::Damaged(reason)) = &result
            && !reason.starts_with(OURS)
        {
            self.suspect(reason);
        }
        result
    }
}

/// Marks damage that our own checks found in single values: these are rewritten, sled itself is sound.
const OURS: &str = "checked: ";

fn damaged(what: &str) -> SledFault {
    SledFault::Damaged(format!("{OURS}{what}"))
}

/// The first key after every key of a position.
fn gap_end_key(position: Position) -> Vec<u8> {
    position.0.checked_add(1).map_or(vec![0xff], |next| chunk_key(Position(next)).to_vec())
}

impl OtherCopy for SledStore {
    fn fetch(&self, first: Position, last: Position) -> Result<Group, String> {
        self.group(first, last).map_err(|fault| fault.to_string())
    }
}

impl SledStore {
    /// Reads a range of positions as one group, its chain hash from the nearest value that carries one.
    fn group(&self, first: Position, last: Position) -> Result<Group, SledFault> {
        let before = self.chain_at(Position(first.0 - 1))?;
        let mut group = Group::new(first, before);
        while group.last() < last {
            let next = group.next();
            let stored = self.holding(next)?;
            if stored.before.is_some_and(|before| stored.first == next && before != group.after()) {
                return Err(damaged("its chain hashes do not continue each other"));
            }
            stored.each(|position, frame| {
                if position == group.next() && position <= last {
                    group.push(frame);
                }
            });
        }
        Ok(group)
    }
}
