//! The keys of all students: found by NSN, made, used, replaced, destroyed.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use caseledger_events::ids::{KeyId, LedgerId, StudentId};
use caseledger_events::personal::Personal;
use parking_lot::Mutex;

use crate::cipher::{Secret, random_id, random_secret};
use crate::error::SealError;
use crate::kek::{KekId, KekKeeper};
use crate::key_file::{Header, KeyFile, Record};
use crate::table::Table;

/// The key store of a ledger.
pub struct Keys {
    pub(crate) ledger: LedgerId,
    keeper: Box<dyn KekKeeper>,
    dir: PathBuf,
    blind: hmac::Key,
    written: Mutex<Written>,
    synced: Mutex<Synced>,
}

struct Written {
    file: KeyFile,
    header: Header,
    table: Table,
    /// Raised by every rewrite: what was appended before it is durable.
    generation: u64,
    poisoned: bool,
}

struct Synced {
    file: File,
    generation: u64,
    records: usize,
    poisoned: bool,
}

/// A key a student's new events are sealed under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Current {
    /// The student.
    pub student: StudentId,
    /// The key.
    pub key: KeyId,
}

impl Keys {
    /// Returns whether a folder holds a key store, so that its key-encryption key must exist.
    pub fn exist(dir: &Path) -> bool {
        KeyFile::path_in(dir).exists()
    }

    /// Opens or creates the key store in `dir` (mode 0700) for a ledger.
    pub fn open(dir: &Path, ledger: LedgerId, keeper: Box<dyn KekKeeper>) -> Result<Keys, SealError> {
        let (file, header, records) = match KeyFile::open(dir)? {
            Some(opened) => opened,
            None => create(dir, ledger, keeper.as_ref())?,
        };
        if header.ledger != ledger {
            return Err(SealError::OtherLedger { path: KeyFile::path_in(dir) });
        }
        // A change of key-encryption keys that was interrupted is finished the way the file says.
        keeper.adopt(header.kek)?;
        let blind = keeper.unwrap(header.kek, &header.blind_key, &blind_place(ledger))?;
        let synced = Synced { file: file.syncer()?, generation: 0, records: records.len(), poisoned: false };
        let table = Table::of(records);
        Ok(Keys {
            ledger,
            keeper,
            dir: dir.to_owned(),
            blind: hmac::Key::new(hmac::HMAC_SHA256, &blind[..]),
            written: Mutex::new(Written { file, header, table, generation: 0, poisoned: false }),
            synced: Mutex::new(synced),
        })
    }

    /// Returns the student an NSN stands for with a key, both new where it is unknown; durable on return. Blocks on a sync.
    pub fn student(&self, nsn: Option<&Personal<String>>) -> Result<StudentId, SealError> {
        let blind = nsn.map(|nsn| self.blind_hash(nsn));
        let (student, place) = self.find_or_append(blind)?;
        self.sync_to(place)?;
        Ok(student)
    }

