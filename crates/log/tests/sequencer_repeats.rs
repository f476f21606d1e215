//! A command is recorded once, however often and however late it is tried again.

use std::collections::HashMap;

use crate::toy::ledgers::{accept, done, new_ledger, new_tally, open, options, reopen, run};
use crate::toy::{Ask, Tallies, ask_at, ask_tagged, tag_of};
use caseledger_events::ids::{Position, StreamId, Tag, Version};
use caseledger_events::machine::{Receipt, Submission};
use caseledger_log::{Ledger, LedgerOptions, Outcome, StoreOptions};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

#[test]
fn each_command_tried_up_to_five_times_across_restarts_is_one_event() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (dir, mut ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let mut receipts: HashMap<u64, Receipt> = HashMap::new();
    // Every command with its tries still to come, in any order.
    let mut tries: Vec<u64> = (0..150).flat_map(|n| std::iter::repeat_n(n, random.random_range(1..=6))).collect();
    while !tries.is_empty() {
        let n = tries.swap_remove(random.random_range(0..tries.len()));
        match (run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, n)), receipts.get(&n)) {
            (Outcome::Accepted(receipt), None) => {
                receipts.insert(n, receipt);
            }
            (Outcome::Repeated(receipt), Some(first)) => assert_eq!(receipt, *first),
            (outcome, first) => panic!("command {n}: {outcome:?} after {first:?}"),
        }
        if random.random_ratio(1, 20) {
            if random.random() {
                ledger.shutdown();
            }
            drop(ledger);
            ledger = open(dir.path());
        }
    }
    assert_eq!(ledger.head(StreamId::Case(tally)).unwrap().0, Version(151));
}

#[test]
fn tries_of_one_command_at_the_same_moment_are_one_event() {
    // With hardly a tag held, commands are overtaken between their search in the log and their turn, and search again.
    for tags_held in [1 << 15, 1] {
        let dir = tempfile::tempdir().unwrap();
        let few = LedgerOptions { tags_held, group_commands_max: 8, ..options() };
        Ledger::<Tallies>::create(dir.path(), &few).unwrap();
        let (ledger, _) = reopen(dir.path(), few);
        let tally = new_tally(&ledger, 1);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut tries = Vec::new();
        for n in 0..1_600 {
            // Five tries a command, the last ones long after the first.
            for lag in [0, 0, 3, 40, 400] {
                let (ledger, tag) = (ledger.clone(), u64::saturating_sub(n, lag));
                let submission = ask_tagged(Ask::Add { tally, amount: 1 }, tag);
                tries.push((tag, runtime.spawn(async move { ledger.execute(submission).await })));
            }
        }
        let mut receipts: HashMap<u64, Vec<Receipt>> = HashMap::new();
        let mut accepted = 0;
        for (tag, task) in tries {
            match runtime.block_on(task).unwrap() {
                Outcome::Accepted(receipt) => {
                    accepted += 1;
                    receipts.entry(tag).or_default().push(receipt);
                }
                Outcome::Repeated(receipt) => receipts.entry(tag).or_default().push(receipt),
                Outcome::Overloaded => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(accepted, receipts.len(), "{tags_held} tags held");
        for (tag, receipts) in receipts {
            assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "command {tag}: {receipts:?}");
        }
        assert_eq!(ledger.head(StreamId::Case(tally)).unwrap().0, Version(1 + accepted as u32));
    }
}

#[test]
fn a_repeat_many_segments_later_gets_the_first_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let small = || LedgerOptions {
        store: StoreOptions { segment_bytes: 64 << 10, ..options().store },
        group_commands_max: 64,
        ..options()
    };
    Ledger::<Tallies>::create(dir.path(), &small()).unwrap();
    let (ledger, _) = reopen(dir.path(), small());
    let (from, to) = (new_tally(&ledger, 1), new_tally(&ledger, 2));
    done(&ledger, Ask::Add { tally: from, amount: 9 });
    let moving = || ask_tagged(Ask::Move { from, to, amount: 4 }, 1);
    let first = accept(run(&ledger, moving()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let filler: Vec<_> = (100..3_100)
        .map(|n| {
            let ledger = ledger.clone();
            runtime.spawn(async move { accept(ledger.execute(ask_tagged(Ask::Add { tally: to, amount: 1 }, n)).await) })
        })
        .collect();
    for task in filler {
        runtime.block_on(task).unwrap();
    }
    let segments = std::fs::read_dir(dir.path().join("journal")).unwrap().count();
    assert!(segments > 10, "{segments} files are too few to test anything");

    let check = |ledger: &crate::toy::ledgers::Toy| {
        match run(ledger, moving()) {
            Outcome::Repeated(receipt) => assert_eq!(receipt, first),
            other => panic!("{other:?}"),
        }
        let outcome = run(ledger, ask_tagged(Ask::Add { tally: from, amount: 4 }, 1));
        assert!(matches!(outcome, Outcome::KeyReused), "{outcome:?}");
        for n in [100, 1_500, 3_099] {
            let outcome = run(ledger, ask_tagged(Ask::Add { tally: to, amount: 1 }, n));
            assert!(matches!(outcome, Outcome::Repeated(_)), "{outcome:?}");
        }
    };
    check(&ledger);
    drop(ledger);
    let (ledger, _) = reopen(dir.path(), small());
    check(&ledger);
    assert_eq!(ledger.reader().durable(), Position(1 + 3 + 2 + 3_000));
}

#[test]
fn a_retry_with_the_version_its_own_success_made_stale_gets_its_receipt_after_a_restart_too() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let add = || Submission { tag: Some(tag_of(1)), ..ask_at(Ask::Add { tally, amount: 1 }, 1) };
    let first = accept(run(&ledger, add()));
    drop(ledger);
    match run(&open(dir.path()), add()) {
        Outcome::Repeated(receipt) => assert_eq!(receipt, first),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_stored_fingerprint_says_nothing_without_the_secret() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let submission = ask_tagged(Ask::Add { tally, amount: 1 }, 1);
    let (body_hash, tag): (_, Option<Tag>) = (submission.body_hash, submission.tag);
    let receipt = accept(run(&ledger, submission));
    let entry = ledger.reader().get(receipt.position).unwrap();
    assert_eq!(entry.decode().unwrap().tag, tag);
    assert!(!entry.frame.windows(32).any(|window| window == body_hash));
}
