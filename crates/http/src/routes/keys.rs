//! `POST /v1/keys`: new keys, legal holds, disposal by two people (design §3).

use std::collections::HashSet;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::access::Operation;
use caseledger_events::ids::StudentId;
use caseledger_events::input;
use caseledger_events::keys::KeyCommand;
use caseledger_events::world::Command;
use caseledger_log::Outcome;

use super::Route;
use super::key_store::may_any;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::{self, CommandDocument};
use crate::command::{Body, Headers, JsonText, body_hash, submission};
use crate::openapi;
use crate::problem::Problem;
use crate::sealing;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/keys",
        summary: "Replaces a student's key, places or lifts a legal hold, proposes or approves a disposal.",
        handler: || post(act),
        describe: openapi::command::<KeyCommand, CommandDocument>,
    }]
}

async fn act(State(state): State<AppState>, asker: Asker, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    may_any(&state, &asker).await?;
    let JsonText(text) = body?;
    let body: KeyCommand = input::read(&text, "")?;
    may(&state, &asker, needed(&body)).await?;
    let headers = Headers::read(asker, &headers)?;
    let hash = body_hash("keys", &text)?;
    let tag = state.ledger.tag(&headers.asker.actor, body.name(), &headers.key);
    let (student, disposes) = (body.student(), matches!(body, KeyCommand::ApproveDisposal { .. }));
    let submission = submission(&headers, Command::Keys(body), tag, hash, None, Vec::new());
    let outcome = state.ledger.execute(submission).await;
    if disposes && matches!(outcome, Outcome::Accepted(_) | Outcome::Repeated(_)) {
        destroy(&state, student).await?;
    }
    Ok(answer::respond(&state, outcome, StatusCode::OK, None))
}

fn needed(body: &KeyCommand) -> Operation {
    match body {
        KeyCommand::ReplaceKey { .. } => Operation::ManageKeys,
        KeyCommand::PlaceHold { .. } | KeyCommand::LiftHold { .. } => Operation::Hold,
        KeyCommand::ProposeDisposal { .. }
        | KeyCommand::WithdrawDisposal { .. }
        | KeyCommand::ApproveDisposal { .. } => Operation::Dispose,
    }
}

/// The events are durable: now the keys go, under every id the student has. What a crash leaves undone here, the next
/// start does.
async fn destroy(state: &AppState, student: StudentId) -> Result<(), Problem> {
    let disposed = state.ledger.inspect(move |world| {
        world.ids_of(student).into_iter().filter(|&id| world.keys().is_disposed(id)).collect::<HashSet<_>>()
    });
    let Some(disposed) = disposed.await else {
        return Err(Problem::unavailable("shutting-down", "the service is stopping", 5));
    };
    let keys = state.keys.clone();
    let destroyed = tokio::task::spawn_blocking(move || keys.destroy(&disposed)).await;
    match destroyed {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(%error, "a disposal is recorded and its keys are not destroyed yet");
            Err(sealing::unavailable(&error)
                .way_out("retry with the same key, or restart the service: a start destroys them"))
        }
        Err(_) => Err(Problem::unavailable("shutting-down", "the service is stopping", 5)),
    }
}
