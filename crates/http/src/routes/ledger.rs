//! The ledger itself: which one it is, where it ends, how the broadcast stands.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::get;
use caseledger_events::ids::{Epoch, LedgerId, Position};
use schemars::JsonSchema;
use serde::Serialize;

use super::Route;
use crate::actor::Asker;
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// Which ledger this is and where it ends.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LedgerDocument {
    ledger: LedgerId,
    epoch: Epoch,
    /// The last durable position.
    position: Position,
    /// The chain hash there.
    chain_hash: String,
    /// Whether it runs on simulated time.
    simulated: bool,
}

/// How the broadcast stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RelayDocument {
    /// disabled, connecting, degraded, resync, ok or halted.
    state: &'static str,
    /// The state in a sentence.
    detail: String,
    /// The last sequence known to be in the stream.
    stream_position: Option<Position>,
    /// The last durable position of the log.
    log_position: Position,
    /// How many events are not yet in the stream.
    lag_events: Option<u64>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/ledger",
            summary: "Says which ledger this is and where it ends.",
            handler: || get(ledger),
            describe: |route, generator| openapi::get::<LedgerDocument>(route, generator, &[]),
        },
        Route {
            method: Method::GET,
            path: "/v1/relay",
            summary: "Says how the broadcast stands.",
            handler: || get(relay),
            describe: |route, generator| openapi::get::<RelayDocument>(route, generator, &[]),
        },
    ]
}

async fn ledger(State(state): State<AppState>, _: Asker) -> Result<Json<LedgerDocument>, Problem> {
    let reader = state.ledger.reader();
    let identity = reader.identity();
    let position = reader.durable();
    let hash = match tokio::task::spawn_blocking(move || reader.chain_at(position)).await {
        Ok(hash) => hash?,
        Err(_) => return Err(Problem::internal("the read ended before its answer")),
    };
    Ok(Json(LedgerDocument {
        ledger: identity.ledger,
        epoch: identity.epoch,
        position,
        chain_hash: hash.to_string(),
        simulated: state.ledger.is_simulated(),
    }))
}

async fn relay(State(state): State<AppState>, _: Asker) -> Json<RelayDocument> {
    let status = state.relay.snapshot();
    Json(RelayDocument {
        state: status.state.name(),
        detail: status.state.to_string(),
        stream_position: status.stream_last,
        log_position: status.log_last,
        lag_events: status.lag_events(),
    })
}
