//! The access ledger: durable before the answer, one sync for many, nothing written after a failed write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::access_support::*;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Position};
use caseledger_log::{AccessLogError, AccessLogOptions, AccessOpenError, Fault, Finding, Io, JournalReader, OpenError};
use caseledger_proof::Hash;
use rustix::io::Errno;

#[test]
fn a_new_access_ledger_is_empty_and_belongs_to_its_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let (log, report) = open(dir.path());
    assert_eq!((report.head, log.head()), (Position(0), (Position(0), Hash::ZERO)));
    assert_eq!(log.identity().ledger, LEDGER);
    assert!(read_back(&log.reader()).0.is_empty());
}

#[test]
fn what_was_answered_is_there_after_a_stop_without_closing() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let receipts: Vec<_> = (1..=300).map(|n| log.append(view(n)).wait().unwrap()).collect();
    drop(log);
    let (log, report) = open(dir.path());
    assert!(!report.clean);
    let (numbers, chain) = read_back(&log.reader());
    assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
    for (n, receipt) in receipts.iter().enumerate() {
        assert_eq!((receipt.position.0 as usize, receipt.chain), (n + 1, chain[n]));
        assert_eq!(log.reader().chain_at(receipt.position).unwrap(), receipt.chain);
    }
    assert!(segments(dir.path()).len() > 3, "several segments were filled");
}

#[test]
fn a_closed_access_ledger_opens_clean_goes_on_where_it_stopped_and_refuses_views_until_then() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=10);
    log.close().unwrap();
    log.close().unwrap();
    assert_eq!(log.append(view(11)).wait(), Err(AccessLogError::Stopped));
    drop(log);
    let (log, report) = open(dir.path());
    assert!(report.clean && report.findings.is_empty(), "{report}");
    record(&log, 11..=20);
    assert_eq!(read_back(&log.reader()).0, (1..=20).collect::<Vec<_>>());
}

#[test]
fn many_who_wait_share_a_sync_and_keep_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let io = Io::counting();
    // The committer asks for free space before each group: it is held there until all views have queued.
    let gate = Arc::new(parking_lot::Mutex::new(()));
    let held = gate.lock();
    let at_gate = Arc::clone(&gate);
    let space_probe = Arc::new(move |_: &std::path::Path| {
        drop(at_gate.lock());
        Ok(u64::MAX)
    });
    let options = AccessLogOptions { io: io.clone(), segment_bytes: 4 << 20, space_probe, ..small() };
    let (log, _) = open_with(dir.path(), &options).unwrap();
    let before = io.operations();
    let pending: Vec<_> = (1..=2_000).map(|n| log.append(view(n))).collect();
    drop(held);
    let positions: Vec<_> = pending.into_iter().map(|view| view.wait().unwrap().position.0).collect();
    assert_eq!(positions, (1..=2_000).collect::<Vec<_>>());
    let operations = io.operations() - before;
    assert!(operations <= 4, "two groups at most, a write and a sync each: {operations} operations");
    assert_eq!(read_back(&log.reader()).0, (1..=2_000).collect::<Vec<_>>());
}

#[test]
fn views_of_many_threads_each_stand_once_where_their_receipt_says() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let of_thread = |thread: u64| {
        let log = &log;
        move || (1..=50).map(|n| (thread * 1_000 + n, log.append(view(thread * 1_000 + n)).wait().unwrap())).collect()
    };
    let receipts: Vec<(u64, _)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=8).map(|thread| scope.spawn(of_thread(thread))).collect();
        threads.into_iter().flat_map(|thread| -> Vec<_> { thread.join().unwrap() }).collect()
    });
    let (numbers, chain) = read_back(&log.reader());
    assert_eq!(numbers.len(), 400);
    for (number, receipt) in receipts {
        let at = receipt.position.0 as usize - 1;
        assert_eq!((numbers[at], chain[at]), (number, receipt.chain));
    }
}

#[test]
fn a_reader_sees_what_is_on_disk_while_more_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=5);
    let mut scan = log.reader().scan(Position(3));
    record(&log, 6..=9);
    let first = scan.next_group().unwrap().map(|group| group.first());
    assert_eq!((first, scan.stop()), (Some(Position(3)), Position(5)));
    assert_eq!(read_back(&log.reader()).0.len(), 9);
    let beside = JournalReader::open(dir.path()).unwrap();
    assert_eq!(beside.last(), Position(9));
    assert_eq!(beside.chain_at(Position(9)).unwrap(), log.head().1);
}

