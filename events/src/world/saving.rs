//! The state between runs: shard by shard, what the system streams say with the shard their stream belongs to.

use super::World;
use super::shards::Shard;
use crate::access::{ACCESS_STREAM, Grants};
use crate::codec::BadFrame;
use crate::ids::{CaseId, StreamId};
use crate::keys::{KEYS_STREAM, KeyState};
use crate::machine::shard_of;
use crate::policy::{POLICY_STREAM, Policies};
use crate::reference::{REFERENCE_STREAM, Reference};

/// What a shard is saved as: its cases, and what the system streams say that are saved with it.
type Saved = (Shard, Option<Reference>, Option<KeyState>, Option<Grants>, Option<Policies>);

impl World {
    pub(super) fn save_shard(&self, shard: u8, out: &mut Vec<u8>) {
        let reference = holds(REFERENCE_STREAM, shard).then_some(&self.reference);
        let keys = holds(KEYS_STREAM, shard).then_some(&self.keys);
        let grants = holds(ACCESS_STREAM, shard).then_some(&self.grants);
        let policies = holds(POLICY_STREAM, shard).then_some(&self.policies);
        let mut writer = rmp_serde::Serializer::new(out);
        serde::Serialize::serialize(
            &(self.cases.shard(shard).lasting(), reference, keys, grants, policies),
            &mut writer,
        )
        .expect("state is plain data of known length");
    }

    pub(super) fn load_shard(&mut self, shard: u8, bytes: &[u8]) -> Result<(), BadFrame> {
        self.replace(shard, Shard::default());
        let (held, reference, keys, grants, policies): Saved = rmp_serde::from_slice(bytes)?;
        self.replace(shard, held);
        if let Some(reference) = reference {
            self.reference = reference;
        }
        if let Some(keys) = keys {
            self.keys = keys;
        }
        if let Some(grants) = grants {
            self.grants = grants;
        }
        if let Some(policies) = policies {
            self.policies = policies;
        }
        Ok(())
    }

    /// Puts another state in the place of a shard's.
    fn replace(&mut self, shard: u8, with: Shard) {
        self.students.ends(self.cases.shard(shard));
        self.students.begins_again(&with);
        let before = std::mem::replace(self.cases.shard_mut(shard), with);
        for (id, case) in before.cases {
            self.forget_active(case.student, id);
        }
        for former in before.carried_over.keys() {
            self.carried_over.remove(former);
        }
        self.carried_over.extend(&self.cases.shard(shard).carried_over);
        let ids: Vec<CaseId> = self.cases.shard(shard).cases.keys().copied().collect();
        ids.into_iter().for_each(|id| self.index(id));
        if holds(REFERENCE_STREAM, shard) {
            self.reference = Reference::default();
        }
        if holds(POLICY_STREAM, shard) {
            self.policies = Policies::default();
        }
        if holds(KEYS_STREAM, shard) {
            self.keys = KeyState::default();
        }
        if holds(ACCESS_STREAM, shard) {
            self.grants = Grants::default();
        }
    }
}

/// Returns whether what a system stream says is saved with a shard.
fn holds(stream: &'static str, shard: u8) -> bool {
    shard == shard_of(StreamId::system(stream))
}
