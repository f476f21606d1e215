//! What the tests of the access ledger share: views, small segments, and reading all of it back.

use std::path::{Path, PathBuf};

use caseledger_events::access::Operation;
use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role, Source};
use caseledger_events::ids::{CaseId, CorrelationId, LedgerId, Position};
use caseledger_events::viewed::{NewView, Viewed};
use caseledger_log::{AccessLog, AccessLogOptions, AccessOpenError, AccessReader, OpenReport};
use caseledger_proof::{Hash, extend};

pub const LEDGER: LedgerId = LedgerId([0xA1; 16]);

/// Small segments, so that a few hundred views fill several, and no floor but the one a test sets.
pub fn small() -> AccessLogOptions {
    AccessLogOptions { segment_bytes: 16 << 10, space_floor_bytes: 0, ..AccessLogOptions::default() }
}

pub fn open_with(dir: &Path, options: &AccessLogOptions) -> Result<(AccessLog, OpenReport), AccessOpenError> {
    AccessLog::open(dir, LEDGER, options)
}

#[track_caller]
pub fn open(dir: &Path) -> (AccessLog, OpenReport) {
    open_with(dir, &small()).unwrap_or_else(|error| panic!("{error}"))
}

/// A view that can be told from others by its number.
pub fn view(number: u64) -> NewView {
    let mut request = [0; 16];
    request[..8].copy_from_slice(&number.to_le_bytes());
    NewView {
        actor: Actor {
            person: "P-1".parse().unwrap(),
            role: Role::CaseManager,
            organisation: "ASP-01".parse().unwrap(),
        },
        on_behalf_of: None,
        source: Source::Person,
        request: CorrelationId(request),
        policy: 1,
        at: Timestamp(1_772_000_000_000_000 + number as i64),
        viewed: Viewed::allowed(Operation::OpenCase).with_cases([CaseId(request)]),
    }
}

/// Puts views on record one after another.
#[track_caller]
pub fn record(log: &AccessLog, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        log.append(view(number)).wait().unwrap();
    }
}

/// Reads everything back: positions gapless from 1, links and chain whole; returns the views' numbers and the chain.
#[track_caller]
pub fn read_back(reader: &AccessReader) -> (Vec<u64>, Vec<Hash>) {
    let (mut numbers, mut chain) = (vec![], vec![]);
    let (mut before, mut last_at) = (Hash::ZERO, Timestamp(0));
    for entry in reader.scan(Position(1)).entries() {
        let (entry, hash) = entry.unwrap();
        let event = codec::decode(&entry.frame).unwrap();
        assert_eq!(entry.position, Position(numbers.len() as u64 + 1));
        assert_eq!((event.position, event.previous), (entry.position, Position(entry.position.0 - 1)));
        assert_eq!(u64::from(event.version.0), entry.position.0);
        assert!(event.recorded_at >= last_at, "recorded time goes back at {}", entry.position);
        let viewed = Viewed::read(&event).unwrap().unwrap();
        assert_eq!(viewed.cases, [CaseId(event.correlation.0)]);
        assert_eq!(hash, extend(before, &entry.frame));
        numbers.push(u64::from_le_bytes(event.correlation.0[..8].try_into().unwrap()));
        chain.push(hash);
        (before, last_at) = (hash, event.recorded_at);
    }
    assert_eq!(reader.head(), (Position(numbers.len() as u64), before));
    (numbers, chain)
}

/// Returns the segment files, oldest first.
pub fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(dir.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    found.sort();
    found
}

/// Returns every file of a directory with its bytes, to see that nothing was changed.
pub fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    segments(dir).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}
