//! AES-256-GCM under random nonces, and the keys derived for each field group.

use std::cell::RefCell;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use caseledger_events::ids::LedgerId;
use caseledger_events::personal::Group;
use zeroize::Zeroizing;

use crate::error::SealError;

/// The bytes of a secret key.
pub(crate) const KEY_BYTES: usize = 32;
/// What sealing adds: nonce before, tag after.
pub(crate) const OVERHEAD: usize = NONCE_LEN + 16;
/// How many bytes for nonces are drawn at once.
const NONCES_BYTES: usize = 256 * NONCE_LEN;
/// The bytes of a wrapped secret.
pub(crate) const WRAPPED_BYTES: usize = KEY_BYTES + OVERHEAD;

/// A secret key; wiped when it is dropped, and not printable.
pub type Secret = Zeroizing<[u8; KEY_BYTES]>;

/// A secret under a key-encryption key: nonce, ciphertext, tag.
pub type Wrapped = [u8; WRAPPED_BYTES];

/// Returns a new random secret.
pub(crate) fn random_secret() -> Result<Secret, SealError> {
    let mut secret = Zeroizing::new([0; KEY_BYTES]);
    SystemRandom::new().fill(&mut secret[..]).map_err(|_| SealError::NoRandomness)?;
    Ok(secret)
}

/// Returns 16 new random bytes.
pub(crate) fn random_id() -> Result<[u8; 16], SealError> {
    let mut id = [0; 16];
    SystemRandom::new().fill(&mut id).map_err(|_| SealError::NoRandomness)?;
    Ok(id)
}

thread_local! {
    /// Random bytes for nonces and how many of them are used up: the system is asked for some hundreds at once. They are
    /// no secret, and each is given out once.
    static NONCES: RefCell<([u8; NONCES_BYTES], usize)> = const { RefCell::new(([0; NONCES_BYTES], NONCES_BYTES)) };
}

fn random_nonce() -> Result<[u8; NONCE_LEN], SealError> {
    NONCES.with_borrow_mut(|(stock, used)| {
        if *used == NONCES_BYTES {
            SystemRandom::new().fill(stock).map_err(|_| SealError::NoRandomness)?;
            *used = 0;
        }
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&stock[*used..*used + NONCE_LEN]);
        *used += NONCE_LEN;
        Ok(nonce)
    })
}

/// A student's secret, of which each field group has a key (HKDF-SHA-256; the ledger id is the salt).
pub(crate) struct GroupKeys(Prk);

impl GroupKeys {
    /// Takes a student's secret.
    pub fn of(secret: &Secret, ledger: LedgerId) -> GroupKeys {
        GroupKeys(Salt::new(HKDF_SHA256, &ledger.0).extract(&secret[..]))
    }

    /// Derives the key of a field group.
    pub fn cipher(&self, group: Group) -> Result<Cipher, SealError> {
        let info = [b"caseledger part ".as_slice(), group.name().as_bytes()];
        let expanded = self.0.expand(&info, &AES_256_GCM).map_err(|_| SealError::Cipher)?;
        Ok(Cipher(LessSafeKey::new(UnboundKey::from(expanded))))
    }
}

/// A key ready for use.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// Takes a secret as it is.
    pub fn of(secret: &[u8; KEY_BYTES]) -> Result<Cipher, SealError> {
        UnboundKey::new(&AES_256_GCM, secret).map(|key| Cipher(LessSafeKey::new(key))).map_err(|_| SealError::Cipher)
    }

    /// Seals under a fresh random nonce: nonce, ciphertext, tag.
    pub fn seal(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random_nonce()?;
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.extend(nonce);
        sealed.extend(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed[NONCE_LEN..])
            .map_err(|_| SealError::Cipher)?;
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Cipher::seal`] made; `None` when key, bytes or what they are bound to do not fit.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = rest.to_vec();
        let length = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }

    /// Wraps a secret.
    pub fn wrap(&self, secret: &Secret, aad: &[u8]) -> Result<Wrapped, SealError> {
        self.seal(&secret[..], aad)?.try_into().map_err(|_| SealError::Cipher)
    }

    /// Unwraps a secret; `None` when it was wrapped under another key or for another place.
    pub fn unwrap(&self, wrapped: &Wrapped, aad: &[u8]) -> Option<Secret> {
        let plain = Zeroizing::new(self.open(wrapped, aad)?);
        plain.as_slice().try_into().ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_binding_alone() {
        let secret = random_secret().unwrap();
        let ledger = LedgerId([1; 16]);
        let key = GroupKeys::of(&secret, ledger).cipher(Group::Contact).unwrap();
        let sealed = key.seal(b"12 Tui Street", b"here").unwrap();
        assert_eq!(key.open(&sealed, b"here").unwrap(), b"12 Tui Street");
        assert!(key.open(&sealed, b"elsewhere").is_none(), "bound to its place");
        let health = GroupKeys::of(&secret, ledger).cipher(Group::Health).unwrap();
        assert!(health.open(&sealed, b"here").is_none(), "each group has its key");
        let other = GroupKeys::of(&secret, LedgerId([2; 16])).cipher(Group::Contact).unwrap();
        assert!(other.open(&sealed, b"here").is_none(), "each ledger has its keys");
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(key.open(&bent, b"here").is_none(), "byte {at}");
        }
        assert!(key.open(&sealed[..11], b"here").is_none(), "too short for a nonce");
    }

    #[test]
    fn the_same_text_never_gives_the_same_bytes() {
        let key = Cipher::of(&random_secret().unwrap()).unwrap();
        let sealed: HashSet<_> = (0..10_000).map(|_| key.seal(b"text", b"").unwrap()).collect();
        assert_eq!(sealed.len(), 10_000);
    }
}
