//! Where in the access ledger to look: for each block of views, a filter of the cases and people in it.
//!
//! Derived, in memory, never stored: it is built from the access ledger in the background after a start and caught up
//! with by every search, which passes over the blocks that cannot hold what is asked for. A filter may say *perhaps*
//! where it should say *no*, never the other way round. Memory is bounded: past [`FILTER_BYTES_MAX`] the filters of the
//! oldest blocks go, and those blocks are read again.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use caseledger_events::codec;
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::viewed::{Decision, Viewed};
use caseledger_log::{AccessReader, ReadError};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;

/// Views of a block.
const BLOCK_VIEWS: u64 = 4_096;

/// What all filters may take: those of some 30 million views that open one case each.
const FILTER_BYTES_MAX: usize = 64 << 20;

/// Bits of a filter for each key: with [`PROBES`], one block in a hundred is read in vain.
const BITS_A_KEY: usize = 10;
const PROBES: u64 = 7;

/// What came of a view, as searches ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Shown by a row of the table.
    Allowed,
    /// Not shown.
    Denied,
    /// Shown beyond the usual rows, for a stated reason.
    BreakGlass,
}

/// What a search wants: all that are given.
#[derive(Clone, Copy, Default, Debug)]
pub struct Wanted {
    /// Views that name this case.
    pub case: Option<CaseId>,
    /// Views by this person.
    pub person: Option<Code>,
    /// Views that came to this.
    pub decision: Option<DecisionKind>,
}

/// The index; it knows no more of a view than hashes of its case and person.
#[derive(Default)]
pub struct ViewIndex(Mutex<Blocks>);

#[derive(Default)]
struct Blocks {
    /// Whole blocks, oldest first.
    closed: Vec<Block>,
    /// How many of them, from the oldest on, lost their filter.
    bare: usize,
    /// What the filters take.
    bytes: usize,
    /// The block that is being filled.
    open: Filling,
    /// The last position taken in.
    head: u64,
}

struct Block {
    last: u64,
    /// `None` where every search must look.
    filter: Option<Box<[u64]>>,
    decisions: u8,
}

#[derive(Default)]
struct Filling {
    keys: HashSet<u64>,
    decisions: u8,
    /// Whether something in it could not be read.
    is_opaque: bool,
}

impl DecisionKind {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl From<Decision> for DecisionKind {
    fn from(decision: Decision) -> DecisionKind {
        match decision {
            Decision::Allowed => DecisionKind::Allowed,
            Decision::Denied(_) => DecisionKind::Denied,
            Decision::BreakGlass(_) => DecisionKind::BreakGlass,
        }
    }
}

impl ViewIndex {
    /// Takes in what was recorded since the last time; blocks, the first time for as long as all of it takes to read.
    pub fn catch_up(&self, reader: &AccessReader) -> Result<(), ReadError> {
        let mut blocks = self.0.lock();
        if Position(blocks.head) >= reader.head().0 {
            return Ok(());
        }
        let mut scan = reader.scan(Position(blocks.head + 1));
        while let Some(group) = scan.next_group()? {
            for (position, frame, _) in group.chained() {
                blocks.take(position.0, frame);
            }
        }
        Ok(())
    }

    /// Returns where to look for what is wanted, after a position, oldest first; neighbours stand in one range.
    pub fn ranges(&self, wanted: &Wanted, after: Position) -> Vec<RangeInclusive<u64>> {
        let blocks = self.0.lock();
        let keys = wanted.keys();
        let decisions = wanted.decision.map_or(u8::MAX, DecisionKind::bit);
        let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
        let mut first = 1;
        let closed = blocks.closed.iter().map(|block| (block.last, block.may_hold(&keys, decisions)));
        for (last, may_hold) in closed.chain([(blocks.head, blocks.open.may_hold(&keys, decisions))]) {
            if may_hold && last >= first && last > after.0 {
                let from = first.max(after.0 + 1);
                match ranges.last_mut().filter(|before| *before.end() + 1 == from) {
                    Some(before) => *before = *before.start()..=last,
                    None => ranges.push(from..=last),
                }
            }
            first = last + 1;
        }
        ranges
    }
}

impl Wanted {
    fn keys(&self) -> Vec<u64> {
        let of_case = self.case.map(|case| key(0, case.0));
        of_case.into_iter().chain(self.person.map(|person| key(1, person.as_str()))).collect()
    }

