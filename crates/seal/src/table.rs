//! The records of the key store in memory, found by NSN hash, by student and by key.

use std::collections::HashMap;

use caseledger_events::ids::{KeyId, StudentId};

use crate::key_file::Record;

/// All records, and the ways to one; numbers are places in the file.
pub(crate) struct Table {
    records: Vec<Record>,
    by_blind: HashMap<[u8; 16], u32>,
    /// The newest record of each student.
    by_student: HashMap<StudentId, u32>,
    by_key: HashMap<KeyId, u32>,
}

impl Table {
    pub fn of(records: Vec<Record>) -> Table {
        let mut table = Table {
            by_blind: HashMap::with_capacity(records.len()),
            by_student: HashMap::with_capacity(records.len()),
            by_key: HashMap::with_capacity(records.len()),
            records: Vec::with_capacity(records.len()),
        };
        records.into_iter().for_each(|record| table.add(record));
        table
    }

    pub fn add(&mut self, record: Record) {
        let number = self.records.len() as u32;
        if let Some(blind) = record.blind {
            self.by_blind.entry(blind).or_insert(number);
        }
        self.by_student.insert(record.student, number);
        self.by_key.insert(record.key, number);
        self.records.push(record);
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub fn known_by_nsn(&self) -> usize {
        self.by_blind.len()
    }

    /// Returns the student of an NSN, and how many records must be durable for it.
    pub fn by_blind(&self, blind: [u8; 16]) -> Option<(StudentId, usize)> {
        let number = *self.by_blind.get(&blind)?;
        Some((self.records[number as usize].student, number as usize + 1))
    }

    /// Returns the key that a student's new events are sealed under.
    pub fn current(&self, student: StudentId) -> Option<&Record> {
        self.by_student.get(&student).map(|&number| &self.records[number as usize])
    }

    pub fn by_key(&self, key: KeyId) -> Option<&Record> {
        self.by_key.get(&key).map(|&number| &self.records[number as usize])
    }
}
