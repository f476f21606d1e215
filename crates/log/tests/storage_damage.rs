//! A flipped bit anywhere never gives a wrong answer: it is repaired from the other copy, or refused by name.

use std::path::{Path, PathBuf};

use crate::storage_support::*;
use caseledger_events::ids::Position;
use caseledger_log::{Finding, JournalReader, OpenError, ReadError, Reader, Store};

const EVENTS: usize = 220;

/// A closed ledger of several sealed segments and one that is written on.
fn ledger() -> (tempfile::TempDir, Model) {
    let dir = tempfile::tempdir().unwrap();
    let model = model(EVENTS);
    let mut store = Store::create(dir.path(), IDENTITY, &small()).unwrap();
    model.commit_to(&mut store, 3);
    store.close().unwrap();
    assert!(segments(dir.path()).len() > 3 && sidecars(dir.path()).len() >= segments(dir.path()).len() - 1);
    (dir, model)
}

fn copy_of(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir, copy.path());
    copy
}

fn flip(path: &Path, random: &mut Seeded, within: usize) -> usize {
    let mut bytes = std::fs::read(path).unwrap();
    let at = random.below(within.min(bytes.len()));
    bytes[at] ^= 1 << random.below(8);
    std::fs::write(path, bytes).unwrap();
    at
}

/// Where the bytes of a segment that mean something end.
fn used(path: &Path) -> usize {
    std::fs::read(path).unwrap().iter().rposition(|&byte| byte != 0).unwrap() + 1
}

fn rounds(few: u64, many: u64) -> u64 {
    if long() { many } else { few }
}

#[test]
fn a_bit_flipped_in_the_journal_of_a_closed_ledger_is_repaired_from_sled() {
    let (dir, model) = ledger();
    for seed in 0..rounds(40, 1500) {
        let mut random = Seeded(seed);
        let copy = copy_of(dir.path());
        let files = segments(copy.path());
        let path = &files[random.below(files.len())];
        let at = flip(path, &mut random, used(path));
        let said = format!("seed {seed}: byte {at} of {}", path.display());
        let (store, report) = Store::open(copy.path(), &small()).unwrap_or_else(|e| panic!("{said}: {e}"));
        assert_eq!(report.head, Position(EVENTS as u64), "{said}: {report}");
        model.assert_read_back(&store.reader(), report.head);
        drop(store);
        let journal = JournalReader::open(copy.path()).unwrap();
        let read = journal.scan(Position(1)).entries().inspect(|entry| assert!(entry.is_ok())).count();
        assert_eq!(read, EVENTS, "{said}: the journal is whole by itself after the repair");
    }
}

#[test]
fn a_bit_flipped_in_a_sidecar_changes_no_answer() {
    let (dir, model) = ledger();
    for seed in 0..rounds(40, 1500) {
        let mut random = Seeded(seed);
        let copy = copy_of(dir.path());
        let files = sidecars(copy.path());
        let path = &files[random.below(files.len())];
        let at = flip(path, &mut random, usize::MAX);
        let (store, report) = Store::open(copy.path(), &small()).unwrap();
        assert_eq!(report.head, Position(EVENTS as u64), "seed {seed}: byte {at}: {report}");
        model.assert_read_back(&store.reader(), report.head);
    }
}

#[test]
fn a_bit_flipped_in_sled_changes_no_answer() {
    let (dir, model) = ledger();
    for seed in 0..rounds(40, 1500) {
        let mut random = Seeded(seed);
        let copy = copy_of(dir.path());
        let path = copy.path().join(if random.below(20) == 0 { "sled/conf" } else { "sled/db" });
        let at = flip(&path, &mut random, used(&path));
        let said = format!("seed {seed}: byte {at} of {}", path.display());
        let (mut store, report) = Store::open(copy.path(), &small()).unwrap_or_else(|e| panic!("{said}: {e}"));
        assert_eq!(report.head, Position(EVENTS as u64), "{said}: {report}");
        model.assert_read_back(&store.reader(), report.head);
        let mut model = model.clone();
        model.add(1, None, 10);
        model.commit_to(&mut store, 1);
        model.assert_read_back(&store.reader(), model.last());
    }
}

