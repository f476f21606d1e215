//! The cases held, in the shards that snapshots are taken by: saving one costs what it holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::ids::{CaseId, StreamId};
use crate::machine::shard_of;

/// One shard: what follows from the events of its own streams alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Shard {
    /// The highest case number seen in it.
    pub highest_number: u32,
    /// The cases held, by id: the order of their stored form.
    pub cases: BTreeMap<CaseId, Case>,
}

impl Shard {
    /// Returns the shard without the cases that are held for the moment only: those that ended.
    pub fn lasting(&self) -> Shard {
        let active = self.cases.iter().filter(|(_, case)| case.status.is_active());
        Shard { highest_number: self.highest_number, cases: active.map(|(&id, case)| (id, case.clone())).collect() }
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
        self.shard(shard_of(StreamId::Case(id))).cases.get(&id)
    }

    pub fn get_mut(&mut self, id: CaseId) -> Option<&mut Case> {
        self.shard_mut(shard_of(StreamId::Case(id))).cases.get_mut(&id)
    }

    pub fn insert(&mut self, id: CaseId, case: Case) {
        let shard = self.shard_mut(shard_of(StreamId::Case(id)));
        shard.highest_number = shard.highest_number.max(case.number.0);
        shard.cases.insert(id, case);
    }

    pub fn remove(&mut self, id: CaseId) {
        self.shard_mut(shard_of(StreamId::Case(id))).cases.remove(&id);
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
