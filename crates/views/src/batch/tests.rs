use caseledger_events::ids::{Epoch, LedgerId};
use caseledger_events::testing::InClear;
use caseledger_log::LedgerIdentity;

use super::*;

/// Takes everything, and counts.
#[derive(Default)]
struct Counter(usize);

impl Keeper for Counter {
    fn apply(&mut self, _: &Connection, _: &caseledger_events::envelope::Recorded<'_>) -> Result<(), ApplyError> {
        self.0 += 1;
        Ok(())
    }

    fn flush(&mut self, _: &Connection) -> Result<(), ApplyError> {
        Ok(())
    }

    fn forget(&mut self) {}
}

fn frames(count: usize) -> Vec<Vec<u8>> {
    let mut tape = caseledger_projections::testing::Tape::new();
    caseledger_projections::testing::Term::new(1, 20).play(&mut tape, count);
    tape.frames().to_vec()
}

fn mark() -> Mark {
    Mark::start(LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(0) }, Position(0))
}

/// Is told nothing.
struct Nobody;

impl Feeder for Nobody {
    fn is_stopping(&self) -> bool {
        false
    }

    fn committed(&self, _: &Connection, _: &Mark) {}

    fn purges(&self, _: &Path) -> Result<(), ViewError> {
        Ok(())
    }
}

fn batch(keeper: &mut Counter) -> Batch<'_> {
    let model = crate::model::MODELS[0];
    let path = Path::new("unused");
    let skips = Box::leak(Box::default());
    Batch { model, opener: &InClear, batch_events: 100, feeder: &Nobody, keeper, skips, path, next: mark(), count: 0 }
}

fn take(batch: &mut Batch<'_>, position: u64, frame: &[u8]) -> Result<(), Trouble> {
    let db = Connection::open_in_memory().unwrap();
    let chain = extend(batch.next.chain, frame);
    batch.take(&db, Position(position), frame, chain)
}

#[test]
fn an_event_taken_before_is_passed_over() {
    let frames = frames(2);
    let mut counter = Counter::default();
    let mut batch = batch(&mut counter);
    assert!(take(&mut batch, 1, &frames[0]).is_ok());
    assert!(take(&mut batch, 1, &frames[0]).is_ok());
    assert!(take(&mut batch, 2, &frames[1]).is_ok());
    assert!(take(&mut batch, 1, &frames[0]).is_ok());
    assert_eq!((batch.next.position, batch.count), (Position(2), 2));
    assert_eq!(counter.0, 2);
}

#[test]
fn a_missing_event_stops_the_view_before_it() {
    let frames = frames(3);
    let mut counter = Counter::default();
    let mut batch = batch(&mut counter);
    assert!(take(&mut batch, 1, &frames[0]).is_ok());
    match take(&mut batch, 3, &frames[2]) {
        Err(Trouble::Refused { at, reason }) => {
            assert_eq!(at, Position(2));
            assert!(reason.contains("position 2 is missing"), "{reason}");
        }
        _ => panic!("a gap was taken"),
    }
    assert_eq!(batch.next.position, Position(1));
}

#[test]
fn an_event_at_a_wrong_place_stops_the_view_before_it() {
    let frames = frames(2);
    let mut counter = Counter::default();
    let mut batch = batch(&mut counter);
    match take(&mut batch, 1, &frames[1]) {
        Err(Trouble::Refused { at, reason }) => {
            assert_eq!(at, Position(1));
            assert!(reason.contains("stands at position 2"), "{reason}");
        }
        _ => panic!("an event at a wrong place was taken"),
    }
}

#[test]
fn a_log_that_tells_another_history_is_noticed_while_the_view_runs() {
    let frames = frames(1);
    let mut counter = Counter::default();
    let mut batch = batch(&mut counter);
    let db = Connection::open_in_memory().unwrap();
    let taken = batch.take(&db, Position(1), &frames[0], Hash([7; 32]));
    assert!(matches!(taken, Err(Trouble::Damage(_))));
}
