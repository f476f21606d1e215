//! `POST /v1/tokens/revoke`: one access token taken back, durable first and live at once.

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::access::{AccessAct, Operation, RevokeToken, TokenName};
use caseledger_events::dates::Timestamp;
use caseledger_events::input;
use caseledger_events::world::Command;
use caseledger_identity::matters_until;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::CommandDocument;
use crate::command::{Body, Headers, JsonText, Plain, record};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// Which token.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeTokenBody {
    /// The SHA-256 of the token without its last part, as the log names it and `caseledger access revoke-token` makes it.
    hash: TokenName,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/tokens/revoke",
        summary: "Takes a single access token back at once, by its hash; it stays so over restarts (operators).",
        handler: || post(revoke),
        describe: openapi::command::<RevokeTokenBody, CommandDocument>,
    }]
}

async fn revoke(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&state, &asker, Operation::RevokeTokens).await?;
    let JsonText(text) = body?;
    let RevokeTokenBody { hash } = input::read(&text, "")?;
    let headers = Headers::read(asker, &headers)?;
    // Tokens live in real time, also where the ledger's time is simulated.
    let now = Timestamp::from(chrono::Utc::now());
    let act = AccessAct::RevokeToken(RevokeToken { token: hash, until: matters_until(now) });
    let (name, about, command) = ("revoke-token", "tokens/revoke", Command::Access(act));
    let answer = record(&state, &headers, Plain { name, about, text: &text, stream: None, command }).await?;
    if answer.status().is_success()
        && let Some(tokens) = &state.tokens
    {
        tokens.revoke(hash, now);
    }
    Ok(answer)
}
