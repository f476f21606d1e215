//! What is known of students across their cases: which ids are of one student (R28), which cases were closed not long
//! ago (Q3). What lasts lies in the shard of the case that told it; this is the index over all shards.

use std::collections::BTreeMap;

use chrono::Months;

use super::shards::{ById, Shard};
use crate::event::SameStudent;
use crate::ids::{CaseId, StudentId};
use crate::opening::RecentClosure;
use crate::policy::RECENT_MONTHS_MAX;

/// The index.
#[derive(Default)]
pub(super) struct Students {
    closures: ById<StudentId, Vec<RecentClosure>>,
    /// Ids that stand for a student with another id, each with the merges that told it.
    same: ById<StudentId, BTreeMap<CaseId, StudentId>>,
    /// The other way round: the ids that a merge said stand for this one's student, once for each merge.
    others: ById<StudentId, Vec<StudentId>>,
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

    /// Returns every id of the student, the one that stands for it first.
    pub fn ids_of(&self, student: StudentId) -> Vec<StudentId> {
        let kept = self.kept(student);
        let mut ids = vec![kept];
        let mut followed = 0;
        while let Some(id) = ids.get(followed) {
            for other in self.others.get(id).into_iter().flatten() {
                // A merge may be told otherwise by another one.
                if !ids.contains(other) && self.kept(*other) == kept {
                    ids.push(*other);
                }
            }
            followed += 1;
        }
        ids
    }

    /// Returns the student's case that was closed last, of those remembered.
    pub fn last_closure(&self, student: StudentId) -> Option<RecentClosure> {
        let ids = self.ids_of(student);
        let closures = ids.iter().filter_map(|id| self.closures.get(id)).flatten();
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
        self.tell(case, same);
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
        shard.same.iter().for_each(|(&case, &same)| self.tell(case, same));
    }

    /// Forgets what a shard held.
    pub fn ends(&mut self, shard: &Shard) {
        shard.closures.values().for_each(|closure| self.forget(closure));
        shard.same.iter().for_each(|(&case, &same)| self.untell(case, same));
    }

    fn tell(&mut self, case: CaseId, same: SameStudent) {
        self.same.entry(same.other).or_default().insert(case, same.kept);
        self.others.entry(same.kept).or_default().push(same.other);
    }

    fn untell(&mut self, case: CaseId, same: SameStudent) {
        if let Some(told) = self.same.get_mut(&same.other) {
            told.remove(&case);
            if told.is_empty() {
                self.same.remove(&same.other);
            }
        }
        if let Some(others) = self.others.get_mut(&same.kept) {
            if let Some(at) = others.iter().position(|&other| other == same.other) {
                others.swap_remove(at);
            }
            if others.is_empty() {
                self.others.remove(&same.kept);
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
