//! Stored bytes of format 1: what this build writes equals `golden/`, and what lies there reads back for ever.
//!
//! They were made once, by `CASELEDGER_GOLDEN=write cargo test -p caseledger-log --test
//! storage_golden`, and are never rewritten; a new format gets new files.

use std::path::{Path, PathBuf};

use crate::storage_support::*;
use caseledger_events::ids::{Position, Tag};
use caseledger_log::{Group, JournalReader, Store, StoreOptions};

/// Sizes that fill one segment and begin another.
fn options() -> StoreOptions {
    StoreOptions { segment_bytes: 2048, cache_bytes: 1 << 20, ..StoreOptions::default() }
}

/// Frames that do not change when the envelope does: a map with a tag, text, nothing, and a long one.
fn groups() -> Vec<Vec<Vec<u8>>> {
    let tagged = |n: u8| [b"\x81\xa1k\xc4\x10".as_slice(), &[n; 16]].concat();
    let text = |n: usize| (0..n).map(|i| b'a' + (i % 26) as u8).collect::<Vec<u8>>();
    vec![
        vec![tagged(1)],
        vec![tagged(2), tagged(2), text(30)],
        vec![vec![]],
        vec![text(900)],
        vec![tagged(9), text(700)],
        vec![tagged(10)],
    ]
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Writes the golden life and returns its journal files without the preallocated zeros.
fn written_today() -> Vec<(String, Vec<u8>)> {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(dir.path(), IDENTITY, &options()).unwrap();
    for frames in groups() {
        let (head, chain) = store.head();
        let mut group = Group::new(head.next(), chain);
        frames.iter().for_each(|frame| {
            group.push(frame);
        });
        store.commit(&group).unwrap();
    }
    store.close().unwrap();
    let read = |path: PathBuf| {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1);
        (path.file_name().unwrap().to_str().unwrap().to_owned(), bytes)
    };
    let mut files: Vec<_> = [segments(dir.path()), sidecars(dir.path())].concat().into_iter().map(read).collect();
    files.sort();
    files
}

/// Describes every event of a journal, one a line.
fn described(journal: &JournalReader) -> String {
    let mut text = format!("{}\n", journal.identity());
    for entry in journal.scan(Position(1)).entries() {
        let (entry, chain) = entry.unwrap();
        let short: String = entry.frame.escape_ascii().to_string().chars().take(60).collect();
        text += &format!("{} {} bytes, chain {chain}: {short}\n", entry.position, entry.frame.len());
    }
    text
}

#[test]
fn what_this_build_writes_equals_the_golden_bytes() {
    let folder = golden().join("journal");
    let today = written_today();
    if std::env::var("CASELEDGER_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::create_dir_all(&folder).unwrap();
        today.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
        std::fs::write(golden().join("journal.txt"), described(&JournalReader::open(&golden()).unwrap())).unwrap();
    }
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(today.iter().map(|file| file.0.clone()).collect::<Vec<_>>(), names);
    for (name, bytes) in today {
        assert_eq!(bytes, std::fs::read(folder.join(&name)).unwrap(), "{name}");
    }
}

#[test]
fn the_golden_journal_reads_back_as_its_description_says() {
    let journal = JournalReader::open(&golden()).unwrap();
    assert_eq!(journal.last(), Position(9));
    let expected = std::fs::read_to_string(golden().join("journal.txt")).unwrap();
    assert_eq!(described(&journal), expected);
    for (n, frame) in groups().into_iter().flatten().enumerate() {
        let mut scan = journal.scan(Position(n as u64 + 1));
        let group = scan.next_group().unwrap().unwrap();
        assert_eq!(group.frames().next().unwrap().1, frame);
    }
}

#[test]
fn a_ledger_opens_from_the_golden_journal_alone() {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&golden().join("journal"), &dir.path().join("journal"));
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!(report.head, Position(9), "{report}");
    assert_eq!(store.reader().find_tag(Tag([2; 16])).unwrap(), Some(Position(2)));
    assert_eq!(store.reader().find_tag(Tag([9; 16])).unwrap(), Some(Position(7)));
    assert_eq!(store.reader().find_tag(Tag([3; 16])).unwrap(), None);
}

#[test]
fn a_damaged_golden_journal_gives_exactly_this_error() {
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("journal");
    copy_dir(&golden().join("journal"), &journal);
    let damages = [
        (80, "damage in {} at byte 80, from position 1 on: the record's header does not hold"),
        (150, "damage in {} at byte 80, from position 1 on: the group's checksum does not hold"),
        (170, "damage in {} at byte 169, from position 2 on: the record's header does not hold"),
        (260, "damage in {} at byte 169, from position 2 on: the group's checksum does not hold"),
    ];
    let path = segments(dir.path()).remove(0);
    let intact = std::fs::read(&path).unwrap();
    for (byte, expected) in damages {
        let mut bytes = intact.clone();
        bytes[byte] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        let journal = JournalReader::open(dir.path()).unwrap();
        let error = journal.scan(Position(1)).entries().find_map(Result::err).unwrap().to_string();
        let tail = "; start the server, which repairs it from the other copy, or restore from a backup";
        assert_eq!(error, expected.replace("{}", &path.display().to_string()) + tail);
    }
}

#[test]
fn a_golden_journal_of_another_format_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&golden().join("journal"), &dir.path().join("journal"));
    let path = segments(dir.path()).remove(0);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[12] = 77;
    let crc = crc32c::crc32c(&bytes[12..80]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let expected = format!(
        "{} is of format 77 and this program reads format 1; open it with the release that wrote it, export there and import here",
        path.display()
    );
    let Err(error) = Store::open(dir.path(), &options()) else { panic!("opened") };
    assert_eq!(error.to_string(), expected);
    let Err(error) = JournalReader::open(dir.path()) else { panic!("opened") };
    assert_eq!(error.to_string(), expected);
}
