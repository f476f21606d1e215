//! An issuer's keys (a JWKS, RFC 7517): those that can check a signature we allow, by their `kid`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, crypto};
use serde::Deserialize;

use crate::error::TokenError;
use crate::settings::Algorithm;
use crate::token::Compact;
use crate::verified::sha256;

/// The most keys that are read of one issuer.
const KEYS_MAX: usize = 64;

/// The largest modulus, in bytes; what is larger costs more to check than any issuer needs.
const RSA_BYTES_MAX: usize = 512;

/// The smallest modulus, in bytes.
const RSA_BYTES_MIN: usize = 256;

/// The usable keys of an issuer.
pub(crate) struct KeySet {
    keys: BTreeMap<String, Key>,
    /// How many keys were passed over: without a `kid`, symmetric, private, too small, for encryption, two of a name.
    pub skipped: usize,
}

/// A public key.
pub(crate) struct Key {
    kind: Kind,
    /// The one algorithm it is meant for, where it says so.
    only: Option<Algorithm>,
    decoding: DecodingKey,
    fingerprint: [u8; 32],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
}

/// Why a document gives no keys; holds nothing of the document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error("it is not a JWKS document (JSON with a list `keys`)")]
    NotJwks,
    #[error("it holds no key that can be used: RSA of 2048 to 4096 bits, P-256 or P-384, each with a kid of its own")]
    NoneUsable,
}

impl KeySet {
    /// Reads a JWKS document; one key that is of no use does not spoil the others.
    pub fn read(document: &[u8]) -> Result<KeySet, NoKeys> {
        let document: Document = serde_json::from_slice(document).map_err(|_| NoKeys::NotJwks)?;
        let told = document.keys.len();
        let mut named: BTreeMap<String, Vec<Key>> = BTreeMap::new();
        for jwk in document.keys.into_iter().take(KEYS_MAX) {
            let Ok(jwk) = Jwk::deserialize(jwk) else { continue };
            let Some(kid) = jwk.kid.clone().filter(|kid| !kid.is_empty()) else { continue };
            // A key of no use still takes its name: two of a name are ambiguous whatever the second is.
            named.entry(kid).or_default().extend(Key::read(&jwk));
        }
        let single = |(kid, mut keys): (String, Vec<Key>)| match keys.len() {
            1 => keys.pop().map(|key| (kid, key)),
            _ => None,
        };
        let keys: BTreeMap<String, Key> = named.into_iter().filter_map(single).collect();
        if keys.is_empty() {
            return Err(NoKeys::NoneUsable);
        }
        Ok(KeySet { skipped: told - keys.len(), keys })
    }

    /// Returns a key by its name.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.keys.get(kid)
    }

    /// Returns how many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether every key of `before` is still here, unchanged.
    pub fn holds_all_of(&self, before: &KeySet) -> bool {
        before.keys.iter().all(|(kid, key)| self.get(kid).is_some_and(|now| now.fingerprint == key.fingerprint))
    }
}

impl Key {
    fn read(jwk: &Jwk) -> Option<Key> {
        let is_for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        // Whoever publishes the private half has no secret left: nothing signed with it proves anything.
        if !is_for_signatures || jwk.d.is_some() || jwk.k.is_some() {
            return None;
        }
        let only = match jwk.alg.as_deref() {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let (kind, decoding, parts) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => rsa(jwk)?,
            ("EC", Some("P-256")) => ec(jwk, Kind::P256, 32)?,
            ("EC", Some("P-384")) => ec(jwk, Kind::P384, 48)?,
            _ => return None,
        };
        let key = Key { kind, only, decoding, fingerprint: sha256(&[&parts[0], &parts[1]]) };
        only.is_none_or(|only| only.kind() == kind).then_some(key)
    }

    /// Checks a signature with this key.
    pub fn check(&self, token: &Compact<'_>) -> Result<(), TokenError> {
        let algorithm = token.header.algorithm;
        if algorithm.kind() != self.kind || self.only.is_some_and(|only| only != algorithm) {
            return Err(TokenError::KeyMismatch);
        }
        match crypto::verify(token.signature, token.signed.as_bytes(), &self.decoding, algorithm.into()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenError::Signature),
        }
    }
}

impl Algorithm {
    fn kind(self) -> Kind {
        match self {
            Algorithm::RS256 | Algorithm::PS256 => Kind::Rsa,
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
        }
    }
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
        match algorithm {
            Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
            Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        }
    }
}

/// A key as read: its kind, itself, and the numbers it consists of.
type Read = (Kind, DecodingKey, [Vec<u8>; 2]);

fn rsa(jwk: &Jwk) -> Option<Read> {
    let parts = [bytes(jwk.n.as_deref()?)?, bytes(jwk.e.as_deref()?)?];
    let is_fit = (RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&parts[0].len()) && parts[0][0] & 0x80 != 0;
    let key = is_fit.then(|| DecodingKey::from_rsa_raw_components(&parts[0], &parts[1]))?;
    Some((Kind::Rsa, key, parts))
}

fn ec(jwk: &Jwk, kind: Kind, len: usize) -> Option<Read> {
    let (x, y) = (jwk.x.as_deref()?, jwk.y.as_deref()?);
    let parts = [bytes(x)?, bytes(y)?];
    let is_fit = parts.iter().all(|part| part.len() == len);
    let key = if is_fit { DecodingKey::from_ec_components(x, y).ok()? } else { return None };
    Some((kind, key, parts))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private half; must not be there.
    d: Option<serde_json::Value>,
    /// A symmetric key; must not be there.
    k: Option<serde_json::Value>,
}
