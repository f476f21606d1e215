//! Checks a token: the order of the checks, from the cheapest to the dearest.
//!
//! 1. its size
//! 2. whether it was checked before and still holds
//! 3. its outer form, and that no name stands twice
//! 4. its issuer, which is pinned or not
//! 5. algorithm and type, pinned for that issuer
//! 6. the issuer's own key of that name
//! 7. the signature
//! 8. the claims
//! 9. whether it was revoked

use std::sync::Arc;

use caseledger_events::access::TokenName;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Code;
use serde::Serialize;
use tokio::sync::Notify;

use crate::claims::{self, LEEWAY};
use crate::counts::Counts;
use crate::dev::DevIssuer;
use crate::error::TokenError;
use crate::fetch::{Address, Source};
use crate::keyring::{IssuerHealth, KeyState, Keyring};
use crate::sessions::Sessions;
use crate::settings::{IdentitySettings, IssuerSettings, SettingsError};
use crate::token::{Compact, TOKEN_BYTES_MAX};
use crate::verified::{Verified, sha256, token_name};

/// Checks tokens against the pinned issuers.
///
/// [`Verifier::verify`] never waits: keys are read by [`Verifier::keep_keys_fresh`], which runs beside the service.
pub struct Verifier {
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) sessions: Sessions,
    pub(crate) counts: Counts,
    pub(crate) wake: Notify,
}

/// A pinned issuer with its keys.
pub(crate) struct Issuer {
    pub settings: IssuerSettings,
    pub source: Source,
    pub ring: Keyring,
}

/// Whether tokens of every issuer can be checked, and why not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Health {
    /// Every issuer.
    pub issuers: Vec<IssuerHealth>,
}

impl Health {
    /// Returns whether the keys of every issuer serve.
    pub fn is_ready(&self) -> bool {
        self.issuers.iter().all(|issuer| issuer.state != KeyState::Closed)
    }
}

impl Verifier {
    /// Pins the issuers of the settings, and the development issuer where it is given.
    ///
    /// No key is read yet: until then tokens are refused, and the service starts all the same.
    pub fn new(settings: &IdentitySettings, development: Option<&DevIssuer>) -> Result<Verifier, SettingsError> {
        settings.check()?;
        let mut issuers = settings.issuers.iter().map(Issuer::pinned).collect::<Result<Vec<Issuer>, _>>()?;
        if let Some(development) = development {
            if !settings.development {
                return Err(SettingsError::NotDevelopment);
            }
            issuers.push(Issuer::development(development));
        }
        if issuers.is_empty() {
            return Err(SettingsError::NoIssuer);
        }
        Ok(Verifier { issuers, sessions: Sessions::default(), counts: Counts::default(), wake: Notify::new() })
    }

    /// Returns what a token says, if it passes every check at `now`, which is real time also on a simulated ledger.
    ///
    /// One that passed before costs a hash and a look into a map.
    pub fn verify(&self, bearer: &str, now: Timestamp) -> Result<Arc<Verified>, TokenError> {
        let outcome = self.remembered_or_checked(bearer, now);
        if let Err(reason) = &outcome {
            self.counts.note_refused(*reason);
        }
        outcome
    }

    /// Takes a token back; it is refused from now on. In memory: whoever keeps revocations repeats them at a start.
    pub fn revoke(&self, token: TokenName, now: Timestamp) {
        self.sessions.revoke(token, now);
    }

    /// Takes back every token of a person issued before a time. In memory, like [`Verifier::revoke`].
    pub fn revoke_person(&self, person: Code, issued_before: Timestamp, now: Timestamp) {
        self.sessions.revoke_person(person, issued_before, now);
    }

    /// Says how the keys of every issuer stand.
    pub fn health(&self, now: Timestamp) -> Health {
        let health = |issuer: &Issuer| issuer.ring.health(&issuer.settings.issuer, now);
        Health { issuers: self.issuers.iter().map(health).collect() }
    }

    /// Returns the counters.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Returns how many tokens are remembered.
    pub fn remembered(&self) -> usize {
        self.sessions.remembered()
    }

    fn remembered_or_checked(&self, bearer: &str, now: Timestamp) -> Result<Arc<Verified>, TokenError> {
        match bearer.len() {
            0 => return Err(TokenError::Missing),
            1..=TOKEN_BYTES_MAX => {}
            _ => return Err(TokenError::TooLarge),
        }
        let whole = sha256(&[bearer.as_bytes()]);
        if let Some(verified) = self.sessions.get(&whole, now) {
            self.counts.note_remembered();
            return Ok(verified);
        }
        let generation = self.sessions.generation();
        let (verified, until) = self.check(bearer, now)?;
        let verified = self.sessions.admit(whole, verified, until, generation)?;
        self.counts.note_checked(verified.unknown_roles);
        Ok(verified)
    }

    /// Checks a token in full; returns what it says, and until when that may be remembered.
    fn check(&self, bearer: &str, now: Timestamp) -> Result<(Verified, Timestamp), TokenError> {
        let token = Compact::read(bearer)?;
        let (index, issuer) = self.issuer_of(&token)?;
        if !issuer.settings.algorithms.contains(&token.header.algorithm) {
            return Err(TokenError::Algorithm);
        }
        token.header.check_type(issuer.settings.typ.as_deref())?;
        let (keys, keys_until) = issuer.ring.serving(now)?;
        let key = keys.get(&token.header.key_id).ok_or_else(|| {
            issuer.ring.want();
            self.wake.notify_one();
            TokenError::KeyUnknown
        })?;
        key.check(&token)?;
        let verified = claims::check(&token.payload, &issuer.settings, index, token_name(bearer), now)?;
        // Nothing is remembered longer than the key it rests on may serve.
        let until = keys_until.min(Timestamp(verified.expires.0 + LEEWAY));
        Ok((verified, until))
    }

    /// Finds the issuer a token names. It is believed only as far as to choose whose keys must fit.
    fn issuer_of(&self, token: &Compact<'_>) -> Result<(usize, &Issuer), TokenError> {
        let name = token.payload.text("iss")?.ok_or(TokenError::ClaimMissing)?;
        let named = self.issuers.iter().enumerate().find(|(_, issuer)| issuer.settings.issuer == name);
        named.ok_or(TokenError::Issuer)
    }
}

impl Issuer {
    fn pinned(settings: &IssuerSettings) -> Result<Issuer, SettingsError> {
        let slip = |what: String| SettingsError::Issuer { issuer: settings.issuer.clone(), what };
        let source = match (&settings.jwks_file, &settings.jwks_url) {
            (Some(path), None) => Source::File(path.clone()),
            (None, Some(url)) => Source::Url(Address::new(url, settings.jwks_ca_file.as_deref()).map_err(slip)?),
            _ => return Err(slip("set one of jwks_file and jwks_url".to_owned())),
        };
        let ring = Keyring::empty(source.origin());
        Ok(Issuer { settings: settings.clone(), source, ring })
    }

    fn development(issuer: &DevIssuer) -> Issuer {
        Issuer { settings: issuer.settings(), source: Source::Held, ring: Keyring::holding(issuer.keys()) }
    }
}