    /// Does the same for many at once, with one sync for all; the answers stand in the order of the numbers.
    pub fn students<'a>(
        &self,
        nsns: impl IntoIterator<Item = Option<&'a Personal<String>>>,
    ) -> Result<Vec<StudentId>, SealError> {
        let (mut students, mut last) = (Vec::new(), None);
        for nsn in nsns {
            let (student, place) = self.find_or_append(nsn.map(|nsn| self.blind_hash(nsn)))?;
            students.push(student);
            last = Some(place);
        }
        last.map_or(Ok(()), |place| self.sync_to(place))?;
        Ok(students)
    }

    /// Returns the student an NSN stands for; `None` where nobody has told it.
    pub fn known(&self, nsn: &Personal<String>) -> Option<StudentId> {
        let blind = self.blind_hash(nsn);
        self.written.lock().table.by_blind(blind).map(|(student, _)| student)
    }

    /// Returns the key that a student's new events are sealed under.
    pub fn current(&self, student: StudentId) -> Result<Current, SealError> {
        let written = self.written.lock();
        written.table.current(student).map(|record| Current { student, key: record.key }).ok_or(SealError::NoKey)
    }

    /// Gives a student a new key, durable on return; the keys of before open what they sealed.
    pub fn replace(&self, student: StudentId) -> Result<(KeyId, KeyId), SealError> {
        let (old, new, place) = {
            let mut written = self.written.lock();
            let old = written.table.current(student).ok_or(SealError::NoKey)?.key;
            let record = self.fresh(&written, student, None)?;
            let place = written.append(record)?;
            (old, record.key, place)
        };
        self.sync_to(place)?;
        Ok((old, new))
    }

    /// Destroys every key of the students, and their entries in the blind index: the rest is wrapped under a new
    /// key-encryption key and the old one destroyed, so copies of the key store die too. Returns how many keys went.
    ///
    /// Does nothing when none of them has a key. Durable on return.
    pub fn destroy(&self, students: &HashSet<StudentId>) -> Result<usize, SealError> {
        self.rewrap(|record| !students.contains(&record.student), false)
    }

    /// Wraps every key under a new key-encryption key and destroys the old one. Returns how many keys there are.
    pub fn change_kek(&self) -> Result<usize, SealError> {
        self.rewrap(|_| true, true)?;
        Ok(self.keys_held())
    }

    /// Returns how many keys there are.
    pub fn keys_held(&self) -> usize {
        self.written.lock().table.records().len()
    }

    /// Returns how many students are known by an NSN.
    pub fn count(&self) -> usize {
        self.written.lock().table.known_by_nsn()
    }

    /// Returns whether a student has a key.
    pub fn has(&self, student: StudentId) -> bool {
        self.written.lock().table.current(student).is_some()
    }

    /// Returns the secret of a key with the student it belongs to; `None` when it was destroyed or never here.
    pub(crate) fn secret(&self, key: KeyId) -> Option<(StudentId, Secret)> {
        let (record, kek) = {
            let written = self.written.lock();
            (*written.table.by_key(key)?, written.header.kek)
        };
        let secret = self.keeper.unwrap(kek, &record.wrapped, &place(self.ledger, record.student, record.key));
        secret.ok().map(|secret| (record.student, secret))
    }

    fn blind_hash(&self, nsn: &Personal<String>) -> [u8; 16] {
        // Leading zeros are written by some and left out by others: they do not make another student.
        let digits = nsn.reveal().trim_start_matches('0');
        let mut hash = [0; 16];
        hash.copy_from_slice(&hmac::sign(&self.blind, digits.as_bytes()).as_ref()[..16]);
        hash
    }

    fn find_or_append(&self, blind: Option<[u8; 16]>) -> Result<(StudentId, Place), SealError> {
        let mut written = self.written.lock();
        if let Some((student, records)) = blind.and_then(|blind| written.table.by_blind(blind)) {
            let generation = written.generation;
            return Ok((student, Place { generation, records }));
        }
        let record = self.fresh(&written, random_student()?, blind)?;
        let place = written.append(record)?;
        Ok((record.student, place))
    }

    fn fresh(&self, written: &Written, student: StudentId, blind: Option<[u8; 16]>) -> Result<Record, SealError> {
        let key = KeyId(random_id()?);
        let secret = random_secret()?;
        let wrapped = self.keeper.wrap(written.header.kek, &secret, &place(self.ledger, student, key))?;
        Ok(Record { blind, student, key, wrapped })
    }

    /// Whoever gets the lock first syncs for all that have written by then.
    fn sync_to(&self, place: Place) -> Result<(), SealError> {
        let mut synced = self.synced.lock();
        let is_durable = synced.generation > place.generation
            || (synced.generation == place.generation && synced.records >= place.records);
        if is_durable {
            return Ok(());
        }
        if synced.poisoned {
            return Err(SealError::Poisoned);
        }
        let records = self.written.lock().table.records().len();
        if let Err(error) = synced.file.sync_data() {
            // After a failed sync the pages count as clean: a second try would lie.
            synced.poisoned = true;
            return Err(SealError::io("sync", &KeyFile::path_in(&self.dir))(error));
        }
        synced.records = records;
        Ok(())
    }

    /// Writes the file anew under a new key-encryption key, with the records that are kept.
    fn rewrap(&self, keep: impl Fn(&Record) -> bool, even_if_all: bool) -> Result<usize, SealError> {
        // In the order of `sync_to`: nobody syncs the old file while it is exchanged.
        let mut synced = self.synced.lock();
        let mut written = self.written.lock();
        if written.poisoned || synced.poisoned {
            return Err(SealError::Poisoned);
        }
        let before = written.table.records().len();
        let kept: Vec<Record> = written.table.records().iter().filter(|record| keep(record)).copied().collect();
        let gone = before - kept.len();
        if gone == 0 && !even_if_all {
            return Ok(0);
        }
        let (old, new) = (written.header.kek, self.keeper.prepare()?);
        let header = self.rewrapped_header(&written.header, new)?;
        let records = kept.iter().map(|record| self.rewrapped(record, old, new)).collect::<Result<Vec<_>, _>>()?;
        let file = KeyFile::replace(&self.dir, &header, &records)?;
        synced.file = file.syncer()?;
        synced.generation += 1;
        synced.records = records.len();
        written.generation += 1;
        written.file = file;
        written.header = header;
        written.table = Table::of(records);
        self.keeper.adopt(new)?;
        Ok(gone)
    }

    fn rewrapped_header(&self, header: &Header, new: KekId) -> Result<Header, SealError> {
        let place = blind_place(self.ledger);
        let blind = self.keeper.unwrap(header.kek, &header.blind_key, &place)?;
        Ok(Header { kek: new, blind_key: self.keeper.wrap(new, &blind, &place)?, ..*header })
    }

    fn rewrapped(&self, record: &Record, old: KekId, new: KekId) -> Result<Record, SealError> {
        let place = place(self.ledger, record.student, record.key);
        let secret = self.keeper.unwrap(old, &record.wrapped, &place)?;
        Ok(Record { wrapped: self.keeper.wrap(new, &secret, &place)?, ..*record })
    }
}

