//! Everything a token can be refused for: one table of codes and sentences.
//!
//! Whoever sent the token learns none of it, the answer is a uniform 401. Logs and metrics carry the code, and a code
//! holds nothing that came with the token.

use std::fmt;

/// Declares the reasons, each with its stable code and a sentence for whoever runs the service.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why a token is refused.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum TokenError {
            $($(#[doc = $doc])* $name,)*
        }

        impl TokenError {
            /// Every reason, in the order in which they are looked for.
            pub const ALL: &[TokenError] = &[$(TokenError::$name),*];

            /// Returns the code that stands in logs and metrics.
            pub fn code(self) -> &'static str {
                match self { $(TokenError::$name => $code,)* }
            }

            fn sentence(self) -> &'static str {
                match self { $(TokenError::$name => $sentence,)* }
            }
        }
    };
}

reasons! {
    /// There is none.
    Missing = "token-missing", "no token was sent: send `Authorization: Bearer <access token>`";
    /// It is longer than any token of ours, so it is not even read.
    TooLarge = "token-too-large", "the token is larger than 16 KiB: ask the issuer to put fewer claims in it";
    /// It is not three parts of base64url with JSON objects in the first two.
    Malformed = "token-malformed", "this is not a signed token in compact form";
    /// A name stands twice in its header or claims, so readers could disagree about it.
    Duplicate = "token-duplicate-member", "a name stands twice in the token";
    /// Its header demands an extension; this service knows none.
    Critical = "token-critical-header", "the token demands an extension (crit) that this service does not know";
    /// Its algorithm is none of those pinned for its issuer; `none` and HMAC never are.
    Algorithm = "token-algorithm", "the token's algorithm is not one pinned for its issuer";
    /// It does not say which key signed it.
    KeyIdMissing = "token-key-id-missing", "the token does not name its key (kid)";
    /// Its issuer is not one of ours.
    Issuer = "token-issuer", "the token's issuer is not pinned here";
    /// It is of another kind: an ID token, a logout token, anything but an access token.
    Type = "token-type", "this is not an access token: the type in its header is another";
    /// The issuer's keys could not be read yet.
    KeysUnavailable = "keys-unavailable", "the issuer's keys could not be read yet: see /readyz";
    /// The issuer's keys were last read more than a day ago.
    KeysStale = "keys-stale", "the issuer's keys could not be read again for 24 hours: see /readyz";
    /// The issuer has no such key; its keys are read again soon.
    KeyUnknown = "token-key-unknown", "the issuer has no key of this name (kid)";
    /// The key is of another kind than the algorithm, or meant for another.
    KeyMismatch = "token-key-mismatch", "the named key does not belong to the token's algorithm";
    /// The signature does not fit.
    Signature = "token-signature", "the token's signature does not fit the named key";
    /// A claim that must be there is not.
    ClaimMissing = "token-claim-missing", "the token lacks one of iss, sub, aud, exp, iat";
    /// A claim is not of its form.
    ClaimInvalid = "token-claim-invalid", "a claim of the token is not of the form it should have";
    /// It is meant for somebody else.
    Audience = "token-audience", "the token is meant for another service";
    /// It tells a client who signed in; it opens nothing.
    IdToken = "token-is-id-token", "this is an ID token: send the access token";
    /// Its time is over.
    Expired = "token-expired", "the token has expired: sign in again";
    /// Its time has not come.
    NotYetValid = "token-not-yet-valid", "the token is not valid yet: compare the clocks of issuer and service";
    /// It is valid for longer than an hour.
    Lifetime = "token-lifetime", "the token lives longer than an hour: have the issuer shorten it";
    /// It was not asked for for this service.
    Scope = "token-scope", "the token lacks the scope of this service";
    /// Its subject is none this service can name.
    Subject = "token-subject", "the token's subject is not of the form pinned for its issuer";
    /// It holds no role that is known here.
    Role = "token-role", "the token holds no role of this service";
    /// Its organisation is absent or no code.
    Organisation = "token-organisation", "the token names no organisation, or one that is no code";
    /// It was taken back.
    Revoked = "token-revoked", "the token was revoked: sign in again";
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let codes: BTreeSet<&str> = TokenError::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), TokenError::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'-'))));
    }

    #[test]
    fn the_manual_explains_every_code() {
        let manual = include_str!("../../../docs/tokens.md");
        for reason in TokenError::ALL {
            let said = |line: &&str| line.starts_with(&format!("| `{}` |", reason.code()));
            let line = manual.lines().find(said).unwrap_or_else(|| panic!("{}", reason.code()));
            assert!(line.contains(&reason.sentence()[1..]), "{line}");
        }
    }

    #[test]
    fn reasons_stand_in_the_table_at_their_own_number() {
        for (n, reason) in TokenError::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, n, "{reason:?}");
        }
    }
}
