//! A process that puts views on record, killed again and again: what it acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::access_support::*;

const DIR: &str = "CASELEDGER_VIEWER_DIR";

/// In the process to be killed: puts views on record for ever, a few at a time. In the test process: nothing.
#[test]
fn viewer_process() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (log, report) = open(Path::new(&dir));
    let mut out = std::io::stdout().lock();
    let mut next = report.head.0 + 1;
    loop {
        let pending: Vec<_> = (next..next + 1 + next % 7).map(|n| log.append(view(n))).collect();
        for view in pending {
            let receipt = view.wait().unwrap();
            writeln!(out, "ACK {} {}", receipt.position, receipt.chain).unwrap();
            next += 1;
        }
        out.flush().unwrap();
    }
}

/// Runs the process for a while, kills it, and returns the last position it acknowledged with its chain hash.
fn run_and_kill(dir: &Path, lives: Duration) -> Option<(u64, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["access_log_kill::viewer_process", "--exact", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = std::thread::spawn(move || {
        // Only the last whole line matters; one cut short told nobody anything.
        out.lines().map_while(Result::ok).filter_map(|line| acknowledged(&line)).last()
    });
    std::thread::sleep(lives);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.join().unwrap()
}

fn acknowledged(line: &str) -> Option<(u64, String)> {
    let (position, chain) = line.split_once("ACK ")?.1.split_once(' ')?;
    (chain.len() == 64).then_some((position.parse().ok()?, chain.to_owned()))
}

#[test]
fn a_killed_process_loses_no_view_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let access = dir.path().join("access");
    let long = std::env::var_os("CASELEDGER_LONG").is_some_and(|value| value == "1");
    let rounds: u64 = if long { 500 } else { 12 };
    let mut seen = 0;
    for round in 0..rounds {
        let acknowledged = run_and_kill(&access, Duration::from_millis(30 + round * 37 % 160));
        let (log, report) = open(&access);
        let (numbers, chain) = read_back(&log.reader());
        assert_eq!(numbers, (1..=report.head.0).collect::<Vec<_>>(), "round {round}: {report}");
        if let Some((position, hash)) = acknowledged {
            assert!(report.head.0 >= position, "round {round}: {position} was acknowledged but {report}");
            assert_eq!(chain[position as usize - 1].to_string(), hash, "round {round}");
            seen = position;
        }
    }
    println!("{rounds} kills, {seen} views acknowledged");
}
