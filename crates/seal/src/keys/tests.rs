//! What the key store promises: the same student for the same NSN, keys durable before use, nothing left of destroyed ones.

use super::*;
use crate::kek::KekFile;
use caseledger_events::ids::CorrelationId;
use caseledger_events::parts::Note;
use caseledger_events::personal::{Opener, Part, PartKind};

const LEDGER: LedgerId = LedgerId([9; 16]);
const REQUEST: CorrelationId = CorrelationId([3; 16]);

fn nsn(digits: &str) -> Personal<String> {
    Personal::new(digits.to_owned())
}

fn open(dir: &Path) -> Keys {
    try_open(dir, LEDGER).unwrap()
}

fn try_open(dir: &Path, ledger: LedgerId) -> Result<Keys, SealError> {
    let folder = dir.join("keys");
    let kek = KekFile::open(&dir.join("ledger.kek"), !Keys::exist(&folder))?;
    Keys::open(&folder, ledger, Box::new(kek))
}

fn parts() -> Vec<Part> {
    vec![Note { text: nsn("Rang the aunt in Ōtaki") }.to_part()]
}

fn sealed(keys: &Keys, student: StudentId) -> Vec<Part> {
    let mut parts = parts();
    keys.seal(student, REQUEST, &mut parts).unwrap();
    parts
}

fn opened(keys: &Keys, request: CorrelationId, sealed: &[Part]) -> Vec<Vec<u8>> {
    let mut parts = sealed.to_vec();
    keys.open(request, &mut parts);
    parts.into_iter().map(|part| part.body).collect()
}

#[test]
fn the_same_nsn_is_the_same_student_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(Some(&nsn("100200300"))).unwrap();
    assert_eq!(keys.student(Some(&nsn("0100200300"))).unwrap(), hemi, "leading zeros do not matter");
    assert_ne!(keys.student(Some(&nsn("100200301"))).unwrap(), hemi);
    assert_ne!(keys.student(None).unwrap(), keys.student(None).unwrap(), "without a number each is new (K5)");
    drop(keys);
    assert_eq!(open(dir.path()).student(Some(&nsn("100200300"))).unwrap(), hemi);
}

#[test]
fn many_numbers_at_once_are_the_students_they_are_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(Some(&nsn("100200300"))).unwrap();
    let numbers = [Some(nsn("0100200300")), Some(nsn("100200301")), None, Some(nsn("100200301")), None];
    let many = keys.students(numbers.iter().map(Option::as_ref)).unwrap();
    assert_eq!((many[0], many[1] == many[3], many[2] == many[4]), (hemi, true, false));
    assert_eq!(keys.students([]).unwrap(), []);
    drop(keys);
    assert_eq!(open(dir.path()).student(Some(&nsn("100200301"))).unwrap(), many[1]);
}

#[test]
fn what_was_sealed_opens_after_a_restart_for_its_own_request_alone() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let (hemi, mere) = (keys.student(None).unwrap(), keys.student(None).unwrap());
    let parts_of_hemi = sealed(&keys, hemi);
    assert!(!parts_of_hemi[0].body.windows(4).any(|bytes| bytes == b"aunt"));
    drop(keys);
    let keys = open(dir.path());
    assert_eq!(opened(&keys, REQUEST, &parts_of_hemi), [parts()[0].body.clone()]);
    assert!(opened(&keys, CorrelationId([4; 16]), &parts_of_hemi).is_empty(), "moved to another event");
    let mut under_another = parts_of_hemi.clone();
    under_another[0].key = Some(keys.current(mere).unwrap().key);
    assert!(opened(&keys, REQUEST, &under_another).is_empty(), "given to another student");
    let mut renamed = parts_of_hemi.clone();
    renamed[0].name = "plan".to_owned();
    assert!(opened(&keys, REQUEST, &renamed).is_empty(), "passed off as another part");
}

#[test]
fn a_new_key_seals_what_is_new_and_the_old_one_still_opens_what_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(None).unwrap();
    let before = sealed(&keys, hemi);
    let (old, new) = keys.replace(hemi).unwrap();
    let after = sealed(&keys, hemi);
    assert_eq!((before[0].key, after[0].key), (Some(old), Some(new)));
    drop(keys);
    let keys = open(dir.path());
    assert_eq!(keys.current(hemi).unwrap().key, new);
    assert_eq!(opened(&keys, REQUEST, &before), opened(&keys, REQUEST, &after));
}

