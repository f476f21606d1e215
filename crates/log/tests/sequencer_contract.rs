//! What a ledger promises for each command, on the real store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::toy::ledgers::{accept, done, new_ledger, new_tally, open, options, reopen, run, tally_of, wait};
use crate::toy::{Ask, No, Tallies, ask, ask_at, ask_tagged, part, person};
use caseledger_events::envelope::Source;
use caseledger_events::ids::{CaseId, Position, StreamId, Version};
use caseledger_events::machine::Submission;
use caseledger_events::system::LedgerEvent;
use caseledger_log::{Ledger, LedgerOptions, Outcome, StartError};

#[test]
fn position_1_says_that_the_ledger_was_created() {
    let (_dir, ledger) = new_ledger();
    let entry = ledger.reader().get(Position(1)).unwrap();
    let event = entry.decode().unwrap();
    let said = LedgerEvent::read(&event).unwrap();
    assert_eq!(said, Some(LedgerEvent::LedgerCreated { simulated: false, format: 1 }));
    assert_eq!(ledger.status().durable, Position(1));
}

#[test]
fn a_receipt_is_what_the_log_says() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let submission = Submission {
        parts: vec![part("note")],
        on_behalf_of: Some("P-9".parse().unwrap()),
        source: Source::Migration,
        ..ask_tagged(Ask::Add { tally, amount: 5 }, 1)
    };
    let tag = submission.tag;
    let receipt = accept(run(&ledger, submission));
    assert_eq!((receipt.first, receipt.position, receipt.version), (Position(3), Position(3), Version(2)));

    let reader = ledger.reader();
    let entry = reader.get(receipt.position).unwrap();
    let event = entry.decode().unwrap();
    assert_eq!(event.stream, receipt.stream);
    assert_eq!((event.version, event.previous), (Version(2), Position(2)));
    assert_eq!(event.recorded_at, receipt.recorded_at);
    assert_eq!((event.kind, event.policy, event.tag), ("added", 7, tag));
    assert_eq!((event.actor, event.source), (person("P-1"), Source::Migration));
    assert_eq!(event.on_behalf_of, Some("P-9".parse().unwrap()));
    let names: Vec<_> = event.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["note", "request"]);
    assert_eq!(reader.chain_at(receipt.position).unwrap().0, receipt.chain);
    assert_eq!(ledger.head(receipt.stream), Some((Version(2), Position(3))));
}

#[test]
fn a_command_on_two_streams_stands_together() {
    let (_dir, ledger) = new_ledger();
    let (from, to) = (new_tally(&ledger, 1), new_tally(&ledger, 2));
    done(&ledger, Ask::Add { tally: from, amount: 10 });
    let receipt = done(&ledger, Ask::Move { from, to, amount: 4 });
    assert_eq!((receipt.first, receipt.position), (Position(5), Position(6)));
    assert_eq!((receipt.stream, receipt.version), (StreamId::Case(from), Version(3)));

    let reader = ledger.reader();
    let entries = [5, 6].map(|n| reader.get(Position(n)).unwrap());
    let [taken, given] = entries.each_ref().map(|entry| entry.decode().unwrap());
    assert_eq!((taken.stream, taken.version, taken.previous), (StreamId::Case(from), Version(3), Position(4)));
    assert_eq!((given.stream, given.version, given.previous), (StreamId::Case(to), Version(2), Position(3)));
    assert_eq!((taken.causation, given.causation), (None, Some(Position(5))));
    assert_eq!(taken.correlation, given.correlation);
    assert_eq!(taken.recorded_at, given.recorded_at);
    assert_ne!(taken.salt, given.salt);
}

