//! From the log to the state in memory: snapshots first, then what came after them.

use std::collections::HashMap;

use caseledger_events::codec::{self, BadFrame};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::{Position, Version};
use caseledger_events::machine::{Machine, shard_of};
use caseledger_proof::Hash;

use crate::ledger::heads::{Head, Heads};
use crate::ledger::history::fold_stream;
use crate::ledger::idempotency::RecentTags;
use crate::ledger::snapshot::{ShardRecord, SnapshotFiles};
use crate::ledger::start::StartError;
use crate::reader::Reader;

/// The state of a ledger, up to its last durable event.
pub(crate) struct Replayed<M> {
    pub machine: M,
    pub heads: Heads,
    pub tags: RecentTags,
    pub last_recorded: Timestamp,
    /// Where each shard's snapshot stood.
    pub taken: [Position; 256],
    pub shards_loaded: usize,
    pub events: u64,
    pub streams_read: usize,
}

/// Between how many replayed events the machine may drop what no decision needs.
const SETTLE_EVERY: u64 = 1_024;

/// Builds the state from the snapshots that hold and the log.
pub(crate) fn replay<M: Machine>(
    machine: M,
    reader: &Reader,
    files: &SnapshotFiles,
    tags_held: usize,
) -> Result<Replayed<M>, StartError> {
    let mut state = Replayed {
        machine,
        heads: Heads::new(),
        tags: RecentTags::after(reader.tags_searchable().min(reader.durable()), tags_held),
        last_recorded: Timestamp(0),
        taken: [Position(0); 256],
        shards_loaded: 0,
        events: 0,
        streams_read: 0,
    };
    state.load_snapshots(reader, files);
    state.scan(reader)?;
    state.read_wanted(reader)?;
    state.machine.settle();
    Ok(state)
}

impl<M: Machine> Replayed<M> {
    /// Loads the newest good record of every shard.
    fn load_snapshots(&mut self, reader: &Reader, files: &SnapshotFiles) {
        let all = files.read_all();
        let together = records(&all);
        let mut chains = Chains { reader, known: HashMap::new() };
        for shard in 0..=255 {
            let alone = files.read_one(shard);
            let mut candidates: Vec<_> = together.iter().copied().chain(records(&alone)).collect();
            candidates.retain(|record| record.head.shard == shard);
            candidates.sort_by_key(|record| std::cmp::Reverse(record.head.position));
            let good = candidates.into_iter().find(|record| {
                record.head.state == M::STATE && chains.hold(record) && self.machine.load(shard, record.state).is_ok()
            });
            if let Some(record) = good {
                self.heads.load(shard, record.heads());
                self.taken[usize::from(shard)] = record.head.position;
                self.shards_loaded += 1;
            }
        }
    }

    /// Replays what came after the snapshots, each event into its shard where that stands before it.
    fn scan(&mut self, reader: &Reader) -> Result<(), StartError> {
        let durable = reader.durable();
        let oldest = self.taken.iter().copied().min().unwrap_or_default();
        // The last event is read in any case: it says how late it was.
        let from = oldest.min(self.tags.complete_after()).min(Position(durable.0.saturating_sub(1))).next();
        if durable == Position(0) {
            return Ok(());
        }
        let mut scan = reader.scan(from);
        while let Some(group) = scan.next_group()? {
            for (position, frame) in group.frames() {
                self.take(position, frame)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, position: Position, frame: &[u8]) -> Result<(), StartError> {
        let event = codec::decode(frame).map_err(|source| unfoldable(position, source))?;
        if event.position > self.tags.complete_after()
            && let Some(tag) = event.tag
        {
            self.tags.note(tag, event.position);
        }
        self.last_recorded = event.recorded_at;
        if event.position > self.taken[usize::from(shard_of(event.stream))] {
            self.fold(&event)?;
        }
        self.events += 1;
        if self.events.is_multiple_of(SETTLE_EVERY) {
            self.machine.settle();
        }
        Ok(())
    }

    fn fold(&mut self, event: &Recorded<'_>) -> Result<(), StartError> {
        let version = self.heads.get(event.stream).map_or(Version(0), |head| head.version);
        if event.version != version.next() {
            let (position, stream, found) = (event.position, event.stream, event.version);
            return Err(StartError::Gap { position, stream, found, version });
        }
        self.heads.set(event.stream, Head { version: event.version, position: event.position });
        self.machine.evolve(event).map_err(|source| unfoldable(event.position, source))
    }

    /// Reads the streams whose earlier state no snapshot held, until the machine wants no more.
    fn read_wanted(&mut self, reader: &Reader) -> Result<(), StartError> {
        loop {
            let wanted = self.machine.wanted();
            if wanted.is_empty() {
                return Ok(());
            }
            for stream in wanted {
                // A stream the machine wants has had an event replayed, so it has a head.
                if let Some(head) = self.heads.get(stream) {
                    let state = fold_stream::<M>(reader, stream, head)?;
                    self.machine.install(stream, state);
                    self.streams_read += 1;
                }
            }
        }
    }
}

/// Chain hashes of the log, asked once each.
struct Chains<'a> {
    reader: &'a Reader,
    known: HashMap<Position, Option<Hash>>,
}

impl Chains<'_> {
    /// Returns whether a record belongs to this ledger's history.
    fn hold(&mut self, record: &ShardRecord<'_>) -> bool {
        let head = record.head;
        let reader = self.reader;
        head.identity == reader.identity()
            && head.position <= reader.durable()
            && *self.known.entry(head.position).or_insert_with(|| reader.chain_at(head.position).ok())
                == Some(head.chain)
    }
}

fn records(mut bytes: &[u8]) -> Vec<ShardRecord<'_>> {
    let mut records = Vec::new();
    while let Some((record, rest)) = ShardRecord::split(bytes) {
        records.push(record);
        bytes = rest;
    }
    records
}

fn unfoldable(position: Position, source: BadFrame) -> StartError {
    StartError::Unfoldable { position, source }
}
