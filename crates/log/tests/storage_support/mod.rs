//! What the storage tests share: events of several streams, a model of the log, and a ledger directory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use caseledger_events::codec;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::ids::{CaseId, CorrelationId, Epoch, LedgerId, Position, StreamId, Tag, Version};
use caseledger_log::{Group, LedgerIdentity, Reader, Store, StoreOptions};
use caseledger_proof::{Hash, extend};

pub mod writer;

pub const IDENTITY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([0xA1; 16]), epoch: Epoch(1) };

/// Small segments, so that a few hundred events fill several.
pub fn small() -> StoreOptions {
    StoreOptions { segment_bytes: 16 << 10, cache_bytes: 1 << 20, ..StoreOptions::default() }
}

/// Makes events with correct links, and remembers what the log must give back.
#[derive(Default, Clone)]
pub struct Model {
    pub frames: Vec<Vec<u8>>,
    pub chain: Vec<Hash>,
    pub streams: HashMap<StreamId, Vec<Position>>,
    pub tags: HashMap<Tag, Position>,
}

impl Model {
    pub fn last(&self) -> Position {
        Position(self.frames.len() as u64)
    }

    pub fn chain_at(&self, position: Position) -> Hash {
        position.0.checked_sub(1).map_or(Hash::ZERO, |n| self.chain[n as usize])
    }

    pub fn frame(&self, position: Position) -> &[u8] {
        &self.frames[position.0 as usize - 1]
    }

    /// Makes the next event of a case with so many bytes of facts.
    pub fn add(&mut self, case: u8, tag: Option<Tag>, facts: usize) -> &[u8] {
        let stream = StreamId::Case(CaseId([case; 16]));
        let position = self.last().next();
        let history = self.streams.entry(stream).or_default();
        let facts: Vec<u8> = (0..facts).map(|n| (n as u8).wrapping_mul(31) ^ position.0 as u8).collect();
        let event = Recorded {
            position,
            stream,
            version: Version(history.len() as u32 + 1),
            previous: history.last().copied().unwrap_or_default(),
            kind: "comment_added",
            schema: 1,
            occurred_at: OccurredAt::Instant(Timestamp(1_772_000_000_000_000)),
            recorded_at: Timestamp(1_772_000_000_000_000 + position.0 as i64),
            source_recorded_at: None,
            actor: Actor {
                person: "P-1".parse().unwrap(),
                role: Role::CaseManager,
                organisation: "ASP-01".parse().unwrap(),
            },
            on_behalf_of: None,
            source: Source::Person,
            scope: Scope { provider: Some("ASP-01".parse().unwrap()), ..Scope::default() },
            policy: 1,
            correlation: CorrelationId([9; 16]),
            causation: None,
            tag,
            salt: [position.0 as u8; 16],
            facts: &facts,
            parts: vec![],
        };
        let mut frame = Vec::new();
        codec::encode(&event, &mut frame);
        history.push(position);
        if let Some(tag) = tag {
            self.tags.entry(tag).or_insert(position);
        }
        self.chain.push(extend(self.chain_at(Position(position.0 - 1)), &frame));
        self.frames.push(frame);
        self.frames.last().unwrap()
    }

    /// Commits the events of the model that the store lacks, `per_group` a commit.
    pub fn commit_to(&self, store: &mut Store, per_group: usize) {
        let (head, _) = store.head();
        for frames in self.frames[head.0 as usize..].chunks(per_group) {
            let (head, chain) = store.head();
            let mut group = Group::new(head.next(), chain);
            frames.iter().for_each(|frame| {
                group.push(frame);
            });
            store.commit(&group).unwrap();
        }
    }

