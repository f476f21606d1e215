//! What a token that passed every check says.

use aws_lc_rs::digest::{self, SHA256};
use caseledger_events::access::TokenName;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Role;
use caseledger_events::ids::Code;

/// Who asks, as a token says it that passed every check. Holds neither the token nor its subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The person or system, by our opaque code.
    pub person: Code,
    /// The roles the issuer gave them, each once; never empty. Whether a role is granted here is decided elsewhere.
    pub roles: Vec<Role>,
    /// How many names of roles stand in the token that are none of ours.
    pub unknown_roles: usize,
    /// The school, provider or agency they act for.
    pub organisation: Code,
    /// Whether they signed in with more than one factor.
    pub is_mfa: bool,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token ends; it is taken for 60 s more, as clocks differ.
    pub expires: Timestamp,
    /// Which issuer: its place in the settings, the development issuer after them.
    pub issuer: usize,
    /// What the token is called in logs and when it is revoked.
    pub token: TokenName,
}

/// Returns what a token is called, whether it is a good one or not: the SHA-256 of all that is signed of it.
///
/// The signature is left out because one message may have several that fit (of an ECDSA signature anybody can make a
/// second one): a revoked token would come back under another name.
pub fn token_name(token: &str) -> TokenName {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    TokenName(sha256(&[signed.as_bytes()]))
}

/// Returns the SHA-256 of some pieces, one after the other.
pub(crate) fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// How many letters of a hash stand in a person's code: 65 bits.
const LETTERS: usize = 13;

/// Returns the code of a subject of an issuer: `P-` and 13 letters of base32.
pub(crate) fn hashed_person(issuer: &str, subject: &str) -> Code {
    // The length of the issuer's name goes first, so that no two pairs run together to the same bytes.
    let hash = sha256(&[&(issuer.len() as u64).to_be_bytes(), issuer.as_bytes(), subject.as_bytes()]);
    let mut head = [0; 16];
    head.copy_from_slice(&hash[..16]);
    let bits = u128::from_be_bytes(head);
    let letter = |n: usize| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> (123 - 5 * n)) as usize & 31]);
    let text: String = "P-".chars().chain((0..LETTERS).map(letter)).collect();
    text.parse().expect("15 letters, digits and a dash are a code")
}

/// Returns whether a code has the form of one made from a hash; an issuer that gives out codes may not use it.
pub(crate) fn looks_hashed(code: &str) -> bool {
    code.strip_prefix("P-")
        .is_some_and(|rest| rest.len() == LETTERS && rest.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_same_for_ever_and_another_at_every_issuer() {
        let person = hashed_person("https://login.example.nz", "a2f0");
        assert_eq!(person.as_str(), "P-4T3RKPWA2EXSX", "codes stand in the log: they may never change");
        assert!(looks_hashed(person.as_str()));
        assert_ne!(person, hashed_person("https://login.example.nz", "a2f1"));
        assert_ne!(person, hashed_person("https://other.example.nz", "a2f0"));
        assert_ne!(hashed_person("ab", "c"), hashed_person("a", "bc"));
    }

    #[test]
    fn the_name_of_a_token_does_not_depend_on_its_signature() {
        assert_eq!(token_name("a.b.c"), token_name("a.b.d"));
        assert_ne!(token_name("a.b.c"), token_name("a.c.c"));
        let hash = token_name("a.b.c");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("0".repeat(63).parse::<TokenName>().is_err());
    }
}
