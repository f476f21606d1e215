//! Series of commands: one order, read beforehand, stopped and taken up again where something must be read first.

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_events::machine::Submission;
use caseledger_log::{Due, Ledger, LedgerOptions, Outcome};

use crate::toy::ledgers::{Toy, accept, done, folded_hash, live_hash, new_ledger, new_tally, options, reopen, run};
use crate::toy::{Ask, No, Tallies, ask, ask_tagged};

fn due(submission: Submission<Ask>) -> Due<Ask> {
    Due { submission, at: None, ended: Vec::new() }
}

/// Has a series decided and returns its answers, as few words.
fn told(ledger: &Toy, series: Vec<Due<Ask>>) -> Vec<String> {
    let ready = ledger.make_ready(series).unwrap();
    let answers = ledger.decide_in_order(ready).unwrap().answers().unwrap();
    answers.iter().map(in_a_word).collect()
}

fn in_a_word(outcome: &Outcome<No>) -> String {
    match outcome {
        Outcome::Accepted(receipt) => format!("accepted {}", receipt.position.0),
        Outcome::Repeated(receipt) => format!("repeated {}", receipt.position.0),
        other => format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn a_series_is_decided_in_its_order_and_answered_in_it() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let add = |amount| ask(Ask::Add { tally, amount });
    let series = [add(3), add(-3), add(-1), add(0), add(2), ask(Ask::Close { tally }), add(1)];
    let answers = told(&ledger, series.into_iter().map(due).collect());
    let expected =
        ["accepted 3", "accepted 4", "Refused(Negative)", "NothingToDo", "accepted 5", "accepted 6", "Refused(Closed)"];
    assert_eq!(answers, expected);
}

#[test]
fn what_a_series_needs_from_the_log_is_read_where_it_stands_in_the_order() {
    let (_dir, ledger) = new_ledger();
    let tallies = [new_tally(&ledger, 1), new_tally(&ledger, 2)];
    for tally in tallies {
        done(&ledger, Ask::Add { tally, amount: 5 });
        done(&ledger, Ask::Close { tally });
    }
    let [one, other] = tallies;
    // The first is not known to have ended, the second is read beforehand; each take after the reopening counts.
    let reopen = |tally| ask(Ask::Reopen { tally });
    let take = |tally| ask(Ask::Add { tally, amount: -4 });
    let known = Due { ended: vec![StreamId::Case(other)], ..due(reopen(other)) };
    let series = vec![
        due(take(one)),
        due(reopen(one)),
        due(take(one)),
        due(take(one)),
        known,
        due(take(other)),
        due(take(other)),
    ];
    let expected = [
        "Refused(Closed)",
        "accepted 8",
        "accepted 9",
        "Refused(Negative)",
        "accepted 10",
        "accepted 11",
        "Refused(Negative)",
    ];
    assert_eq!(told(&ledger, series), expected);
}

#[test]
fn a_series_sent_again_is_answered_with_its_first_receipts() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let series = || (1..=3).map(|n| due(ask_tagged(Ask::Add { tally, amount: 1 }, n))).collect();
    assert_eq!(told(&ledger, series()), ["accepted 3", "accepted 4", "accepted 5"]);
    assert_eq!(told(&ledger, series()), ["repeated 3", "repeated 4", "repeated 5"]);
    let other = vec![due(ask_tagged(Ask::Add { tally, amount: 7 }, 2))];
    assert_eq!(told(&ledger, other), ["KeyReused"]);
    // A key twice in one series: the second is the first.
    let twice = (0..2).map(|_| due(ask_tagged(Ask::Add { tally, amount: 1 }, 9))).collect();
    assert_eq!(told(&ledger, twice), ["accepted 6", "repeated 6"]);
}

#[test]
fn a_series_longer_than_many_groups_keeps_its_order_and_its_state() {
    for (commands, bytes) in [(3, 1 << 20), (1_000, 900), (1, 1)] {
        let dir = tempfile::tempdir().unwrap();
        let small = || LedgerOptions { group_commands_max: commands, group_bytes_max: bytes, ..options() };
        Ledger::<Tallies>::create(dir.path(), &small()).unwrap();
        let (ledger, _) = reopen(dir.path(), small());
        let tally = new_tally(&ledger, 1);
        let series: Vec<_> =
            (0..200).map(|n| due(ask(Ask::Add { tally, amount: if n % 2 == 0 { 1 } else { -1 } }))).collect();
        let answers = told(&ledger, series);
        let expected: Vec<String> = (0..200).map(|n| format!("accepted {}", n + 3)).collect();
        assert_eq!(answers, expected, "groups of {commands} commands and {bytes} bytes");
        assert_eq!(live_hash(&ledger), folded_hash(&ledger));
    }
}

#[test]
fn commands_that_did_not_fit_into_a_group_of_few_bytes_are_decided_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let small = || LedgerOptions { group_bytes_max: 1, ..options() };
    Ledger::<Tallies>::create(dir.path(), &small()).unwrap();
    let (ledger, _) = reopen(dir.path(), small());
    let tally = new_tally(&ledger, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let ledger = ledger.clone();
            runtime.spawn(async move { ledger.execute(ask(Ask::Add { tally, amount: 1 })).await })
        })
        .collect();
    let answers: Vec<_> = tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
    assert_eq!(answers.into_iter().map(accept).count(), 100);
}

#[test]
fn each_command_of_a_series_has_its_own_simulated_time() {
    let dir = tempfile::tempdir().unwrap();
    let simulated = || LedgerOptions { simulated: Some(Timestamp(1_000)), ..options() };
    Ledger::<Tallies>::create(dir.path(), &simulated()).unwrap();
    let (ledger, _) = reopen(dir.path(), simulated());
    let tally = new_tally(&ledger, 1);
    let add = |at| Due { at: Some(Timestamp(at)), ..due(ask(Ask::Add { tally, amount: 1 })) };
    let ready = ledger.make_ready(vec![add(5_000), add(5_000), add(4_000), add(9_000)]).unwrap();
    let answers = ledger.decide_in_order(ready).unwrap().answers().unwrap();
    let times: Vec<i64> = answers.into_iter().map(|outcome| accept(outcome).recorded_at.0).collect();
    assert_eq!(times, [5_000, 5_001, 5_002, 9_000], "time never goes back, and no two share one");
}

#[test]
fn a_series_after_the_end_is_told_so() {
    let (_dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    let series = || vec![due(ask(Ask::Add { tally, amount: 1 })), due(ask(Ask::Close { tally: CaseId([1; 16]) }))];
    let ready = ledger.make_ready(series()).unwrap();
    ledger.shutdown();
    let answers = ledger.decide_in_order(ready).unwrap().answers().unwrap();
    let words: Vec<String> = answers.iter().map(in_a_word).collect();
    assert_eq!(words, ["ShuttingDown", "Unknown"]);
    let outcome = run(&ledger, ask(Ask::Open { owner: 2 }));
    assert!(matches!(outcome, Outcome::ShuttingDown));
}
