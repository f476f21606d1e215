//! NSN to student id, in memory over the index file; many askers share one sync.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use caseledger_events::ids::StudentId;
use caseledger_events::personal::Personal;
use parking_lot::Mutex;

use crate::index_file::{IndexError, IndexFile};

/// The students of a ledger.
pub struct Students {
    key: hmac::Key,
    random: SystemRandom,
    path: PathBuf,
    written: Mutex<Written>,
    synced: Mutex<Synced>,
}

struct Written {
    file: IndexFile,
    /// Blind hash to student, and the number of the entry: it may be used once that many are synced.
    students: HashMap<[u8; 16], (StudentId, u64)>,
    poisoned: bool,
}

struct Synced {
    file: File,
    entries: u64,
    poisoned: bool,
}

impl Students {
    /// Opens or creates the index in `dir` (mode 0700).
    pub fn open(dir: &Path) -> Result<Students, IndexError> {
        let (file, entries) = IndexFile::open(dir)?;
        let count = entries.len() as u64;
        let students = entries.into_iter().zip(1..).map(|((blind, student), n)| (blind, (student, n))).collect();
        Ok(Students {
            key: hmac::Key::new(hmac::HMAC_SHA256, &file.key),
            random: SystemRandom::new(),
            path: file.path().to_owned(),
            synced: Mutex::new(Synced { file: file.syncer()?, entries: count, poisoned: false }),
            written: Mutex::new(Written { file, students, poisoned: false }),
        })
    }

    /// Returns a new random id, for a student without an NSN.
    pub fn fresh(&self) -> Result<StudentId, IndexError> {
        let mut id = [0; 16];
        self.random.fill(&mut id).map_err(|_| IndexError::NoRandomness)?;
        id[6] = (id[6] & 0x0f) | 0x40;
        id[8] = (id[8] & 0x3f) | 0x80;
        Ok(StudentId(id))
    }

    /// Returns the student an NSN stands for, a new one where it is unknown; durable on return. Blocks on a sync.
    pub fn resolve(&self, nsn: &Personal<String>) -> Result<StudentId, IndexError> {
        let blind = self.blind(nsn);
        let (student, entry) = self.find_or_append(blind)?;
        self.sync_to(entry)?;
        Ok(student)
    }

    /// Returns how many students are known by an NSN.
    pub fn count(&self) -> usize {
        self.written.lock().students.len()
    }

    fn blind(&self, nsn: &Personal<String>) -> [u8; 16] {
        // Leading zeros are written by some and left out by others: they do not make another student.
        let digits = nsn.reveal().trim_start_matches('0');
        let tag = hmac::sign(&self.key, digits.as_bytes());
        let mut blind = [0; 16];
        blind.copy_from_slice(&tag.as_ref()[..16]);
        blind
    }

    fn find_or_append(&self, blind: [u8; 16]) -> Result<(StudentId, u64), IndexError> {
        let mut written = self.written.lock();
        if written.poisoned {
            return Err(IndexError::Poisoned);
        }
        if let Some(&known) = written.students.get(&blind) {
            return Ok(known);
        }
        let student = self.fresh()?;
        let appended = written.file.append(&(blind, student));
        // A record half written would be taken for damage by the next one: stop writing for good.
        written.poisoned = appended.is_err();
        appended?;
        let entry = written.students.len() as u64 + 1;
        written.students.insert(blind, (student, entry));
        Ok((student, entry))
    }

    /// Whoever gets the lock first syncs for all that have written by then.
    fn sync_to(&self, entry: u64) -> Result<(), IndexError> {
        let mut synced = self.synced.lock();
        if synced.entries >= entry {
            return Ok(());
        }
        if synced.poisoned {
            return Err(IndexError::Poisoned);
        }
        let written = self.written.lock().students.len() as u64;
        if let Err(error) = synced.file.sync_data() {
            // After a failed sync the pages count as clean: a second try would lie.
            synced.poisoned = true;
            return Err(IndexFile::sync_error(&self.path, error));
        }
        synced.entries = written;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nsn(digits: &str) -> Personal<String> {
        Personal::new(digits.to_owned())
    }

    #[test]
    fn the_same_nsn_is_the_same_student_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let students = Students::open(dir.path()).unwrap();
        let hemi = students.resolve(&nsn("100200300")).unwrap();
        assert_eq!(students.resolve(&nsn("0100200300")).unwrap(), hemi, "leading zeros do not matter");
        assert_ne!(students.resolve(&nsn("100200301")).unwrap(), hemi);
        drop(students);
        assert_eq!(Students::open(dir.path()).unwrap().resolve(&nsn("100200300")).unwrap(), hemi);
    }

    #[test]
    fn no_nsn_and_no_plain_hash_of_one_lies_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        Students::open(dir.path()).unwrap().resolve(&nsn("123456789")).unwrap();
        let bytes = std::fs::read(dir.path().join("students.idx")).unwrap();
        assert!(!bytes.windows(9).any(|w| w == b"123456789"));
        use std::os::unix::fs::PermissionsExt;
        for name in ["students.idx", "blind.key"] {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_torn_last_record_is_cut_and_an_earlier_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("students.idx");
        let students = Students::open(dir.path()).unwrap();
        let first = students.resolve(&nsn("1")).unwrap();
        students.resolve(&nsn("2")).unwrap();
        drop(students);
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..36 {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let students = Students::open(dir.path()).unwrap();
            assert_eq!(students.count(), 1, "cut {cut}");
            assert_eq!(students.resolve(&nsn("1")).unwrap(), first);
        }
        let mut flipped = whole;
        flipped[10] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let error = Students::open(dir.path()).err().unwrap();
        assert!(matches!(error, IndexError::Damaged { what: "a record fails its checksum", .. }), "{error}");
    }

    #[test]
    fn an_index_without_its_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        Students::open(dir.path()).unwrap().resolve(&nsn("1")).unwrap();
        std::fs::remove_file(dir.path().join("blind.key")).unwrap();
        assert!(Students::open(dir.path()).is_err());
    }

    #[test]
    fn many_askers_get_one_student_each() {
        let dir = tempfile::tempdir().unwrap();
        let students = Students::open(dir.path()).unwrap();
        let ids: Vec<Vec<StudentId>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..50).map(|n| students.resolve(&nsn(&format!("{}", n + 1))).unwrap()).collect())
                })
                .collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(students.count(), 50);
    }
}
