//! The state after a start is the state folded from position 1, whatever snapshots were there.

use std::fs;
use std::path::Path;

use crate::toy::ledgers::{done, folded_hash, live_hash, new_ledger, new_tally, open, options, reopen, run, tally_of};
use crate::toy::{Ask, Tallies, ask, tag_of};
use caseledger_events::ids::{CaseId, Position};
use caseledger_events::machine::Machine;
use caseledger_log::{Ledger, LedgerOptions, Outcome, SNAPSHOT_DIR, StartReport, state_hash};
use proptest::prelude::*;

/// Snapshots of one shard after every few events, so that short histories have many of them.
fn eager(every: u64) -> LedgerOptions {
    LedgerOptions { snapshot_every_events: every, ..options() }
}

/// What happens next in a random history; tallies are named by the order they were opened in.
#[derive(Clone, Debug)]
enum Step {
    Open {
        owner: u32,
    },
    Add {
        tally: usize,
        amount: i64,
    },
    Move {
        from: usize,
        to: usize,
    },
    Close {
        tally: usize,
    },
    Reopen {
        tally: usize,
    },
    /// Ends without a word: no snapshots, as after a kill.
    Drop,
    /// Ends in order.
    Shutdown,
    /// A snapshot file goes missing or bad.
    Harm {
        file: usize,
        how: Harm,
    },
}

