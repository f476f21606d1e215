//! A store gives back what was committed, by every road, across closing and opening.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::storage_support::*;
use caseledger_events::ids::Position;
use caseledger_log::{
    CommitError, DirLock, FRAME_BYTES_MAX, Group, JournalReader, OpenError, ReadError, Store, StoreOptions,
};
use caseledger_proof::Hash;
use proptest::prelude::*;

#[test]
fn what_was_committed_is_read_back_by_every_road_before_and_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = model(400);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 1);
    model.assert_read_back(&store.reader(), Position(400));
    for n in 0..600 {
        model.add(n as u8, Some(tag(10_000 + n)), 100);
    }
    model.commit_to(&mut store, 37);
    model.assert_read_back(&store.reader(), Position(1000));
    store.close().unwrap();
    let (store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!((report.clean, report.head, report.findings), (true, Position(1000), vec![]));
    model.assert_read_back(&store.reader(), Position(1000));
    drop(store);
    let (mut store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!((report.clean, report.head), (false, Position(1000)));
    model.add(3, None, 20);
    model.commit_to(&mut store, 1);
    model.assert_read_back(&store.reader(), Position(1001));
}

#[test]
fn an_empty_ledger_has_position_zero_and_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    assert_eq!(store.head(), (Position(0), Hash::ZERO));
    assert_eq!(store.reader().chain_at(Position(0)).unwrap(), Hash::ZERO);
    assert!(store.reader().scan(Position(1)).next_group().unwrap().is_none());
    drop(store);
    let (store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!((store.identity(), report.head, report.findings), (IDENTITY, Position(0), vec![]));
}

#[test]
fn frames_of_every_length_up_to_a_mebibyte_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    // Around one sled value (7 KiB), around a journal segment (16 KiB here), and far beyond both.
    for facts in [0, 6_600, 6_750, 6_850, 6_950, 7_000, 7_168, 7_300, 14_000, 16_000, 17_000, 60_000, 1_000_000, 1] {
        model.add(1, Some(tag(facts as u64)), facts);
    }
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 1);
    let alone = model.last();
    for facts in [10, 20_000, 10, 10, 7_100, 7_100, 10] {
        model.add(2, None, facts);
    }
    model.commit_to(&mut store, 7);
    model.assert_read_back(&store.reader(), model.last());
    drop(store);
    let (store, _) = Store::open(dir.path(), &small()).unwrap();
    model.assert_read_back(&store.reader(), model.last());
    assert!(alone < model.last());
    let blobs = std::fs::read_dir(dir.path().join("sled/blobs")).unwrap().count();
    assert_eq!(blobs, 0, "no value of sled may spill into files that it does not sync");
}

#[test]
fn a_group_that_does_not_continue_the_log_is_refused_and_the_log_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    let mut model = model(3);
    model.commit_to(&mut store, 1);
    let (head, chain) = store.head();
    let refused = |store: &mut Store, group: &Group| store.commit(group).unwrap_err().to_string();

    let mut gap = Group::new(Position(5), chain);
    gap.push(b"x");
    let what = "a group from position 5 was offered but the log stands at 3; this is a defect of the caller, nothing was written";
    assert_eq!(refused(&mut store, &gap), what);

    let mut other_past = Group::new(head.next(), Hash::ZERO);
    other_past.push(b"x");
    assert!(matches!(store.commit(&other_past), Err(CommitError::NotChained { first: Position(4) })));

    let empty = Group::new(head.next(), chain);
    assert_eq!(refused(&mut store, &empty), "the group from position 4 holds no frame; nothing was written");

    let mut long = Group::new(head.next(), chain);
    long.push(&vec![0; FRAME_BYTES_MAX + 1]);
    let what = "the group from position 4 holds a frame of more than 1 MiB; nothing was written";
    assert_eq!(refused(&mut store, &long), what);

    model.add(1, None, 10);
    model.commit_to(&mut store, 1);
    model.assert_read_back(&store.reader(), Position(4));
}

