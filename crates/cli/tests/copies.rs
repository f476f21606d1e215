//! Backup and restore, with a server running and without one.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::support::{ledger, on, record, server, try_record};
use serde_json::{Value, json};

fn events(dir: &Path) -> Vec<Value> {
    on(dir, "replay", &[]).ended(0).lines()
}

#[test]
fn a_backup_of_a_running_server_is_whole_and_restores_to_the_same() {
    let top = tempfile::tempdir().unwrap();
    let (dir, backup, restored) = (top.path().join("ledger"), top.path().join("backup"), top.path().join("restored"));
    let mut service = server(&dir).start();
    let before = record(&service, 0);
    let (next, done) = (AtomicU32::new(1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    record(&service, next.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
        let made = on(&dir, "backup", &[backup.to_str().unwrap(), "--json"]).ended(0);
        done.store(true, Ordering::Relaxed);
        assert!(made.json()["position"].as_u64().unwrap() >= 2, "{}", made.out);
    });
    let last = record(&service, 1_000_000);
    assert!(service.stop().success());

    let verified = on(&backup, "verify", &["--json"]).ended(0).json();
    let position = verified["events"].as_u64().unwrap();
    assert!(position < last["position"].as_u64().unwrap());
    assert_eq!(events(&backup), events(&dir)[..position as usize]);
    on(&backup, "serve", &[]).ended(2);
    on(&backup, "import reference", &[backup.join("backup.json").to_str().unwrap()]).ended(2);

    on(
        &restored,
        "restore",
        &[backup.to_str().unwrap(), "--complete", "--kek", top.path().join("ledger.kek").to_str().unwrap()],
    )
    .ended(0);
    assert_eq!(on(&restored, "verify", &["--json"]).ended(0).json()["epoch"], 1);
    assert_eq!(events(&restored), events(&backup));
    let mut service = server(&restored).start();
    let (status, again) = try_record(&service, 0);
    assert_eq!((status, &again["repeated"]), (200, &json!(true)), "the secret came along: {again}");
    assert_eq!(again["receipt"], before);
    assert_eq!(record(&service, 2_000_000)["position"], position + 1);
    assert!(service.stop().success());
    on(&restored, "verify", &[]).ended(0);
}

#[test]
fn a_restore_that_shortens_history_begins_an_epoch_and_says_so_first() {
    let top = ledger(9);
    let (dir, backup, short) = (top.path().join("ledger"), top.path().join("backup"), top.path().join("short"));
    on(&dir, "backup", &[backup.to_str().unwrap()]).ended(0);
    on(
        &short,
        "restore",
        &[backup.to_str().unwrap(), "--to", "6", "--kek", top.path().join("ledger.kek").to_str().unwrap()],
    )
    .ended(0);
    let verified = on(&short, "verify", &["--json"]).ended(0).json();
    assert_eq!((&verified["events"], &verified["epoch"]), (&json!(7), &json!(2)));
    let events = events(&short);
    assert_eq!(events[6]["type"], "history_restored");
    assert_eq!(events[6]["facts"], json!({"history_restored": {"epoch_before": 1, "head_before": 10, "head_kept": 6}}));

    let receipts = top.path().join("receipts.ndjson");
    let receipt = |event: &Value| {
        let of = on(&dir, "ledger", &["--json"]).json();
        json!({"ledger": of["ledger"], "epoch": 1, "position": event["position"], "chain_hash": event["chain_hash"]})
    };
    let before = on(&dir, "replay", &[]).lines();
    fs::write(&receipts, format!("{}\n{}\n", receipt(&before[5]), receipt(&before[6]))).unwrap();
    let bad = on(&short, "verify", &["--json", "--receipts", receipts.to_str().unwrap()]).ended(1).json();
    assert_eq!(bad["bad_receipts"][0]["position"], 7, "what was kept is kept: {bad}");
    assert!(bad["bad_receipts"][0]["why"].as_str().unwrap().contains("since a restore"), "{bad}");

    let mut service = server(&short).start();
    let given = record(&service, 8);
    assert_eq!(
        (&given["position"], &given["epoch"]),
        (&json!(8), &json!(2)),
        "the same row again, for it was given up"
    );
    assert!(service.stop().success());
    on(&short, "verify", &[]).ended(0);

    // Restored once more, from that ledger: the epoch goes on from where it was.
    let (backup, again) = (top.path().join("backup-2"), top.path().join("again"));
    on(&short, "backup", &[backup.to_str().unwrap()]).ended(0);
    on(&again, "restore", &[backup.to_str().unwrap()]).ended(0);
    assert_eq!(on(&again, "verify", &["--json"]).ended(0).json()["epoch"], 3, "nobody says that nothing was lost");
}

#[test]
fn nothing_is_overwritten_and_nothing_half_done_is_left() {
    let top = ledger(3);
    let (dir, backup) = (top.path().join("ledger"), top.path().join("backup"));
    on(&dir, "backup", &[dir.to_str().unwrap()]).ended(2);
    on(&dir, "backup", &[backup.to_str().unwrap()]).ended(0);
    on(&dir, "backup", &[backup.to_str().unwrap()]).ended(2);
    on(&dir, "restore", &[backup.to_str().unwrap()]).ended(2);
    on(&top.path().join("new"), "restore", &[backup.to_str().unwrap(), "--to", "9"]).ended(2);
    on(&top.path().join("new"), "restore", &[top.path().join("none").to_str().unwrap()]).ended(4);
    let mut names: Vec<_> = fs::read_dir(top.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["backup", "ledger", "ledger.kek"]);
}

#[test]
fn a_damaged_backup_is_refused_with_its_position_but_what_holds_can_be_had() {
    let top = ledger(6);
    let (dir, backup, new) = (top.path().join("ledger"), top.path().join("backup"), top.path().join("new"));
    on(&dir, "backup", &[backup.to_str().unwrap()]).ended(0);
    let segment = fs::read_dir(backup.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "seg"))
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"S-00003").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    // A backup packs many events into a group, and a group holds or does not: its first position is named.
    let ran = on(&new, "restore", &[backup.to_str().unwrap()]).ended(1);
    assert!(ran.err.contains("position"), "{}", ran.err);
    assert!(!new.exists());
    on(&backup, "verify", &[]).ended(1);
}

#[test]
fn deleting_the_sled_directory_loses_nothing() {
    let top = ledger(8);
    let dir = top.path().join("ledger");
    let before = events(&dir);
    fs::remove_dir_all(dir.join("sled")).unwrap();
    let verified = on(&dir, "verify", &["--json"]).ended(0).json();
    assert_eq!(verified["sled"], "not-compared");
    let mut service = server(&dir).start();
    assert!(service.log().contains("sled store was rebuilt"), "{}", service.log());
    record(&service, 8);
    assert!(service.stop().success());
    assert_eq!(events(&dir)[..9], before);
    assert_eq!(on(&dir, "verify", &["--json"]).ended(0).json()["sled"], "agrees");
}
