//! `GET /v1/work`: the work queue of whoever asks.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::routing::get;
use caseledger_events::access::Operation;
use caseledger_events::viewed::Viewed;
use caseledger_views::{WorkPage, WorkQuery};

use super::Route;
use crate::actor::Asker;
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask, lists_of, wait_for};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::GET,
        path: "/v1/work",
        summary: "Lists what is to be done on the asker's cases: urgent first, then by the day it is due; with counts.",
        handler: || get(work),
        describe: openapi::list::<WorkQuery, WorkPage>,
    }]
}

async fn work(State(state): State<AppState>, asker: Asker, RawQuery(raw): RawQuery) -> Result<Json<WorkPage>, Problem> {
    let scopes = lists_of(&state, &asker, Operation::List).await?;
    let query = Query::read(raw.as_deref())?;
    let filters: WorkQuery = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let page = ask(&state, move |view| view.work(&scopes, &filters)).await?;
    let mut viewed = Viewed::allowed(Operation::List).with_cases(page.items.iter().map(|entry| entry.case));
    viewed.results = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    note(&state, &asker, viewed).await?;
    Ok(Json(page))
}
