//! Broken and full disks, stuck commits, panics: nobody is told what is not so, and the next start is clean.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::toy::ledgers::{
    Toy, accept, done, folded_hash, live_hash, mortal, new_ledger, new_tally, open, options, reopen, run,
};
use crate::toy::{Ask, No, Tallies, ask, ask_tagged};
use caseledger_events::ids::{Position, StreamId};
use caseledger_events::machine::Receipt;
use caseledger_log::{Fault, Io, Ledger, LedgerOptions, Outcome, StoreOptions};
use rustix::io::Errno;

/// What a client was told in the end.
#[derive(Default, Debug)]
struct Told {
    accepted: Vec<(u64, Receipt)>,
    unknown: Vec<u64>,
    refused: usize,
}

impl Told {
    fn hear(&mut self, tag: u64, outcome: Outcome<No>) {
        match outcome {
            Outcome::Accepted(receipt) => self.accepted.push((tag, receipt)),
            Outcome::Unknown => self.unknown.push(tag),
            Outcome::ShuttingDown => self.refused += 1,
            other => panic!("{other:?}"),
        }
    }
}

/// After any failure: what was acknowledged is there, what was not is there whole or not at all, and work goes on.
fn check_after(dir: &std::path::Path, told: &Told, tally: caseledger_events::ids::CaseId) {
    let ledger = open(dir);
    let reader = ledger.reader();
    for (tag, receipt) in &told.accepted {
        assert_eq!(reader.chain_at(receipt.position).unwrap().0, receipt.chain);
        match run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, *tag)) {
            Outcome::Repeated(again) => assert_eq!(again, *receipt),
            other => panic!("an acknowledged command was lost: {other:?}"),
        }
    }
    for tag in &told.unknown {
        let before = ledger.head(StreamId::Case(tally)).unwrap().0;
        match run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, *tag)) {
            Outcome::Repeated(_) => assert_eq!(ledger.head(StreamId::Case(tally)).unwrap().0, before),
            Outcome::Accepted(receipt) => assert_eq!(receipt.version, before.next()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(live_hash(&ledger), folded_hash(&ledger));
}

/// A ledger with one tally, stopped in order.
fn stopped() -> (tempfile::TempDir, caseledger_events::ids::CaseId) {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    ledger.shutdown();
    (dir, tally)
}

fn over(io: &Io) -> LedgerOptions {
    LedgerOptions { store: StoreOptions { io: io.clone(), ..options().store }, ..options() }
}

fn work(ledger: &Toy, tally: caseledger_events::ids::CaseId) -> Told {
    let mut told = Told::default();
    for n in 0..8 {
        told.hear(n, run(ledger, ask_tagged(Ask::Add { tally, amount: 1 }, n)));
    }
    told
}

#[test]
fn when_the_nth_write_or_sync_fails_nobody_is_told_what_is_not_so() {
    let io = Io::counting();
    let (dir, tally) = stopped();
    let (ledger, _) = reopen(dir.path(), over(&io));
    let opening = io.operations();
    work(&ledger, tally);
    let working = io.operations();
    drop(ledger);
    assert!(working > opening + 8, "each command writes and syncs");

    let step = if std::env::var_os("CASELEDGER_LONG").is_some() { 1 } else { 3 };
    for errno in [Errno::IO, Errno::NOSPC] {
        for nth in (1..=working).step_by(step) {
            let (dir, tally) = stopped();
            let (options, deaths) = mortal(over(&Io::failing(Fault { nth, errno })));
            let told = match Ledger::open(dir.path(), options, Tallies::<1>::default()) {
                Err(_) => Told::default(),
                Ok((ledger, _)) => {
                    let told = work(&ledger, tally);
                    assert_eq!(told.unknown.len(), 1, "operation {nth}: the client of the failed group, no other");
                    assert_eq!(told.accepted.len() + 1 + told.refused, 8);
                    ledger.shutdown();
                    assert!(ledger.status().died_of.is_some() && !ledger.status().is_ready());
                    told
                }
            };
            assert!(deaths.lock().len() <= 1, "the hook is called once");
            assert_eq!(deaths.lock().len(), told.unknown.len(), "operation {nth} with {errno}");
            check_after(dir.path(), &told, tally);
        }
    }
}

#[test]
fn when_a_sync_fails_under_load_everyone_waiting_is_told_unknown() {
    let (dir, tally) = stopped();
    let (options, deaths) = mortal(over(&Io::failing(Fault { nth: 60, errno: Errno::IO })));
    let (ledger, _) = Ledger::open(dir.path(), options, Tallies::<1>::default()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clients: Vec<_> = (0..64)
        .map(|client| {
            let ledger = ledger.clone();
            runtime.spawn(async move {
                let mut told = Told::default();
                for n in 0..1_000 {
                    let tag = client * 1_000 + n;
                    told.hear(tag, ledger.execute(ask_tagged(Ask::Add { tally, amount: 1 }, tag)).await);
                    if told.refused > 0 {
                        break;
                    }
                }
                told
            })
        })
        .collect();
    let mut all = Told::default();
    for client in clients {
        let told = runtime.block_on(client).unwrap();
        all.accepted.extend(told.accepted);
        all.unknown.extend(told.unknown);
    }
    ledger.shutdown();
    assert!(!all.unknown.is_empty());
    assert_eq!(deaths.lock().len(), 1);
    drop(ledger);
    check_after(dir.path(), &all, tally);
}

#[test]
fn a_commit_that_takes_too_long_ends_it() {
    let (dir, tally) = stopped();
    let (options, deaths) = mortal(LedgerOptions { commit_limit: Duration::ZERO, ..options() });
    let (ledger, _) = Ledger::open(dir.path(), options, Tallies::<1>::default()).unwrap();
    let mut told = Told::default();
    let began = Instant::now();
    // Any commit under way when the watchdog looks is too long a commit here.
    for n in 0.. {
        told.hear(n, run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, n)));
        if told.refused > 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "the watchdog never looked");
    }
    ledger.shutdown();
    assert!(deaths.lock()[0].contains("did not finish"), "{:?}", deaths.lock());
    drop(ledger);
    check_after(dir.path(), &told, tally);
}

