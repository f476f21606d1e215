//! kill -9 under load, again and again on one directory, half of the time while it opens.
//!
//! The writer is this test binary, started once more with a directory in its environment. It prints each command
//! before it sends it and each receipt when it has it. No acknowledged event may be lost, none doubled, no command
//! be there by half, and the ledger always opens. `CASELEDGER_LONG=1` runs 1,000 rounds instead of 50.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::toy::ledgers::{accept, folded_hash, live_hash, options, reopen, run};
use crate::toy::{Ask, Tallies, ask_tagged, tag_of};
use caseledger_events::codec;
use caseledger_events::ids::{CaseId, Position, StreamId, Tag, Version};
use caseledger_log::{JournalReader, Ledger, LedgerOptions, Outcome};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const DIRECTORY: &str = "CASELEDGER_TEST_KILL_DIR";
const FIRST: &str = "CASELEDGER_TEST_KILL_FIRST";
const CLIENTS: u64 = 16;
/// Tags of the two tallies; commands count from 100.
const SETUP: u64 = 100;

fn settings() -> LedgerOptions {
    LedgerOptions { snapshot_every_events: 50, ..options() }
}

/// Command number `n`: always the same one, so that a retry is a retry.
fn command(n: u64, tallies: [CaseId; 2]) -> Ask {
    let [one, other] = tallies;
    match n % 3 {
        0 => Ask::Move { from: one, to: other, amount: 0 },
        1 => Ask::Add { tally: one, amount: 1 },
        _ => Ask::Add { tally: other, amount: 1 },
    }
}

#[test]
fn the_writer_that_is_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    println!("\nopening");
    let (ledger, _) = reopen(Path::new(&dir), settings());
    let tallies = [1, 2].map(|owner| match run(&ledger, ask_tagged(Ask::Open { owner }, u64::from(owner))) {
        Outcome::Accepted(receipt) | Outcome::Repeated(receipt) => crate::toy::ledgers::tally_of(&receipt),
        other => panic!("{other:?}"),
    });
    println!("ready");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let next = Arc::new(std::sync::atomic::AtomicU64::new(first));
    for _ in 0..CLIENTS {
        let (ledger, next) = (ledger.clone(), Arc::clone(&next));
        runtime.spawn(async move {
            loop {
                let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                say(&format!("ask {n}"));
                match ledger.execute(ask_tagged(command(n, tallies), n)).await {
                    Outcome::Accepted(receipt) | Outcome::Repeated(receipt) => {
                        say(&format!("ack {n} {} {}", receipt.position.0, hex::encode(receipt.chain)));
                    }
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

/// One line, written at once: what the parent has read was said before the kill.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

#[derive(Default)]
struct Heard {
    /// The highest command sent.
    asked: u64,
    acked: BTreeMap<u64, (Position, String)>,
    ready: bool,
}

fn start(dir: &Path, first: u64) -> (Child, std::thread::JoinHandle<()>, Arc<Mutex<Heard>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sequencer_kill::the_writer_that_is_killed", "--nocapture"])
        .env(DIRECTORY, dir)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let out = BufReader::new(child.stdout.take().unwrap());
    let to = Arc::clone(&heard);
    let listener = std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let mut heard = to.lock().unwrap();
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["ready"] => heard.ready = true,
                ["ask", n] => heard.asked = heard.asked.max(n.parse().unwrap()),
                // The last line may be cut off by the kill; its event is then one nobody was told of.
                ["ack", n, position, chain] if chain.len() == 64 => {
                    heard.acked.insert(n.parse().unwrap(), (Position(position.parse().unwrap()), chain.to_owned()));
                }
                _ => {}
            }
        }
    });
    (child, listener, heard)
}

#[test]
fn kill_9_again_and_again_loses_doubles_and_halves_nothing() {
    let rounds = if std::env::var_os("CASELEDGER_LONG").is_some() { 1_000 } else { 50 };
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    Ledger::<Tallies>::create(dir.path(), &settings()).unwrap();

    let mut acked: BTreeMap<u64, (Position, String)> = BTreeMap::new();
    let (mut first, mut asked, mut in_opening) = (SETUP, SETUP, 0);
    for round in 0..rounds {
        let (mut child, listener, heard) = start(dir.path(), first);
        if round % 2 == 0 {
            // Killed at work: some time after it is ready.
            wait_until(|| heard.lock().unwrap().ready || child.try_wait().unwrap().is_some());
            assert!(heard.lock().unwrap().ready, "round {round}: the writer did not open");
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..200_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        listener.join().unwrap();
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        in_opening += u32::from(!heard.ready);
        asked = asked.max(heard.asked);
        for (n, place) in heard.acked {
            // A retry is told the same place again.
            assert_eq!(*acked.entry(n).or_insert_with(|| place.clone()), place, "round {round}, command {n}");
        }
        check_journal(dir.path(), &acked, round);
        // The next round tries again whatever was not answered, and a few that were.
        let unanswered = (first..=asked).find(|n| !acked.contains_key(n)).unwrap_or(asked + 1);
        first = unanswered.saturating_sub(random.random_range(0..5)).max(SETUP);
    }
    println!("{} acknowledged commands, {in_opening} of {rounds} kills while opening", acked.len());
    assert!(acked.len() > rounds as usize, "the writer hardly ever worked");
    check_ledger(dir.path(), &acked);
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The journal alone, as an auditor reads it, holds every acknowledged event under its hash.
fn check_journal(dir: &Path, acked: &BTreeMap<u64, (Position, String)>, round: i32) {
    let journal = JournalReader::open(dir).unwrap();
    for (n, (position, chain)) in acked.iter().rev().take(200) {
        assert!(*position <= journal.last(), "round {round}: command {n} at {position} is lost");
        assert_eq!(journal.chain_at(*position).unwrap().to_string(), *chain, "round {round}: command {n}");
    }
}

/// The ledger opens, every command is there once and whole, and the state is that of the log.
fn check_ledger(dir: &Path, acked: &BTreeMap<u64, (Position, String)>) {
    let (ledger, _) = reopen(dir, settings());
    let reader = ledger.reader();
    for (position, chain) in acked.values() {
        assert_eq!(reader.chain_at(*position).unwrap().to_string(), *chain);
        assert_eq!(reader.get(*position).unwrap().position, *position);
    }
    let mut events: HashMap<Tag, Vec<Position>> = HashMap::new();
    let mut versions: HashMap<StreamId, Version> = HashMap::new();
    let mut scan = reader.scan(Position(1));
    while let Some(group) = scan.next_group().unwrap() {
        for (position, frame) in group.frames() {
            let event = codec::decode(frame).unwrap();
            assert_eq!(event.position, position);
            let version = versions.entry(event.stream).or_default();
            *version = version.next();
            assert_eq!(event.version, *version);
            if let Some(tag) = event.tag {
                events.entry(tag).or_default().push(position);
            }
        }
    }
    for n in acked.keys() {
        let found = &events[&tag_of(*n)];
        let want = if n % 3 == 0 { 2 } else { 1 };
        assert_eq!(found.len(), want, "command {n}: {found:?}");
        assert!(found.windows(2).all(|pair| pair[1] == pair[0].next()), "command {n}: {found:?}");
    }
    assert!(events.values().all(|found| found.len() <= 2));
    assert_eq!(live_hash(&ledger), folded_hash(&ledger));
    accept(run(&ledger, ask_tagged(Ask::Open { owner: 99 }, 99)));
}