    /// Returns whether a view is one of those wanted.
    pub fn fits(&self, by: Code, viewed: &Viewed) -> bool {
        self.person.is_none_or(|person| person == by)
            && self.case.is_none_or(|case| viewed.cases.contains(&case))
            && self.decision.is_none_or(|decision| decision == viewed.decision.into())
    }
}

impl Blocks {
    fn take(&mut self, position: u64, frame: &[u8]) {
        self.head = position;
        self.open.take(frame);
        if position.is_multiple_of(BLOCK_VIEWS) {
            let block = std::mem::take(&mut self.open).close(position);
            self.bytes += block.bytes();
            self.closed.push(block);
            self.stay_bounded(FILTER_BYTES_MAX);
        }
    }

    fn stay_bounded(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max && self.bare < self.closed.len() {
            let oldest = &mut self.closed[self.bare];
            self.bytes -= oldest.bytes();
            oldest.filter = None;
            self.bare += 1;
        }
    }
}

impl Filling {
    fn take(&mut self, frame: &[u8]) {
        let read = codec::decode(frame).and_then(|event| Ok((event.actor.person, Viewed::read(&event)?)));
        match read {
            Ok((person, Some(viewed))) => {
                self.keys.insert(key(1, person.as_str()));
                self.keys.extend(viewed.cases.iter().map(|case| key(0, case.0)));
                self.decisions |= DecisionKind::from(viewed.decision).bit();
            }
            // What is no view is found by no search; what cannot be read is reported by the search that meets it.
            Ok((_, None)) => {}
            Err(_) => self.is_opaque = true,
        }
    }

    fn may_hold(&self, keys: &[u64], decisions: u8) -> bool {
        self.is_opaque || (self.decisions & decisions != 0 && keys.iter().all(|key| self.keys.contains(key)))
    }

    fn close(self, last: u64) -> Block {
        let filter = if self.is_opaque { None } else { Some(filter_of(&self.keys)) };
        Block { last, filter, decisions: self.decisions }
    }
}

impl Block {
    fn may_hold(&self, keys: &[u64], decisions: u8) -> bool {
        let Some(filter) = &self.filter else { return true };
        self.decisions & decisions != 0
            && keys.iter().all(|&key| bits(key, filter.len()).all(|bit| is_set(filter, bit)))
    }

    fn bytes(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.len() * 8)
    }
}

fn key(what: u8, value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (what, value).hash(&mut hasher);
    hasher.finish()
}

fn filter_of(keys: &HashSet<u64>) -> Box<[u64]> {
    let mut filter = vec![0; (keys.len() * BITS_A_KEY).div_ceil(64).max(1)].into_boxed_slice();
    for &key in keys {
        for bit in bits(key, filter.len()) {
            filter[bit / 64] |= 1 << (bit % 64);
        }
    }
    filter
}

/// The bits of a key in a filter of so many words: two halves of its hash, combined.
fn bits(key: u64, words: usize) -> impl Iterator<Item = usize> {
    let (one, other) = (key & u64::from(u32::MAX), (key >> 32) | 1);
    let all = words as u64 * 64;
    (0..PROBES).map(move |i| (one.wrapping_add(i.wrapping_mul(other)) % all) as usize)
}

