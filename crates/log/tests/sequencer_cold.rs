//! State that is not in memory: read and folded outside the sequencer, installed only where nobody was faster.

use crate::toy::ledgers::{done, new_ledger, new_tally, open, run};
use crate::toy::{Ask, No, ask};
use caseledger_events::ids::{CaseId, StreamId, Version};
use caseledger_log::Outcome;

#[test]
fn a_closed_tally_is_read_back_when_a_command_needs_it() {
    let (dir, ledger) = new_ledger();
    let tally = new_tally(&ledger, 1);
    done(&ledger, Ask::Add { tally, amount: 5 });
    done(&ledger, Ask::Close { tally });
    let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
    assert!(matches!(outcome, Outcome::Refused(No::Closed)), "{outcome:?}");
    drop(ledger);

    let ledger = open(dir.path());
    let receipt = done(&ledger, Ask::Reopen { tally });
    assert_eq!(receipt.version, Version(4));
    done(&ledger, Ask::Add { tally, amount: -5 });
    let outcome = run(&ledger, ask(Ask::Add { tally, amount: -1 }));
    assert!(matches!(outcome, Outcome::Refused(No::Negative)), "the total came back with it: {outcome:?}");
}

#[test]
fn a_command_may_need_several_streams_read() {
    let (_dir, ledger) = new_ledger();
    let (one, other) = (new_tally(&ledger, 1), new_tally(&ledger, 2));
    for tally in [one, other] {
        done(&ledger, Ask::Add { tally, amount: 5 });
        done(&ledger, Ask::Close { tally });
    }
    let receipt = done(&ledger, Ask::Compare { one, other });
    let entry = ledger.reader().get(receipt.position).unwrap();
    assert_eq!(
        entry.decode().unwrap().facts,
        rmp_serde::to_vec_named(&crate::toy::Fact::Compared { same: true }).unwrap()
    );
}

#[test]
fn a_stream_that_never_was_is_unknown_and_not_cold() {
    let (_dir, ledger) = new_ledger();
    let one = new_tally(&ledger, 1);
    done(&ledger, Ask::Close { tally: one });
    let other = CaseId([7; 16]);
    let outcome = run(&ledger, ask(Ask::Compare { one, other }));
    assert!(matches!(outcome, Outcome::UnknownStream(StreamId::Case(id)) if id == other), "{outcome:?}");
}

#[test]
fn a_state_folded_at_an_older_version_is_never_decided_on() {
    let (_dir, ledger) = new_ledger();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tally = new_tally(&ledger, 1);
    done(&ledger, Ask::Add { tally, amount: 1_000 });
    done(&ledger, Ask::Close { tally });
    // Everyone reopens, takes one and closes again: each step finds the tally cold, and others are at it as well.
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let ledger = ledger.clone();
            runtime.spawn(async move {
                let mut taken = 0;
                for _ in 0..10 {
                    if let Outcome::Accepted(_) = ledger.execute(ask(Ask::Reopen { tally })).await {
                        match ledger.execute(ask(Ask::Add { tally, amount: -1 })).await {
                            Outcome::Accepted(_) => taken += 1,
                            Outcome::Refused(No::Closed) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    match ledger.execute(ask(Ask::Close { tally })).await {
                        Outcome::Accepted(_) | Outcome::Refused(No::Closed) => {}
                        other => panic!("{other:?}"),
                    }
                }
                taken
            })
        })
        .collect();
    let taken: i64 = tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).sum();
    assert!(taken > 0);

    // The log tells whether any decision was taken on a state that was not the newest.
    let (_, head) = ledger.head(StreamId::Case(tally)).unwrap();
    let (mut open, mut total) = (false, 0);
    for entry in ledger.reader().history(head).unwrap() {
        let event = entry.decode().unwrap();
        match rmp_serde::from_slice(event.facts).unwrap() {
            crate::toy::Fact::Opened { .. } => open = true,
            crate::toy::Fact::Reopened { .. } => {
                assert!(!open, "reopened while open, at {}", event.position);
                open = true;
            }
            crate::toy::Fact::Closed => {
                assert!(open, "closed while closed, at {}", event.position);
                open = false;
            }
            crate::toy::Fact::Added { amount } => {
                assert!(open, "added while closed, at {}", event.position);
                total += amount;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(total, 1_000 - taken);
}
