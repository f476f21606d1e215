//! `POST /v1/reference`: schools, catchments and providers, effective-dated.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::access::Operation;
use caseledger_events::dates::OccurredAt;
use caseledger_events::input;
use caseledger_events::reference::Entry;
use caseledger_events::world::Command;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::CommandDocument;
use crate::command::{self, Body, Headers, JsonText, Plain};
use crate::openapi;
use crate::problem::Problem;
use crate::state::{AppState, HttpSettings};

/// Rows of reference data; those held already are passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceBody {
    /// When they were issued; now where it is absent.
    #[serde(default)]
    occurred_at: Option<OccurredAt>,
    /// The rows.
    entries: Vec<Entry>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/reference",
        summary: "Records reference data: schools, catchments, providers (operators and CIT).",
        handler: || post(record).layer(DefaultBodyLimit::max(HttpSettings::default().reference_bytes_max)),
        describe: openapi::command::<ReferenceBody, CommandDocument>,
    }]
}

/// One command holds so many rows; a longer list is sent in several.
const ROWS_MAX: usize = 500;

async fn record(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&state, &asker, Operation::Reference).await?;
    let JsonText(text) = body?;
    let headers = Headers::read(asker, &headers)?;
    let body: ReferenceBody = input::read(&text, "")?;
    if body.entries.len() > ROWS_MAX {
        return Err(Problem::bad_request("too-many-rows", format!("one request takes up to {ROWS_MAX} rows"))
            .with("pointer", "/entries".into())
            .way_out("send them in several requests, or use `caseledger import reference`"));
    }
    let (name, command) = ("reference", Command::Reference { entries: body.entries, occurred_at: body.occurred_at });
    command::record(&state, &headers, Plain { name, about: name, text: &text, stream: None, command }).await
}
