//! `POST /v1/views/{view}/skip`: has a read model pass over the one event it stopped before.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::Operation;
use caseledger_events::ids::{Code, Position};
use caseledger_events::input;
use caseledger_events::viewed::Viewed;
use caseledger_views::{Skip, ViewStatus};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Route;
use super::views::on_the_views;
use crate::actor::Asker;
use crate::admission::may;
use crate::command::{Body, JsonText};
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// Which event is passed over, and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipBody {
    /// The event the read model stopped before.
    position: Position,
    /// Why, by code: a ticket, a decision.
    reason: Code,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/views/{view}/skip",
        summary: "Has a read model pass over the event it stopped before, on record, in every later build as well.",
        handler: || post(skip),
        describe: openapi::post::<SkipBody, ViewStatus>,
    }]
}

async fn skip(
    State(state): State<AppState>,
    asker: Asker,
    Path(view): Path<String>,
    body: Body,
) -> Result<Json<ViewStatus>, Problem> {
    may(&state, &asker, Operation::Operate).await?;
    let JsonText(text) = body?;
    let SkipBody { position, reason } = input::read(&text, "")?;
    let viewed = Viewed { purpose: Some(reason), ..Viewed::allowed(Operation::Operate) };
    note(&state, &asker, viewed).await?;
    let skip = Skip { position, reason, by: asker.actor.person, at: state.ledger.now() };
    tracing::warn!(view, position = position.0, reason = %reason, "an operator has an event passed over");
    Ok(Json(on_the_views(&state, move |views| views.skip(&view, skip)).await?))
}