#[test]
fn recorded_time_never_goes_back_not_even_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let late = log.append(view(1_000)).wait().unwrap().recorded_at;
    assert_eq!(log.append(view(1)).wait().unwrap().recorded_at, late);
    drop(log);
    let (log, _) = open(dir.path());
    assert_eq!(log.append(view(2)).wait().unwrap().recorded_at, late);
    assert_eq!(log.append(view(1_001)).wait().unwrap().recorded_at, Timestamp(late.0 + 1));
}

#[test]
fn a_torn_tail_is_cut_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=3);
    drop(log);
    let newest = segments(dir.path()).pop().unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap();
    bytes[used + 1..used + 40].fill(7);
    std::fs::write(&newest, bytes).unwrap();
    let (log, report) = open(dir.path());
    assert!(matches!(report.findings[..], [Finding::TornTail { after: Position(3), .. }]), "{report}");
    record(&log, [4]);
    assert_eq!(read_back(&log.reader()).0, [1, 2, 3, 4]);
}

#[test]
fn damage_is_refused_with_its_positions_and_nothing_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=200);
    drop(log);
    // Where a record of one view lies: damage in the newest, and in a sealed one whose index is gone.
    let all = segments(dir.path());
    let (sealed, newest) = (&all[1], all.last().unwrap());
    let first = |path: &std::path::Path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    for (path, with_index) in [(newest, true), (sealed, false)] {
        let whole = std::fs::read(path).unwrap();
        let index = path.with_extension("idx");
        let sidecar = std::fs::read(&index).ok().filter(|_| !with_index);
        sidecar.iter().for_each(|_| std::fs::remove_file(&index).unwrap());
        let mut bytes = whole.clone();
        bytes[80 + 60 + 20] ^= 1;
        std::fs::write(path, bytes).unwrap();
        let before = contents(dir.path());
        let error = open_with(dir.path(), &small()).err().unwrap();
        let AccessOpenError::Damaged { file, first: from, last, .. } = &error else { panic!("{error}") };
        assert_eq!((file, from.0, last.0), (path, first(path), first(path)));
        assert!(error.to_string().contains("nothing was changed"));
        assert!(contents(dir.path()) == before, "nothing was changed");
        std::fs::write(path, whole).unwrap();
    }
    let (log, _) = open(dir.path());
    assert_eq!(read_back(&log.reader()).0.len(), 200);
}

#[test]
fn damage_met_while_reading_is_an_error_that_names_the_position() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=200);
    // So that nothing in the background still touches the file.
    log.close().unwrap();
    let path = &segments(dir.path())[1];
    let mut bytes = std::fs::read(path).unwrap();
    bytes[80 + 60 + 20] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let error = log.reader().scan(Position(1)).entries().find_map(Result::err).unwrap();
    let caseledger_log::ReadError::Damaged { file, position, .. } = &error else { panic!("{error}") };
    assert_eq!(file, path);
    assert!(path.to_str().unwrap().contains(&position.to_string()));
}

#[test]
fn a_missing_segment_a_lost_end_and_another_ledger_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    record(&log, 1..=200);
    log.close().unwrap();
    drop(log);
    let all = segments(dir.path());
    let aside = dir.path().join("aside");
    for path in [&all[0], &all[1], all.last().unwrap()] {
        std::fs::rename(path, &aside).unwrap();
        let error = open_with(dir.path(), &small()).err().unwrap();
        assert!(matches!(error, AccessOpenError::Damaged { .. }), "{error}");
        std::fs::rename(&aside, path).unwrap();
    }
    let other = caseledger_events::ids::LedgerId([9; 16]);
    let error = caseledger_log::AccessLog::open(dir.path(), other, &small()).err().unwrap();
    assert!(matches!(error, AccessOpenError::OtherLedger { .. }), "{error}");
    let (log, report) = open(dir.path());
    assert!(report.clean, "none of this removed the mark");
    let error = open_with(dir.path(), &small()).err().unwrap();
    assert!(matches!(error, AccessOpenError::Directory(OpenError::Locked { .. })), "{error}");
    assert_eq!(read_back(&log.reader()).0.len(), 200);
}

