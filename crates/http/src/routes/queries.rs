//! The case view: one case, its timeline, lists, search.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use caseledger_events::personal::Personal;
use caseledger_views::{CaseDocument, CasePage, CaseQuery, SearchHits, TimelinePage};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Route;
use crate::actor::Asker;
use crate::command::JsonText;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask, case_id, unknown_case, wait_for};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/cases/{case}",
            summary: "Returns a case by id or number: state, contacts, plan, requests, comments.",
            handler: || get(one),
            describe: |route, generator| openapi::get::<CaseDocument>(route, generator, &["min_position"]),
        },
        Route {
            method: Method::GET,
            path: "/v1/cases/{case}/timeline",
            summary: "Returns what happened to a case, oldest first, in words and in data.",
            handler: || get(timeline),
            describe: |route, generator| {
                openapi::get::<TimelinePage>(route, generator, &["cursor", "limit", "min_position"])
            },
        },
        Route {
            method: Method::GET,
            path: "/v1/cases",
            summary: "Lists cases by provider, school, manager, status, kind, catchment, flag, student, opening day.",
            handler: || get(list),
            describe: openapi::list::<CaseQuery, CasePage>,
        },
        Route {
            method: Method::POST,
            path: "/v1/cases/search",
            summary: "Finds cases by the student's name; macrons and double vowels are one.",
            handler: || post(search),
            describe: openapi::post::<SearchBody, SearchHits>,
        },
    ]
}

async fn one(
    State(state): State<AppState>,
    _: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::read(raw.as_deref())?;
    let Nothing {} = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let id = case_id(&state, &case).await?;
    let document = ask(&state, move |view| view.case(id)).await?.ok_or_else(unknown_case)?;
    let etag = HeaderValue::from_str(&format!("\"{}\"", document.row.version));
    let mut response = Json(document).into_response();
    if let Ok(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

async fn timeline(
    State(state): State<AppState>,
    _: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<TimelinePage>, Problem> {
    let query = Query::read(raw.as_deref())?;
    let page: PageQuery = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let id = case_id(&state, &case).await?;
    let found = ask(&state, move |view| view.timeline(id, page.cursor.as_deref(), page.limit)).await?;
    found.map(Json).ok_or_else(unknown_case)
}

async fn list(State(state): State<AppState>, _: Asker, RawQuery(raw): RawQuery) -> Result<Json<CasePage>, Problem> {
    let query = Query::read(raw.as_deref())?;
    let filters: CaseQuery = query.rest()?;
    wait_for(&state, query.min_position).await?;
    ask(&state, move |view| view.list(&filters)).await.map(Json)
}

/// What is searched for; in a body, so that no name stands in a URL.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// Part of the student's name; every word must begin one of the names.
    name: Personal<String>,
    /// How many cases at most; 20 when nothing is said.
    #[serde(default)]
    limit: Option<u32>,
}

async fn search(
    State(state): State<AppState>,
    _: Asker,
    RawQuery(raw): RawQuery,
    JsonText(text): JsonText,
) -> Result<Json<SearchHits>, Problem> {
    let query = Query::read(raw.as_deref())?;
    let Nothing {} = query.rest()?;
    let body: SearchBody = caseledger_events::input::read(&text, "")?;
    wait_for(&state, query.min_position).await?;
    ask(&state, move |view| view.search(body.name.reveal(), body.limit.unwrap_or(20))).await.map(Json)
}
