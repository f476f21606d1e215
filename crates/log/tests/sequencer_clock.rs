//! Recorded times never go back, and a clock in doubt stops commands until an operator has confirmed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use crate::toy::ledgers::{accept, done, new_tally, options, reopen, run, wait};
use crate::toy::{Ask, Tallies, ask, ask_tagged, person};
use caseledger_events::dates::Timestamp;
use caseledger_events::system::LedgerEvent;
use caseledger_log::{Clock, ClockStatus, Ledger, LedgerOptions, Outcome, SimulationError};

/// Both clocks, in seconds, set by hand.
#[derive(Default)]
struct Hands {
    wall: AtomicI64,
    elapsed: AtomicI64,
}

impl Clock for Hands {
    fn wall(&self) -> Timestamp {
        Timestamp(self.wall.load(SeqCst) * 1_000_000)
    }
    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.elapsed.load(SeqCst).unsigned_abs())
    }
}

const START: i64 = 1_780_000_000;

fn with_hands() -> (Arc<Hands>, LedgerOptions) {
    let hands = Arc::new(Hands::default());
    hands.wall.store(START, SeqCst);
    (Arc::clone(&hands), LedgerOptions { clock: hands, ..options() })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp((START + seconds) * 1_000_000)
}

#[test]
fn a_wall_clock_that_jumps_stops_commands_until_an_operator_confirms_it() {
    for jump in [86_400, -3_600] {
        let dir = tempfile::tempdir().unwrap();
        let (hands, options) = with_hands();
        Ledger::<Tallies>::create(dir.path(), &options).unwrap();
        let (ledger, _) = reopen(dir.path(), options);
        let tally = new_tally(&ledger, 1);
        let first = accept(run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1)));

        hands.wall.fetch_add(jump, SeqCst);
        for _ in 0..2 {
            let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
            assert!(matches!(outcome, Outcome::Clock(trouble) if trouble.wall == at(jump)), "{outcome:?}");
        }
        assert!(matches!(ledger.clock(), ClockStatus::Stopped(_)));
        assert!(!ledger.status().is_ready());
        // What was recorded before is still told.
        let outcome = run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1));
        assert!(matches!(outcome, Outcome::Repeated(receipt) if receipt == first), "{outcome:?}");

        let receipt = accept(wait(ledger.confirm_clock(person("OP-1"))));
        assert!(receipt.recorded_at > first.recorded_at);
        let entry = ledger.reader().get(receipt.position).unwrap();
        let event = entry.decode().unwrap();
        assert_eq!(event.actor, person("OP-1"));
        let before = first.recorded_at;
        let said = LedgerEvent::read(&event).unwrap();
        assert_eq!(said, Some(LedgerEvent::ClockConfirmed { before, confirmed: at(jump) }));
        let next = done(&ledger, Ask::Add { tally, amount: 1 });
        assert!(next.recorded_at > receipt.recorded_at, "recorded time never goes back");
        assert_eq!(ledger.clock(), ClockStatus::Running);
        let outcome = wait(ledger.confirm_clock(person("OP-1")));
        assert!(matches!(outcome, Outcome::NothingToDo { .. }), "{outcome:?}");
    }
}

#[test]
fn a_wall_clock_behind_the_last_event_at_start_stops_commands() {
    for (behind, stops) in [(0, false), (59, false), (61, true), (86_400, true)] {
        let dir = tempfile::tempdir().unwrap();
        let (hands, options) = with_hands();
        Ledger::<Tallies>::create(dir.path(), &options).unwrap();
        let (ledger, _) = reopen(dir.path(), options.clone());
        let tally = new_tally(&ledger, 1);
        drop(ledger);
        hands.wall.store(START - behind, SeqCst);
        let (ledger, _) = reopen(dir.path(), options);
        let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
        assert_eq!(matches!(outcome, Outcome::Clock(_)), stops, "{behind} s behind: {outcome:?}");
        if let Outcome::Accepted(receipt) = outcome {
            assert!(receipt.recorded_at > at(0));
        }
    }
}

#[test]
fn recorded_time_runs_with_the_monotonic_clock() {
    let dir = tempfile::tempdir().unwrap();
    let (hands, options) = with_hands();
    Ledger::<Tallies>::create(dir.path(), &options).unwrap();
    let (ledger, _) = reopen(dir.path(), options);
    let tally = new_tally(&ledger, 1);
    hands.wall.fetch_add(70, SeqCst);
    hands.elapsed.fetch_add(100, SeqCst);
    assert_eq!(done(&ledger, Ask::Add { tally, amount: 1 }).recorded_at, at(100));
}

#[test]
fn a_simulation_is_told_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let simulated = || LedgerOptions { simulated: Some(at(0)), ..options() };
    Ledger::<Tallies>::create(dir.path(), &simulated()).unwrap();
    let (ledger, _) = reopen(dir.path(), simulated());
    let opened = done(&ledger, Ask::Open { owner: 1 });
    assert_eq!(opened.recorded_at, Timestamp(at(0).0 + 1), "position 1 has the start itself");
    ledger.set_simulated_time(at(500)).unwrap();
    let tally = crate::toy::ledgers::tally_of(&opened);
    assert_eq!(done(&ledger, Ask::Add { tally, amount: 1 }).recorded_at, at(500));
    assert_eq!(done(&ledger, Ask::Add { tally, amount: 1 }).recorded_at, Timestamp(at(500).0 + 1));
    let error = ledger.set_simulated_time(at(499)).unwrap_err();
    assert!(matches!(error, SimulationError::GoesBack { .. }), "{error}");
    assert_eq!(ledger.clock(), ClockStatus::Simulated);
    drop(ledger);
    // A later start goes on from the last event, whatever start it is given.
    let (ledger, _) = reopen(dir.path(), simulated());
    assert!(done(&ledger, Ask::Add { tally, amount: 1 }).recorded_at > at(500));
}
