//! What the payload of a token whose signature fits must say.

use caseledger_events::access::TokenName;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Role;
use caseledger_events::ids::Code;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as BadName;
use serde_json::Value;

use crate::error::TokenError;
use crate::settings::{IssuerSettings, Subjects};
use crate::token::Members;
use crate::verified::{Verified, hashed_person, looks_hashed};

const SECOND: i64 = 1_000_000;

/// How far the issuer's clock and ours may be apart, in microseconds.
pub(crate) const LEEWAY: i64 = 60 * SECOND;

/// How long a token may live, in microseconds.
pub(crate) const LIFETIME_MAX: i64 = 3600 * SECOND;

/// The longest subject that is taken, in bytes (OpenID Connect Core §2).
const SUBJECT_BYTES_MAX: usize = 255;

/// The most names of roles that are read.
const ROLES_MAX: usize = 64;

/// Claims that stand in ID tokens and never in access tokens.
const OF_ID_TOKENS: [&str; 3] = ["at_hash", "c_hash", "s_hash"];

/// Holds the claims to what is pinned for their issuer at a time.
pub(crate) fn check(
    claims: &Members,
    issuer: &IssuerSettings,
    index: usize,
    token: TokenName,
    now: Timestamp,
) -> Result<Verified, TokenError> {
    if is_id_token(claims, issuer) {
        return Err(TokenError::IdToken);
    }
    check_audience(claims, &issuer.audience)?;
    let (issued_at, expires) = check_times(claims, now)?;
    check_scope(claims, issuer)?;
    let person = person(claims, issuer)?;
    let (roles, unknown_roles) = roles(claims, &issuer.claims.role)?;
    let organisation = organisation(claims, &issuer.claims.organisation)?;
    let is_mfa = is_mfa(claims, issuer)?;
    Ok(Verified { person, roles, unknown_roles, organisation, is_mfa, issued_at, expires, issuer: index, token })
}

fn is_id_token(claims: &Members, issuer: &IssuerSettings) -> bool {
    let holds = |name: &str| claims.get(name).is_some();
    // Some issuers put a nonce into access tokens too; then the type they set in the header tells the two apart.
    OF_ID_TOKENS.into_iter().any(holds)
        || (issuer.typ.is_none() && holds("nonce"))
        || claims.get("token_use").is_some_and(|told| told != "access")
}

fn check_audience(claims: &Members, ours: &str) -> Result<(), TokenError> {
    if claims.get("aud").is_none() {
        return Err(TokenError::ClaimMissing);
    }
    if claims.texts("aud")?.contains(&ours) { Ok(()) } else { Err(TokenError::Audience) }
}

/// Returns when the token was issued and when it ends, both of them within what is allowed at `now`.
fn check_times(claims: &Members, now: Timestamp) -> Result<(Timestamp, Timestamp), TokenError> {
    let expires = time(claims, "exp")?.ok_or(TokenError::ClaimMissing)?;
    let issued = time(claims, "iat")?.ok_or(TokenError::ClaimMissing)?;
    let not_before = time(claims, "nbf")?.unwrap_or(issued);
    if now.0 >= expires + LEEWAY {
        return Err(TokenError::Expired);
    }
    if not_before.max(issued) > now.0 + LEEWAY {
        return Err(TokenError::NotYetValid);
    }
    if expires - issued > LIFETIME_MAX {
        return Err(TokenError::Lifetime);
    }
    Ok((Timestamp(issued), Timestamp(expires)))
}

/// Reads a time: whole seconds since 1970, up to the year 9999.
fn time(claims: &Members, name: &str) -> Result<Option<i64>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_i64() {
        Some(seconds @ 0..=253_402_300_799) => Ok(Some(seconds * SECOND)),
        _ => Err(TokenError::ClaimInvalid),
    }
}

fn check_scope(claims: &Members, issuer: &IssuerSettings) -> Result<(), TokenError> {
    let held = claims.texts(&issuer.claims.scope)?;
    let is_held = held.iter().flat_map(|text| text.split(' ')).any(|scope| scope == issuer.scope);
    if is_held { Ok(()) } else { Err(TokenError::Scope) }
}

fn person(claims: &Members, issuer: &IssuerSettings) -> Result<Code, TokenError> {
    let subject = claims.text("sub")?.ok_or(TokenError::ClaimMissing)?;
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(TokenError::Subject);
    }
    match issuer.subjects {
        Subjects::Hash => Ok(hashed_person(&issuer.issuer, subject)),
        Subjects::Code if looks_hashed(subject) => Err(TokenError::Subject),
        Subjects::Code => subject.parse().map_err(|_| TokenError::Subject),
    }
}

/// Returns the roles that are known here, and how many names are not.
fn roles(claims: &Members, name: &str) -> Result<(Vec<Role>, usize), TokenError> {
    let names = claims.texts(name)?;
    if names.len() > ROLES_MAX {
        return Err(TokenError::ClaimInvalid);
    }
    let mut roles = Vec::new();
    let mut unknown = 0;
    for name in names {
        match role(name) {
            Some(role) if roles.contains(&role) => {}
            Some(role) => roles.push(role),
            None => unknown += 1,
        }
    }
    if roles.is_empty() { Err(TokenError::Role) } else { Ok((roles, unknown)) }
}

/// Returns the role of a name, `case_manager`.
pub(crate) fn role(name: &str) -> Option<Role> {
    Role::deserialize(IntoDeserializer::<BadName>::into_deserializer(name)).ok()
}

fn organisation(claims: &Members, name: &str) -> Result<Code, TokenError> {
    let code = claims.get(name).and_then(Value::as_str).ok_or(TokenError::Organisation)?;
    code.parse().map_err(|_| TokenError::Organisation)
}

fn is_mfa(claims: &Members, issuer: &IssuerSettings) -> Result<bool, TokenError> {
    let says = |words: &[&str], enough: &[String]| words.iter().any(|word| enough.iter().any(|w| w == word));
    Ok(says(&claims.texts(&issuer.claims.acr)?, &issuer.mfa.acr)
        || says(&claims.texts(&issuer.claims.amr)?, &issuer.mfa.amr))
}