#[test]
fn a_position_beyond_the_durable_one_is_an_error_by_every_road() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model(2).commit_to(&mut store, 2);
    let reader = store.reader();
    for position in [Position(3), Position(u64::MAX)] {
        let beyond = format!("position {position} is not in the log, which ends at 2");
        assert_eq!(reader.get(position).unwrap_err().to_string(), beyond);
        assert_eq!(reader.journal_get(position).unwrap_err().to_string(), beyond);
        assert_eq!(reader.chain_at(position).unwrap_err().to_string(), beyond);
        assert_eq!(reader.history(position).unwrap_err().to_string(), beyond);
    }
    assert!(reader.get(Position(0)).is_err());
    assert!(reader.scan(Position(3)).next_group().unwrap().is_none());
}

#[test]
fn a_directory_is_created_once_opened_by_one_and_only_where_a_ledger_is() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert!(matches!(Store::open(&missing, &small()), Err(OpenError::NoLedger { .. })));
    assert!(matches!(Store::open(dir.path(), &small()), Err(OpenError::NoLedger { .. })));
    let store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    assert!(matches!(Store::open(dir.path(), &small()), Err(OpenError::Locked { .. })));
    assert!(matches!(DirLock::acquire(dir.path()), Err(OpenError::Locked { .. })));
    drop(store);
    assert!(matches!(Store::create(dir.path(), IDENTITY, &small()), Err(OpenError::AlreadyThere { .. })));
    Store::open(dir.path(), &small()).unwrap();
}

/// An event of which nothing can be made.
#[derive(PartialEq, Debug)]
struct Unmade(Position);

impl From<ReadError> for Unmade {
    fn from(error: ReadError) -> Unmade {
        panic!("{error}")
    }
}

#[test]
fn a_scan_from_anywhere_gives_the_rest_and_a_parallel_one_the_same_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(500);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 9);
    let reader = store.reader();
    let offline = JournalReader::open(dir.path()).unwrap();
    assert_eq!((offline.identity(), offline.last()), (IDENTITY, Position(500)));
    for from in [0, 1, 2, 9, 10, 17, 250, 499, 500] {
        let expected: Vec<u64> = (from.max(1)..=500).collect();
        for scan in [reader.scan(Position(from)), offline.scan(Position(from))] {
            let positions: Vec<u64> = scan
                .entries()
                .map(|entry| {
                    let (entry, chain) = entry.unwrap();
                    assert_eq!(entry.frame, model.frame(entry.position));
                    assert_eq!(chain, model.chain_at(entry.position));
                    entry.position.0
                })
                .collect();
            assert_eq!(positions, expected, "from {from}");
        }
        for threads in [1, 3] {
            let mut positions = vec![];
            let map = |block: &caseledger_log::Block| {
                block.frames().inspect(|(p, frame)| assert_eq!(*frame, model.frame(*p))).map(|(p, _)| p.0).collect()
            };
            let each = |block: Vec<u64>| {
                positions.extend(block);
                ControlFlow::Continue(())
            };
            reader.scan(Position(from)).parallel(threads, map, each).unwrap();
            assert_eq!(positions, expected, "from {from} by {threads} threads");
            for to in [0, 1, 9, 10, 333, 500, 501] {
                let (mut made, mut at) = (vec![], Position(from));
                let make = |position: Position, _: &[u8]| Ok::<_, ReadError>(position.0);
                let each = |last: Position, block: Vec<u64>| {
                    assert!(last <= Position(to) && block.last().is_none_or(|position| *position == last.0));
                    made.extend(block);
                    at = last;
                };
                reader.scan(Position(from)).parallel_events(threads, Position(to), make, each).unwrap();
                let up_to: Vec<u64> = (from.max(1)..=to.min(500)).collect();
                assert_eq!(made, up_to, "from {from} to {to} by {threads} threads");
                assert!(made.is_empty() || at.0 == to.min(500), "told that it is at {at}");
            }
        }
    }
    let make = |position: Position, _: &[u8]| if position.0 == 250 { Err(Unmade(position)) } else { Ok(position.0) };
    let mut made = vec![];
    let ended = reader.scan(Position(1)).parallel_events(3, Position(400), make, |_, block| made.extend(block));
    assert_eq!(ended, Err(Unmade(Position(250))), "the first of which nothing can be made ends it");
    assert!(made.iter().eq(&(1..=made.len() as u64).collect::<Vec<_>>()) && made.len() < 250, "{made:?}");
    for position in [1, 8, 9, 10, 333, 500].map(Position) {
        assert_eq!(offline.chain_at(position).unwrap(), model.chain_at(position));
    }
    assert!(matches!(offline.chain_at(Position(501)), Err(ReadError::Beyond { .. })));
}

