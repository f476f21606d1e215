//! A disk that is really full, in a small file system of its own.
//!
//! The test runs itself again inside a mount namespace with a tmpfs of 48 MiB; with `CASELEDGER_LONG=1` it is 768 MiB
//! and the sizes are those of the service. Where the machine allows neither root's mounts nor user namespaces it says
//! so; the rules are then covered by the probe of `sequencer_faults`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::toy::ledgers::{accept, done, folded_hash, live_hash, new_tally, options, reopen, run};
use crate::toy::{Ask, Tallies, ask, ask_tagged};
use caseledger_events::ids::StreamId;
use caseledger_log::{BALLAST_FILE, Ledger, LedgerOptions, Outcome, free_space};

const MOUNTED: &str = "CASELEDGER_TEST_TMPFS";

#[test]
fn a_full_disk_is_refused_before_harm_and_outlived() {
    if let Some(dir) = std::env::var_os(MOUNTED) {
        return on_a_small_disk(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "mount -t tmpfs -o size={2} tmpfs {0} || exit 90; {MOUNTED}={0} exec {1} --exact sequencer_disk_full::a_full_disk_is_refused_before_harm_and_outlived --nocapture",
        dir.path().display(),
        std::env::current_exe().unwrap().display(),
        if long() { "768m" } else { "48m" },
    );
    for namespace in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let ran = Command::new("unshare").args(namespace).args(["sh", "-c", &script]).output();
        match ran {
            Ok(out) if out.status.success() => return,
            Ok(out) if out.status.code() == Some(90) || String::from_utf8_lossy(&out.stderr).contains("unshare") => {}
            Ok(out) => panic!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => panic!("{error}"),
        }
    }
    println!("no tmpfs can be mounted here; the full disk is tested with a probe only");
}

const MIB: u64 = 1 << 20;

fn long() -> bool {
    std::env::var_os("CASELEDGER_LONG").is_some()
}

fn sizes() -> LedgerOptions {
    if long() {
        return LedgerOptions::default();
    }
    LedgerOptions { space_floor_bytes: 12 * MIB, ballast_bytes: 6 * MIB, ..options() }
}

/// Takes space until so much is left.
fn fill(dir: &Path, leave: u64) {
    let free = free_space(dir).unwrap();
    let file = File::create(dir.join("filler")).unwrap();
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, free.saturating_sub(leave)).unwrap();
}

fn on_a_small_disk(disk: &Path) {
    let dir = &disk.join("ledger");
    Ledger::<Tallies>::create(dir, &sizes()).unwrap();
    assert_eq!(fs::metadata(dir.join(BALLAST_FILE)).unwrap().len(), sizes().ballast_bytes);
    let (ledger, _) = reopen(dir, sizes());
    let tally = new_tally(&ledger, 1);
    let first = accept(run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1)));

    // Somebody else fills the disk: commands wait, reads and repeats go on.
    let LedgerOptions { space_floor_bytes: floor, ballast_bytes: ballast, .. } = sizes();
    fill(disk, floor - MIB);
    let outcome = run(&ledger, ask(Ask::Add { tally, amount: 1 }));
    assert!(matches!(outcome, Outcome::NoSpace { .. }), "{outcome:?}");
    assert!(matches!(run(&ledger, ask_tagged(Ask::Add { tally, amount: 1 }, 1)), Outcome::Repeated(_)));
    assert_eq!(ledger.reader().get(first.position).unwrap().position, first.position);

    // Room again: it goes on by itself.
    fs::remove_file(disk.join("filler")).unwrap();
    done(&ledger, Ask::Add { tally, amount: 1 });

    // The operator throws the ballast overboard to get going.
    fill(disk, floor - ballast / 2);
    assert!(matches!(run(&ledger, ask(Ask::Add { tally, amount: 1 })), Outcome::NoSpace { .. }));
    fs::remove_file(dir.join(BALLAST_FILE)).unwrap();
    done(&ledger, Ask::Add { tally, amount: 1 });
    drop(ledger);
    fs::remove_file(disk.join("filler")).unwrap();
    let (ledger, report) = reopen(dir, sizes());
    assert!(!report.ballast_dropped && dir.join(BALLAST_FILE).exists(), "a start with room takes it again");
    // The active segment is nearly full, which makes its copy after a kill as large as it gets.
    let bytes = sizes().store.segment_bytes as usize / 80;
    for _ in 0..70 {
        done(&ledger, Ask::Large { tally, bytes });
    }
    drop(ledger);

    // Not a byte left at the start: the ballast makes the room that opening needs.
    for (leave, clean) in [(0, true), (0, false), (64 << 10, false), (MIB, true), (2 * MIB, false)] {
        if !clean {
            // As after a kill: the active segment is copied before anything is built upon it.
            fs::remove_file(dir.join("clean")).unwrap();
        }
        fill(disk, leave);
        let (ledger, report) = reopen(dir, sizes());
        println!("{report}");
        assert!(report.ballast_dropped && !dir.join(BALLAST_FILE).exists());
        assert_eq!(ledger.reader().get(first.position).unwrap().position, first.position);
        assert!(matches!(run(&ledger, ask(Ask::Add { tally, amount: 1 })), Outcome::NoSpace { .. }));
        drop(ledger);
        fs::remove_file(disk.join("filler")).unwrap();
        let (ledger, _) = reopen(dir, sizes());
        done(&ledger, Ask::Add { tally, amount: 1 });
        assert!(ledger.head(StreamId::Case(tally)).is_some());
        assert_eq!(live_hash(&ledger), folded_hash(&ledger));
        drop(ledger);
    }
}
