//! What a stop at any moment leaves behind opens again: acknowledged groups are whole, others whole or absent.

use crate::storage_support::*;
use caseledger_events::ids::Position;
use caseledger_log::{Finding, Store};

const GROUPS: [usize; 6] = [1, 3, 40, 1, 2, 5];

fn moments() -> Moments {
    Moments::record(model(60), &GROUPS, &small())
}

#[test]
fn whichever_copy_is_behind_is_caught_up_from_the_other() {
    let moments = moments();
    for journal in 0..=GROUPS.len() {
        for sled in 0..=GROUPS.len() {
            let dir = moments.mix(journal, sled);
            let (had_journal, had_sled) = (moments.heads[journal], moments.heads[sled]);
            let (mut store, report) = Store::open(dir.path(), &small()).unwrap();
            let expected = match journal.cmp(&sled) {
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => {
                    Some(Finding::SledBehind { had: had_sled, replayed: had_journal.0 - had_sled.0 })
                }
                std::cmp::Ordering::Less => {
                    Some(Finding::JournalBehind { had: had_journal, appended: had_sled.0 - had_journal.0 })
                }
            };
            let findings: Vec<_> = without_sidecars(report.findings);
            assert_eq!(findings, Vec::from_iter(expected), "journal at {journal}, sled at {sled}");
            let head = had_journal.max(had_sled);
            moments.model.assert_read_back(&store.reader(), head);
            let mut model = moments.model.clone();
            model.frames.truncate(head.0 as usize);
            model.chain.truncate(head.0 as usize);
            model.streams.values_mut().for_each(|positions| positions.retain(|p| *p <= head));
            model.tags.retain(|_, p| *p <= head);
            model.add(1, None, 30);
            model.commit_to(&mut store, 1);
            store.close().unwrap();
            let (store, report) = Store::open(dir.path(), &small()).unwrap();
            assert_eq!(report.findings, []);
            model.assert_read_back(&store.reader(), head.next());
        }
    }
}

#[test]
fn a_group_cut_at_any_byte_is_absent_where_sled_lacks_it_and_whole_where_sled_has_it() {
    let moments = Moments::record(model(8), &[3, 4, 1], &small());
    let (before, after) = (moments.heads[2], moments.heads[3]);
    let start = used(&moments.mix(2, 2));
    let whole = moments.mix(3, 3);
    let end = used(&whole);
    let step = if long() { 1 } else { 11 };
    for cut in (start..end).step_by(step) {
        for sled in [2, 3] {
            let dir = moments.mix(3, sled);
            let path = segments(dir.path()).pop().unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[cut..].fill(0);
            std::fs::write(&path, bytes).unwrap();
            let (store, report) = Store::open(dir.path(), &small()).unwrap();
            let head = if sled == 2 { before } else { after };
            assert_eq!(report.head, head, "cut at {cut}, sled at {sled}");
            let torn = report.findings.iter().any(|finding| matches!(finding, Finding::TornTail { .. }));
            assert_eq!(torn, cut > start, "cut at {cut}: {report}");
            moments.model.assert_read_back(&store.reader(), head);
        }
    }
}

#[test]
fn sectors_of_the_last_write_in_any_order_give_the_group_whole_or_absent() {
    let moments = Moments::record(model(60), &[5, 30, 25], &small());
    let (old, new) = (moments.mix(2, 2), moments.mix(3, 3));
    let rounds = if long() { 1000 } else { 100 };
    for seed in 0..rounds {
        let mut random = Seeded(seed);
        let sled = 2 + random.below(2);
        let dir = moments.mix(2, sled);
        for new_path in segments(new.path()) {
            let written = std::fs::read(&new_path).unwrap();
            let path = dir.path().join("journal").join(new_path.file_name().unwrap());
            let mut bytes = std::fs::read(old.path().join("journal").join(new_path.file_name().unwrap()))
                .unwrap_or_else(|_| vec![0; written.len()]);
            // Each 512-byte sector of the write reached the disk or did not; a file's name may be missing as well.
            let all = random.below(8) == 0;
            for (to, from) in bytes.chunks_mut(512).zip(written.chunks(512)) {
                if all || random.below(2) == 0 {
                    to.copy_from_slice(from);
                }
            }
            if path.exists() || random.below(3) > 0 {
                std::fs::write(&path, &bytes).unwrap();
            }
        }
        let (store, report) = Store::open(dir.path(), &small()).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let acknowledged = moments.heads[2];
        let unacknowledged = moments.heads[3];
        let whole_or_absent = report.head == acknowledged || report.head == unacknowledged;
        assert!(whole_or_absent, "seed {seed}: {report}");
        assert!(sled == 2 || report.head == unacknowledged, "seed {seed}: sled had the group: {report}");
        moments.model.assert_read_back(&store.reader(), report.head);
    }
}

#[test]
fn what_an_interrupted_snapshot_of_sled_leaves_is_swept_before_it_is_opened() {
    let moments = moments();
    let dir = moments.mix(6, 6);
    std::fs::write(dir.path().join("sled/snap.0000000000000042.generating"), b"half").unwrap();
    let (store, report) = Store::open(dir.path(), &small()).unwrap();
    assert!(report.findings.contains(&Finding::Swept { files: 1 }), "{report}");
    moments.model.assert_read_back(&store.reader(), Position(52));
}

#[test]
fn files_that_were_being_prepared_are_tidied_away() {
    let moments = moments();
    let dir = moments.mix(6, 6);
    let leftover = dir.path().join("journal/prepared-7.tmp");
    std::fs::write(&leftover, b"zeros").unwrap();
    drop(Store::open(dir.path(), &small()).unwrap());
    assert!(!leftover.exists());
}

/// Where the bytes in use of the newest segment end.
fn used(dir: &tempfile::TempDir) -> usize {
    let bytes = std::fs::read(segments(dir.path()).pop().unwrap()).unwrap();
    bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1
}

/// A stop between filling a segment and sealing it leaves no sidecar, which is built again.
fn without_sidecars(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| !matches!(finding, Finding::SidecarRebuilt { .. })).collect()
}