#[test]
fn what_is_refused_or_needs_nothing_stores_nothing() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let nobody = CaseId([9; 16]);
    for (command, want) in [
        (Ask::Open { owner: 1 }, format!("Refused(OwnerHasOne({tally:?}))")),
        (Ask::Add { tally, amount: -1 }, "Refused(Negative)".into()),
        (Ask::Add { tally, amount: 0 }, "NothingToDo { version: Version(1), position: Position(2) }".into()),
        (Ask::Add { tally: nobody, amount: 1 }, format!("UnknownStream(case/{nobody})")),
        (Ask::Large { tally, bytes: 2 << 20 }, "TooLarge { bytes_max: 1047552 }".into()),
    ] {
        // Two of each: a refused command leaves its key free.
        for _ in 0..2 {
            assert_eq!(format!("{:?}", run(&ledger, ask_tagged(command.clone(), 5))), want);
        }
    }
    assert_eq!(ledger.reader().durable(), Position(2));
}

#[test]
fn a_large_event_is_kept_whole() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let receipt = done(&ledger, Ask::Large { tally, bytes: 1_000_000 });
    ledger.shutdown();
    drop(ledger);
    let entry = open(dir.path()).reader().get(receipt.position).unwrap();
    assert!(entry.frame.len() > 1_000_000);
}

#[test]
fn a_client_that_saw_an_older_version_learns_who_changed_it() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let other = Submission { actor: person("P-2"), ..ask_at(Ask::Add { tally, amount: 3 }, 1) };
    let receipt = accept(run(&ledger, other));
    for seen in [0, 1, 3, 99] {
        match run(&ledger, ask_at(Ask::Add { tally, amount: 3 }, seen)) {
            Outcome::Stale { stream, current, changed_by, at } => {
                assert_eq!((stream, current), (receipt.stream, Version(2)));
                assert_eq!((changed_by, at), (person("P-2"), receipt.recorded_at));
            }
            other => panic!("version {seen}: {other:?}"),
        }
    }
    accept(run(&ledger, ask_at(Ask::Add { tally, amount: 3 }, 2)));
    let nobody = CaseId([9; 16]);
    let outcome = run(&ledger, ask_at(Ask::Add { tally: nobody, amount: 1 }, 4));
    assert!(matches!(outcome, Outcome::UnknownStream(_)), "{outcome:?}");
}

#[test]
fn a_command_on_two_streams_names_the_versions_of_both() {
    let (_dir, ledger) = new_ledger();
    let (from, to) = (new_tally(&ledger, 1), new_tally(&ledger, 2));
    done(&ledger, Ask::Add { tally: from, amount: 10 });
    let moving = |seen_from, seen_to| Submission {
        also_expected: vec![(StreamId::Case(to), Version(seen_to))],
        ..ask_at(Ask::Move { from, to, amount: 4 }, seen_from)
    };
    for (seen_from, seen_to, moved_on) in [(1, 1, from), (2, 9, to), (9, 9, from)] {
        let outcome = run(&ledger, moving(seen_from, seen_to));
        let Outcome::Stale { stream, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(stream, StreamId::Case(moved_on));
    }
    accept(run(&ledger, moving(2, 1)));
}

#[test]
fn the_key_comes_before_the_version_and_the_version_before_the_rules() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let first =
        accept(run(&ledger, Submission { tag: Some(crate::toy::tag_of(1)), ..ask_at(Ask::Close { tally }, 1) }));

    // Its own success made the version stale and the rule say no; the retry still gets its receipt.
    let retry = Submission { tag: Some(crate::toy::tag_of(1)), ..ask_at(Ask::Close { tally }, 1) };
    match run(&ledger, retry) {
        Outcome::Repeated(receipt) => assert_eq!(receipt, first),
        other => panic!("{other:?}"),
    }
    // Stale and against the rule: stale.
    let outcome = run(&ledger, ask_at(Ask::Close { tally }, 1));
    assert!(matches!(outcome, Outcome::Stale { .. }), "{outcome:?}");
    let outcome = run(&ledger, ask_at(Ask::Close { tally }, 2));
    assert!(matches!(outcome, Outcome::Refused(No::Closed)), "{outcome:?}");
    // Another body under a used key: not even looked at.
    let outcome = run(&ledger, ask_tagged(Ask::Reopen { tally }, 1));
    assert!(matches!(outcome, Outcome::KeyReused), "{outcome:?}");
}

