//! How people sign in to a server: tokens of pinned issuers, or of the built-in one on a development server.

use std::path::Path;
use std::sync::Arc;

use caseledger_events::access::{Held, Key, RevokeReason};
use caseledger_events::dates::Timestamp;
use caseledger_events::world::World;
use caseledger_http::HeaderSignIn;
use caseledger_identity::{DevIssuer, IdentitySettings, Place, Verifier};
use caseledger_log::Ledger;
use chrono::Utc;
use tokio_util::sync::CancellationToken;

use crate::commands::token::IDENTITY_FOLDER;
use crate::exit::{Exit, Failure};
use crate::settings::Settings;

/// Returns the identity settings; a server whose settings pin no issuer is a development server.
pub fn identity(settings: &Settings) -> IdentitySettings {
    settings.identity.clone().unwrap_or(IdentitySettings { development: true, issuers: Vec::new() })
}

/// Returns who may sign in by header on the control socket: whoever may open the directory is its operator, and plays
/// anybody on a development ledger. Others prove with a token who they are.
pub fn on_the_control_socket(settings: &Settings) -> HeaderSignIn {
    if identity(settings).development { HeaderSignIn::Anybody } else { HeaderSignIn::Operators }
}

/// Makes what checks access tokens; `None` where nobody can have one: a development server that others reach.
pub fn tokens(dir: &Path, settings: &Settings) -> Result<Option<Arc<Verifier>>, Failure> {
    let identity = identity(settings);
    let is_loopback = settings.http.listen.ip().is_loopback();
    let is_pinned = settings.identity.is_some();
    let development = match identity.development && (is_loopback || is_pinned) {
        true => {
            let place = Place { is_production: false, is_loopback };
            let made = DevIssuer::open_or_create(&dir.join(IDENTITY_FOLDER), place);
            Some(made.map_err(|error| Failure::new(Exit::Usage, error))?)
        }
        false => None,
    };
    if development.is_none() && identity.issuers.is_empty() {
        return Ok(None);
    }
    let verifier = Verifier::new(&identity, development.as_ref())
        .map_err(|error| Failure::new(Exit::Usage, error).next("docs/tokens.md says how an issuer is pinned"))?;
    Ok(Some(Arc::new(verifier)))
}

/// Takes back again what was taken back before the service stopped: single tokens, and those of people whose sign-in was
/// compromised.
pub async fn revoke_again(tokens: &Verifier, ledger: &Ledger<World>) {
    let now = Timestamp::from(Utc::now());
    let singles = ledger.inspect(|world| world.grants().revoked_tokens().collect::<Vec<_>>()).await;
    for revoked in singles.unwrap_or_default().into_iter().filter(|revoked| now < revoked.until) {
        tokens.revoke(revoked.token, now);
    }
    if ledger.is_simulated() {
        // Its revocations stand in simulated time, and tokens live in real time.
        return;
    }
    let lately = Timestamp(now.0 - MATTERS_FOR);
    let compromised = move |held: &Held| {
        held.ended.filter(|ended| ended.because == Some(RevokeReason::Compromised) && ended.at > lately)
    };
    let found = ledger
        .inspect(move |world| {
            let ended = |(Key(person, ..), held)| Some((person, compromised(held)?.at));
            world.grants().all().filter_map(ended).collect::<Vec<_>>()
        })
        .await;
    for (person, at) in found.unwrap_or_default() {
        tokens.revoke_person(person, at, now);
    }
}

/// How long a token that was taken back could still be sent: it lives an hour, and clocks differ; in microseconds.
const MATTERS_FOR: i64 = 2 * 3_600 * 1_000_000;

/// Keeps the issuers' keys fresh until the service stops.
pub fn keep_keys_fresh(tokens: &Arc<Verifier>, stopping: &CancellationToken) {
    let (tokens, stopping) = (Arc::clone(tokens), stopping.clone());
    tokio::spawn(async move {
        tokio::select! {
            never = tokens.keep_keys_fresh(|| Timestamp::from(Utc::now())) => match never {},
            () = stopping.cancelled() => {}
        }
    });
}
