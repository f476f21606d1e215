//! `/v1/measures`: publishing a run of the quarterly measures.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::input::{self, BadInput};
use caseledger_events::measured::PublishRun;
use caseledger_events::world::Command;

use super::Route;
use crate::actor::Asker;
use crate::answer::{self, CommandDocument};
use crate::command::{Headers, JsonText, body_hash, submission};
use crate::openapi;
use crate::problem::Problem;
use crate::state::{AppState, HttpSettings};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/measures/runs",
        summary: "Publishes a run of a quarter's measures (the owner of the service, operators).",
        handler: || post(publish).layer(DefaultBodyLimit::max(HttpSettings::default().reference_bytes_max)),
        describe: openapi::command::<PublishRun, CommandDocument>,
    }]
}

async fn publish(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let body: PublishRun = input::read(&text, "")?;
    if let Some((pointer, what)) = body.wrong() {
        return Err(BadInput { pointer, what }.into());
    }
    let hash = body_hash("publish-measures", &text)?;
    let tag = state.ledger.tag(&headers.asker.actor, "publish-measures", &headers.key);
    let command = Command::Measures(Box::new(body));
    let outcome = state.ledger.execute(submission(&headers, command, tag, hash, None, Vec::new())).await;
    Ok(answer::respond(&state, outcome, StatusCode::OK, None))
}
