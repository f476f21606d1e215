//! Measures commands through the sequencer into both durable copies, beside the disk's own floor.
//!
//! `cargo run --release -p caseledger-log --example commands -- [directory]` prints rates and answer times;
//! with a number of events after the directory it fills a ledger with them, ends as by kill -9, and a second run with
//! the same arguments measures the start.

#[path = "../tests/toy/mod.rs"]
mod toy;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use caseledger_events::ids::CaseId;
use caseledger_log::{Ledger, LedgerOptions, Outcome, StoreOptions};
use toy::ledgers::{Toy, accept};
use toy::{Ask, Tallies, ask_tagged, part};

const SECONDS: u64 = 5;

fn main() {
    let base = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    if let Some(events) = std::env::args().nth(2) {
        return fill_or_start(&Path::new(&base).join("filled"), events.parse().expect("a number of events"));
    }
    let dir = tempfile::tempdir_in(&base).expect("a directory to measure in");
    println!("{:28} {:>12} {:>10} {:>10}", "", "commands/s", "p50", "p99");
    floor(dir.path());
    for clients in [1, 64, 256] {
        let data = dir.path().join(format!("ledger-{clients}"));
        measure(&data, clients);
    }
    start_up(&dir.path().join("ledger-256"));
}

/// Two concurrent writes of 512 bytes with fdatasync on preallocated files: what one durable commit must cost.
fn floor(dir: &Path) {
    let files = [0, 1].map(|n| {
        let file = File::create(dir.join(format!("floor-{n}"))).expect("a file");
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, 64 << 20).expect("64 MiB");
        file.sync_all().expect("a sync");
        file
    });
    let write = |file: &File, n: u64| {
        file.write_all_at(&[7; 512], n * 512).expect("a write");
        file.sync_data().expect("a sync");
    };
    let mut times = Vec::new();
    for n in 0..1_000 {
        let began = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| write(&files[0], n));
            write(&files[1], n);
        });
        times.push(began.elapsed());
    }
    print("two write + fdatasync", &mut times, None);
}

fn measure(data: &Path, clients: u64) {
    let options = LedgerOptions { ballast_bytes: 0, store: StoreOptions::default(), ..LedgerOptions::default() };
    Ledger::<Tallies>::create(data, &options).expect("a new ledger");
    let (ledger, _) = Ledger::open(data, options, Tallies::default()).expect("an open ledger");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let next = Arc::new(AtomicU64::new(1_000_000));
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (ledger, next) = (ledger.clone(), Arc::clone(&next));
            runtime.spawn(async move { client_loop(&ledger, client as u32, &next, until).await })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(runtime.block_on(task).expect("a client"));
    }
    let elapsed = began.elapsed();
    let count = times.len();
    print(&format!("{clients} in flight"), &mut times, Some((count, elapsed)));
    // Dropped without snapshots: the start that follows replays as after a kill.
}

/// Opens a tally of its own, then adds to it with an event of about 400 bytes.
async fn client_loop(ledger: &Toy, owner: u32, next: &AtomicU64, until: Instant) -> Vec<Duration> {
    let opened = accept(ledger.execute(toy::ask(Ask::Open { owner })).await);
    let tally: CaseId = toy::ledgers::tally_of(&opened);
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let tag = next.fetch_add(1, Ordering::Relaxed);
        let mut submission = ask_tagged(Ask::Add { tally, amount: 1 }, tag);
        submission.parts.push(part("note"));
        match ledger.execute(submission).await {
            Outcome::Accepted(_) => times.push(began.elapsed()),
            other => panic!("{other:?}"),
        }
    }
    times
}

/// Fills a new ledger and ends without a word, or opens one that is there.
fn fill_or_start(data: &Path, events: u64) {
    if data.exists() {
        return start_up(data);
    }
    let options = LedgerOptions { ballast_bytes: 0, ..LedgerOptions::default() };
    Ledger::<Tallies>::create(data, &options).expect("a new ledger");
    let (ledger, _) = Ledger::open(data, options, Tallies::<1>::default()).expect("an open ledger");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..1_024)
        .map(|_| {
            let (ledger, next) = (ledger.clone(), Arc::clone(&next));
            runtime.spawn(
                async move { while one_life(&ledger, next.fetch_add(1, Ordering::Relaxed), events / 15).await {} },
            )
        })
        .collect();
    tasks.into_iter().for_each(|task| runtime.block_on(task).expect("a client"));
    let durable = ledger.reader().durable();
    println!("{durable} events in {:?}; now run it again", began.elapsed());
    std::process::exit(0);
}

/// The 15 events of one tally; nine of ten are closed at the end.
async fn one_life(ledger: &Toy, n: u64, tallies: u64) -> bool {
    if n >= tallies {
        return false;
    }
    let opened = accept(ledger.execute(ask_tagged(Ask::Open { owner: n as u32 }, n * 16)).await);
    let tally = toy::ledgers::tally_of(&opened);
    for step in 1..15 {
        let ask =
            if step == 14 && !n.is_multiple_of(10) { Ask::Close { tally } } else { Ask::Add { tally, amount: 1 } };
        let mut submission = ask_tagged(ask, n * 16 + step);
        submission.parts.push(part("note"));
        accept(ledger.execute(submission).await);
    }
    true
}

fn start_up(data: &Path) {
    let options = LedgerOptions { ballast_bytes: 0, ..LedgerOptions::default() };
    let (_, report) = Ledger::open(data, options, Tallies::<1>::default()).expect("an open ledger");
    println!("{report}");
}

fn print(what: &str, times: &mut [Duration], rate: Option<(usize, Duration)>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let rate = rate.map_or(String::new(), |(count, time)| format!("{:.0}", count as f64 / time.as_secs_f64()));
    println!("{what:28} {rate:>12} {:>10.0?} {:>10.0?}", at(0.5), at(0.99));
}