fn is_set(filter: &[u64], bit: usize) -> bool {
    filter[bit / 64] & (1 << (bit % 64)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::access::{GlassReason, Operation};
    use caseledger_events::dates::Timestamp;
    use caseledger_events::envelope::{Actor, Role, Source};
    use caseledger_events::ids::{CorrelationId, Version};
    use caseledger_events::viewed::{NewView, ViewPlace};

    fn case(n: u64) -> CaseId {
        CaseId((u128::from(n) << 64).to_be_bytes())
    }

    fn person(n: u64) -> Code {
        format!("P-{n}").parse().unwrap()
    }

    /// View `n` is by person `n / 1000` of case `n`; every ten-thousandth breaks the glass.
    fn frame(n: u64) -> Vec<u8> {
        let decision = if n.is_multiple_of(10_000) {
            Decision::BreakGlass(GlassReason::SafetyOfAChild)
        } else {
            Decision::Allowed
        };
        let viewed = Viewed { decision, ..Viewed::allowed(Operation::OpenCase).with_cases([case(n)]) };
        let facts = viewed.facts();
        let (role, organisation) = (Role::Auditor, "MOE".parse().unwrap());
        let view = NewView {
            actor: Actor { person: person(n / 1_000), role, organisation },
            on_behalf_of: None,
            source: Source::Person,
            request: CorrelationId([0; 16]),
            policy: 1,
            at: Timestamp(1),
            viewed,
        };
        let place =
            ViewPlace { position: Position(n), version: Version(n as u32), recorded_at: Timestamp(1), salt: [0; 16] };
        let mut frame = Vec::new();
        codec::encode(&view.recorded(place, &facts), &mut frame);
        frame
    }

    fn index(views: u64) -> ViewIndex {
        let index = ViewIndex::default();
        (1..=views).for_each(|n| index.0.lock().take(n, &frame(n)));
        index
    }

    fn looked_at(ranges: &[RangeInclusive<u64>]) -> u64 {
        ranges.iter().map(|range| range.end() - range.start() + 1).sum()
    }

    #[test]
    fn what_was_recorded_is_never_passed_over_and_most_of_the_rest_is() {
        let index = index(50_000);
        for n in (1..=50_000).step_by(997) {
            let wanted = Wanted { case: Some(case(n)), ..Wanted::default() };
            let ranges = index.ranges(&wanted, Position(0));
            assert!(ranges.iter().any(|range| range.contains(&n)), "view {n} would not be found");
            assert!(looked_at(&ranges) <= 4 * BLOCK_VIEWS, "view {n}: {ranges:?}");
        }
        let glass = Wanted { decision: Some(DecisionKind::BreakGlass), ..Wanted::default() };
        let ranges = index.ranges(&glass, Position(0));
        assert!((1..=5).all(|n| ranges.iter().any(|range| range.contains(&(n * 10_000)))));
        assert!(looked_at(&ranges) <= 5 * BLOCK_VIEWS);
        let denied = Wanted { decision: Some(DecisionKind::Denied), ..Wanted::default() };
        assert!(index.ranges(&denied, Position(0)).is_empty());
    }

    #[test]
    fn a_search_goes_on_after_a_position_and_everything_is_one_range() {
        let index = index(10_000);
        assert_eq!(index.ranges(&Wanted::default(), Position(0)), [1..=10_000]);
        assert_eq!(index.ranges(&Wanted::default(), Position(4_096)), [4_097..=10_000]);
        assert_eq!(index.ranges(&Wanted::default(), Position(9_999)), [10_000..=10_000]);
        assert!(index.ranges(&Wanted::default(), Position(10_000)).is_empty());
        assert!(ViewIndex::default().ranges(&Wanted::default(), Position(0)).is_empty());
    }

    #[test]
    fn past_its_bound_the_oldest_blocks_are_read_again() {
        let index = index(20_000);
        let wanted = Wanted { case: Some(case(19_000)), ..Wanted::default() };
        let before = looked_at(&index.ranges(&wanted, Position(0)));
        index.0.lock().stay_bounded(12 << 10);
        let after = index.ranges(&wanted, Position(0));
        assert!(looked_at(&after) > before && *after[0].start() == 1, "{after:?}");
        assert!(index.0.lock().bytes <= 12 << 10);
    }

    #[test]
    fn what_cannot_be_read_is_looked_at_by_every_search() {
        let index = index(BLOCK_VIEWS - 1);
        index.0.lock().take(BLOCK_VIEWS, b"not a frame");
        let wanted = Wanted { person: Some(person(77)), ..Wanted::default() };
        assert_eq!(index.ranges(&wanted, Position(0)), [1..=BLOCK_VIEWS]);
    }
}
