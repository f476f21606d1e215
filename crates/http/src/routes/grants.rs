//! `POST /v1/grants` and `POST /v1/grants/revoke`: who may act as what, as events (E47).

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::access::{AccessAct, GrantRole, Operation, RevokeReason, RevokeRole};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Code;
use caseledger_events::input;
use caseledger_events::world::Command;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::CommandDocument;
use crate::command::{Body, Headers, JsonText, Plain, record};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::POST,
            path: "/v1/grants",
            summary: "Grants a role to a person or feed, within the table of granting (E47).",
            handler: || post(grant),
            describe: openapi::command::<GrantRole, CommandDocument>,
        },
        Route {
            method: Method::POST,
            path: "/v1/grants/revoke",
            summary: "Revokes a role at once, with its reason (E47).",
            handler: || post(revoke),
            describe: openapi::command::<RevokeRole, CommandDocument>,
        },
    ]
}

async fn grant(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&state, &asker, Operation::GrantRoles).await?;
    let JsonText(text) = body?;
    let body: GrantRole = input::read(&text, "")?;
    act(&state, Headers::read(asker, &headers)?, "grant-role", AccessAct::Grant(body), &text).await
}

async fn revoke(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&state, &asker, Operation::GrantRoles).await?;
    let JsonText(text) = body?;
    let body: RevokeRole = input::read(&text, "")?;
    let answer = act(&state, Headers::read(asker, &headers)?, "revoke-role", AccessAct::Revoke(body), &text).await?;
    if body.reason == RevokeReason::Compromised && answer.status().is_success() {
        take_tokens_back(&state, body.person);
    }
    Ok(answer)
}

/// Whoever holds a token of the person may be somebody else: all of them end now, in every role. A start does it again.
fn take_tokens_back(state: &AppState, person: Code) {
    if let Some(tokens) = &state.tokens {
        // Tokens live in real time, also where the ledger's time is simulated.
        let now = Timestamp::from(chrono::Utc::now());
        tokens.revoke_person(person, now, now);
    }
}

async fn act(state: &AppState, headers: Headers, name: &str, act: AccessAct, text: &str) -> Result<Response, Problem> {
    let plain = Plain { name, about: name, text, stream: None, command: Command::Access(act) };
    record(state, &headers, plain).await
}
