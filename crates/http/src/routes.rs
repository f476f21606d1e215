//! Every route, in one table: the router and the OpenAPI document are made from it.

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use schemars::SchemaGenerator;
use serde_json::Value;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::limits::bounded;
use crate::path::readable;
use crate::problem::Problem;
use crate::state::AppState;

mod audit;
mod catalogue;
mod commands;
mod docs;
mod events;
mod feed;
mod glass;
mod grants;
mod health;
mod key_store;
mod keys;
mod ledger;
mod looked;
mod measures;
mod policy;
mod providers;
mod queries;
mod reference;
mod service;
mod simulation;
mod skip;
mod subject;
mod then;
mod tokens;
mod viewers;
mod views;
mod work;

pub use events::{FRAMES, NDJSON};

/// A row of the table.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// How requests are served.
    pub handler: fn() -> MethodRouter<AppState>,
    /// The OpenAPI operations it stands for: paths with their operation objects.
    pub describe: fn(&Route, &mut SchemaGenerator) -> Vec<(String, Value)>,
}

/// Every route of the service.
pub fn routes() -> Vec<Route> {
    [
        commands::routes(),
        queries::routes(),
        then::routes(),
        work::routes(),
        service::routes(),
        glass::routes(),
        events::routes(),
        feed::routes(),
        reference::routes(),
        policy::routes(),
        providers::routes(),
        grants::routes(),
        tokens::routes(),
        keys::routes(),
        key_store::routes(),
        looked::routes(),
        audit::routes(),
        measures::routes(),
        viewers::routes(),
        subject::routes(),
        ledger::routes(),
        views::routes(),
        skip::routes(),
        catalogue::routes(),
        simulation::routes(),
        health::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns method and path of everything that is served, the pages about the interface included.
pub fn served() -> Vec<(Method, &'static str)> {
    let pages = docs::PATHS.into_iter().map(|path| (Method::GET, path));
    routes().into_iter().map(|route| (route.method, route.path)).chain(pages).collect()
}

/// Makes the service's router.
pub fn router(state: AppState) -> Router {
    let mut router = Router::new();
    for route in routes() {
        router = router.route(route.path, (route.handler)());
    }
    let body_bytes_max = state.settings.body_bytes_max;
    router
        .fallback(|| async { Problem::not_found("route").way_out("/docs lists the routes") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this route does not take that method")
                .way_out("/docs lists the routes with their methods")
        })
        .merge(docs::router(&state))
        // One stack: each layer given to the router by itself would be boxed and cloned with every request.
        .layer(
            ServiceBuilder::new()
                .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .layer(set(header::CACHE_CONTROL, "no-store"))
                .layer(set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
                .layer(set(header::REFERRER_POLICY, "no-referrer"))
                .layer(CatchPanicLayer::custom(panicked))
                .layer(middleware::from_fn_with_state(state.clone(), observe))
                .layer(middleware::from_fn_with_state(state.clone(), bounded))
                .layer(middleware::from_fn(readable))
                .layer(DefaultBodyLimit::max(body_bytes_max)),
        )
        .with_state(state)
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// A panic in one request ends that request alone; what it was about is in the log, not in the answer.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request ended in a panic");
    Problem::internal("the request could not be served").into_response()
}

/// Counts and times every request by its route's pattern.
async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    state.metrics.finished(&route, response.status().as_u16(), started.elapsed().as_secs_f64());
    response
}