#[test]
fn nothing_opens_what_a_destroyed_key_sealed_not_even_a_copy_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(Some(&nsn("100200300"))).unwrap();
    let mere = keys.student(Some(&nsn("100200301"))).unwrap();
    let (of_hemi, of_mere) = (sealed(&keys, hemi), sealed(&keys, mere));
    let copy = std::fs::read(KeyFile::path_in(&dir.path().join("keys"))).unwrap();

    assert_eq!(keys.destroy(&HashSet::from([hemi])).unwrap(), 1);
    assert_eq!(keys.destroy(&HashSet::from([hemi])).unwrap(), 0, "there is nothing left to destroy");
    assert!(opened(&keys, REQUEST, &of_hemi).is_empty());
    assert_eq!(opened(&keys, REQUEST, &of_mere).len(), 1, "others keep theirs");
    assert!(matches!(keys.seal(hemi, REQUEST, &mut parts()), Err(SealError::NoKey)));
    let again = keys.student(Some(&nsn("100200300"))).unwrap();
    assert_ne!(again, hemi, "the number leads to the student no more");
    drop(keys);

    let keys = open(dir.path());
    assert!(opened(&keys, REQUEST, &of_hemi).is_empty());
    assert_eq!(opened(&keys, REQUEST, &of_mere).len(), 1);
    assert_eq!(keys.student(Some(&nsn("100200300"))).unwrap(), again);
    drop(keys);

    std::fs::write(KeyFile::path_in(&dir.path().join("keys")), copy).unwrap();
    assert!(
        matches!(try_open(dir.path(), LEDGER), Err(SealError::OtherKek)),
        "the copy was wrapped under a key that is gone"
    );
}

#[test]
fn a_new_key_encryption_key_changes_nothing_for_those_who_read() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(Some(&nsn("100200300"))).unwrap();
    let before = sealed(&keys, hemi);
    assert_eq!(keys.change_kek().unwrap(), 1);
    assert_eq!(opened(&keys, REQUEST, &before).len(), 1);
    drop(keys);
    let keys = open(dir.path());
    assert_eq!(opened(&keys, REQUEST, &before).len(), 1);
    assert_eq!(keys.student(Some(&nsn("100200300"))).unwrap(), hemi);
}

#[test]
fn a_torn_end_is_cut_off_and_damage_before_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let first = keys.student(Some(&nsn("1"))).unwrap();
    keys.student(Some(&nsn("2"))).unwrap();
    drop(keys);
    let path = KeyFile::path_in(&dir.path().join("keys"));
    let whole = std::fs::read(&path).unwrap();
    for cut in [1, 40, 115] {
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let keys = open(dir.path());
        assert_eq!(keys.count(), 1, "cut by {cut}");
        assert_eq!(keys.student(Some(&nsn("1"))).unwrap(), first);
        drop(keys);
    }
    for at in [9, 20, 60, 130, 170] {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        std::fs::write(&path, &bent).unwrap();
        assert!(matches!(try_open(dir.path(), LEDGER), Err(SealError::Damaged { .. })), "byte {at}");
    }
}

#[test]
fn the_store_of_another_ledger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    assert!(matches!(try_open(dir.path(), LedgerId([8; 16])), Err(SealError::OtherLedger { .. })));
}

#[test]
fn no_secret_and_no_nsn_lies_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let hemi = keys.student(Some(&nsn("123456789"))).unwrap();
    let (_, secret) = keys.secret(keys.current(hemi).unwrap().key).unwrap();
    let bytes = std::fs::read(KeyFile::path_in(&dir.path().join("keys"))).unwrap();
    assert!(!bytes.windows(9).any(|w| w == b"123456789"));
    assert!(!bytes.windows(32).any(|w| w == &secret[..]));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(KeyFile::path_in(&dir.path().join("keys"))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn many_at_once_get_one_student_for_one_number() {
    let dir = tempfile::tempdir().unwrap();
    let keys = open(dir.path());
    let found: Vec<StudentId> = std::thread::scope(|scope| {
        let ask = |_| scope.spawn(|| keys.student(Some(&nsn("42"))).unwrap());
        let asked: Vec<_> = (0..8).map(ask).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.iter().all(|student| *student == found[0]));
    assert_eq!(keys.count(), 1);
}
