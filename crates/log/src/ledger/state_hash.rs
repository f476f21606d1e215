//! One hash over everything a machine holds, to pin golden histories and to compare two roads to one state.

use caseledger_events::machine::Machine;
use caseledger_proof::{Hash, extend};

/// Returns the hash of a machine's state: its 256 saved shards, chained in order.
pub fn state_hash<M: Machine>(machine: &M) -> Hash {
    let mut bytes = Vec::new();
    (0..=255).fold(Hash::ZERO, |before, shard| {
        bytes.clear();
        machine.save(shard, &mut bytes);
        extend(before, &bytes)
    })
}
