//! Stored bytes, kept: every event type and version ever written decodes to today's type and says what it said.
//!
//! `UPDATE_GOLDEN=1 cargo test -p caseledger-events golden` writes files that are missing, and never writes one again.

pub(crate) mod frames;
mod history;
mod odd;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use frames::{Sample, samples};

use crate::access::AccessEvent;
use crate::codec;
use crate::envelope::Recorded;
use crate::event::CaseEvent;
use crate::keys::KeyEvent;
use crate::measured::MeasureEvent;
use crate::personal::Part;
use crate::policy::PolicySet;
use crate::provider::ProviderEvent;
use crate::reference::Entry;
use crate::system::LedgerEvent;
use crate::viewed::{AccessHeadEvent, Viewed};

/// The folder the files lie in.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn update() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

/// Returns the bytes of a file; writes them first where it is missing and that is asked for.
#[track_caller]
fn keep(path: &Path, today: &[u8]) -> Vec<u8> {
    if !path.exists() && update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, today).unwrap();
    }
    let hint = "UPDATE_GOLDEN=1 writes what is missing";
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}; {hint}", path.display()))
}

/// Says what an event says: its envelope, its facts and its personal parts, as people can read them.
fn told(frame: &[u8]) -> String {
    let event = codec::decode(frame).unwrap_or_else(|error| panic!("{error}"));
    let mut told = String::new();
    let envelope = Recorded { facts: &[], parts: vec![], ..event.clone() };
    writeln!(told, "{envelope:#?}").unwrap();
    writeln!(told, "facts: {}", facts(&event)).unwrap();
    for part in &event.parts {
        writeln!(told, "part: {part:?} {}", words(part)).unwrap();
    }
    told
}

fn facts(event: &Recorded<'_>) -> String {
    if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(entry) = Entry::read(event).unwrap() {
        return format!("{entry:#?}");
    }
    if let Some(read) = KeyEvent::read(event).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(set) = PolicySet::read(event).unwrap() {
        return format!("{set:#?}");
    }
    if let Some(read) = MeasureEvent::read(event).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(read) = ProviderEvent::read(event).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(read) = AccessEvent::read(event).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(read) = Viewed::read(event).unwrap() {
        return format!("{read:#?}");
    }
    if let Some(read) = AccessHeadEvent::read(event).unwrap() {
        return format!("{read:#?}");
    }
    format!("{:#?}", LedgerEvent::read(event).unwrap().expect("an event of a known stream"))
}

/// The words of a part; the people in these files are made up.
fn words(part: &Part) -> String {
    let value: serde_json::Value = rmp_serde::from_slice(&part.body).unwrap();
    value.to_string()
}

/// Returns the files of one ending below the folder, by name.
fn files(ending: &str) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of golden files is there");
    entries
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some((path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned(), path.clone())))
        .collect()
}

#[test]
fn todays_encoding_equals_the_newest_file_of_each_type() {
    for Sample { name, frame } in samples() {
        let kept = keep(&folder().join(format!("{name}.msgpack")), &frame);
        assert!(kept == frame, "{name}: today's bytes are not those that were written before");
    }
}

#[test]
fn every_file_decodes_to_todays_type_and_says_what_it_said() {
    for Sample { name, frame } in samples() {
        keep(&folder().join(format!("{name}.msgpack")), &frame);
    }
    let frames = files(".msgpack");
    assert!(!frames.is_empty());
    for (name, path) in frames {
        let told = told(&std::fs::read(&path).unwrap());
        let kept = keep(&path.with_extension("txt"), told.as_bytes());
        let kept = String::from_utf8(kept).unwrap();
        assert_eq!(as_it_was_said(&told, &kept), kept, "{name}");
    }
}

/// Leaves out of what is said today the fields that were added since and say nothing of an older event.
fn as_it_was_said(told: &str, kept: &str) -> String {
    let mut before = kept.lines().peekable();
    let was_said = |line: &&str| match before.next_if_eq(line) {
        Some(_) => true,
        None => ![": None,", ": false,", ": [],"].iter().any(|nothing| line.ends_with(nothing)),
    };
    told.lines().filter(was_said).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_field_that_was_added_says_nothing_of_an_older_event_and_one_that_says_something_is_found() {
    let kept = "A {\n    a: 1,\n    none: None,\n}\n";
    let with = |line: &str| kept.replace("    none", &format!("{line}    none"));
    for (told, same) in [
        (kept.to_owned(), true),
        (with("    b: false,\n"), true),
        (with("    b: None,\n    c: [],\n"), true),
        (with("    b: true,\n"), false),
        (kept.replace("a: 1", "a: 2"), false),
        (kept.replace("    none: None,\n", ""), false),
    ] {
        assert_eq!(as_it_was_said(&told, kept) == kept, same, "{told}");
    }
}

#[test]
fn every_row_of_the_table_has_a_file_of_its_newest_version_and_every_part_kind_is_in_one() {
    let kept = files(".msgpack");
    for row in crate::event::EVENT_TYPES {
        let name = format!("{}.v{}", row.name, row.version);
        assert!(kept.contains_key(&name), "{name} has no golden file");
    }
    let all: String = kept.values().map(|path| told(&std::fs::read(path).unwrap())).collect();
    for (part, group) in crate::parts::PART_KINDS {
        assert!(all.contains(&format!("part: Part({group:?} {part} v1")), "{part}");
    }
}
