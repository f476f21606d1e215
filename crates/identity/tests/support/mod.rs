//! Issuers of the tests: keys made anew in each run, tokens written member by member.

pub mod stage;
pub mod wrong;

use std::fs;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use caseledger_events::dates::Timestamp;
use caseledger_identity::{IdentitySettings, Verifier};
use serde_json::{Value, json};

/// 2026-11-22T00:00:00Z, when every token of the tests is issued.
pub const NOW: i64 = 1_795_305_600;

/// Returns the time so many seconds after [`NOW`].
pub fn after(seconds: i64) -> Timestamp {
    Timestamp((NOW + seconds) * 1_000_000)
}

/// A key pair of an issuer.
pub enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, Vec<u8>, &'static str),
}

impl Pair {
    pub fn rsa() -> Pair {
        Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn p256() -> Pair {
        Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")
    }

    pub fn p384() -> Pair {
        Pair::ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &'static str) -> Pair {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap(), pkcs8.as_ref().to_vec(), curve)
    }

    /// Signs as PS256 where that is asked for, else as RS256, ES256 or ES384, whatever the key is of.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Pair::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                if algorithm == "PS256" {
                    key.sign(&RSA_PSS_SHA256, &random, message, &mut signature).unwrap();
                } else {
                    key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                }
                signature
            }
            Pair::Ec(key, ..) => key.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }

    /// Signs with P-256, the signature in the DER that other protocols use.
    pub fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let Pair::Ec(_, pkcs8, _) = self else { panic!("not a key on a curve") };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
        key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    /// Returns the bytes of the public key: the modulus, or the point.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Pair::Rsa(key) => RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key()).n,
            Pair::Ec(key, ..) => key.public_key().as_ref().to_vec(),
        }
    }

    /// Returns the public key as a JWKS holds it.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Pair::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": base64(&parts.n), "e": base64(&parts.e)})
            }
            Pair::Ec(key, _, curve) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "use": "sig", "kid": kid, "crv": curve, "x": base64(x), "y": base64(y)})
            }
        }
    }
}

/// Adds a member to a JWK.
pub fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

/// Writes a JWKS file.
pub fn write_keys(path: &Path, keys: &[Value]) {
    fs::write(path, json!({"keys": keys}).to_string()).unwrap();
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unbase64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Makes a verifier from settings as a file has them, and reads the keys that are there.
pub async fn verifier(settings: &str) -> Verifier {
    verifier_at(settings, NOW).await
}

/// The same, the keys read at another time.
pub async fn verifier_at(settings: &str, now: i64) -> Verifier {
    let settings: IdentitySettings = toml::from_str(settings).unwrap();
    let verifier = Verifier::new(&settings, None).unwrap();
    verifier.refresh_due(Timestamp(now * 1_000_000)).await;
    verifier
}

/// A token in the making: a good one, until something is changed.
#[derive(Clone)]
pub struct Draft<'a> {
    pub header: Value,
    pub claims: Value,
    signer: &'a Pair,
    header_text: Option<String>,
    claims_text: Option<String>,
}

impl<'a> Draft<'a> {
    /// Starts with a token that is good for an hour.
    pub fn new(issuer: &str, algorithm: &str, kid: &str, signer: &'a Pair) -> Draft<'a> {
        Draft::at(NOW, issuer, algorithm, kid, signer)
    }

    /// The same, issued at another time.
    pub fn at(now: i64, issuer: &str, algorithm: &str, kid: &str, signer: &'a Pair) -> Draft<'a> {
        Draft {
            header: json!({"alg": algorithm, "typ": "at+jwt", "kid": kid}),
            claims: json!({
                "iss": issuer, "sub": "canary-subject-7c1e", "aud": "caseledger", "iat": now, "nbf": now,
                "exp": now + 3600, "scope": "openid ledger", "roles": ["case_manager"], "organisation": "ASP14",
                "amr": ["pwd", "mfa"],
            }),
            signer,
            header_text: None,
            claims_text: None,
        }
    }

    /// Sets a member of the header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Sets a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Leaves out a member of the header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    /// Leaves out a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    /// Has somebody else sign.
    pub fn signed_by(self, signer: &'a Pair) -> Self {
        Draft { signer, ..self }
    }

    /// Writes the header's text before it is signed.
    pub fn header_text(mut self, write: impl Fn(String) -> String) -> Self {
        self.header_text = Some(write(self.header.to_string()));
        self
    }

    /// Writes the payload's text before it is signed.
    pub fn claims_text(mut self, write: impl Fn(String) -> String) -> Self {
        self.claims_text = Some(write(self.claims.to_string()));
        self
    }

    /// Returns what is signed.
    pub fn message(&self) -> String {
        let header = self.header_text.clone().unwrap_or_else(|| self.header.to_string());
        let claims = self.claims_text.clone().unwrap_or_else(|| self.claims.to_string());
        format!("{}.{}", base64(header), base64(claims))
    }

    /// Signs it.
    pub fn sign(&self) -> String {
        let message = self.message();
        let algorithm = self.header["alg"].as_str().unwrap_or_default();
        format!("{message}.{}", base64(self.signer.sign(algorithm, message.as_bytes())))
    }

    /// Puts another signature to it.
    pub fn sign_as(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}", self.message(), base64(signature))
    }
}
