//! `POST /v1/simulation/clock`: moves the time of a ledger that was created for simulation.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use caseledger_events::access::Operation;
use caseledger_events::dates::Timestamp;
use caseledger_events::input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::command::{Body, JsonText};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// The time a simulation is at.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockBody {
    /// Simulated time only moves forward.
    now: Timestamp,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/simulation/clock",
        summary: "Moves the clock of a ledger created for simulation; forward only.",
        handler: || post(set),
        describe: openapi::post::<ClockBody, ClockBody>,
    }]
}

async fn set(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<ClockBody>, Problem> {
    may(&state, &asker, Operation::Operate).await?;
    let JsonText(text) = body?;
    let body: ClockBody = input::read(&text, "")?;
    state.ledger.set_simulated_time(body.now).map_err(|error| {
        Problem::new(StatusCode::CONFLICT, "clock-not-set", error.to_string()).way_out(
            "only a ledger created with `serve --simulated` or by the demo can be told its time, and only forward",
        )
    })?;
    Ok(Json(body))
}
