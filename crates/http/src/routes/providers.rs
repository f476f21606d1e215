//! `POST /v1/providers/{provider}/actions/{action}`: what a provider reports about itself (M1–M3, K9, E45).

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::ids::{Code, StreamId};
use caseledger_events::input::CommandBody;
use caseledger_events::provider::{PROVIDER_ACTS, ProviderAct, ProviderActInfo};
use caseledger_events::world::Command;
use schemars::SchemaGenerator;
use serde_json::Value;

use super::Route;
use crate::actor::Asker;
use crate::command::{Headers, JsonText, Plain, record};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/providers/{provider}/actions/{action}",
        summary: "Records what a provider reports about itself.",
        handler: || post(act),
        describe,
    }]
}

fn describe(route: &Route, generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let of = |info: &ProviderActInfo| {
        let facts = (info.facts)(generator).to_value();
        openapi::act(route, generator, info.name, info.summary, info.rules, facts)
    };
    PROVIDER_ACTS.iter().map(of).collect()
}

async fn act(
    State(state): State<AppState>,
    asker: Asker,
    Path((provider, name)): Path<(String, String)>,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let provider: Code = provider.parse().map_err(|_| Problem::not_found("provider").way_out("name its code"))?;
    let body = CommandBody::read(&text)?;
    if body.action.is_some() || body.personal() != "{}" {
        return Err(Problem::bad_request(
            "bad-input",
            "a provider's report holds facts alone, and its action is in the URL",
        )
        .way_out("leave `action` and `personal` out; name a document by its SHA-256"));
    }
    let act = ProviderAct::parse(&name, body.facts())
        .ok_or_else(|| Problem::not_found("action").way_out("docs/catalogue.md lists the acts of a provider"))??;
    let about = format!("provider/{provider}");
    let command = Command::Provider { provider, act, occurred_at: body.occurred_at };
    let stream = Some(StreamId::Provider(provider));
    record(&state, &headers, Plain { name: &name, about: &about, text: &text, stream, command }).await
}
