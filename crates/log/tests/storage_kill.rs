//! A writer killed at random, mostly while it opens, again and again on one ledger: nothing acknowledged is lost.

use std::time::Duration;

use crate::storage_support::{Seeded, long, writer};

#[test]
fn writer_process() {
    writer::write_if_asked();
}

#[test]
fn a_writer_killed_again_and_again_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    let rounds = if long() { 1000 } else { 25 };
    let seed = 7;
    let mut random = Seeded(seed);
    let mut acknowledged = None;
    let mut first = writer::start("storage_kill::writer_process", &ledger, true);
    first.wait_until_ready();
    acknowledged = first.kill().or(acknowledged);
    for round in 0..rounds {
        let mut child = writer::start("storage_kill::writer_process", &ledger, true);
        // Half of the kills fall into opening.
        if random.below(2) == 0 {
            child.wait_until_ready();
        }
        std::thread::sleep(Duration::from_micros(random.next() % 120_000));
        acknowledged = child.kill().or(acknowledged);
        if round % 5 == 0 || round + 1 == rounds {
            writer::assert_kept(&ledger, acknowledged, &format!("seed {seed}, round {round}"));
        }
    }
    let head = writer::assert_kept(&ledger, acknowledged, "at the end");
    println!("{rounds} kills, {head} events");
}
