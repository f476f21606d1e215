//! The cases held, in the shards that snapshots are taken by: saving one costs what it holds.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize, Serializer};

use crate::case::Case;
use crate::event::SameStudent;
use crate::ids::{CaseId, Code, StreamId};
use crate::machine::shard_of;
use crate::opening::RecentClosure;
use crate::provider::ProviderState;

/// A map for finding by id. Ids are random or keyed hashes, so nobody can choose them to collide.
pub(super) type ById<K, V> = HashMap<K, V, FixedState>;

/// One shard: what follows from the events of its own streams alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Shard {
    /// The highest case number seen in it.
    pub highest_number: u32,
    /// The cases held. Boxed, so that finding one among the keys touches little memory and adding one moves none of the
    /// others.
    #[serde(serialize_with = "in_order")]
    pub cases: ById<CaseId, Box<Case>>,
    /// Cases closed not long ago (Q3), by day and id.
    pub closures: BTreeMap<(NaiveDate, CaseId), RecentClosure>,
    /// Students' ids that are of one student, by the case that was merged (R28).
    pub same: BTreeMap<CaseId, SameStudent>,
    /// What the rules need of the providers.
    pub providers: BTreeMap<Code, ProviderState>,
    /// Cases carried over, by their id in the predecessor system (K3).
    pub carried_over: BTreeMap<Code, CaseId>,
}

/// Stores the same cases as the same bytes.
fn in_order<S: Serializer>(cases: &ById<CaseId, Box<Case>>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut cases: Vec<_> = cases.iter().collect();
    cases.sort_unstable_by_key(|(id, _)| **id);
    serializer.collect_map(cases)
}

impl Shard {
    /// Returns the shard without the cases that are held for the moment only: those that ended.
    pub fn lasting(&self) -> Shard {
        let active = self.cases.iter().filter(|(_, case)| case.status.is_active());
        let cases = active.map(|(&id, case)| (id, case.clone())).collect();
        Shard {
            highest_number: self.highest_number,
            cases,
            closures: self.closures.clone(),
            same: self.same.clone(),
            providers: self.providers.clone(),
            carried_over: self.carried_over.clone(),
        }
    }
}

/// All shards.
pub(super) struct Shards(Box<[Shard; 256]>);

impl Default for Shards {
    fn default() -> Self {
        Shards(Box::new(std::array::from_fn(|_| Shard::default())))
    }
}

impl Shards {
    pub fn get(&self, id: CaseId) -> Option<&Case> {
        self.shard(shard_of(StreamId::Case(id))).cases.get(&id).map(Box::as_ref)
    }

    pub fn get_mut(&mut self, id: CaseId) -> Option<&mut Case> {
        self.shard_mut(shard_of(StreamId::Case(id))).cases.get_mut(&id).map(Box::as_mut)
    }

    pub fn insert(&mut self, id: CaseId, case: Case) {
        let shard = self.shard_mut(shard_of(StreamId::Case(id)));
        shard.highest_number = shard.highest_number.max(case.number.0);
        shard.cases.insert(id, Box::new(case));
    }

    pub fn remove(&mut self, id: CaseId) {
        self.shard_mut(shard_of(StreamId::Case(id))).cases.remove(&id);
    }

    pub fn of_case_mut(&mut self, id: CaseId) -> &mut Shard {
        self.shard_mut(shard_of(StreamId::Case(id)))
    }

    pub fn provider(&self, code: Code) -> Option<&ProviderState> {
        self.shard(shard_of(StreamId::Provider(code))).providers.get(&code)
    }

    pub fn provider_mut(&mut self, code: Code) -> &mut ProviderState {
        self.shard_mut(shard_of(StreamId::Provider(code))).providers.entry(code).or_default()
    }

    pub fn shard(&self, shard: u8) -> &Shard {
        &self.0[usize::from(shard)]
    }

    pub fn shard_mut(&mut self, shard: u8) -> &mut Shard {
        &mut self.0[usize::from(shard)]
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.cases.len()).sum()
    }

    pub fn highest_number(&self) -> u32 {
        self.0.iter().map(|shard| shard.highest_number).max().unwrap_or(0)
    }
}