#[test]
fn after_a_write_or_sync_fails_no_view_is_answered_and_what_was_answered_is_kept() {
    let counted = Io::counting();
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open_with(dir.path(), &AccessLogOptions { io: counted.clone(), ..small() }).unwrap();
    record(&log, 1..=80);
    drop(log);
    for errno in [Errno::IO, Errno::NOSPC] {
        for nth in (1..=counted.operations()).step_by(7) {
            let dir = tempfile::tempdir().unwrap();
            let io = Io::failing(Fault { nth, errno });
            let Ok((log, _)) = open_with(dir.path(), &AccessLogOptions { io, ..small() }) else { continue };
            let answered = (1..=80).map_while(|n| log.append(view(n)).wait().ok()).count() as u64;
            if answered < 80 {
                let said = format!("operation {nth} fails with {errno:?}");
                let error = log.append(view(99)).wait().unwrap_err();
                assert!(matches!(error, AccessLogError::Failed { .. }), "{said}: {error}");
                assert_eq!(log.failure(), Some(error), "{said}");
                assert_eq!(log.head().0, Position(answered), "{said}: what is not answered is not shown");
                log.close().unwrap();
                drop(log);
                assert!(!dir.path().join("clean").exists(), "{said}");
                let (log, _) = open(dir.path());
                let kept = read_back(&log.reader()).0;
                assert!(kept.len() as u64 >= answered && kept.len() as u64 <= answered + 1, "{said}: {answered}");
                assert_eq!(kept, (1..=kept.len() as u64).collect::<Vec<_>>(), "{said}");
            }
        }
    }
}

#[test]
fn below_its_floor_views_are_refused_and_above_it_they_are_taken_again() {
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(1_000));
    let probed = Arc::clone(&free);
    let space_probe = Arc::new(move |_: &std::path::Path| Ok(probed.load(Ordering::Relaxed)));
    let options = AccessLogOptions { space_floor_bytes: 500, space_probe, ..small() };
    let (log, _) = open_with(dir.path(), &options).unwrap();
    record(&log, [1]);
    free.store(499, Ordering::Relaxed);
    assert_eq!(log.append(view(2)).wait(), Err(AccessLogError::NoSpace { free: 499, floor: 500 }));
    assert_eq!(log.failure(), None);
    free.store(500, Ordering::Relaxed);
    record(&log, [3]);
    assert_eq!(read_back(&log.reader()).0, [1, 3]);
}

#[test]
fn the_floor_of_views_lies_below_that_of_commands_with_room_for_a_segment() {
    let (views, commands) = (AccessLogOptions::default(), caseledger_log::LedgerOptions::default());
    assert!(views.space_floor_bytes + 2 * views.segment_bytes < commands.space_floor_bytes);
    assert!(views.segment_bytes < views.space_floor_bytes);
}

#[test]
fn a_segment_is_held_in_reserve_in_full_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    // The keeper ends what it was asked before it ends.
    log.close().unwrap();
    let reserve = std::fs::metadata(dir.path().join("journal/prepared-1.tmp")).unwrap();
    assert_eq!(reserve.len(), small().segment_bytes);
}

#[test]
fn a_view_too_long_for_an_event_and_one_more_than_the_queue_takes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open_with(dir.path(), &AccessLogOptions { queue_max: 0, ..small() }).unwrap();
    assert_eq!(log.append(view(1)).wait(), Err(AccessLogError::Busy { waiting: 0 }));
    let mut long = view(2);
    long.viewed.cases = vec![CaseId([1; 16]); 40_000];
    let error = log.append(long).wait().unwrap_err();
    assert!(matches!(error, AccessLogError::TooLong { .. }), "{error}");
    assert_eq!(log.head().0, Position(0));
}

#[tokio::test]
async fn a_task_awaits_its_view_without_holding_a_thread() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let (first, second) = (log.append(view(1)), log.append(view(2)));
    assert_eq!((second.await.unwrap().position, first.await.unwrap().position), (Position(2), Position(1)));
}