    /// Asserts that a reader gives back exactly the first `last` events of the model, by every road.
    #[track_caller]
    pub fn assert_read_back(&self, reader: &Reader, last: Position) {
        assert_eq!(reader.durable(), last);
        let mut next = Position(1);
        for entry in reader.scan(Position(1)).entries() {
            let (entry, chain) = entry.unwrap();
            assert_eq!(entry.position, next);
            assert_eq!(entry.frame, self.frame(next), "scan at {next}");
            assert_eq!(chain, self.chain_at(next));
            next = next.next();
        }
        assert_eq!(next, last.next(), "the scan ends at the durable position");
        for position in (1..=last.0).map(Position) {
            assert_eq!(reader.get(position).unwrap().frame, self.frame(position), "sled at {position}");
            assert_eq!(reader.journal_get(position).unwrap().frame, self.frame(position), "journal at {position}");
            assert_eq!(reader.chain_at(position).unwrap(), self.chain_at(position), "chain at {position}");
        }
        for positions in self.streams.values() {
            let positions: Vec<Position> = positions.iter().copied().filter(|p| *p <= last).collect();
            if let Some(head) = positions.last() {
                let history = reader.history(*head).unwrap();
                assert_eq!(history.iter().map(|e| e.position).collect::<Vec<_>>(), positions);
            }
        }
        for (&tag, &position) in &self.tags {
            let expected = (position <= last).then_some(position);
            assert_eq!(reader.find_tag(tag).unwrap(), expected, "tag of {position}");
        }
    }
}

/// A model of so many events over seven cases, every third with a tag of its own.
pub fn model(events: usize) -> Model {
    let mut model = Model::default();
    for n in 0..events {
        let tag = n.is_multiple_of(3).then(|| tag(n as u64));
        model.add((n % 7) as u8, tag, 40 + n % 200);
    }
    model
}

/// A tag spread as a keyed hash would.
pub fn tag(n: u64) -> Tag {
    let hash = caseledger_proof::leaf(&n.to_le_bytes());
    let mut tag = [0; 16];
    tag.copy_from_slice(&hash.0[..16]);
    Tag(tag)
}

/// Lists the segment files of a ledger directory, oldest first.
pub fn segments(dir: &Path) -> Vec<PathBuf> {
    files_with(dir, "seg")
}

/// Lists the sidecars of a ledger directory, oldest first.
pub fn sidecars(dir: &Path) -> Vec<PathBuf> {
    files_with(dir, "idx")
}

fn files_with(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

/// Copies a directory as a crash would leave it.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Whether the full counts of the long series are asked for.
pub fn long() -> bool {
    std::env::var("CASELEDGER_LONG").is_ok_and(|value| value == "1")
}

/// A ledger directory kept as it was after each group, as if the machine had stopped there.
pub struct Moments {
    dir: tempfile::TempDir,
    pub model: Model,
    /// The last position at each moment; the first is the empty ledger.
    pub heads: Vec<Position>,
}

impl Moments {
    /// Records a life in which each group has so many events.
    pub fn record(model: Model, groups: &[usize], options: &StoreOptions) -> Moments {
        let dir = tempfile::tempdir().unwrap();
        let live = dir.path().join("live");
        let mut store = Store::create(&live, IDENTITY, options).unwrap();
        let mut moments = Moments { dir, model, heads: vec![] };
        moments.keep(&live, Position(0));
        for &events in groups {
            let (head, chain) = store.head();
            let mut group = Group::new(head.next(), chain);
            for position in head.0 + 1..=head.0 + events as u64 {
                group.push(moments.model.frame(Position(position)));
            }
            store.commit(&group).unwrap();
            moments.keep(&live, store.head().0);
        }
        moments
    }

    fn keep(&mut self, live: &Path, head: Position) {
        copy_dir(live, &self.dir.path().join(self.heads.len().to_string()));
        self.heads.push(head);
    }

    /// Makes a directory with the journal of one moment and the sled store of another.
    pub fn mix(&self, journal: usize, sled: usize) -> tempfile::TempDir {
        let mixed = tempfile::tempdir().unwrap();
        let moment = |n: usize| self.dir.path().join(n.to_string());
        copy_dir(&moment(journal).join("journal"), &mixed.path().join("journal"));
        copy_dir(&moment(sled).join("sled"), &mixed.path().join("sled"));
        mixed
    }
}

/// A small generator for choices that must be repeatable from a printed seed.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}