/// Up to where the file must be synced.
#[derive(Clone, Copy)]
struct Place {
    generation: u64,
    records: usize,
}

impl Written {
    fn append(&mut self, record: Record) -> Result<Place, SealError> {
        if self.poisoned {
            return Err(SealError::Poisoned);
        }
        let appended = self.file.append(&record);
        // A record half written would be taken for damage by the next one: stop writing for good.
        self.poisoned = appended.is_err();
        appended?;
        self.table.add(record);
        Ok(Place { generation: self.generation, records: self.table.records().len() })
    }
}

fn create(dir: &Path, ledger: LedgerId, keeper: &dyn KekKeeper) -> Result<(KeyFile, Header, Vec<Record>), SealError> {
    let kek = *keeper.known().first().ok_or(SealError::OtherKek)?;
    let blind_key = keeper.wrap(kek, &random_secret()?, &blind_place(ledger))?;
    let header = Header { ledger, kek, blind_key };
    Ok((KeyFile::replace(dir, &header, &[])?, header, Vec::new()))
}

fn random_student() -> Result<StudentId, SealError> {
    let mut id = random_id()?;
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    Ok(StudentId(id))
}

/// What a wrapped secret is bound to: it opens for its own student and key alone.
fn place(ledger: LedgerId, student: StudentId, key: KeyId) -> Vec<u8> {
    [b"caseledger key ".as_slice(), &ledger.0, &student.0, &key.0].concat()
}

fn blind_place(ledger: LedgerId) -> Vec<u8> {
    [b"caseledger blind index ".as_slice(), &ledger.0].concat()
}

#[cfg(test)]
mod tests;
