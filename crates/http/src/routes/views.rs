//! How the read models stand, and building one anew beside the one in use.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use caseledger_events::access::Operation;
use caseledger_events::input;
use caseledger_events::viewed::Viewed;
use caseledger_views::{BesideStatus, RebuildError, RebuildEstimate, Steer, ViewStatus, Views};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::command::{Body, JsonText};
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// How the read models stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ViewsDocument {
    items: Vec<ViewStatus>,
}

/// How a read model is built anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RebuildBody {
    /// Only say what it will take.
    #[serde(default)]
    dry_run: bool,
    /// Throw away what a restart left behind, instead of going on with it.
    #[serde(default)]
    fresh: bool,
}

/// What a build will take, or how the one that was begun stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RebuildDocument {
    estimate: Option<RebuildEstimate>,
    beside: Option<BesideStatus>,
}

/// Which read models are built anew, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RebuildsBody {
    /// The read models; all of them where none is named.
    #[serde(default)]
    views: Vec<String>,
    /// Only say what it will take.
    #[serde(default)]
    dry_run: bool,
    /// Throw away what a restart left behind, instead of going on with it.
    #[serde(default)]
    fresh: bool,
}

/// What building some read models will take, or how the builds that were begun stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RebuildsDocument {
    estimates: Vec<RebuildEstimate>,
    beside: Vec<BesideStatus>,
}

/// What is to be done with the file beside the one in use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SteerBody {
    act: Act,
}

/// What is to be done with the files beside those in use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SteersBody {
    /// The read models; all of them where none is named.
    #[serde(default)]
    views: Vec<String>,
    act: Act,
}

/// How files beside those in use stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BesidesDocument {
    items: Vec<BesideStatus>,
}

/// What can be done with the file beside the one in use.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Stop reading; what was read is kept.
    Pause,
    /// Read on.
    Resume,
    /// Give it up; its file goes.
    Drop,
    /// Put it into use; what was in use stays beside, for an instant way back.
    Switch,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/views",
            summary: "Says how the read models stand.",
            handler: || get(views),
            describe: |route, generator| openapi::get::<ViewsDocument>(route, generator, &[]),
        },
        Route {
            method: Method::POST,
            path: "/v1/views/rebuild",
            summary: "Begins building some read models anew from one pass over the log; or says what that will take.",
            handler: || post(rebuilds),
            describe: openapi::post::<RebuildsBody, RebuildsDocument>,
        },
        Route {
            method: Method::POST,
            path: "/v1/views/beside",
            summary: "Pauses, resumes or drops what is built beside some read models, or puts it into use.",
            handler: || post(steers),
            describe: openapi::post::<SteersBody, BesidesDocument>,
        },
        Route {
            method: Method::POST,
            path: "/v1/views/{view}/rebuild",
            summary: "Begins building a read model anew beside the one in use, which goes on; or says what that will take.",
            handler: || post(rebuild),
            describe: openapi::post::<RebuildBody, RebuildDocument>,
        },
        Route {
            method: Method::POST,
            path: "/v1/views/{view}/beside",
            summary: "Pauses, resumes or drops what is built beside a read model, or puts it into use.",
            handler: || post(steer),
            describe: openapi::post::<SteerBody, BesideStatus>,
        },
    ]
}

async fn views(State(state): State<AppState>, _: Asker) -> Json<ViewsDocument> {
    Json(ViewsDocument { items: state.views.status() })
}

async fn rebuild(
    State(state): State<AppState>,
    asker: Asker,
    Path(view): Path<String>,
    body: Body,
) -> Result<Json<RebuildDocument>, Problem> {
    let RebuildBody { dry_run, fresh } = ordered(&state, &asker, body).await?;
    let document = built(&state, RebuildsBody { views: vec![view], dry_run, fresh }).await?;
    let (estimate, beside) = (document.estimates.into_iter().next(), document.beside.into_iter().next());
    Ok(Json(RebuildDocument { estimate, beside }))
}

async fn rebuilds(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<RebuildsDocument>, Problem> {
    let order = ordered(&state, &asker, body).await?;
    built(&state, order).await.map(Json)
}

async fn built(state: &AppState, order: RebuildsBody) -> Result<RebuildsDocument, Problem> {
    let RebuildsBody { views: names, dry_run, fresh } = order;
    on_the_views(state, move |views| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(match dry_run {
            true => RebuildsDocument { estimates: views.estimate_rebuild(&names)?, beside: Vec::new() },
            false => RebuildsDocument { estimates: Vec::new(), beside: views.rebuild(&names, fresh)? },
        })
    })
    .await
}

async fn steer(
    State(state): State<AppState>,
    asker: Asker,
    Path(view): Path<String>,
    body: Body,
) -> Result<Json<BesideStatus>, Problem> {
    let SteerBody { act } = ordered(&state, &asker, body).await?;
    let steered = steered(&state, SteersBody { views: vec![view], act }).await?;
    steered.into_iter().next().map(Json).ok_or_else(|| Problem::internal("no view was steered"))
}

async fn steers(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<BesidesDocument>, Problem> {
    let order = ordered(&state, &asker, body).await?;
    Ok(Json(BesidesDocument { items: steered(&state, order).await? }))
}

async fn steered(state: &AppState, SteersBody { views: names, act }: SteersBody) -> Result<Vec<BesideStatus>, Problem> {
    let act = match act {
        Act::Pause => Steer::Pause,
        Act::Resume => Steer::Resume,
        Act::Drop => Steer::Drop,
        Act::Switch => Steer::Switch,
    };
    on_the_views(state, move |views| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        views.steer(&names, act)
    })
    .await
}

/// Reads what an operator orders, once it is clear that the asker may, and puts it on record.
async fn ordered<T: DeserializeOwned>(state: &AppState, asker: &Asker, body: Body) -> Result<T, Problem> {
    may(state, asker, Operation::Operate).await?;
    let JsonText(text) = body?;
    let order = input::read(&text, "")?;
    note(state, asker, Viewed::allowed(Operation::Operate)).await?;
    Ok(order)
}

/// Files are opened and waited for: not on a thread that serves others.
pub(super) async fn on_the_views<T: Send + 'static>(
    state: &AppState,
    act: impl FnOnce(&Views) -> Result<T, RebuildError> + Send + 'static,
) -> Result<T, Problem> {
    let views = state.views.clone();
    let done = tokio::task::spawn_blocking(move || act(&views)).await;
    done.map_err(|_| Problem::internal("the views were not asked"))?.map_err(Problem::from)
}

impl From<RebuildError> for Problem {
    fn from(error: RebuildError) -> Problem {
        let (status, code) = match &error {
            RebuildError::Unknown { .. } => (StatusCode::NOT_FOUND, "unknown-view"),
            RebuildError::Busy { .. } => (StatusCode::CONFLICT, "rebuild-under-way"),
            RebuildError::NotStalled { .. } => (StatusCode::CONFLICT, "not-stalled"),
            RebuildError::Nothing { .. } => (StatusCode::CONFLICT, "no-rebuild"),
            RebuildError::NotReady { .. } => (StatusCode::CONFLICT, "rebuild-not-ready"),
            RebuildError::NoSpace { .. } => (StatusCode::INSUFFICIENT_STORAGE, "no-space"),
            RebuildError::View(source) => {
                // Paths are for the operator's log.
                tracing::error!(error = %source, "a view was not built");
                return Problem::internal("the view's files cannot be used; the service's log says why");
            }
        };
        Problem::new(status, code, error.to_string()).way_out("GET /v1/views tells how the views stand")
    }
}