#[test]
fn a_rule_that_panics_ends_it_and_harms_nothing() {
    let (dir, tally) = stopped();
    let (options, deaths) = mortal(options());
    let (ledger, _) = Ledger::open(dir.path(), options, Tallies::<1>::default()).unwrap();
    let mut told = Told::default();
    told.hear(1, run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1)));
    assert!(matches!(run(&ledger, ask(Ask::Panic)), Outcome::Unknown));
    ledger.shutdown();
    assert!(matches!(run(&ledger, ask(Ask::Add { tally, amount: 1 })), Outcome::ShuttingDown));
    assert!(deaths.lock()[0].contains("ledger-sequencer"), "{:?}", deaths.lock());
    drop(ledger);
    check_after(dir.path(), &told, tally);
}

#[test]
fn below_the_floor_commands_wait_and_everything_else_goes_on() {
    let (dir, tally) = stopped();
    let free = Arc::new(AtomicU64::new(1 << 30));
    let probe = Arc::clone(&free);
    let options = LedgerOptions {
        space_floor_bytes: 1 << 20,
        space_probe: Arc::new(move |_| Ok(probe.load(Ordering::SeqCst))),
        ..options()
    };
    let (ledger, _) = reopen(dir.path(), options);
    let first = accept(run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1)));
    free.store((1 << 20) - 1, Ordering::SeqCst);

    let outcome = run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 2));
    assert!(matches!(outcome, Outcome::NoSpace { free: 1_048_575, floor: 1_048_576 }), "{outcome:?}");
    let outcome = run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1));
    assert!(matches!(outcome, Outcome::Repeated(receipt) if receipt == first), "{outcome:?}");
    assert_eq!(ledger.reader().get(first.position).unwrap().position, first.position);
    assert!(!ledger.status().is_ready());
    assert_eq!(ledger.reader().durable(), Position(3), "nothing was written");

    free.store(1 << 20, Ordering::SeqCst);
    accept(run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 2)));
    assert!(ledger.status().is_ready());
}

#[test]
fn an_interrupted_creation_is_finished_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let io = Io::counting();
    Ledger::<Tallies>::create(dir.path(), &over(&io)).unwrap();
    let operations = io.operations();
    for nth in 1..=operations {
        let dir = tempfile::tempdir().unwrap();
        let failing = over(&Io::failing(Fault { nth, errno: Errno::IO }));
        if Ledger::<Tallies>::create(dir.path(), &failing).is_ok() {
            continue; // only the marks of a clean stop were not made
        }
        match Ledger::<Tallies>::create(dir.path(), &options()) {
            Ok(_) | Err(caseledger_log::StartError::Store(caseledger_log::OpenError::AlreadyThere { .. })) => {}
            Err(error) => panic!("operation {nth}: {error}"),
        }
        done(&open(dir.path()), Ask::Open { owner: 1 });
    }
}