#[test]
fn a_command_that_opens_a_tally_opens_the_same_one_at_every_try() {
    let (dir, ledger) = new_ledger();
    let tag = ledger.tag(&person("P-1"), "open", "key-1");
    let opening = || Submission { tag: Some(tag), ..ask(Ask::Open { owner: 1 }) };
    let first = accept(run(&ledger, opening()));
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(ledger.tag(&person("P-1"), "open", "key-1"), tag);
    match run(&ledger, opening()) {
        Outcome::Repeated(receipt) => assert_eq!(receipt, first),
        other => panic!("{other:?}"),
    }
    let one = new_tally(&ledger, 2);
    assert_ne!(one, new_tally(&ledger, 3), "without a key every opening is a new one");
    assert_ne!(one, tally_of(&first));
}

#[test]
fn a_full_queue_refuses_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let few = LedgerOptions { queue_max: 4, ..options() };
    Ledger::<Tallies>::create(dir.path(), &few).unwrap();
    let (ledger, _) = reopen(dir.path(), few);
    let tally = new_tally(&ledger, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (enter, entered) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let busy = ledger.clone();
    let hold = runtime.spawn(async move {
        busy.inspect(move |_| {
            enter.send(()).unwrap();
            released.recv().unwrap();
        })
        .await
    });
    entered.recv().unwrap();
    let queued: Vec<_> = (0..4)
        .map(|_| {
            let ledger = ledger.clone();
            runtime.spawn(async move { ledger.execute(ask(Ask::Add { tally, amount: 1 })).await })
        })
        .collect();
    while ledger.status().queued < 4 {
        std::thread::yield_now();
    }
    let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
    assert!(matches!(outcome, Outcome::Overloaded), "{outcome:?}");
    release.send(()).unwrap();
    for task in queued {
        accept(runtime.block_on(task).unwrap());
    }
    runtime.block_on(hold).unwrap().unwrap();
    assert_eq!(ledger.head(StreamId::Case(tally)).unwrap().0, Version(5));
}

#[test]
fn sixty_four_writers_on_one_stream_make_a_linear_history() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..64)
        .map(|n| {
            let (ledger, refused) = (ledger.clone(), Arc::clone(&refused));
            runtime.spawn(async move {
                let mut seen = 1;
                let mut wins = Vec::new();
                while wins.len() < 20 {
                    let actor = person(&format!("P-{n}"));
                    let submission = Submission { actor, ..ask_at(Ask::Add { tally, amount: 1 }, seen) };
                    match ledger.execute(submission).await {
                        Outcome::Accepted(receipt) => {
                            assert_eq!(receipt.version.0, seen + 1);
                            seen = receipt.version.0;
                            wins.push(receipt);
                        }
                        Outcome::Stale { current, .. } => {
                            assert!(current.0 > seen);
                            refused.fetch_add(1, Ordering::Relaxed);
                            seen = current.0;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                wins
            })
        })
        .collect();
    let mut wins: Vec<_> = writers.into_iter().flat_map(|writer| runtime.block_on(writer).unwrap()).collect();
    wins.sort_by_key(|receipt| receipt.position);
    let versions: Vec<_> = wins.iter().map(|receipt| receipt.version.0).collect();
    assert_eq!(versions, (2..=64 * 20 + 1).collect::<Vec<_>>());
    assert!(refused.load(Ordering::Relaxed) > 0, "the writers never met");
    let history = ledger.reader().history(wins.last().unwrap().position).unwrap();
    assert_eq!(history.len(), 64 * 20 + 1);
}

#[test]
fn a_guard_across_streams_is_never_raced() {
    let (_dir, ledger) = new_ledger();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for owner in 0..20 {
        let asked: Vec<_> = (0..16)
            .map(|_| {
                let ledger = ledger.clone();
                runtime.spawn(async move { ledger.execute(ask(Ask::Open { owner })).await })
            })
            .collect();
        let outcomes: Vec<_> = asked.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
        let opened = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted(_))).count();
        assert_eq!(opened, 1, "{outcomes:?}");
    }
}