#[test]
fn readers_of_a_live_log_see_whole_groups_in_order_and_never_more_than_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(1500);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 10);
    let done = AtomicBool::new(false);
    let mut longer = model;
    (0..1500).for_each(|n| {
        longer.add((n % 5) as u8, None, 90);
    });
    let reader = store.reader();
    std::thread::scope(|scope| {
        let tail = scope.spawn(|| {
            let mut next = Position(1);
            while next.0 <= 3000 {
                let mut scan = reader.scan(next);
                while let Some(group) = scan.next_group().unwrap() {
                    for (position, frame) in group.frames() {
                        assert_eq!(position, next);
                        assert_eq!(frame, longer.frame(position));
                        next = next.next();
                    }
                }
                assert!(next <= reader.durable().next());
            }
        });
        let beside = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) || looks == 0 {
                let journal = JournalReader::open(dir.path()).unwrap();
                let from = Position(journal.last().0.saturating_sub(20).max(1));
                let read: Vec<_> = journal.scan(from).entries().map(|entry| entry.unwrap().0).collect();
                assert_eq!(read.last().unwrap().position, journal.last());
                read.iter().for_each(|entry| assert_eq!(entry.frame, longer.frame(entry.position)));
                looks += 1;
            }
        });
        longer.commit_to(&mut store, 1);
        tail.join().unwrap();
        done.store(true, Ordering::Relaxed);
        beside.join().unwrap();
    });
}

#[test]
fn ready_frames_are_appended_in_large_groups_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(1500);
    let mut store = Store::create(dir.path(), IDENTITY, &StoreOptions::default()).unwrap();
    model.commit_to(&mut store, 1500);
    assert_eq!(store.append_frames([]).unwrap(), Position(1500));
    drop(store);

    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    let head = store.append_frames(model.frames.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(head, Position(1500));
    model.assert_read_back(&store.reader(), Position(1500));
}

#[test]
fn readers_outlive_a_closed_store() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(100);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 7);
    let reader = store.reader();
    store.close().unwrap();
    model.assert_read_back(&reader, Position(100));
    assert_eq!(reader.findings(), []);
}

/// One step of a random life of a store.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, usize, bool)>),
    Close,
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![6 => 0..300_usize, 1 => 6_000..9_000_usize, 1 => 15_000..30_000_usize];
    let event = (0..6_u8, length, any::<bool>());
    prop_oneof![
        10 => proptest::collection::vec(event, 1..30).prop_map(Step::Commit),
        1 => Just(Step::Close),
        1 => Just(Step::Stop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if long() { 300 } else { 12 }))]

    #[test]
    fn random_groups_and_stops_always_equal_the_model(steps in proptest::collection::vec(step(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
        for step in steps {
            match step {
                Step::Commit(events) => {
                    let many = events.len();
                    for (case, facts, tagged) in events {
                        let tag = tagged.then(|| tag(model.last().0));
                        model.add(case, tag, facts);
                    }
                    model.commit_to(&mut store, many);
                }
                Step::Close => {
                    store.close().unwrap();
                    store = Store::open(dir.path(), &small()).unwrap().0;
                }
                Step::Stop => {
                    drop(store);
                    store = Store::open(dir.path(), &small()).unwrap().0;
                }
            }
        }
        model.assert_read_back(&store.reader(), model.last());
        prop_assert_eq!(store.reader().findings(), vec![]);
    }
}
