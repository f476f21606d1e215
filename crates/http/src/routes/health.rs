//! `/healthz`, `/readyz`, `/metrics`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use caseledger_bus::RelayState;
use caseledger_events::access::Operation;
use caseledger_events::dates::Timestamp;
use caseledger_identity::{IssuerHealth, KeyState, Verifier};
use schemars::JsonSchema;
use serde::Serialize;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// Whether the service answers as it should.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadyDocument {
    /// `ready`, `degraded` (it works, but not all of it) or `not-ready`.
    status: &'static str,
    /// What is not as it should be, a sentence each.
    because: Vec<String>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/healthz",
            summary: "Says that the process lives.",
            handler: || get(|| async { "ok\n" }),
            describe: |route, _| openapi::plain(route, "text/plain"),
        },
        Route {
            method: Method::GET,
            path: "/readyz",
            summary: "Says whether commands and queries are taken, and what is degraded.",
            handler: || get(ready),
            describe: |route, generator| openapi::get::<ReadyDocument>(route, generator, &[]),
        },
        Route {
            method: Method::GET,
            path: "/metrics",
            summary: "Returns the metrics in the OpenMetrics text format, to whoever may read recorded events.",
            handler: || get(metrics),
            describe: |route, _| openapi::plain(route, "application/openmetrics-text"),
        },
    ]
}

/// A view that is not ready, or a ledger that takes no commands, is *not ready*; a broker away is *degraded* only.
async fn ready(State(state): State<AppState>) -> Response {
    let ledger = state.ledger.status();
    let mut because = Vec::new();
    if !ledger.is_ready() {
        because.push(match ledger.died_of {
            Some(reason) => format!("the ledger may not go on: {reason}"),
            None => "the ledger takes no commands at present (space, clock or shutdown)".to_owned(),
        });
    }
    for view in state.views.status().into_iter().filter(|view| !view.ready) {
        // How far stands in GET /v1/views: how much there is to read is nobody's business who is not signed in.
        because.push(format!("view {} has not read everything yet", view.view));
    }
    let not_ready = !because.is_empty();
    let relay = state.relay.snapshot().state;
    if !matches!(relay, RelayState::Ok | RelayState::Disabled) {
        because.push(format!("broadcast {relay}"));
    }
    because.extend(state.tokens.iter().flat_map(|tokens| sign_in_trouble(tokens)));
    let (code, status) = match (not_ready, because.is_empty()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "not-ready"),
        (false, false) => (StatusCode::OK, "degraded"),
        (false, true) => (StatusCode::OK, "ready"),
    };
    (code, Json(ReadyDocument { status, because })).into_response()
}

/// Says whose keys do not serve, or not for long: the others' people sign in as ever, so that it is *degraded* alone.
/// Why they cannot be read stands in the log.
fn sign_in_trouble(tokens: &Verifier) -> Vec<String> {
    let issuers = tokens.health(Timestamp::from(chrono::Utc::now())).issuers;
    let trouble = |issuer: IssuerHealth| match issuer.state {
        KeyState::Fresh => None,
        KeyState::Stale => {
            Some(format!("the keys of issuer {} could not be read again; those held serve", issuer.issuer))
        }
        KeyState::Closed => Some(format!("there are no keys of issuer {}: its tokens are refused", issuer.issuer)),
    };
    issuers.into_iter().filter_map(trouble).collect()
}

/// Counts over all cases are for whoever may read the events they count. A scrape shows no case, so that it is not put on
/// record; one that is denied is.
async fn metrics(State(state): State<AppState>, asker: Asker) -> Result<Response, Problem> {
    may(&state, &asker, Operation::RawEvents).await?;
    let now = Timestamp::from(chrono::Utc::now());
    let text = state.metrics.text(&state, now);
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}
