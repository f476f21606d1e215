//! The case view: one case, its timeline, lists, search.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use caseledger_events::access::Operation;
use caseledger_events::ids::StudentId;
use caseledger_events::personal::Personal;
use caseledger_views::{CasePage, CaseQuery, SearchHits, ShownCase, TimelinePage};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Route;
use crate::actor::Asker;
use crate::command::{Body, JsonText};
use crate::on_record;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask, ask_for, lists_of, role_may, wait_for, which};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/cases/{case}",
            summary: "Returns a case by id or number, as far as it is the asker's: state, contacts, plan, requests, comments.",
            handler: || get(one),
            describe: |route, generator| openapi::get::<ShownCase>(route, generator, &["min_position"]),
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
            summary: "Lists the asker's cases by provider, school, manager, status, kind, catchment, flag, student, opening day.",
            handler: || get(list),
            describe: openapi::list::<CaseQuery, CasePage>,
        },
        Route {
            method: Method::POST,
            path: "/v1/cases/search",
            summary: "Finds the asker's cases by the student's name, the case's number or the NSN; macrons and double vowels are one.",
            handler: || post(search),
            describe: openapi::post::<SearchBody, SearchHits>,
        },
    ]
}

async fn one(
    State(state): State<AppState>,
    asker: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    role_may(&state, &asker, Operation::OpenCase, &case).await?;
    let query = Query::read(raw.as_deref())?;
    let Nothing {} = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let (_, shown) =
        ask_for(&state, &asker, Operation::OpenCase, &case, |view, case, decide| view.case(case, decide)).await?;
    // What is left out of the case, or of another form, is not told by its version either.
    let version = if let ShownCase::Case(document) = &shown { Some(document.row.version) } else { None };
    let etag = version
        .filter(|version| version.0 > 0)
        .and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
    let mut response = Json(shown).into_response();
    if let Some(etag) = etag {
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
    asker: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<TimelinePage>, Problem> {
    role_may(&state, &asker, Operation::Timeline, &case).await?;
    let query = Query::read(raw.as_deref())?;
    let page: PageQuery = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let shown = ask_for(&state, &asker, Operation::Timeline, &case, move |view, case, decide| {
        view.timeline(case, decide, page.cursor.as_deref(), page.limit)
    });
    Ok(Json(shown.await?.1))
}

async fn list(State(state): State<AppState>, asker: Asker, RawQuery(raw): RawQuery) -> Result<Json<CasePage>, Problem> {
    let scopes = lists_of(&state, &asker, Operation::List).await?;
    let query = Query::read(raw.as_deref())?;
    let filters: CaseQuery = query.rest()?;
    wait_for(&state, query.min_position).await?;
    let asked = scopes.clone();
    let page = ask(&state, move |view| view.list(&asked, &filters)).await?;
    on_record::listed(&state, &asker, &scopes, &page.items).await?;
    Ok(Json(page))
}

/// What is searched for; in a body, so that no name stands in a URL.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// Part of the student's name, or the number of a case. Every word must begin one of the names; where few are found,
    /// names with one slip of a key are looked for too.
    #[serde(default)]
    name: Option<Personal<String>>,
    /// The student's NSN, in place of a name.
    #[serde(default)]
    nsn: Option<Personal<String>>,
    /// A case by its id or number, in place of a name: cases are found whose student seems to be the one of this case under
    /// another id, for no NSN tells (K5, R27): of the same or nearly the same names, and born on the same day.
    #[serde(default)]
    like: Option<String>,
    /// How many cases at most; 20 when nothing is said.
    #[serde(default)]
    limit: Option<u32>,
}

/// A student that no NSN stands for: ids are random, and never this.
const NOBODY: StudentId = StudentId([0; 16]);

async fn search(
    State(state): State<AppState>,
    asker: Asker,
    RawQuery(raw): RawQuery,
    body: Body,
) -> Result<Json<SearchHits>, Problem> {
    let scopes = lists_of(&state, &asker, Operation::Search).await?;
    let query = Query::read(raw.as_deref())?;
    let Nothing {} = query.rest()?;
    let JsonText(text) = body?;
    let body: SearchBody = caseledger_events::input::read(&text, "")?;
    wait_for(&state, query.min_position).await?;
    let asked = scopes.clone();
    let limit = body.limit.unwrap_or(20);
    let hits = match (body.name, body.nsn, body.like) {
        (Some(name), None, None) => ask(&state, move |view| view.search(&asked, name.reveal(), limit)).await?,
        (None, Some(nsn), None) => {
            // Nobody's cases are found by a number that nobody has; the two are answered alike.
            let student = state.keys.known(&nsn).unwrap_or(NOBODY);
            ask(&state, move |view| view.search_student(&asked, student, limit)).await?
        }
        (None, None, Some(like)) => {
            let case = which(&like).ok_or_else(|| {
                let problem = Problem::bad_request("bad-search", "`like` is neither the id nor the number of a case");
                problem.with("pointer", "/like".into())
            })?;
            ask(&state, move |view| view.search_alike(&asked, case, limit)).await?
        }
        _ => {
            let problem = Problem::bad_request("bad-search", "one of `name`, `nsn` and `like` is searched for");
            return Err(problem.with("pointer", "/name".into()));
        }
    };
    on_record::listed(&state, &asker, &scopes, &hits.items).await?;
    Ok(Json(hits))
}
