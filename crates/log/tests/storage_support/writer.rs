//! A process that commits without end and says what was acknowledged, to be stopped from outside.
//!
//! The test program runs itself as the writer, so that nothing else must be built.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use caseledger_events::ids::Position;
use caseledger_log::{Group, Store, StoreOptions};
use caseledger_proof::Hash;

use super::{IDENTITY, Seeded};

const DIR: &str = "CASELEDGER_WRITER_DIR";
const SYNC: &str = "CASELEDGER_WRITER_FDATASYNC";

/// Options of a writer: small segments, so that many are begun and sealed.
pub fn options(fdatasync: bool) -> StoreOptions {
    StoreOptions { segment_bytes: 128 << 10, cache_bytes: 4 << 20, fdatasync, ..StoreOptions::default() }
}

/// The frame at a position, the same in every process; now and then longer than one value of sled.
pub fn frame(position: Position) -> Vec<u8> {
    let mut random = Seeded(position.0);
    let len = if random.below(50) == 0 { 6_000 + random.below(9_000) } else { 40 + random.below(700) };
    (0..len).map(|_| random.next() as u8).collect()
}

/// In the writer process: commits for ever. In the test process: returns at once.
pub fn write_if_asked() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let fdatasync = std::env::var(SYNC).is_ok_and(|value| value == "1");
    let dir = Path::new(&dir);
    let options = options(fdatasync);
    let mut store = match dir.join("journal").exists() {
        true => Store::open(dir, &options).unwrap().0,
        false => Store::create(dir, IDENTITY, &options).unwrap(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "READY").unwrap();
    loop {
        let (head, chain) = store.head();
        let mut group = Group::new(head.next(), chain);
        for n in 0..1 + head.0 % 9 {
            group.push(&frame(Position(head.0 + 1 + n)));
        }
        store.commit(&group).unwrap();
        writeln!(out, "ACK {} {}", group.last(), group.after()).unwrap();
        out.flush().unwrap();
    }
}

/// A writer that runs, and what it said.
pub struct Writer {
    pub child: Child,
    lines: Receiver<String>,
}

/// Starts the test function `entry` of this program as a writer; it must call [`write_if_asked`].
pub fn start(entry: &str, dir: &Path, fdatasync: bool) -> Writer {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([entry, "--exact", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(SYNC, if fdatasync { "1" } else { "0" })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (send, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    Writer { child, lines }
}

impl Writer {
    /// Waits until the writer has opened its ledger.
    pub fn wait_until_ready(&mut self) {
        loop {
            match self.lines.recv() {
                Ok(line) if line.ends_with("READY") => return,
                Ok(_) => {}
                Err(_) => panic!("the writer ended: {}", self.errors()),
            }
        }
    }

    /// Returns the last position acknowledged so far with its chain hash.
    pub fn last_acknowledged(&mut self) -> Option<(Position, Hash)> {
        let mut last = None;
        for line in self.lines.try_iter() {
            last = parse(&line).or(last);
        }
        last
    }

    /// Ends the writer without warning and returns the last position it acknowledged.
    pub fn kill(mut self) -> Option<(Position, Hash)> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut last = None;
        for line in self.lines.iter() {
            last = parse(&line).or(last);
        }
        last
    }

    pub fn errors(&mut self) -> String {
        let mut text = String::new();
        let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut text));
        text
    }
}

/// Reads `ACK <position> <chain>`; a line cut short is none, and was not an acknowledgement to anyone.
fn parse(line: &str) -> Option<(Position, Hash)> {
    let (_, said) = line.split_once("ACK ")?;
    let (position, chain) = said.split_once(' ')?;
    Some((Position(position.parse().ok()?), chain.parse().ok()?))
}

/// Opens what a stop left; asserts that everything acknowledged is there and every frame is the one written.
#[track_caller]
pub fn assert_kept(dir: &Path, acknowledged: Option<(Position, Hash)>, said: &str) -> Position {
    let (store, report) = Store::open(dir, &options(true)).unwrap_or_else(|error| panic!("{said}: {error}"));
    let reader = store.reader();
    if let Some((position, chain)) = acknowledged {
        assert!(report.head >= position, "{said}: {position} was acknowledged but {report}");
        assert_eq!(reader.chain_at(position).unwrap(), chain, "{said}");
    }
    let mut next = Position(1);
    for entry in reader.scan(Position(1)).entries() {
        let (entry, _) = entry.unwrap();
        assert_eq!((entry.position, &entry.frame), (next, &frame(next)), "{said}");
        next = next.next();
    }
    assert_eq!(next, report.head.next(), "{said}");
    assert_eq!(reader.findings(), [], "{said}");
    report.head
}
