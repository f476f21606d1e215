//! Leaf and chain hashes of the ledger; no I/O, no clock.
//!
//! Two hashes are kept of every stored frame (design: "Bytes"):
//! - the **leaf**, `SHA-256(0x00 ‖ frame)` as in RFC 6962, which the Merkle tree will stand on;
//! - the **chain**, `SHA-256(0x02 ‖ chain before ‖ leaf)`, which finds forks cheaply.
//!
//! Both cover the bytes as stored, so they stay true after a key that sealed some of them is destroyed.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const LEAF: u8 = 0x00;
const CHAIN: u8 = 0x02;

/// A SHA-256 hash; prints as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The chain hash before position 1.
    pub const ZERO: Hash = Hash([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that is not 64 hex digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a hash: 64 hex digits are expected")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAHash)?;
        Ok(Hash(bytes))
    }
}

/// Returns the RFC 6962 leaf hash of a frame as stored.
pub fn leaf(frame: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([LEAF]);
    hasher.update(frame);
    Hash(hasher.finalize().into())
}

/// Returns the chain hash at a position from the chain hash before it and the leaf there.
pub fn chain(before: Hash, leaf: Hash) -> Hash {
    let mut bytes = [0; 65];
    bytes[0] = CHAIN;
    bytes[1..33].copy_from_slice(&before.0);
    bytes[33..].copy_from_slice(&leaf.0);
    Hash(Sha256::digest(bytes).into())
}

/// Returns the chain hash after `frame`, which follows `before`.
pub fn extend(before: Hash, frame: &[u8]) -> Hash {
    chain(before, leaf(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaf_of_nothing_is_the_one_rfc_6962_implementations_agree_on() {
        assert_eq!(leaf(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn the_chain_depends_on_order() {
        let ab = extend(extend(Hash::ZERO, b"a"), b"b");
        let ba = extend(extend(Hash::ZERO, b"b"), b"a");
        assert_ne!(ab, ba);
    }

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = leaf(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("12".parse::<Hash>(), Err(NotAHash));
    }
}
