//! `GET /v1/keys`, `POST /v1/keys/rotate`, `POST /v1/keys/change-kek`: what the key store itself does (design §3).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use caseledger_events::access::{Operation, pass};
use caseledger_events::ids::{Code, StudentId};
use caseledger_events::input;
use caseledger_events::keys::KeyCommand;
use caseledger_events::refusal::Refusal;
use caseledger_events::viewed::Viewed;
use caseledger_events::world::Command;
use caseledger_seal::{Keys, SealError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::{self, CommandDocument};
use crate::command::{Body, Headers, JsonText, body_hash, submission};
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::sealing;
use crate::state::AppState;

/// How keys, holds and disposals stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeysDocument {
    /// How many keys the store holds.
    keys: usize,
    /// How many students are known by their NSN.
    students_by_nsn: usize,
    /// How many keys new events are no longer sealed under.
    replaced: usize,
    /// How many students were disposed of.
    disposed: usize,
    /// The legal holds.
    holds: Vec<HoldDocument>,
    /// The disposals that wait for a second person.
    proposals: Vec<ProposalDocument>,
}

/// A legal hold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldDocument {
    student: StudentId,
    /// What it is called.
    hold: Code,
}

/// A disposal that waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalDocument {
    student: StudentId,
    /// The disposal authority.
    authority: Code,
    /// Who proposed it; somebody else approves.
    by: Code,
}

/// Whose key is replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateBody {
    student: StudentId,
}

/// Nothing needs to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeKekBody {}

/// What was wrapped anew.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedKekDocument {
    /// How many keys.
    keys: usize,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/keys",
            summary: "Says how keys, legal holds and disposals stand.",
            handler: || get(status),
            describe: |route, generator| openapi::get::<KeysDocument>(route, generator, &[]),
        },
        Route {
            method: Method::POST,
            path: "/v1/keys/rotate",
            summary: "Makes a new key for a student: new events are sealed under it, the old ones open as before.",
            handler: || post(rotate),
            describe: openapi::command::<RotateBody, CommandDocument>,
        },
        Route {
            method: Method::POST,
            path: "/v1/keys/change-kek",
            summary: "Wraps every key under a new key-encryption key and destroys the old one.",
            handler: || post(change_kek),
            describe: openapi::post::<ChangeKekBody, ChangedKekDocument>,
        },
    ]
}

/// For whoever may do anything about keys, holds or disposals.
async fn status(State(state): State<AppState>, asker: Asker) -> Result<Json<KeysDocument>, Problem> {
    let operation = may_any(&state, &asker).await?;
    let (keys, students_by_nsn) = (state.keys.keys_held(), state.keys.count());
    let asked = state.ledger.inspect(move |world| {
        let keys_of = world.keys();
        KeysDocument {
            keys,
            students_by_nsn,
            replaced: keys_of.replaced_count(),
            disposed: keys_of.disposed().count(),
            holds: keys_of.holds().map(|(student, hold)| HoldDocument { student, hold }).collect(),
            proposals: keys_of
                .proposals()
                .map(|(student, held)| ProposalDocument { student, authority: held.authority, by: held.by })
                .collect(),
        }
    });
    let document = asked.await.ok_or_else(stopping)?;
    note(&state, &asker, Viewed::allowed(operation)).await?;
    Ok(Json(document))
}

/// The key is durable in the store before the event that names it: what is sealed under it can always be opened.
/// Lets somebody ask about keys who does one thing or another with them; returns which.
pub(super) async fn may_any(state: &AppState, asker: &Asker) -> Result<Operation, Problem> {
    let today = state.ledger.now().auckland();
    let allowed = |&operation: &Operation| pass(&asker.principal, operation, today).is_ok();
    let operation = [Operation::ManageKeys, Operation::Hold, Operation::Dispose].into_iter().find(allowed);
    let operation = operation.unwrap_or(Operation::ManageKeys);
    may(state, asker, operation).await?;
    Ok(operation)
}

async fn rotate(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&state, &asker, Operation::ManageKeys).await?;
    let JsonText(text) = body?;
    let RotateBody { student } = input::read(&text, "")?;
    let headers = Headers::read(asker, &headers)?;
    let hash = body_hash("keys/rotate", &text)?;
    let tag = state.ledger.tag(&headers.asker.actor, "rotate-key", &headers.key);
    let (old, new) = match on_the_store(&state, move |keys| keys.replace(student)).await? {
        Ok(keys) => keys,
        Err(SealError::NoKey) => return Err(no_key(&state, student).await),
        Err(error) => return Err(sealing::unavailable(&error)),
    };
    let command = Command::Keys(KeyCommand::ReplaceKey { student, old, new });
    let outcome = state.ledger.execute(submission(&headers, command, tag, hash, None, Vec::new())).await;
    Ok(answer::respond(&state, outcome, StatusCode::OK, None))
}

/// The log has no event of it, for nothing in the log depends on it; who did it stands in the access ledger.
async fn change_kek(
    State(state): State<AppState>,
    asker: Asker,
    body: Body,
) -> Result<Json<ChangedKekDocument>, Problem> {
    may(&state, &asker, Operation::ManageKeys).await?;
    let JsonText(text) = body?;
    let ChangeKekBody {} = input::read(&text, "")?;
    note(&state, &asker, Viewed::allowed(Operation::ManageKeys)).await?;
    let changed = on_the_store(&state, |keys| keys.change_kek()).await?;
    let keys = changed.map_err(|error| sealing::unavailable(&error))?;
    tracing::warn!(keys, "every key was wrapped under a new key-encryption key");
    Ok(Json(ChangedKekDocument { keys }))
}

async fn no_key(state: &AppState, student: StudentId) -> Problem {
    match state.ledger.inspect(move |world| world.keys().is_disposed(student)).await {
        Some(true) => Refusal::StudentDisposed.into(),
        _ => Problem::not_found("student").way_out("a case shows the id of its student"),
    }
}

async fn on_the_store<T: Send + 'static>(
    state: &AppState,
    act: impl FnOnce(&Keys) -> T + Send + 'static,
) -> Result<T, Problem> {
    let keys = state.keys.clone();
    tokio::task::spawn_blocking(move || act(&keys)).await.map_err(|_| stopping())
}

fn stopping() -> Problem {
    Problem::unavailable("shutting-down", "the service is stopping", 5)
}