#[test]
fn every_answer_rests_on_what_is_durable() {
    let (_dir, ledger) = new_ledger();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A refusal names a tally that another command has just opened: by the time it is heard, the opening is durable.
    let asked: Vec<_> = (0..400)
        .map(|n| {
            let ledger = ledger.clone();
            runtime.spawn(async move {
                match ledger.execute(ask(Ask::Open { owner: n / 8 })).await {
                    Outcome::Accepted(receipt) => assert!(ledger.reader().durable() >= receipt.position),
                    Outcome::Refused(No::OwnerHasOne(tally)) => assert!(ledger.head(StreamId::Case(tally)).is_some()),
                    other => panic!("{other:?}"),
                }
            })
        })
        .collect();
    asked.into_iter().for_each(|task| runtime.block_on(task).unwrap());
}

#[test]
fn a_stopped_ledger_refuses_commands_and_still_reads() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let reader = ledger.reader();
    ledger.shutdown();
    ledger.shutdown();
    let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
    assert!(matches!(outcome, Outcome::ShuttingDown), "{outcome:?}");
    assert_eq!(wait(ledger.inspect(|_| ())), None);
    drop((ledger, reader));
    done(&open(dir.path()), Ask::Add { tally, amount: 1 });
}

#[test]
fn a_stop_finishes_what_is_queued() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asked: Vec<_> = (0..500)
        .map(|_| {
            let ledger = ledger.clone();
            runtime.spawn(async move { ledger.execute(ask(Ask::Add { tally, amount: 1 })).await })
        })
        .collect();
    ledger.shutdown();
    let outcomes: Vec<_> = asked.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted(_))).count() as u32;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::ShuttingDown)).count() as u32;
    assert_eq!(accepted + refused, 500, "{outcomes:?}");
    drop(ledger);
    assert_eq!(open(dir.path()).head(StreamId::Case(tally)).unwrap().0, Version(1 + accepted));
}

#[test]
fn a_directory_is_a_simulation_or_production_for_ever() {
    let simulated = || LedgerOptions { simulated: Some(caseledger_events::dates::Timestamp(1_000)), ..options() };
    let dir = tempfile::tempdir().unwrap();
    Ledger::<Tallies>::create(dir.path(), &simulated()).unwrap();
    let error = Ledger::open(dir.path(), options(), Tallies::<1>::default()).err().unwrap();
    assert!(matches!(error, StartError::IsSimulated), "{error}");
    assert!(reopen(dir.path(), simulated()).0.is_simulated());

    let dir = tempfile::tempdir().unwrap();
    Ledger::<Tallies>::create(dir.path(), &options()).unwrap();
    let error = Ledger::open(dir.path(), simulated(), Tallies::<1>::default()).err().unwrap();
    assert!(matches!(error, StartError::IsReal), "{error}");
    let error = Ledger::<Tallies>::create(dir.path(), &options()).err().unwrap();
    assert!(matches!(error, StartError::Store(caseledger_log::OpenError::AlreadyThere { .. })), "{error}");
}

#[test]
fn a_ledger_without_its_secret_does_not_open() {
    let (dir, ledger) = new_ledger();
    drop(ledger);
    std::fs::remove_file(dir.path().join(caseledger_log::SECRET_FILE)).unwrap();
    let error = Ledger::open(dir.path(), options(), Tallies::<1>::default()).err().unwrap();
    assert!(matches!(error, StartError::Secret(_)), "{error}");
}
