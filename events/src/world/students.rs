//! What is known of students across their cases: which ids are of one student (R28), which cases were closed not long
//! ago (Q3). What lasts lies in the shard of the case that told it; this is the index over all shards.

use std::collections::{BTreeMap, HashMap};

use chrono::Months;

use super::shards::Shard;
use crate::event::SameStudent;
use crate::ids::{CaseId, StudentId};
use crate::opening::RecentClosure;
use crate::policy::RECENT_MONTHS_MAX;

/// The index.
#[derive(Default)]
pub(super) struct Students {
    closures: HashMap<StudentId, Vec<RecentClosure>>,
    /// Ids that stand for a student with another id, each with the merges that told it.
    same: HashMap<StudentId, BTreeMap<CaseId, StudentId>>,
}

impl Students {
    /// Returns the id that stands for the student.
    pub fn kept(&self, student: StudentId) -> StudentId {
        let mut kept = student;
        // A chain is as long as a student has ids; one that leads in a circle ends when all were followed.
        for _ in 0..self.same.len() {
            match self.same.get(&kept).and_then(|told| told.values().next()) {
                Some(&other) => kept = other,
                None => break,
            }
        }
        kept
    }

    /// Returns every id of the student.
    pub fn ids_of(&self, student: StudentId) -> impl Iterator<Item = StudentId> {
        let kept = self.kept(student);
        let others = self.same.keys().copied().filter(move |&other| other != kept && self.kept(other) == kept);
        std::iter::once(kept).chain(others)
    }

    /// Returns the student's case that was closed last, of those remembered.
    pub fn last_closure(&self, student: StudentId) -> Option<RecentClosure> {
        let closures = self.ids_of(student).filter_map(|id| self.closures.get(&id)).flatten();
        closures.max_by_key(|closure| (closure.on, closure.case)).copied()
    }

    /// Remembers a closure, and forgets those in its shard that no policy calls recent any more.
    pub fn closed(&mut self, shard: &mut Shard, closure: RecentClosure) {
        shard.closures.insert((closure.on, closure.case), closure);
        self.closures.entry(closure.student).or_default().push(closure);
        // By the latest of all, so that the order in which they are told makes no difference.
        let latest = shard.closures.last_key_value().map_or(closure.on, |(&(on, _), _)| on);
        let since = latest.checked_sub_months(Months::new(u32::from(RECENT_MONTHS_MAX) + 1));
        while let Some(oldest) = shard.closures.first_entry().filter(|oldest| Some(oldest.key().0) < since) {
            self.forget(&oldest.remove());
        }
    }

    /// Forgets the closure of a case that was reopened.
    pub fn reopened(&mut self, shard: &mut Shard, case: CaseId) {
        let key = shard.closures.keys().find(|(_, closed)| *closed == case).copied();
        if let Some(closure) = key.and_then(|key| shard.closures.remove(&key)) {
            self.forget(&closure);
        }
    }

    /// Takes two ids for one student, told by the merge of a case.
    pub fn are_one(&mut self, shard: &mut Shard, case: CaseId, same: SameStudent) {
        self.are_two(shard, case);
        shard.same.insert(case, same);
        self.same.entry(same.other).or_default().insert(case, same.kept);
    }

    /// Takes them for two again.
    pub fn are_two(&mut self, shard: &mut Shard, case: CaseId) {
        if let Some(same) = shard.same.remove(&case) {
            self.untell(case, same);
        }
    }

    /// Takes in what a shard holds that is put in another's place.
    pub fn begins_again(&mut self, shard: &Shard) {
        for closure in shard.closures.values() {
            self.closures.entry(closure.student).or_default().push(*closure);
        }
        for (&case, same) in &shard.same {
            self.same.entry(same.other).or_default().insert(case, same.kept);
        }
    }

    /// Forgets what a shard held.
    pub fn ends(&mut self, shard: &Shard) {
        shard.closures.values().for_each(|closure| self.forget(closure));
        shard.same.iter().for_each(|(&case, &same)| self.untell(case, same));
    }

    fn untell(&mut self, case: CaseId, same: SameStudent) {
        if let Some(told) = self.same.get_mut(&same.other) {
            told.remove(&case);
            if told.is_empty() {
                self.same.remove(&same.other);
            }
        }
    }

    fn forget(&mut self, closure: &RecentClosure) {
        if let Some(closures) = self.closures.get_mut(&closure.student) {
            if let Some(at) = closures.iter().position(|held| held == closure) {
                closures.swap_remove(at);
            }
            if closures.is_empty() {
                self.closures.remove(&closure.student);
            }
        }
    }
}
