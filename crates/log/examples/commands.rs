//! Measures commands through the sequencer into both durable copies, beside the disk's own floor.
//!
//! `cargo run --release -p caseledger-log --example commands -- [directory]`

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
