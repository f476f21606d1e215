//! Workers killed in mid-batch, again and again: every read model equals a fresh fold, to the last row; and a disk that
//! is full for a rebuild is none for the file in use.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::*;
use caseledger_events::ids::Position;
use caseledger_events::testing::{InClear, cases};
use caseledger_views::{BesideState, ViewOptions, Views};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const VIEWS: [&str; 3] = ["case_view", "service_levels", "audit_trail"];

/// Kills a process whatever happens to the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the process of `following::the_reader_that_is_killed`.
fn reader(place: &Place) -> Killed {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "following::the_reader_that_is_killed", "--nocapture"])
        .env("CASELEDGER_TEST_VIEW_DIR", place.ledger().parent().unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Killed(child.unwrap())
}

/// Returns where a view's file stands; nothing where there is none yet.
fn position(dir: &Path, view: &str) -> Option<u64> {
    let name = std::fs::read_to_string(dir.join(format!("{view}.current"))).ok()?;
    let db = rusqlite::Connection::open(dir.join(name.trim())).ok()?;
    db.busy_timeout(PATIENCE).unwrap();
    db.query_row("SELECT position FROM view_mark", [], |row| row.get::<_, i64>(0)).ok().map(i64::cast_unsigned)
}

/// Compares what lies there with a fold of its own, and puts the beginning back, so that there is more to kill.
fn compare(place: &Place, fresh: &[String; 3]) {
    let store = place.open();
    let views = place.start(&store);
    VIEWS.iter().for_each(|view| {
        assert_eq!(followed(&views, view).set_aside, []);
    });
    views.shutdown();
    for (view, fresh) in VIEWS.iter().zip(fresh) {
        assert_eq!(&dump_of(&place.views(), view), fresh, "{view}");
    }
    begin(place);
}

/// Puts the files back that hold the first events: from there on a view follows, in small transactions.
fn begin(place: &Place) {
    let _ = std::fs::remove_dir_all(place.views());
    std::fs::create_dir(place.views()).unwrap();
    for entry in std::fs::read_dir(begun_in(place)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), place.views().join(entry.file_name())).unwrap();
    }
}

fn begun_in(place: &Place) -> std::path::PathBuf {
    place.views().with_file_name("begun")
}

fn folded(place: &Place) -> [String; 3] {
    let dir = tempfile::tempdir().unwrap();
    let store = place.open();
    let views = Views::open(dir.path(), store.reader(), Arc::new(InClear), ViewOptions::default()).unwrap();
    let dumps = VIEWS.map(|view| {
        followed(&views, view);
        view
    });
    views.shutdown();
    dumps.map(|view| dump_of(dir.path(), view))
}

#[test]
fn workers_killed_in_mid_batch_leave_what_a_fresh_fold_makes() {
    let place = Place::new();
    let tape = term(21, 6_000);
    let mut store = place.create(&tape.first(10));
    let views = place.start(&store);
    VIEWS.iter().for_each(|view| drop(followed(&views, view)));
    views.shutdown();
    std::fs::rename(place.views(), begun_in(&place)).unwrap();
    append(&mut store, &tape);
    drop((views, store));
    begin(&place);
    let fresh = folded(&place);
    let (mut kills, mut in_mid_batch, mut stood) = (0, 0, 10);
    while kills < u64::from(cases(5)) {
        let child = reader(&place);
        // Until it has begun, then a little longer: each time another place of a transaction.
        let begun = Instant::now();
        while position(&place.views(), "case_view").is_none_or(|at| at <= stood) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(kills * 37 % 90));
        drop(child);
        kills += 1;
        let at = VIEWS.map(|view| position(&place.views(), view).unwrap_or(0));
        stood = at[0];
        in_mid_batch += u64::from(at.iter().any(|at| *at < 6_000));
        if at.iter().all(|at| *at == 6_000) {
            compare(&place, &fresh);
            stood = 10;
        }
    }
    assert!(in_mid_batch > 0, "{kills} kills met no view at work");
    compare(&place, &fresh);
}

const FULL: &str = "CASELEDGER_TEST_FULL_DISK_DIR";

/// The process that may write no more to any file: what a full disk is to a build.
#[test]
fn the_builder_whose_disk_is_full() {
    let Some(dir) = std::env::var_os(FULL) else { return };
    let dir = std::path::PathBuf::from(dir);
    let store = open_store(&dir.join("ledger"));
    let options = ViewOptions { batch_events: 100, ..Default::default() };
    let views = Views::open(&dir.join("views"), store.reader(), Arc::new(InClear), options).unwrap();
    let before = caught_up(&views);
    let limit = Rlimit { current: Some(512 << 10), maximum: getrlimit(Resource::Fsize).maximum };
    setrlimit(Resource::Fsize, limit).unwrap();
    views.rebuild(&["case_view"], false).unwrap();
    let begun = Instant::now();
    let case = views.case_view().all(&Default::default()).unwrap().items[0].id();
    while begun.elapsed() < Duration::from_secs(3) {
        assert!(views.case_view().whole(case).unwrap().is_some(), "readers see no error");
        let beside = status(&views).beside.unwrap();
        assert!(beside.position < before.position && beside.state == BesideState::Building, "{beside:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = status(&views);
    assert_eq!((after.file, after.position, after.set_aside), (before.file, before.position, vec![]));
    // Nothing is closed in order: a disk that is full does not wait for it.
    std::process::exit(0);
}

#[test]
fn a_disk_that_is_full_for_a_rebuild_leaves_the_file_in_use_as_it_is() {
    let place = Place::new();
    let store = place.create(&term(5, 1_500));
    let views = place.start(&store);
    caught_up(&views);
    views.shutdown();
    drop((views, store));
    let before = place.dump();
    // A write past the limit fails instead of ending the process.
    let done = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "killing::the_builder_whose_disk_is_full", "--nocapture"])
        .env(FULL, place.ledger().parent().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}", text.chars().take(2_000).collect::<String>());
    assert_eq!(place.dump(), before);
    // With room again the build goes on where it was and ends.
    let store = place.open();
    let views = place.start(&store);
    caught_up(&views);
    views.rebuild(&["case_view"], false).unwrap();
    let ready = until(&views, |status| status.beside.as_ref().is_some_and(|b| b.state == BesideState::Ready));
    assert_eq!(ready.beside.unwrap().parity.map(|parity| parity.is_equal), Some(true));
    assert_eq!(ready.position, Position(1_500));
}