#[test]
fn with_bits_flipped_in_both_copies_every_answer_is_right_or_refused_by_name() {
    let (dir, model) = ledger();
    let mut refused = 0;
    for seed in 0..rounds(40, 1500) {
        let mut random = Seeded(seed);
        let copy = copy_of(dir.path());
        for _ in 0..1 + random.below(3) {
            let files = segments(copy.path());
            let path = &files[random.below(files.len())];
            flip(path, &mut random, used(path));
            let db = copy.path().join("sled/db");
            flip(&db, &mut random, used(&db));
        }
        match Store::open(copy.path(), &small()) {
            Ok((store, report)) => {
                assert_eq!(report.head, Position(EVENTS as u64), "seed {seed}: {report}");
                assert_right_or_refused(&model, &store.reader());
            }
            Err(OpenError::Lost { .. }) => refused += 1,
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    println!("{refused} ledgers were refused because both copies were damaged in the same place");
}

#[track_caller]
fn assert_right_or_refused(model: &Model, reader: &Reader) {
    for position in (1..=reader.durable().0).map(Position) {
        for read in [reader.get(position), reader.journal_get(position)] {
            match read {
                Ok(entry) => assert_eq!(entry.frame, model.frame(position)),
                Err(ReadError::Damaged { .. } | ReadError::Open(OpenError::Lost { .. })) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    for entry in reader.scan(Position(1)).entries().map_while(Result::ok) {
        assert_eq!(entry.0.frame, model.frame(entry.0.position));
    }
}

#[test]
fn damage_done_to_the_journal_under_a_running_store_is_repaired_and_reported() {
    let (dir, model) = ledger();
    for seed in 0..rounds(24, 500) {
        let mut random = Seeded(seed);
        let copy = copy_of(dir.path());
        let (store, _) = Store::open(copy.path(), &small()).unwrap();
        let files = segments(copy.path());
        let path = &files[random.below(files.len())];
        // The header is not read again; one byte or a whole sector of the records goes bad.
        let at = 80 + random.below(used(path) - 80);
        let mut bytes = std::fs::read(path).unwrap();
        match random.below(2) {
            0 => bytes[at] ^= 1 << random.below(8),
            _ => {
                let end = (at + 512).min(bytes.len());
                bytes[at..end].fill(0xEE);
            }
        }
        overwrite(path, &bytes[..used(path)]);
        let sidecar = path.with_extension("idx");
        if random.below(4) == 0 && sidecar.exists() {
            // Where things lie is forgotten as well.
            overwrite(&sidecar, &vec![0xEE; std::fs::metadata(&sidecar).unwrap().len() as usize]);
        }
        let reader = store.reader();
        match random.below(3) {
            0 => model.assert_read_back(&reader, Position(EVENTS as u64)),
            1 => assert_scan(&model, &reader),
            _ => assert_parallel(&model, &reader),
        }
        assert_scan(&model, &reader);
        let findings = reader.findings();
        let reported = |f: &Finding| matches!(f, Finding::JournalRepaired { file, .. } if file == path);
        let said = format!("seed {seed}: byte {at} of {}", path.display());
        // Zeros after the last record are no damage.
        assert!(findings.iter().any(reported) || std::fs::read(path).unwrap() == bytes, "{said}: {findings:?}");
        drop(store);
        let frames = |dir: &Path| -> Vec<_> {
            let journal = JournalReader::open(dir).unwrap();
            journal.scan(Position(1)).entries().map(|entry| entry.unwrap().0.frame).collect()
        };
        assert_eq!(frames(copy.path()), model.frames, "{said}: the file is whole again");
    }
}

/// Writes over a file without making it a new one.
fn overwrite(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    std::fs::File::options().write(true).open(path).unwrap().write_all_at(bytes, 0).unwrap();
}

#[track_caller]
fn assert_scan(model: &Model, reader: &Reader) {
    let mut next = Position(1);
    for entry in reader.scan(Position(1)).entries() {
        let (entry, chain) = entry.unwrap();
        assert_eq!((entry.position, chain), (next, model.chain_at(next)));
        assert_eq!(entry.frame, model.frame(next));
        next = next.next();
    }
    assert_eq!(next, reader.durable().next());
}

#[track_caller]
fn assert_parallel(model: &Model, reader: &Reader) {
    let mut next = Position(1);
    let map = |block: &caseledger_log::Block| {
        block.frames().map(|(position, frame)| (position, frame.to_vec())).collect::<Vec<_>>()
    };
    let each = |frames: Vec<(Position, Vec<u8>)>| {
        for (position, frame) in frames {
            assert_eq!(position, next);
            assert_eq!(frame, model.frame(position));
            next = next.next();
        }
        std::ops::ControlFlow::Continue(())
    };
    reader.scan(Position(1)).parallel(2, map, each).unwrap();
    assert_eq!(next, reader.durable().next());
}

#[test]
fn a_reader_beside_the_server_names_damage_by_file_byte_and_position() {
    let (dir, model) = ledger();
    let path = segments(dir.path()).remove(1);
    let mut bytes = std::fs::read(&path).unwrap();
    // The body of the second record: header 80, record header 60, its length in the record's bytes 12 to 16.
    let length = u32::from_le_bytes(bytes[92..96].try_into().unwrap()) as usize;
    let second = 80 + 60 + length;
    bytes[second + 60 + 20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let journal = JournalReader::open(dir.path()).unwrap();
    let mut scan = journal.scan(Position(1));
    let error = loop {
        match scan.next_group() {
            Ok(Some(group)) => group.frames().for_each(|(p, frame)| assert_eq!(frame, model.frame(p))),
            Ok(None) => panic!("the damage was not noticed"),
            Err(error) => break error.to_string(),
        }
    };
    let expected = format!(
        "damage in {} at byte {second}, from position {} on: the group's checksum does not hold; start the server, which repairs it from the other copy, or restore from a backup",
        path.display(),
        first + 3
    );
    assert_eq!(error, expected);
}

fn gap_of(finding: &Finding) -> Option<(u64, u64)> {
    match finding {
        Finding::SledRepaired { first, last, .. } => Some((first.0, last.0)),
        _ => None,
    }
}

#[test]
fn a_value_that_sled_lost_is_served_from_the_journal_written_again_and_reported() {
    let (dir, model) = ledger();
    let lost: Vec<u64> = {
        let db = sled::Config::new().path(dir.path().join("sled")).open().unwrap();
        let keys: Vec<_> = db.iter().keys().map(|key| key.unwrap()).filter(|key| key[0] == 0).collect();
        let lost = [3, 4, 40, 41, 42, 60];
        for n in lost {
            db.remove(&keys[n]).unwrap();
        }
        db.flush().unwrap();
        lost.iter().map(|&n| u64::from_be_bytes(keys[n][..8].try_into().unwrap())).collect()
    };
    let (mut store, report) = Store::open(dir.path(), &small()).unwrap();
    assert_eq!(report.findings, []);
    let reader = store.reader();
    model.assert_read_back(&reader, Position(EVENTS as u64));
    let why = "no value of sled holds this position".to_owned();
    let reported = |position: u64| {
        reader.findings().iter().any(|finding| {
            matches!(finding, Finding::SledRepaired { first, last, why: said }
                if first.0 <= position && position <= last.0 && *said == why)
        })
    };
    assert!(lost.iter().all(|&position| reported(position)), "{:?}", reader.findings());
    // Three events a commit, some of them together in a value: what is written again ends where the next value begins.
    let mut written: Vec<(u64, u64)> = reader.findings().iter().filter_map(gap_of).collect();
    written.dedup();
    assert_eq!(written, [(10, 15), (121, 129), (181, 183)]);
    // What was lost is written again with the next commit.
    let mut longer = model.clone();
    longer.add(1, None, 10);
    longer.commit_to(&mut store, 1);
    store.close().unwrap();
    let (store, _) = Store::open(dir.path(), &small()).unwrap();
    longer.assert_read_back(&store.reader(), longer.last());
    assert_eq!(store.reader().findings(), []);
}

#[test]
fn a_truncated_file_of_either_copy_is_repaired_from_the_other() {
    let (dir, model) = ledger();
    let files = |dir: &Path| -> Vec<PathBuf> {
        [segments(dir), sidecars(dir), vec![dir.join("sled/db"), dir.join("sled/conf")]].concat()
    };
    for n in 0..files(dir.path()).len() {
        for keep in [0, 1, 9, 79, 200, 5000] {
            let copy = copy_of(dir.path());
            let path = &files(copy.path())[n];
            let len = std::fs::metadata(path).unwrap().len();
            std::fs::File::options().write(true).open(path).unwrap().set_len(keep.min(len)).unwrap();
            let said = format!("{} cut to {keep} bytes", path.display());
            let (store, report) = Store::open(copy.path(), &small()).unwrap_or_else(|e| panic!("{said}: {e}"));
            assert_eq!(report.head, Position(EVENTS as u64), "{said}: {report}");
            model.assert_read_back(&store.reader(), report.head);
        }
    }
}
