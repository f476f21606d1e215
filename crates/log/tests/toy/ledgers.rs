//! Ledgers of tallies in temporary directories, and short ways to ask them.

use std::path::Path;
use std::sync::Arc;

use caseledger_events::codec;
use caseledger_events::ids::{CaseId, Position, StreamId};
use caseledger_events::machine::{Machine, Receipt, Submission};
use caseledger_log::{FatalError, Ledger, LedgerOptions, Outcome, StartReport, StoreOptions, state_hash};
use caseledger_proof::Hash;
use parking_lot::Mutex;

use super::{Ask, No, Tallies, ask};

/// A ledger of tallies.
pub type Toy = Ledger<Tallies>;

/// What the fatal hook was told.
pub type Deaths = Arc<Mutex<Vec<String>>>;

/// Options for tests: little preallocated, no ballast, no floor, a fatal hook that fails the test's wishes loudly.
pub fn options() -> LedgerOptions {
    LedgerOptions {
        space_floor_bytes: 0,
        ballast_bytes: 0,
        fatal: Arc::new(|reason: &FatalError| panic!("the ledger died in a test that did not want it to: {reason}")),
        store: StoreOptions { segment_bytes: 1 << 20, cache_bytes: 4 << 20, ..StoreOptions::default() },
        ..LedgerOptions::default()
    }
}

/// Options whose fatal hook notes the reason instead of ending the test.
pub fn mortal(options: LedgerOptions) -> (LedgerOptions, Deaths) {
    let deaths = Deaths::default();
    let noted = Arc::clone(&deaths);
    let fatal = Arc::new(move |reason: &FatalError| noted.lock().push(reason.to_string()));
    (LedgerOptions { fatal, ..options }, deaths)
}

/// A new ledger in a new directory.
pub fn new_ledger() -> (tempfile::TempDir, Toy) {
    let dir = tempfile::tempdir().unwrap();
    Ledger::<Tallies>::create(dir.path(), &options()).unwrap();
    let ledger = open(dir.path());
    (dir, ledger)
}

/// Opens a ledger with the options of the tests.
pub fn open(dir: &Path) -> Toy {
    reopen(dir, options()).0
}

/// Opens a ledger with other options.
pub fn reopen(dir: &Path, options: LedgerOptions) -> (Toy, StartReport) {
    Ledger::open(dir, options, Tallies::default()).unwrap()
}

/// Executes and expects acceptance.
#[track_caller]
pub fn accept(outcome: Outcome<No>) -> Receipt {
    match outcome {
        Outcome::Accepted(receipt) => receipt,
        other => panic!("expected acceptance, got {other:?}"),
    }
}

/// Executes one submission on the current thread.
pub fn run(ledger: &Toy, submission: Submission<Ask>) -> Outcome<No> {
    wait(ledger.execute(submission))
}

/// Executes a command without key or If-Match and expects acceptance.
#[track_caller]
pub fn done(ledger: &Toy, command: Ask) -> Receipt {
    accept(run(ledger, ask(command)))
}

/// Opens a tally and returns its id.
#[track_caller]
pub fn new_tally(ledger: &Toy, owner: u32) -> CaseId {
    tally_of(&done(ledger, Ask::Open { owner }))
}

/// Returns the tally a receipt is about.
#[track_caller]
pub fn tally_of(receipt: &Receipt) -> CaseId {
    match receipt.stream {
        StreamId::Case(id) => id,
        other => panic!("{other} is no tally"),
    }
}

/// Waits for a future on the current thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Returns the hash of the running state.
pub fn live_hash<const STATE: u32>(ledger: &Ledger<Tallies<STATE>>) -> Hash {
    wait(ledger.inspect(state_hash)).unwrap()
}

/// Returns the hash of the state folded from position 1, by another road than that of a start.
pub fn folded_hash<const STATE: u32>(ledger: &Ledger<Tallies<STATE>>) -> Hash {
    let reader = ledger.reader();
    let mut tallies = Tallies::<STATE>::default();
    let mut scan = reader.scan(Position(1));
    while let Some(group) = scan.next_group().unwrap() {
        for (_, frame) in group.frames() {
            tallies.evolve(&codec::decode(frame).unwrap()).unwrap();
        }
    }
    for stream in tallies.wanted() {
        let (_, head) = ledger.head(stream).unwrap();
        let entries = reader.history(head).unwrap();
        let events: Vec<_> = entries.iter().map(|entry| entry.decode().unwrap()).collect();
        tallies.install(stream, Tallies::<STATE>::fold(&events).unwrap());
    }
    tallies.settle();
    state_hash(&tallies)
}