#[derive(Clone, Copy, Debug)]
enum Harm {
    Delete,
    Flip(usize),
    Cut(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let tally = 0..12usize;
    prop_oneof![
        6 => (0..12u32).prop_map(|owner| Step::Open { owner }),
        8 => (tally.clone(), -3..9i64).prop_map(|(tally, amount)| Step::Add { tally, amount }),
        3 => (tally.clone(), tally.clone()).prop_map(|(from, to)| Step::Move { from, to }),
        5 => tally.clone().prop_map(|tally| Step::Close { tally }),
        4 => tally.prop_map(|tally| Step::Reopen { tally }),
        1 => Just(Step::Drop),
        1 => Just(Step::Shutdown),
        1 => (0..40usize, harm()).prop_map(|(file, how)| Step::Harm { file, how }),
    ]
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![Just(Harm::Delete), (0..4_000usize).prop_map(Harm::Flip), (0..4_000usize).prop_map(Harm::Cut)]
}

fn snapshot_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(dir.join(SNAPSHOT_DIR)) else { return vec![] };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn do_harm(dir: &Path, file: usize, how: Harm) {
    let files = snapshot_files(dir);
    let Some(file) = files.get(file % files.len().max(1)) else { return };
    let mut bytes = fs::read(file).unwrap_or_default();
    match how {
        Harm::Delete => return fs::remove_file(file).unwrap_or_default(),
        _ if bytes.is_empty() => return,
        Harm::Flip(bit) => {
            let bit = bit % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Harm::Cut(len) => bytes.truncate(len % bytes.len()),
    }
    fs::write(file, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("CASELEDGER_LONG").is_some() { 400 } else { 24 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_start_gives_the_state_folded_from_position_1(
        steps in prop::collection::vec(step(), 20..160),
        every in 1..12u64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        Ledger::<Tallies>::create(dir.path(), &options()).unwrap();
        let (mut ledger, _) = reopen(dir.path(), eager(every));
        let mut tallies: Vec<CaseId> = vec![];
        let id = |tallies: &[CaseId], n: usize| tallies.get(n % tallies.len().max(1)).copied().unwrap_or(CaseId([1; 16]));
        for step in steps {
            let command = match step {
                Step::Open { owner } => Ask::Open { owner },
                Step::Add { tally, amount } => Ask::Add { tally: id(&tallies, tally), amount },
                Step::Move { from, to } => Ask::Move { from: id(&tallies, from), to: id(&tallies, to), amount: 1 },
                Step::Close { tally } => Ask::Close { tally: id(&tallies, tally) },
                Step::Reopen { tally } => Ask::Reopen { tally: id(&tallies, tally) },
                Step::Drop | Step::Shutdown | Step::Harm { .. } => {
                    if matches!(step, Step::Shutdown) {
                        ledger.shutdown();
                    }
                    let before = ledger.reader().durable();
                    drop(ledger);
                    if let Step::Harm { file, how } = step {
                        do_harm(dir.path(), file, how);
                    }
                    ledger = reopen(dir.path(), eager(every)).0;
                    prop_assert_eq!(ledger.reader().durable(), before);
                    prop_assert_eq!(live_hash(&ledger), folded_hash(&ledger));
                    continue;
                }
            };
            if let Outcome::Accepted(receipt) = run(&ledger, ask(command.clone()))
                && matches!(command, Ask::Open { .. })
            {
                tallies.push(tally_of(&receipt));
            }
        }
        prop_assert_eq!(live_hash(&ledger), folded_hash(&ledger), "before the last restart");
        drop(ledger);
        let (ledger, _) = reopen(dir.path(), eager(every));
        prop_assert_eq!(live_hash(&ledger), folded_hash(&ledger), "after the last restart");
    }
}

/// A ledger with some open and closed tallies, stopped in order.
fn stopped_ledger() -> (tempfile::TempDir, caseledger_proof::Hash) {
    let (dir, ledger) = new_ledger();
    for owner in 0..40 {
        let tally = new_tally(&ledger, owner);
        done(&ledger, Ask::Add { tally, amount: i64::from(owner) + 1 });
        if owner % 3 == 0 {
            done(&ledger, Ask::Close { tally });
        }
    }
    let hash = live_hash(&ledger);
    ledger.shutdown();
    (dir, hash)
}

fn state_after(dir: &Path) -> (caseledger_proof::Hash, StartReport) {
    let (ledger, report) = reopen(dir, options());
    (live_hash(&ledger), report)
}

#[test]
fn a_start_after_a_clean_stop_replays_nothing_but_the_last_event() {
    let (dir, hash) = stopped_ledger();
    let (found, report) = state_after(dir.path());
    assert_eq!(found, hash);
    assert_eq!((report.shards_loaded, report.replayed, report.streams), (256, 1, 41));
}

#[test]
fn a_shard_that_does_not_hold_is_folded_anew() {
    let whole = |dir: &Path| fs::read(dir.join(SNAPSHOT_DIR).join("all")).unwrap();
    type Harm = fn(&mut Vec<u8>);
    let harms: [(&str, Harm); 3] = [
        ("a flipped bit in the first record hides those behind it too", |bytes| bytes[40] ^= 1),
        ("a file that ends early", |bytes| bytes.truncate(bytes.len() / 2)),
        ("an empty file", |bytes| bytes.clear()),
    ];
    for (what, harm) in harms {
        let (dir, hash) = stopped_ledger();
        let mut bytes = whole(dir.path());
        harm(&mut bytes);
        fs::write(dir.path().join(SNAPSHOT_DIR).join("all"), bytes).unwrap();
        let (found, report) = state_after(dir.path());
        assert_eq!(found, hash, "{what}");
        assert!(report.shards_loaded < 256, "{what}");
        assert_eq!(report.replayed, report.store.head.0, "{what}");
    }
}

#[test]
fn a_snapshot_of_another_ledger_is_not_taken() {
    let (dir, hash) = stopped_ledger();
    let (other, _) = stopped_ledger();
    let all = |dir: &tempfile::TempDir| dir.path().join(SNAPSHOT_DIR).join("all");
    fs::copy(all(&other), all(&dir)).unwrap();
    let (found, report) = state_after(dir.path());
    assert_eq!((found, report.shards_loaded), (hash, 0));
}

#[test]
fn a_snapshot_of_another_state_number_is_not_taken() {
    let (dir, hash) = stopped_ledger();
    let (ledger, report) = Ledger::open(dir.path(), options(), Tallies::<2>::default()).unwrap();
    assert_eq!((live_hash(&ledger), report.shards_loaded), (hash, 0));
    ledger.shutdown();
    drop(ledger);
    assert_eq!(Ledger::open(dir.path(), options(), Tallies::<2>::default()).unwrap().1.shards_loaded, 256);
}

#[test]
fn heads_and_guards_come_back_with_the_state() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 7);
    for _ in 0..3 {
        done(&ledger, Ask::Add { tally, amount: 1 });
    }
    let head = ledger.head(caseledger_events::ids::StreamId::Case(tally));
    ledger.shutdown();
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(ledger.head(caseledger_events::ids::StreamId::Case(tally)), head);
    assert!(matches!(run(&ledger, ask(Ask::Open { owner: 7 })), Outcome::Refused(_)));
    assert_eq!(ledger.reader().durable(), Position(5));
}

#[test]
fn the_golden_history_folds_into_the_state_it_always_did() {
    // Written out here, so that a change of state or hash is seen and gets a new STATE number.
    let mut tallies = Tallies::<1>::default();
    let owner = |owner| crate::toy::Tally { owner, total: 5, events: 2, closed: false };
    for n in 0..4_u32 {
        let id = CaseId(tag_of(u64::from(n)).0);
        tallies.install(caseledger_events::ids::StreamId::Case(id), owner(n));
    }
    assert_eq!(state_hash(&tallies).to_string(), "5f2c64d7870a95991d604c9a020ff88ce384a406b11ab550a65d51f9c3829490");
}
